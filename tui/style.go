package tui

import (
	"io"
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"
)

// A paint is a style reduced to what stands before and after a text: lipgloss
// works out the two once, and a frame of a thousand pieces costs nothing more
// than writing them.
type paint struct{ on, off string }

func (p paint) of(s string) string {
	if s == "" {
		return ""
	}
	return p.on + s + p.off
}

// newPaint takes a style apart.
func newPaint(s lipgloss.Style) paint {
	on, off, _ := strings.Cut(s.Render("x"), "x")
	return paint{on, off}
}

// styles are the few ways in which text is shown. They use the terminal's own
// sixteen colours, bold and faint, so that they are right on light and on dark;
// without colour all of them are plain text, which is why a state always has a
// word or a glyph too.
type styles struct {
	plain                            bool // no colour, no bold: the cursor needs a glyph
	accent, bold, faint, strong, bad paint
	good, warn, cursor               paint
	fqlName, fqlString, fqlNumber    paint
	fqlKey                           paint
}

// newStyles chooses the colours for a screen. color is auto, always or never;
// auto follows NO_COLOR and what the terminal can do.
func newStyles(out io.Writer, color string, env func(string) string) styles {
	r := lipgloss.NewRenderer(out)
	switch {
	case color == "never", color != "always" && env("NO_COLOR") != "":
		r.SetColorProfile(termenv.Ascii)
	case color == "always":
		r.SetColorProfile(termenv.ANSI)
	case r.ColorProfile() != termenv.Ascii:
		r.SetColorProfile(termenv.ANSI)
	}
	n := r.NewStyle()
	fg := func(c string) lipgloss.Style { return n.Foreground(lipgloss.Color(c)) }
	return styles{
		plain:     r.ColorProfile() == termenv.Ascii,
		accent:    newPaint(fg("6")),
		strong:    newPaint(fg("6").Bold(true)),
		bold:      newPaint(n.Bold(true)),
		faint:     newPaint(n.Faint(true)),
		bad:       newPaint(fg("1").Bold(true)),
		good:      newPaint(fg("2")),
		warn:      newPaint(fg("3")),
		cursor:    newPaint(n.Reverse(true)),
		fqlName:   newPaint(fg("6")),
		fqlString: newPaint(fg("2")),
		fqlNumber: newPaint(fg("5")),
		fqlKey:    newPaint(n.Bold(true)),
	}
}

// asciiGlyphs replaces each glyph that the wizard itself draws by one of the
// same width that every terminal has.
var asciiGlyphs = []string{
	"✓", "+", "✗", "x", "●", "*", "•", "*", "·", "-", "…", "~", "–", "-",
	"█", "#", "░", ".", "▁", "_", "▂", ".", "▃", "-", "▄", "-", "▅", "=", "▆", "=", "▇", "#",
	"┌", "+", "┐", "+", "└", "+", "┘", "+", "│", "|", "─", "-", "├", "+", "┤", "+",
	"→", ">", "←", "<", "↑", "^", "↓", "v", "▏", "|", "≥", ">", "\uFFFD", "?", "×", "x",
}
