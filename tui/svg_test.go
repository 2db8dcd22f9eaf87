package tui

import (
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

// pen is how to draw a cell.
type pen struct {
	colour      int // ANSI, 0 to 15; -1 for the terminal's default
	bold, faint bool
	reverse     bool
}

// The pictures' palette, on a dark background.
var (
	groundColour = "#1b1f27"
	textColour   = "#d7dae0"
	ansiColours  = [16]string{
		"#3b4252", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#d7dae0",
		"#5c6370", "#ff7b86", "#b5e890", "#ffd68a", "#7cc5ff", "#e29bff", "#6fd6e2", "#ffffff",
	}
)

// The size of a cell and the margin, in the picture's units.
const (
	cellWidth, cellHeight = 8.4, 18.0
	margin                = 14.0
)

// drawSVG draws a screen. Blocks and frames are drawn as shapes, and each word at its
// own position, so that the picture doesn't depend on the reader's font.
func drawSVG(t *testing.T, title, view string) string {
	t.Helper()
	lines := strings.Split(strings.TrimRight(view, "\n"), "\n")
	width := 80*cellWidth + 2*margin
	height := float64(len(lines))*cellHeight + 2*margin
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %s %s" width="%s" height="%s" role="img">`+"\n", num(width), num(height), num(width), num(height))
	fmt.Fprintf(&b, "<title>%s</title>\n<rect width=\"100%%\" height=\"100%%\" rx=\"8\" fill=\"%s\"/>\n", title, groundColour)
	b.WriteString("<g shape-rendering=\"crispEdges\" font-family=\"ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace\" font-size=\"14\">\n")
	for i, line := range lines {
		drawLine(t, &b, line, margin+float64(i)*cellHeight)
	}
	return b.String() + "</g>\n</svg>\n"
}

// drawLine draws one line at height y.
func drawLine(t *testing.T, b *strings.Builder, line string, y float64) {
	t.Helper()
	p := pen{colour: -1}
	column, begun := 0, 0
	word := ""
	flush := func() {
		if word != "" {
			drawWord(b, p, word, begun, column, y)
		}
		word = ""
	}
	for len(line) > 0 {
		if rest, ok := strings.CutPrefix(line, "\x1b["); ok {
			codes, after, found := strings.Cut(rest, "m")
			if !found || strings.Trim(codes, "0123456789;") != "" {
				t.Fatalf("an escape that sets no colour: %q", line)
			}
			flush()
			p = p.with(t, codes)
			line = after
			continue
		}
		r := []rune(line)[0]
		text := string(r)
		line = line[len(text):]
		cells := ansi.StringWidth(text)
		switch {
		case r == ' ' && !p.reverse:
			flush()
		case drawShape(b, p, r, column, y):
			if word != "" {
				drawWord(b, p, word, begun, column, y)
				word = ""
			}
		default:
			if word == "" {
				begun = column
			}
			word += text
		}
		column += cells
	}
	flush()
}

// with returns the pen after a sequence of codes.
func (p pen) with(t *testing.T, codes string) pen {
	t.Helper()
	for code := range strings.SplitSeq(codes, ";") {
		n, err := strconv.Atoi(code)
		if err != nil && code != "" {
			t.Fatal(err)
		}
		switch {
		case n == 0:
			p = pen{colour: -1}
		case n == 1:
			p.bold = true
		case n == 2:
			p.faint = true
		case n == 7:
			p.reverse = true
		case n >= 30 && n <= 37:
			p.colour = n - 30
		case n >= 90 && n <= 97:
			p.colour = n - 90 + 8
		default:
			t.Fatalf("no pen for the code %d", n)
		}
	}
	return p
}

// paint returns the pen's colour as attributes.
func (p pen) paint(attribute string) string {
	colour := textColour
	if p.colour >= 0 {
		colour = ansiColours[p.colour]
	}
	text := fmt.Sprintf(" %s=\"%s\"", attribute, colour)
	if p.faint {
		text += ` opacity="0.6"`
	}
	return text
}

func drawWord(b *strings.Builder, p pen, word string, from, to int, y float64) {
	x, width := margin+float64(from)*cellWidth, float64(to-from)*cellWidth
	paint := p.paint("fill")
	if p.reverse {
		fmt.Fprintf(b, "<rect x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\"%s/>\n", num(x), num(y), num(width), num(cellHeight), paint)
		paint = fmt.Sprintf(" fill=\"%s\"", groundColour)
	}
	if strings.TrimSpace(word) == "" {
		return
	}
	if p.bold {
		paint += ` font-weight="bold"`
	}
	var escaped strings.Builder
	if err := xml.EscapeText(&escaped, []byte(word)); err != nil {
		panic(err) // a strings.Builder never fails
	}
	fmt.Fprintf(b, "<text x=\"%s\" y=\"%s\" textLength=\"%s\" lengthAdjust=\"spacingAndGlyphs\" xml:space=\"preserve\"%s>%s</text>\n", num(x), num(y+13.5), num(width), paint, escaped.String())
}

// drawShape draws the characters that make up bars and frames.
func drawShape(b *strings.Builder, p pen, r rune, column int, y float64) bool {
	x := margin + float64(column)*cellWidth
	rect := func(x, y, w, h float64, more string) {
		fmt.Fprintf(b, "<rect x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\"%s%s/>\n", num(x), num(y), num(w), num(h), p.paint("fill"), more)
	}
	switch {
	case r >= '▁' && r <= '█': // eighths from below
		part := float64(r-'▁'+1) / 8 * (cellHeight - 4)
		rect(x, y+cellHeight-2-part, cellWidth, part, "")
	case r == '░':
		rect(x, y+2, cellWidth, cellHeight-4, ` fill-opacity="0.35"`)
	case strings.ContainsRune("─│┌┐└┘├┤", r):
		middleX, middleY := x+cellWidth/2, y+cellHeight/2
		if strings.ContainsRune("─┌└├", r) {
			rect(middleX, middleY-0.5, cellWidth/2, 1, "")
		}
		if strings.ContainsRune("─┐┘┤", r) {
			rect(x, middleY-0.5, cellWidth/2, 1, "")
		}
		if strings.ContainsRune("│┌┐├┤", r) {
			rect(middleX-0.5, middleY, 1, cellHeight/2, "")
		}
		if strings.ContainsRune("│└┘├┤", r) {
			rect(middleX-0.5, y, 1, cellHeight/2, "")
		}
	default:
		return false
	}
	return true
}

// num formats a number for the picture as briefly as possible.
func num(v float64) string {
	return strconv.FormatFloat(float64(int(v*100+0.5))/100, 'f', -1, 64)
}
