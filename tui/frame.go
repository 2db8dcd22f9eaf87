package tui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/bubbles/key"

	"fauna-export/tui/text"
)

// The smallest window that fits every step, and sizes at which more is shown.
const (
	minWidth    = 60
	minHeight   = 18
	roomyHeight = 22  // two lines of keys and two for the note
	columnWidth = 100 // the steps are a column on the left
	paneWidth   = 120 // a second pane explains the choice
)

// View draws the window, never wider or taller than it is.
func (w *wizard) View() string {
	var lines []string
	switch {
	case w.width == 0 || w.height == 0:
		return "fauna-export"
	case w.width < minWidth || w.height < minHeight:
		lines = w.tooSmall()
	default:
		lines = w.screen()
	}
	lines = mapped(lines[:min(len(lines), w.height)], func(l string) string { return text.Fit(l, w.width) })
	return w.drawn(strings.Join(lines, "\n"))
}

func (w *wizard) tooSmall() []string {
	lines := text.Wrap(fmt.Sprintf("This window is %d x %d; the wizard needs %d x %d. Nothing is lost.", w.width, w.height, minWidth, minHeight), w.width)
	if t := w.clean(w.runner.progress().line()); t != "" {
		lines = append([]string{t}, lines...)
	}
	return lines
}

// screen draws the whole window. Only the body depends on the height, and nothing moves
// when a note appears.
func (w *wizard) screen() []string {
	w.session.wide = w.width >= paneWidth
	if w.panel != nil && w.panel.bare { // only the text, for selecting with the mouse
		lines := text.Fill(w.panel.body(w.width, w.height-1), w.height-1)
		keys := []action{on("p", "frame", nil), w.panel.scroll(), on("esc", "close", nil)}
		return append(lines, w.st.help.ShortHelpView(shown(keys)))
	}
	inner := w.width - 2
	bars, notes := 1, 1
	if w.height >= roomyHeight {
		bars, notes = 2, 2
	}
	head, column := []string{w.top(inner)}, 0
	if w.width >= columnWidth {
		column = 16
	} else {
		head = append(head, w.stepLine(inner))
	}
	head = append(head, "")
	main := w.main(inner-column, w.height-len(head)-notes-bars)
	if column > 0 {
		main = text.Beside(w.stepMarks(), column, main)
	}
	return text.Indent(1, slices.Concat(head, main, w.noteLines(inner, notes), w.bar(inner, bars)))
}

// main draws the question, the body and, in a wide window, the second pane in h lines.
func (w *wizard) main(room, h int) []string {
	wide := room
	var side, body []string
	var question, aside string
	if w.panel != nil {
		body = w.panel.body(wide, h-3)
		question, aside = w.panel.title, w.panel.part()
	} else {
		left := max(66, min(100, room*62/100))
		if w.width >= paneWidth {
			side = w.steps[w.at].side(room-left-3, h)
		}
		if side != nil {
			wide = left
		}
		body = w.shown().body(wide, h-3)
		question, aside = w.shown().title()
	}
	if first, _, ok := strings.Cut(question, ". "); ok && text.Width(question) > wide {
		question = first + "."
	}
	for maxWidth := wide - text.Width(question) - 2; text.Width(aside) > maxWidth && strings.Contains(aside, " · "); {
		aside = aside[:strings.LastIndex(aside, " · ")] // drop whole facts rather than cut one
	}
	body = text.Fill(body, h-3)
	if w.ask != nil {
		body = w.ask.over(w.st, body, wide)
	}
	lines := append([]string{text.Sides(w.st.bold.of(text.Fit(question, wide)), w.st.faint.of(aside), wide), ""}, body...)
	lines = text.Fill(lines, h)
	if side == nil {
		return lines
	}
	bar := " " + w.st.faint.of("│") + " "
	return text.Beside(lines, wide, mapped(text.Fill(side, h), func(l string) string { return bar + text.Fit(l, room-wide-3) }))
}

