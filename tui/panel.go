package tui

import (
	"slices"
	"strings"

	"github.com/charmbracelet/bubbles/viewport"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"

	"fauna-export/tui/text"
)

// A pane scrolls a text longer than its space: bubbles/viewport.
type pane struct {
	view viewport.Model
	n, h int // lines of the text and of the space, as last drawn
}

func newPane() pane { return pane{view: viewport.New(0, 0)} }

// key scrolls. It reports whether the key was for scrolling.
func (p *pane) key(m tea.KeyMsg) bool {
	by, ok := scrolls(m, p.view.Height)
	p.view.SetYOffset(p.view.YOffset + by)
	return ok
}

// lines returns the visible lines, at most h.
func (p *pane) lines(all []string, w, h int) []string {
	p.n, p.h = len(all), h
	p.view.Width, p.view.Height = w, max(1, h)
	p.view.SetContent(strings.Join(all, "\n"))
	p.view.SetYOffset(p.view.YOffset)
	return strings.Split(p.view.View(), "\n")
}

func (p *pane) longer() bool { return p.n > p.h }

func (p *pane) scroll() action { return on("↑ ↓", "scroll", nil, "up", "down").when(p.longer()) }

// part says which part is visible, or returns "" for all.
func (p *pane) part() string {
	if !p.longer() {
		return ""
	}
	return partText(p.view.YOffset, p.h, p.n)
}

// box draws a frame with texts in its edges, which lipgloss' borders don't support.
func box(st styles, title, aside, footer string, lines []string, w int) []string {
	edge := func(left, right, a, b string) string {
		a, b = prefixed(" ", a, " "), prefixed(" ", b, " ")
		if text.Width(a)+text.Width(b)+4 > w {
			b = ""
		}
		a = text.Fit(a, w-4)
		n := max(0, w-4-text.Width(a)-text.Width(b))
		return st.accent.of(left+"─") + a + st.accent.of(strings.Repeat("─", n)) + b + st.accent.of("─"+right)
	}
	side := st.accent.of("│")
	return slices.Concat([]string{edge("╭", "╮", st.bold.of(title), aside)},
		mapped(lines, func(l string) string { return side + " " + text.Pad(l, w-4) + " " + side }),
		[]string{edge("╰", "╯", "", st.faint.of(footer))})
}

// A question is a small box that must be answered with y or n.
type question struct {
	s    *session
	text string
	yes  func()
}

func (s *session) confirm(text string, yes func()) { s.ask = &question{s, text, yes} }

func (q *question) actions() []action {
	return []action{
		on("y", "yes", func() { q.s.ask = nil; q.yes() }, "y", "Y"),
		on("n", "no", func() { q.s.ask = nil }, "n", "N", "esc"),
	}
}

func (q *question) key(tea.KeyMsg) bool { return true } // ignore everything else until it is answered

func (q *question) over(st styles, body []string, w int) []string {
	inner := min(w-4, 66)
	box := st.question.Width(inner).Render(strings.Join(append(text.Wrap(q.text, inner-2), "", "y  yes     n  no"), "\n"))
	lines := strings.Split(lipgloss.PlaceHorizontal(w, lipgloss.Center, box), "\n")
	copy(body[max(0, (len(body)-len(lines))/2):], lines)
	return body
}

// A panel takes the place of a step's body: help, a shell's answer, FQL to run.
type panel struct {
	s     *session
	title string
	text  []string // lines, or paragraphs to wrap unless it is FQL
	fql   bool     // the text is FQL: coloured, not wrapped
	bare  bool     // without a margin, so that lines can be selected with the mouse
	copy  string   // what the copy key copies, or ""
	file  string   // name of the file that the write key creates, or ""
	done  string   // what enter does, "" for just closing
	next  func()   // called by enter then
	run   func()   // runs the text on the demo server, nil if it can't

	pane
}

// fqlPanel returns a panel with FQL to run, copy or write to a file.
func (s *session) fqlPanel(title, fql, file string) *panel {
	return &panel{s: s, title: title, text: text.Lines(fql), fql: true, copy: fql, file: file, pane: newPane()}
}

// answerPanel returns a panel with what the demo's shell printed.
func (s *session) answerPanel(title, printed string) *panel {
	return &panel{s: s, title: title, text: text.Lines(printed), fql: true, pane: newPane()}
}

func (p *panel) close() { p.s.panel = nil }

func (p *panel) actions() []action {
	enter := on("enter", p.done, func() { p.close(); p.next() })
	if p.done == "" {
		enter = on("", "close", p.close, "enter")
	}
	return []action{
		enter, on("r", "run on the demo server", p.run).when(p.run != nil),
		on("c", "copy", func() { p.s.copy(p.copy, "w writes it to a file", nil) }, "c", "ctrl+y").when(p.copy != ""),
		on("w", "write file", func() { p.s.write(p.file, p.copy) }).when(p.file != ""),
		on("p", "plain", func() { p.bare = !p.bare }).when(p.fql),
		on("", "close", p.close, "esc", "q", "f1", "?"), p.scroll(),
	}
}

func (p *panel) key(m tea.KeyMsg) bool {
	p.pane.key(m)
	return true
}

func (p *panel) body(w, h int) []string {
	var lines []string
	for _, l := range p.text {
		switch {
		case p.fql && !p.bare:
			lines = append(lines, highlight(p.s.st, text.Fit(l, w)))
		case p.fql:
			lines = append(lines, l)
		case strings.HasPrefix(l, " "): // a key
			lines = append(lines, strings.Split(ansi.Wordwrap(l, w, ""), "\n")...)
		default:
			lines = append(lines, text.Wrap(l, min(w, 96))...)
		}
	}
	out := p.lines(lines, w, h)
	for i, l := range out {
		if p.bare { // no trailing spaces when copied
			out[i] = strings.TrimRight(l, " ")
		}
	}
	return out
}
