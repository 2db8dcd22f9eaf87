package tui

import (
	"strings"

	"github.com/charmbracelet/bubbles/key"
	"github.com/charmbracelet/bubbles/viewport"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"

	"fauna-export/tui/text"
)

// A pane is a part of a text that is longer than its place: bubbles/viewport.
type pane struct {
	view viewport.Model
	n, h int // lines of the text and of the place, as last drawn
}

func newPane() pane {
	v := viewport.New(0, 0)
	v.KeyMap = viewport.KeyMap{
		Up: bind("", "", "up", "k"), Down: bind("", "", "down", "j"),
		PageUp: bind("", "", "pgup", "b"), PageDown: bind("", "", "pgdown", " "),
	}
	return pane{view: v}
}

// key scrolls; it reports whether the key was one of scrolling.
func (p *pane) key(m tea.KeyMsg) bool {
	k := p.view.KeyMap
	switch {
	case pressed(m, k.Up, k.Down, k.PageUp, k.PageDown):
		p.view, _ = p.view.Update(m)
	case pressed(m, bind("", "", "home", "g")):
		p.view.GotoTop()
	case pressed(m, bind("", "", "end", "G")):
		p.view.GotoBottom()
	default:
		return false
	}
	return true
}

// lines are the ones in sight, h of them or fewer.
func (p *pane) lines(all []string, w, h int) []string {
	p.n, p.h = len(all), h
	p.view.Width, p.view.Height = w, max(1, h)
	p.view.SetContent(strings.Join(all, "\n"))
	p.view.SetYOffset(p.view.YOffset)
	return strings.Split(p.view.View(), "\n")
}

func (p *pane) longer() bool { return p.n > p.h }

// scroll is the key for the help, where there is something to scroll.
func (p *pane) scroll() key.Binding { return when(p.longer(), bind("↑ ↓", "scroll", "up", "down")) }

// shown says which part is in sight, "" for all.
func (p *pane) shown() string {
	if !p.longer() {
		return ""
	}
	return partText(p.view.YOffset, p.h, p.n)
}

// partText says which part of a longer list is shown.
func partText(top, h, n int) string {
	return text.Number(int64(top+1)) + "–" + text.Number(int64(min(n, top+h))) + " of " + text.Number(int64(n))
}

// box is a frame with a title and a note in its edges, which lipgloss' borders
// cannot hold.
func box(st styles, title, aside, foot string, lines []string, w int) []string {
	edge := func(left, right, a, b string) string {
		if a != "" {
			a = " " + a + " "
		}
		if b != "" {
			b = " " + b + " "
		}
		if text.Width(a)+text.Width(b)+4 > w {
			b = ""
		}
		a = text.Fit(a, w-4)
		n := max(0, w-4-text.Width(a)-text.Width(b))
		return st.accent.of(left+"─") + a + st.accent.of(strings.Repeat("─", n)) + b + st.accent.of("─"+right)
	}
	side := st.accent.of("│")
	out := []string{edge("╭", "╮", st.bold.of(title), aside)}
	for _, l := range lines {
		out = append(out, side+" "+text.Pad(l, w-4)+" "+side)
	}
	return append(out, edge("╰", "╯", "", st.faint.of(foot)))
}

// A question is a small box that must be answered with y or n.
type question struct {
	text string
	yes  func() tea.Cmd
	no   func() tea.Cmd // nil: nothing to do
}

type questionKeys struct{ yes, no key.Binding }

func newQuestionKeys() questionKeys {
	return questionKeys{yes: bind("y", "yes", "y", "Y"), no: bind("n", "no", "n", "N", "esc")}
}

// answer takes the key that answers the question.
func (w *wizard) answer(m tea.KeyMsg) tea.Cmd {
	q, do := w.ask, (func() tea.Cmd)(nil)
	switch k := newQuestionKeys(); {
	case pressed(m, k.yes):
		do = q.yes
	case pressed(m, k.no):
		do = q.no
	default:
		return nil
	}
	w.ask = nil
	if do == nil {
		return nil
	}
	return do()
}

// over draws the question over the middle of a body.
func (q *question) over(st styles, body []string, w, h int) []string {
	inner := min(w-4, 66)
	drawn := st.question.Width(inner).Render(strings.Join(append(text.Wrap(q.text, inner-2), "", "y  yes     n  no"), "\n"))
	lines := strings.Split(drawn, "\n")
	out := make([]string, h)
	copy(out, body)
	top := max(0, (h-len(lines))/2)
	for i, l := range lines {
		if top+i < h {
			out[top+i] = lipgloss.PlaceHorizontal(w, lipgloss.Center, l)
		}
	}
	return out
}

// A panel is a text that takes the place of a step's body until it is closed: help,
// an answer of the shell, FQL to run.
type panel struct {
	title string
	text  []string // lines; of a text for reading, paragraphs that are wrapped
	fql   bool     // the text is FQL: coloured, not wrapped
	bare  bool     // without anything before the lines, so that a mouse can select them
	copy  string   // what the copy key takes, "" for none
	file  string   // name of the file that the write key makes, "" for none
	close func() tea.Cmd
	done  string         // what enter does, "" for "close"
	run   func() tea.Cmd // runs the text on the demo server, nil where it cannot be
	turn  func()         // to the other dialect, nil for none

	pane
}

type panelKeys struct{ run, copy, write, turn, plain, done, close key.Binding }

func (p *panel) keys() panelKeys {
	return panelKeys{
		run:   when(p.run != nil, bind("r", "run on the demo server", "r")),
		copy:  when(p.copy != "", bind("c", "copy", "c", "ctrl+y")),
		write: when(p.file != "", bind("w", "write file", "w")),
		turn:  when(p.turn != nil, bind("v", "other dialect", "v")),
		plain: when(p.fql, bind("p", "plain", "p")),
		done:  bind("enter", "close", "enter"),
		close: bind("esc", "close", "esc", "q", "f1", "?"),
	}
}

// key scrolls, copies, writes or closes.
func (p *panel) key(s *session, m tea.KeyMsg) tea.Cmd {
	if p.pane.key(m) {
		return nil
	}
	switch k := p.keys(); {
	case pressed(m, k.copy):
		return s.copy(p.copy)
	case pressed(m, k.write):
		return s.write(p.file, p.copy)
	case pressed(m, k.run):
		return p.run()
	case pressed(m, k.turn):
		p.turn()
	case pressed(m, k.plain):
		p.bare = !p.bare
	case pressed(m, k.done):
		s.panel = nil
		if p.close != nil {
			return p.close()
		}
	case pressed(m, k.close):
		s.panel = nil
	}
	return nil
}

func (p *panel) body(s *session, w, h int) []string {
	var lines []string
	for _, l := range p.text {
		switch {
		case p.fql && !p.bare:
			lines = append(lines, highlight(s.st, text.Fit(l, w)))
		case p.fql, l == "", l[0] == ' ':
			lines = append(lines, l)
		default:
			lines = append(lines, text.Wrap(l, min(w, 96))...)
		}
	}
	out := p.lines(lines, w, h)
	if p.bare { // no trailing spaces either
		for i := range out {
			out[i] = strings.TrimRight(out[i], " ")
		}
	}
	return out
}

func (p *panel) hints() []key.Binding {
	k := p.keys()
	done := k.done
	if p.done != "" {
		done = saying(done, p.done)
	} else {
		done.SetEnabled(false)
	}
	return []key.Binding{done, k.run, k.copy, k.write, k.turn, k.plain, p.scroll()}
}
