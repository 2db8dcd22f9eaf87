package tui

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// clean makes a text of a server, a file or a person fit for a terminal: one
// line, valid UTF-8, no control character (C0, DEL, C1) and none of the
// invisible ones that reorder or hide what stands around them. What is taken
// out leaves U+FFFD behind, so that two names that differ never look the same.
func clean(s string) string {
	i := 0
	for i < len(s) && s[i] >= 0x20 && s[i] < 0x7f {
		i++
	}
	if i == len(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	b.WriteString(s[:i])
	for _, r := range s[i:] {
		if hidden(r) {
			r = utf8.RuneError
		}
		b.WriteRune(r)
	}
	return b.String()
}

// cleanLines is clean for a text of several lines; tabs become spaces.
func cleanLines(s string) []string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\t", "  ")
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	for i := range lines {
		lines[i] = clean(lines[i])
	}
	return lines
}

// hidden reports runes that a terminal must not be given: controls, line and
// paragraph separators, marks that change the direction of text, and fillers
// whose width terminals disagree about.
func hidden(r rune) bool {
	switch {
	case r < 0x20, r >= 0x7f && r < 0xa0:
		return true
	case r == 0x200c, r == 0x200d: // joiners: part of words and of emoji
		return false
	case r == 0x2028, r == 0x2029, r == 0x034f, r == 0x115f, r == 0x1160, r == 0x3164, r == 0xffa0, r == 0x2800:
		return true
	case r >= 0xe0000 && r <= 0xe0fff, r >= 0xe000 && r <= 0xf8ff, r >= 0xf0000:
		return true
	case r < 0x300:
		return r == 0xad
	}
	return unicode.Is(unicode.Cf, r)
}

// Width is how many cells of a terminal a text takes.
func Width(s string) int { return width(s) }

// width is how many cells a text takes; escape sequences take none.
func width(s string) int {
	if n, ok := plainWidth(s); ok {
		return n
	}
	return ansi.StringWidth(s)
}

// plainWidth is width for the text that most of a screen is: ASCII, colours, and
// the glyphs that the wizard draws, each of which takes one cell. It is not ok
// when the text holds anything else, which may take none or two.
func plainWidth(s string) (n int, ok bool) {
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c >= 0x20 && c < 0x7f:
			i++
			n++
		case c == 0x1b:
			j := i + 1
			if j >= len(s) || s[j] != '[' {
				return 0, false
			}
			for j++; j < len(s) && (s[j] >= '0' && s[j] <= '9' || s[j] == ';'); j++ {
			}
			if j >= len(s) || s[j] != 'm' {
				return 0, false
			}
			i = j + 1
		case c >= 0x80:
			r, size := utf8.DecodeRuneInString(s[i:])
			if (r < 0x2500 || r > 0x259f) && r != '✓' && r != '…' && r != '·' && r != '●' {
				return 0, false
			}
			i += size
			n++
		default:
			return 0, false
		}
	}
	return n, true
}

// fit cuts a text to at most w cells, with "…" for what is gone.
func fit(s string, w int) string {
	if w <= 0 {
		return ""
	}
	if len(s) <= w { // bytes are never fewer than cells
		return s
	}
	if n, ok := plainWidth(s); ok && n <= w {
		return s
	}
	// Truncate and StringWidth disagree about a few sequences, such as an ASCII
	// sign with a variation selector; the width decides.
	for cut := w; cut > 0; cut-- {
		if t := ansi.Truncate(s, cut, "…"); width(t) <= w {
			return t
		}
	}
	return ""
}

// pad makes a text exactly w cells wide: cut, or filled with spaces.
func pad(s string, w int) string {
	s = fit(s, w)
	if n := w - width(s); n > 0 {
		return s + strings.Repeat(" ", n)
	}
	return s
}

// padLeft is pad with the spaces before the text, for numbers.
func padLeft(s string, w int) string {
	s = fit(s, w)
	if n := w - width(s); n > 0 {
		return strings.Repeat(" ", n) + s
	}
	return s
}

// wrap breaks plain text into lines of at most w cells, at spaces where it can:
// times, names and paths stay whole.
func wrap(s string, w int) []string {
	if w <= 0 {
		return nil
	}
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(s) {
		if line != "" && width(line)+1+width(word) <= w {
			line += " " + word
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		pieces := strings.Split(ansi.Hardwrap(word, w, false), "\n")
		lines = append(lines, pieces[:len(pieces)-1]...)
		line = pieces[len(pieces)-1]
	}
	return append(lines, line)
}

// sides puts two texts on one line of w cells, the second at the right edge. The
// second is left out when there is no room for both.
func sides(left, right string, w int) string {
	gap := w - width(left) - width(right)
	if right == "" || gap < 2 {
		return fit(left, w)
	}
	return left + strings.Repeat(" ", gap) + right
}

// indent puts n spaces before each line.
func indent(n int, lines []string) []string {
	space := strings.Repeat(" ", n)
	out := make([]string, len(lines))
	for i, l := range lines {
		if l != "" {
			l = space + l
		}
		out[i] = l
	}
	return out
}
