package tui

import (
	"regexp"
	"strings"
)

// fqlTokens are the parts of a line of FQL that have a colour: a comment, a string, a
// number, a word, each with what follows it where that tells a key or a call.
var fqlTokens = regexp.MustCompile(`(//.*)|("(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?)( *:)?|\b([0-9][0-9.]*|true\b|false\b|null\b)|([A-Za-z_]\w*)( *:|\()?`)

// highlight colours one line of FQL: names that are called, keys of objects,
// strings and numbers. The text itself is not changed, so that what is copied by
// the mouse is what runs.
func highlight(st styles, line string) string {
	var b strings.Builder
	done := 0
	for _, m := range fqlTokens.FindAllStringSubmatchIndex(line, -1) {
		group := func(i int) string {
			if m[2*i] < 0 {
				return ""
			}
			return line[m[2*i]:m[2*i+1]]
		}
		b.WriteString(line[done:m[0]])
		done = m[1]
		p, after := st.fqlNumber, group(3)+group(6)
		token := strings.TrimSuffix(line[m[0]:m[1]], after)
		switch {
		case group(1) != "":
			p = st.faint
		case strings.HasSuffix(after, ":"):
			p = st.fqlKey
		case group(2) != "":
			p = st.fqlString
		case after == "(":
			p = st.fqlName
		case group(5) != "":
			p = paint{}
		}
		b.WriteString(p.of(token) + after)
	}
	return b.String() + line[done:]
}
