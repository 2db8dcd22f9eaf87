package tui

import (
	"cmp"
	"io"
	"math"
	"regexp"
	"strings"

	"github.com/charmbracelet/bubbles/help"
	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"

	"fauna-export/tui/text"
)

// A paint is a style reduced to the escape codes before and after a text. lipgloss
// computes the two once, so a frame of a thousand pieces costs no more than writing
// them.
type paint struct{ on, off string }

func (p paint) of(s string) string {
	if s == "" {
		return ""
	}
	return p.on + s + p.off
}

func newPaint(s lipgloss.Style) paint {
	on, off, _ := strings.Cut(s.Render("x"), "x")
	return paint{on, off}
}

// styles are the few ways to show text. They use the terminal's own sixteen colours,
// one as the accent, and bold, faint and reverse, so they suit light and dark
// backgrounds. NO_COLOR removes only the colours, so a key still looks different from
// its description; a state always has a word or a glyph too.
type styles struct {
	accent, bold, faint, strong, bad paint
	good, warn, badge                paint
	fqlNumber                        paint

	plainText, cursor, boldText, faintText, accentText lipgloss.Style
	question                                           lipgloss.Style // for its border

	help help.Model
}

// newStyles chooses the colours for a screen: auto follows NO_COLOR and the terminal.
func newStyles(out io.Writer, color string, env func(string) string) styles {
	r := lipgloss.NewRenderer(out)
	colours := color == "always" || color != "never" && env("NO_COLOR") == "" && r.ColorProfile() != termenv.Ascii
	r.SetColorProfile(termenv.ANSI)
	n := r.NewStyle()
	fg := func(c string) lipgloss.Style {
		if !colours {
			return n
		}
		return n.Foreground(lipgloss.Color(c))
	}
	st := styles{
		accent: newPaint(fg("6")), strong: newPaint(fg("6").Bold(true)), bold: newPaint(n.Bold(true)), faint: newPaint(n.Faint(true)),
		bad: newPaint(fg("1").Bold(true)), good: newPaint(fg("2")), warn: newPaint(fg("3").Bold(true)), badge: newPaint(fg("3").Reverse(true)),
		fqlNumber: newPaint(fg("5")),
		plainText: n, cursor: n.Reverse(true), boldText: n.Bold(true), faintText: n.Faint(true), accentText: fg("6"),
		question: n.Border(lipgloss.RoundedBorder()).BorderForeground(fg("6").GetForeground()).Padding(0, 1),
		help:     help.New(),
	}
	st.help.ShortSeparator, st.help.FullSeparator = "   ", "   "
	st.help.Styles = help.Styles{
		Ellipsis: st.faintText, ShortKey: st.boldText, ShortDesc: st.faintText, ShortSeparator: n,
		FullKey: st.boldText, FullDesc: n, FullSeparator: n,
	}
	return st
}

// progress draws a bar of w cells. It is our own because bubbles/progress writes an
// escape sequence for each cell.
func (st styles) progress(part float64, w int, done bool) string {
	w = max(0, w)
	full := int(math.Round(max(0, min(1, part)) * float64(w)))
	if part < 1 { // only show it full when complete
		full = max(0, min(full, w-1))
	}
	p := st.accent
	if done {
		p = st.good
	}
	return p.of(strings.Repeat("█", full)) + st.faint.of(strings.Repeat("░", w-full))
}

// mark draws the start of a row: a bar if the cursor is there.
func (st styles) mark(here bool) string {
	if here {
		return st.strong.of("▌ ")
	}
	return "  "
}

// name draws a row's mark and name, bold if the cursor is there.
func (st styles) name(here bool, name string) string {
	if here {
		name = st.bold.of(name)
	}
	return st.mark(here) + name
}

// asciiGlyphs replaces each glyph the wizard draws with an ASCII one of the same width.
var asciiGlyphs = strings.NewReplacer(
	"✓", "+", "✗", "x", "●", "*", "•", "*", "·", "-", "…", "~", "–", "-",
	"█", "#", "░", ".", "▌", ">", "▁", "_", "▂", ".", "▃", "-", "▄", "-", "▅", "=", "▆", "=", "▇", "#",
	"┌", "+", "┐", "+", "└", "+", "┘", "+", "│", "|", "─", "-", "├", "+", "┤", "+",
	"╭", "+", "╮", "+", "╰", "+", "╯", "+",
	"→", ">", "←", "<", "↑", "^", "↓", "v", "▏", "|", "≥", ">", "\uFFFD", "?", "×", "x",
)

// drawn returns a text as the terminal gets it: without glyphs where only ASCII is drawn.
func (s *session) drawn(str string) string {
	if s.cfg.ASCII {
		return asciiGlyphs.Replace(str)
	}
	return str
}

// noteLook returns the glyph and the paint for a kind of note.
func noteLook(st styles, k noteKind) (string, paint) {
	switch k {
	case noteGood:
		return "✓ ", st.good
	case noteWarn:
		return "! ", st.warn
	case noteBad:
		return "✗ ", st.bad
	}
	return "", paint{}
}

// titled draws a second pane: a title and wrapped paragraphs.
func titled(st styles, title string, paragraphs []string, w int) []string {
	out := []string{st.bold.of(title), ""}
	for _, p := range paragraphs {
		out = append(out, text.Wrap(p, w)...)
	}
	return out
}

// marked draws a paragraph after the glyph of its kind.
func marked(st styles, kind noteKind, paragraph string, w int) []string {
	glyph, p := noteLook(st, kind)
	mark, lines := p.of(cmp.Or(glyph, "  ")), text.Wrap(paragraph, w-4)
	for i, l := range lines {
		lines[i], mark = mark+l, "  "
	}
	return lines
}

// faintly draws a paragraph of secondary text.
func faintly(st styles, paragraph string, w int) []string {
	return mapped(text.Wrap(paragraph, w-2), func(l string) string { return "  " + st.faint.of(l) })
}

// fqlTokens matches the parts of a line of FQL that get a colour: comments, strings,
// numbers and words, each with what follows if that marks a key or a call.
var fqlTokens = regexp.MustCompile(`(//.*)|("(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?)( *:)?|\b([0-9][0-9.]*|true\b|false\b|null\b)|([A-Za-z_]\w*)( *:|\()?`)

// highlight colours one line of FQL. The text stays unchanged, so that copying it with
// the mouse gives FQL that runs.
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
			p = st.bold
		case group(2) != "":
			p = st.good
		case after == "(":
			p = st.accent
		case group(5) != "":
			p = paint{}
		}
		b.WriteString(p.of(token) + after)
	}
	return b.String() + line[done:]
}
