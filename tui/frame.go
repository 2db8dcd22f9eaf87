package tui

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/bubbles/key"

	"fauna-export/tui/text"
)

// The smallest window in which every step is whole, and sizes from which more is shown.
const (
	minWidth    = 60
	minHeight   = 18
	roomyHeight = 22  // two lines of keys and two for what just happened
	columnWidth = 100 // the way is a column on the left
	paneWidth   = 120 // a second pane says what the choice means
)

// View draws the window: never wider or taller than it is.
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
	lines = lines[:min(len(lines), w.height)]
	for i, l := range lines {
		lines[i] = text.Fit(l, w.width)
	}
	view := strings.Join(lines, "\n")
	if w.ascii != nil {
		view = w.ascii.Replace(view)
	}
	return view
}

func (w *wizard) tooSmall() []string {
	lines := text.Wrap(fmt.Sprintf("This window is %d x %d; the wizard needs %d x %d. Nothing is lost.", w.width, w.height, minWidth, minHeight), w.width)
	if t := w.runner.brief(); t != "" {
		lines = append([]string{t}, lines...)
	}
	return lines
}

// screen is the whole window: the name and the database, the way, the question and
// the body, what just happened, and the keys. Only the body depends on the height, and
// nothing moves because something is said.
func (w *wizard) screen() []string {
	w.session.wide = w.width >= paneWidth
	inner := w.width - 2
	bars, notes := 1, 1
	if w.height >= roomyHeight {
		bars, notes = 2, 2
	}
	if w.panel != nil && w.panel.bare { // the text alone, for the mouse
		lines := w.panel.body(w.session, w.width, w.height-1)
		for len(lines) < w.height-1 {
			lines = append(lines, "")
		}
		return append(lines, w.st.help.ShortHelpView([]key.Binding{bind("p", "frame", "p"), w.panel.scroll(), bind("esc", "close", "esc")}))
	}
	lines := []string{" " + w.top(inner)}
	left, room := 0, inner
	if w.width >= columnWidth {
		left = 16
		room -= left
	} else {
		lines = append(lines, " "+w.wayLine(inner))
	}
	lines = append(lines, "")
	main := w.main(room, w.height-len(lines)-notes-bars)
	if left > 0 {
		column := w.wayColumn()
		for i, l := range main {
			cell := ""
			if i < len(column) {
				cell = column[i]
			}
			main[i] = text.Pad(cell, left) + l
		}
	}
	for _, l := range main {
		if l != "" {
			l = " " + l
		}
		lines = append(lines, l)
	}
	for _, l := range w.noteLines(inner, notes) {
		lines = append(lines, " "+l)
	}
	for _, l := range w.bar(inner, bars) {
		lines = append(lines, " "+l)
	}
	return lines
}

// main is the question, the body and, in a wide window, the second pane: exactly h
// lines.
func (w *wizard) main(room, h int) []string {
	st := w.steps[w.at]
	question, aside := st.title()
	wide := room
	var side []string
	if w.panel != nil {
		question, aside = w.panel.title, w.panel.shown()
	} else if w.width >= paneWidth {
		wide = max(66, min(100, room*62/100))
		if side = st.side(room-wide-3, h); side == nil {
			wide = room
		}
	}
	if first, _, ok := strings.Cut(question, ". "); ok && text.Width(question) > wide {
		question = first + "."
	}
	for most := wide - text.Width(question) - 2; text.Width(aside) > most && strings.Contains(aside, " · "); {
		aside = aside[:strings.LastIndex(aside, " · ")] // whole facts rather than a cut one
	}
	lines := []string{text.Sides(w.st.bold.of(text.Fit(question, wide)), w.st.faint.of(text.Fit(aside, max(0, wide-text.Width(question)-2))), wide), ""}
	var body []string
	if w.panel != nil {
		body = w.panel.body(w.session, wide, h-3)
	} else {
		body = st.body(wide, h-3)
	}
	body = body[:min(len(body), h-3)]
	if w.ask != nil {
		body = w.ask.over(w.st, body, wide, h-3)
	}
	lines = append(lines, body...)
	for len(lines) < h {
		lines = append(lines, "")
	}
	if side == nil {
		return lines
	}
	for i := range lines {
		l := ""
		if i < len(side) {
			l = text.Fit(side[i], room-wide-3)
		}
		lines[i] = text.Pad(lines[i], wide) + " " + w.st.faint.of("│") + " " + l
	}
	return lines
}

