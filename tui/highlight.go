package tui

import (
	"strings"
)

// highlight colours one line of FQL: names that are called, keys of objects,
// strings and numbers. The text itself is not changed, so that what is copied by
// the mouse is what runs.
func highlight(st styles, line string) string {
	var b strings.Builder
	for i := 0; i < len(line); {
		c := line[i]
		switch {
		case c == '"' || c == '\'':
			j := stringEnd(line, i)
			p := st.fqlString
			if colon(line, j) {
				p = st.fqlKey
			}
			b.WriteString(p.of(line[i:j]))
			i = j
		case c == '/' && strings.HasPrefix(line[i:], "//"):
			b.WriteString(st.faint.of(line[i:]))
			i = len(line)
		case c >= '0' && c <= '9':
			j := i
			for j < len(line) && (line[j] >= '0' && line[j] <= '9' || line[j] == '.') {
				j++
			}
			b.WriteString(st.fqlNumber.of(line[i:j]))
			i = j
		case letter(c):
			j := i
			for j < len(line) && (letter(line[j]) || line[j] >= '0' && line[j] <= '9') {
				j++
			}
			word := line[i:j]
			switch {
			case j < len(line) && line[j] == '(':
				word = st.fqlName.of(word)
			case colon(line, j):
				word = st.fqlKey.of(word)
			case word == "true" || word == "false" || word == "null":
				word = st.fqlNumber.of(word)
			}
			b.WriteString(word)
			i = j
		default:
			j := i + 1
			for j < len(line) && line[j] != '"' && line[j] != '\'' && line[j] != '/' && !letter(line[j]) && (line[j] < '0' || line[j] > '9') {
				j++
			}
			b.WriteString(line[i:j])
			i = j
		}
	}
	return b.String()
}

func letter(c byte) bool { return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' }

// stringEnd is the index after the string that starts at i.
func stringEnd(line string, i int) int {
	for j := i + 1; j < len(line); j++ {
		switch line[j] {
		case '\\':
			j++
		case line[i]:
			return j + 1
		}
	}
	return len(line)
}

// colon reports whether the next thing from i on is a colon.
func colon(line string, i int) bool {
	for ; i < len(line); i++ {
		if line[i] != ' ' {
			return line[i] == ':'
		}
	}
	return false
}
