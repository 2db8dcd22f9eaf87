package tui

import (
	"strings"

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
	switch strings.ToLower(m.String()) {
	case "y":
		do = q.yes
	case "n", "esc":
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
	inner := min(w-4, 64)
	text := wrap(q.text, inner-2)
	box := []string{st.accent.of("┌" + strings.Repeat("─", inner) + "┐")}
	side := st.accent.of("│")
	for _, l := range append(text, "", "y  yes     n  no") {
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

// A panel is a text that takes the place of a step's body until it is closed:
// help, an answer of the shell, commands to copy.
type panel struct {
	title string
	text  []string // plain lines; long ones that do not begin with a space are wrapped
	fql   bool     // the text is FQL: coloured, not wrapped
	raw   bool     // the text is commands: not wrapped
	other func(key string)
	copy  string // what the copy key takes, "" for none
	file  string // name of the file that the write key makes, "" for none
	close func() tea.Cmd
	done  string // what enter does, "" for "close"

	top, shown, total int // scrolling, known when drawn
}

// key scrolls, copies, writes or closes.
func (p *panel) key(s *session, m tea.KeyMsg) tea.Cmd {
	switch m.String() {
	case "up", "k":
		p.top--
	case "down", "j":
		p.top++
	case "pgup", "b":
		p.top -= p.shown
	case "pgdown", " ":
		p.top += p.shown
	case "home", "g":
		p.top = 0
	case "end", "G":
		p.top = p.total
	case "c", "ctrl+y":
		if p.copy != "" {
			return s.copy(p.copy)
		}
	case "w":
		if p.file != "" {
			return s.write(p.file, p.copy)
		}
	case "esc", "enter", "q", "f1", "?":
		s.panel = nil
		if p.close != nil && m.Type == tea.KeyEnter {
			return p.close()
		}
	default:
		if p.other != nil {
			p.other(m.String())
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
	p.shown, p.total = h, len(lines)
	p.top = max(0, min(p.top, len(lines)-h))
	more := len(lines) - h
	if more > 0 {
		p.shown = h - 1
		p.top = min(p.top, len(lines)-p.shown)
	}
	out := make([]string, 0, h)
	for _, l := range lines[p.top:min(len(lines), p.top+p.shown)] {
		l = fit(l, w)
		if p.fql {
			l = highlight(s.st, l)
		}
		out = append(out, l)
	}
	if more > 0 {
		out = append(out, s.st.faint.of(moreText(p.top, p.shown, p.total, "lines")))
	}
	return out
}

func (p *panel) hints() []hint {
	var hs []hint
	if p.copy != "" {
		hs = append(hs, hint{"c", "copy"})
	}
	if p.file != "" {
		hs = append(hs, hint{"w", "write to a file"})
	}
	if p.total > p.shown {
		hs = append(hs, hint{"↑ ↓", "scroll"})
	}
	if p.done != "" {
		hs = append(hs, hint{"enter", p.done})
	}
	return append(hs, hint{"esc", "close"})
}

// moreText says which part of a longer list is shown.
func moreText(top, shown, total int, what string) string {
	return countText(int64(top+1)) + " to " + countText(int64(min(total, top+shown))) + " of " + countText(int64(total)) + " " + what
}