// top draws the product's name and the database, with its TLS and demo marks.
func (w *wizard) top(room int) string {
	host, e := "", cmp.Or(w.endpoint, w.steps[domainID].(*domainStep).parsed)
	switch {
	case e.IsZero():
	case e.Exposed():
		host = text.Clean(e.String()) + "  " + w.st.warn.of("plaintext")
	case e.Plaintext():
		host = text.Clean(e.String())
	default:
		host = text.Clean(e.String()) + "  " + w.st.good.of("TLS")
	}
	if w.cfg.Demo {
		host += "  " + w.st.badge.of(" DEMO ")
	}
	return text.Sides(w.st.strong.of("fauna-export"), text.Fit(host, room-16), room)
}

func (w *wizard) stepMarks() []string {
	var marks []string
	for _, id := range w.path() {
		switch {
		case id == w.at:
			marks = append(marks, w.st.strong.of("● "+id.String()))
		case id < max(w.at, w.edit):
			marks = append(marks, w.st.good.of("✓")+" "+id.String())
		default:
			marks = append(marks, w.st.faint.of("· "+id.String()))
		}
	}
	return marks
}

// stepLine draws the steps in one line: as many as fit, including the current one.
func (w *wizard) stepLine(room int) string {
	marks, here := w.stepMarks(), slices.Index(w.path(), w.at)
	if w.width < 76 {
		return fmt.Sprintf("step %d of %d · %s", here+1, len(marks), w.st.strong.of(w.at.String()))
	}
	for text.Width(strings.Join(marks, " ")) > room {
		if here < len(marks)-1 {
			marks = marks[:len(marks)-1]
		} else {
			marks, here = marks[1:], here-1
		}
	}
	return strings.Join(marks, " ")
}

func (w *wizard) noteLines(room, n int) []string {
	lines := make([]string, n)
	if w.note.text != "" {
		message := text.Clip(marked(w.st, w.note.kind, w.note.text, room), n, room)
		copy(lines[n-len(message):], message)
	}
	return lines
}

// bar draws the last n lines with bubbles/help, which alone draws one and cuts its end:
// as many keys as fit, and help and back at the right end.
func (w *wizard) bar(room, n int) []string {
	hints, end := w.hints()
	h := w.st.help
	if w.width < 80 {
		h.ShortSeparator = "  "
	}
	fixed := h.ShortHelpView(end)
	if w.ask == nil && w.panel == nil { // F1 stays in one place
		fixed = text.Pad(fixed, max(text.Width(fixed), len("F1 help")+len(h.ShortSeparator)+len("esc back")))
	}
	draw := func(hints []key.Binding, room int) (line string, rest []key.Binding) {
		for n := len(hints); ; n-- {
			if line = h.ShortHelpView(hints[:n]); n == 0 || text.Width(line) <= room {
				return line, hints[n:]
			}
		}
	}
	lines, last := make([]string, n), room-text.Width(fixed)-3
	line, rest := draw(hints, last)
	if n > 1 && len(rest) > 0 {
		lines[0], rest = draw(hints, room)
		line, _ = draw(rest, last)
	}
	lines[n-1] = text.Sides(line, fixed, room)
	return lines
}

// hints returns the keys of whatever has the focus, and those for the right end.
func (w *wizard) hints() (hints, end []key.Binding) {
	actions := w.focus().actions()
	switch {
	case w.ask != nil:
	case w.panel != nil:
		end = []key.Binding{bind("esc", "close", "esc")}
	default:
		back := "back"
		if w.at == domainID && w.edit == noID {
			back = "quit"
		}
		if i := slices.IndexFunc(actions, func(a action) bool { return a.Enabled() && slices.Contains(a.Keys(), "esc") }); i >= 0 {
			back = actions[i].Help().Desc
		}
		end = []key.Binding{bind("F1", "help", "f1")}
		if back != "" {
			end = append(end, bind("esc", back, "esc"))
		}
	}
	return shown(actions), end
}
