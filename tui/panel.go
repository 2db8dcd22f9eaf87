package tui

import (
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
)

// A question is a small box that must be answered with y or n.
type question struct {
	text    string
	yes, no func() tea.Cmd // nil: nothing to do
}

// answer takes the key that answers the question.
func (w *wizard) answer(m tea.KeyMsg) tea.Cmd {
	q := w.ask
	var do func() tea.Cmd
	switch k := w.keys.question; {
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
func (q *question) over(st styles, k questionKeys, body []string, w, h int) []string {
	inner := min(w-4, 64)
	text := wrap(q.text, inner-2)
	box := []string{st.accent.of("┌" + strings.Repeat("─", inner) + "┐")}
	side := st.accent.of("│")
	for _, l := range append(text, "", keyText(k.yes)+"     "+keyText(k.no)) {
		box = append(box, side+" "+pad(l, inner-2)+" "+side)
	}
	box = append(box, st.accent.of("└"+strings.Repeat("─", inner)+"┘"))
	out := make([]string, h)
	copy(out, body)
	top := max(0, (h-len(box))/2)
	for i, l := range box {
		if top+i < h {
			out[top+i] = strings.Repeat(" ", max(0, (w-inner-2)/2)) + l
		}
	}
	return out
}

// keyText is a binding in a line of text.
func keyText(b key.Binding) string { return b.Help().Key + "  " + b.Help().Desc }

// A panel is a text that takes the place of a step's body until it is closed:
// help, an answer of the shell, commands to copy.
type panel struct {
	title string
	text  []string // plain lines; long ones that do not begin with a space are wrapped
	fql   bool     // the text is FQL: coloured, not wrapped
	raw   bool     // the text is commands: not wrapped
	turns []turn   // to panels that take its place
	copy  string   // what the copy key takes, "" for none
	file  string   // name of the file that the write key makes, "" for none
	close func() tea.Cmd
	done  string         // what enter does, "" for "close"
	run   func() tea.Cmd // runs the text on the demo server, nil where it cannot be

	scroller
}

// A turn is a key of one panel that opens another.
type turn struct {
	key.Binding
	to func()
}

// aside is what stands right of the title: where the panel turns to.
func (p *panel) aside() string {
	var parts []string
	for _, t := range p.turns {
		parts = append(parts, t.Help().Key+" "+t.Help().Desc)
	}
	return strings.Join(parts, "  ")
}

// keys are those that work now.
func (p *panel) keys(s *session) panelKeys {
	k := s.keys.panel
	k.copy.SetEnabled(p.copy != "")
	k.write.SetEnabled(p.file != "")
	k.run.SetEnabled(p.run != nil)
	return k
}

// key scrolls, copies, writes or closes.
func (p *panel) key(s *session, m tea.KeyMsg) tea.Cmd {
	if p.scroller.key(s.keys.scroll, m) {
		return nil
	}
	switch k := p.keys(s); {
	case pressed(m, k.copy):
		return s.copy(p.copy)
	case pressed(m, k.write):
		return s.write(p.file, p.copy)
	case pressed(m, k.run):
		return p.run()
	case pressed(m, k.done):
		s.panel = nil
		if p.close != nil {
			return p.close()
		}
	case pressed(m, k.close):
		s.panel = nil
	}
	for _, t := range p.turns {
		if pressed(m, t.Binding) {
			t.to()
		}
	}
	return nil
}

func (p *panel) body(s *session, w, h int) []string {
	var lines []string
	for _, l := range p.text {
		switch {
		case p.fql, p.raw:
			lines = append(lines, l)
		case l == "", l[0] == ' ':
			lines = append(lines, l)
		default:
			lines = append(lines, wrap(l, min(w, 100))...)
		}
	}
	room := h
	if len(lines) > h {
		room = h - 1
	}
	from, to := p.window(len(lines), room)
	out := make([]string, 0, h)
	for _, l := range lines[from:to] {
		l = fit(l, w)
		if p.fql {
			l = highlight(s.st, l)
		}
		out = append(out, l)
	}
	if len(lines) > h {
		out = append(out, s.st.faint.of(moreText(p.top, p.shown, p.total, "lines")))
	}
	return out
}

func (p *panel) hints(s *session) []key.Binding {
	k := p.keys(s)
	hints := []key.Binding{k.run, k.copy, k.write}
	if p.total > p.shown {
		hints = append(hints, s.keys.scroll.shown("scroll"))
	}
	if p.done != "" {
		hints = append(hints, saying(k.done, p.done))
	}
	return append(hints, k.close)
}

// moreText says which part of a longer list is shown.
func moreText(top, shown, total int, what string) string {
	return countText(int64(top+1)) + " to " + countText(int64(min(total, top+shown))) + " of " + countText(int64(total)) + " " + what
}
