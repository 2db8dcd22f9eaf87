package tui

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"fauna-export/tui/text"
)

// A list is a place in many rows, of which a part is drawn, narrowed to the names that
// hold a text: / begins, enter keeps, esc clears. It is our own since bubbles/list has
// one row an item and a filter that matches letters in order, and bubbles/table cuts
// cells without regard to colours; both draw all their rows, and an export may have
// thousands, of which a hundred change in a second.
type list struct {
	st      styles
	at, top int // the row with the cursor, and the first one in sight
	h       int // rows in sight, as last drawn

	find   field
	typing bool
}

func newList(st styles) list { return list{st: st, find: newField(st, ""), h: 1} }

// narrowed reports whether a filter is set, or about to be.
func (l *list) narrowed() bool { return l.typing || l.find.value() != "" }

// matches reports whether a name is in the narrowed list.
func (l *list) matches(name string) bool {
	want := strings.ToLower(strings.TrimSpace(l.find.value()))
	return want == "" || strings.Contains(strings.ToLower(name), want)
}

// clear takes the filter away.
func (l *list) clear() {
	l.typing = false
	l.find.set("")
}

// actions are those of the filter and, where it moves something, of the cursor.
func (l *list) actions(moves bool) []action {
	clear := on("", "clear filter", l.clear, "esc").when(l.narrowed())
	if l.typing {
		return []action{on("enter", "keep filter", func() { l.typing = false }, "enter", "tab", "down"), clear}
	}
	return []action{
		on("/", "filter", func() { l.typing = true }), clear,
		on("↑ ↓", "move", nil, "up", "down").when(moves),
	}
}

// key types the filter, or moves through n rows; it reports whether it was for that.
func (l *list) key(m tea.KeyMsg, n int) bool {
	if l.typing {
		return l.find.key(m)
	}
	page := max(1, l.h-1)
	switch {
	case is(m, "up", "k"):
		l.at--
	case is(m, "down", "j"):
		l.at++
	case is(m, "pgup", "b"):
		l.at -= page
	case is(m, "pgdown", " "):
		l.at += page
	case is(m, "home", "g"):
		l.at = 0
	case is(m, "end", "G"):
		l.at = n - 1
	default:
		return false
	}
	l.at = max(0, min(l.at, n-1))
	return true
}

// window is the part of n rows that h lines show, with the cursor in it, and what says
// which part it is, "" for all.
func (l *list) window(n, h int) (from, to int, part string) {
	l.h = max(1, h)
	l.at = max(0, min(l.at, n-1))
	l.top = max(0, min(max(l.at-l.h+1, min(l.top, l.at)), n-l.h))
	to = min(n, l.top+l.h)
	if n > l.h {
		part = partText(l.top, to-l.top, n)
	}
	return l.top, to, part
}

// filter is the line of the filter, "" where there is none.
func (l *list) filter(w int) string {
	switch {
	case l.typing:
		return l.st.strong.of("/ ") + l.find.view(max(4, w-2), true)
	case l.narrowed():
		return l.st.accent.of("/ "+text.Clean(l.find.value())) + l.st.faint.of("   esc clears it")
	}
	return ""
}

// partText says which part of a longer list is shown.
func partText(top, h, n int) string {
	return text.Number(int64(top+1)) + "–" + text.Number(int64(min(n, top+h))) + " of " + text.Number(int64(n))
}
