package text

import (
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// Width returns how many terminal cells a text takes; escape sequences take none.
func Width(s string) int {
	if n, ok := plainWidth(s); ok {
		return n
	}
	return ansi.StringWidth(s)
}

// plainWidth is Width for most text on the screen: ASCII, colours, and the glyphs the
// wizard draws, each one cell wide. ok is false if the text contains anything else,
// which may take none or two.
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

// Fit truncates a text to w cells, ending in "…" if cut.
func Fit(s string, w int) string {
	if w <= 0 {
		return ""
	}
	if len(s) <= w { // never more cells than bytes
		return s
	}
	if n, ok := plainWidth(s); ok && n <= w {
		return s
	}
	// Truncate and StringWidth disagree on a few sequences, such as an ASCII sign with
	// a variation selector; Width decides.
	for cut := w; cut > 0; cut-- {
		if t := ansi.Truncate(s, cut, "…"); Width(t) <= w {
			return t
		}
	}
	return ""
}

// Pad truncates or pads a text to exactly w cells.
func Pad(s string, w int) string {
	s = Fit(s, w)
	return s + strings.Repeat(" ", max(0, w-Width(s)))
}

// PadLeft is Pad with the padding on the left, for numbers.
func PadLeft(s string, w int) string {
	s = Fit(s, w)
	return strings.Repeat(" ", max(0, w-Width(s))) + s
}

// Wrap breaks plain text into lines of at most w cells, at spaces if possible, so that
// times, names and paths stay whole.
func Wrap(s string, w int) []string {
	if w <= 0 {
		return nil
	}
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(s) {
		if line != "" && Width(line)+1+Width(word) <= w {
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

// Sides puts two texts on one line of w cells, the second at the right edge. The second
// is dropped if both don't fit.
func Sides(left, right string, w int) string {
	gap := w - Width(left) - Width(right)
	if right == "" || gap < 2 {
		return Fit(left, w)
	}
	return left + strings.Repeat(" ", gap) + right
}

// Indent puts n spaces before each line.
func Indent(n int, lines []string) []string {
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

// Fill truncates or pads lines to exactly h.
func Fill(lines []string, h int) []string {
	out := make([]string, max(0, h))
	copy(out, lines)
	return out
}

// Clip truncates lines to at most n; the last one shows the start of what was cut.
func Clip(lines []string, n, w int) []string {
	if len(lines) <= n {
		return lines
	}
	last := lines[n-1]
	for _, l := range lines[n:] {
		last += " " + strings.TrimLeft(l, " ")
	}
	return append(lines[:n-1:n-1], Fit(last, w))
}

// Beside puts right to the right of left, which is padded to w cells.
func Beside(left []string, w int, right []string) []string {
	out := make([]string, max(len(left), len(right)))
	left, right = Fill(left, len(out)), Fill(right, len(out))
	for i := range out {
		out[i] = Pad(left[i], w) + right[i]
	}
	return out
}