// top is the product's name and the database, with what is to be known of it.
func (w *wizard) top(room int) string {
	host, e := "", w.endpoint
	if e.IsZero() {
		e = w.steps[domainID].(*domainStep).parsed
	}
	if !e.IsZero() {
		host = text.Clean(e.String())
		switch {
		case e.Exposed():
			host += "  " + w.st.warn.of("plaintext")
		case !e.Plaintext():
			host += "  " + w.st.good.of("TLS")
		}
	}
	if w.cfg.Demo {
		host += "  " + w.st.badge.of(" DEMO ")
	}
	return text.Sides(w.st.strong.of("fauna-export"), text.Fit(host, room-16), room)
}

// mark is how a step of the way looks: done, here, to come.
func (w *wizard) mark(id stepID) string {
	at := w.at
	if w.edit != noID && w.edit > at {
		at = w.edit
	}
	switch {
	case id == w.at:
		return w.st.strong.of("● " + id.String())
	case id < at:
		return w.st.good.of("✓") + " " + id.String()
	}
	return w.st.faint.of("· " + id.String())
}

// wayLine is the way on one line: what there is room for, with here in it.
func (w *wizard) wayLine(room int) string {
	path := w.path()
	here := 0
	for i, id := range path {
		if id == w.at {
			here = i
		}
	}
	if w.width < 76 {
		return fmt.Sprintf("step %d of %d · %s", here+1, len(path), w.st.strong.of(w.at.String()))
	}
	size := func(ids []stepID) (n int) {
		for _, id := range ids {
			n += len(id.String()) + 3
		}
		return n - 1
	}
	for size(path) > room {
		if here < len(path)-1 {
			path = path[:len(path)-1]
		} else {
			path, here = path[1:], here-1
		}
	}
	parts := make([]string, len(path))
	for i, id := range path {
		parts[i] = w.mark(id)
	}
	return strings.Join(parts, " ")
}

func (w *wizard) wayColumn() []string {
	var lines []string
	for _, id := range w.path() {
		lines = append(lines, w.mark(id))
	}
	return lines
}

// noteLines say what just happened, on n lines of their own.
func (w *wizard) noteLines(room, n int) []string {
	out := make([]string, n)
	if w.note.text == "" {
		return out
	}
	glyph, p := noteLook(w.st, w.note.kind)
	lines := text.Wrap(w.note.text, room-text.Width(glyph))
	if len(lines) > n {
		lines = append(lines[:n-1], text.Fit(strings.Join(lines[n-1:], " "), room-text.Width(glyph)))
	}
	for i, l := range lines {
		mark := glyph
		if i > 0 {
			mark = strings.Repeat(" ", text.Width(glyph))
		}
		out[n-len(lines)+i] = p.of(mark + l)
	}
	return out
}

// bar is the last n lines, of bubbles/help: as many keys as there is room for, and
// help and back at the right end of the last one.
func (w *wizard) bar(room, n int) []string {
	hints, end := w.hints()
	h := w.st.help
	if w.width < 80 {
		h.ShortSeparator = "  "
	}
	fixed := h.ShortHelpView(end)
	if n := len("F1 help") + len(h.ShortSeparator) + len("esc back"); w.ask == nil && w.panel == nil && text.Width(fixed) < n {
		fixed = text.Pad(fixed, n) // F1 keeps its place
	}
	size := func(b key.Binding) int { return text.Width(b.Help().Key + " " + b.Help().Desc) }
	lines := make([]string, n)
	for i := range lines {
		limit := room
		if i == n-1 {
			limit -= text.Width(fixed) + 3
		}
		used, take := 0, 0
		for take < len(hints) {
			more := size(hints[take])
			if take > 0 {
				more += len(h.ShortSeparator)
			}
			if used+more > limit {
				break
			}
			used, take = used+more, take+1
		}
		if all := total(hints, size, len(h.ShortSeparator)); i < n-1 && all <= room-text.Width(fixed)-3 {
			continue // they fit on the last line
		}
		lines[i] = h.ShortHelpView(hints[:take])
		hints = hints[take:]
	}
	lines[n-1] = text.Sides(lines[n-1], fixed, room)
	return lines
}

func total(hints []key.Binding, size func(key.Binding) int, gap int) (n int) {
	for i, b := range hints {
		n += size(b)
		if i > 0 {
			n += gap
		}
	}
	return n
}

// hints are the keys of what has the focus, and those at the right end.
func (w *wizard) hints() (hints, end []key.Binding) {
	k := w.keys
	st := w.steps[w.at]
	switch {
	case w.ask != nil:
		q := newQuestionKeys()
		return []key.Binding{q.yes, q.no}, nil
	case w.panel != nil:
		return working(w.panel.hints()), []key.Binding{saying(k.back, "close")}
	}
	back := st.esc()
	return working(st.hints()), working([]key.Binding{saying(k.help, "help"), when(back != "", saying(k.back, back))})
}
