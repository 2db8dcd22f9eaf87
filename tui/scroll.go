package tui

import (
	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
)

// moveKeys move through what is longer than the window.
type moveKeys struct{ up, down, pageUp, pageDown, home, end key.Binding }

// newMoveKeys adds keys to those for pages.
func newMoveKeys(pageUp, pageDown []string) moveKeys {
	return moveKeys{
		up: unshown("up", "k"), down: unshown("down", "j"),
		pageUp: unshown(append(pageUp, "pgup")...), pageDown: unshown(append(pageDown, "pgdown")...),
		home: unshown("home", "g"), end: unshown("end", "G"),
	}
}

// move is where a key leads from at, between 0 and last, and whether it is one of
// these keys.
func (k moveKeys) move(m tea.KeyMsg, at, page, last int) (int, bool) {
	switch {
	case pressed(m, k.up):
		at--
	case pressed(m, k.down):
		at++
	case pressed(m, k.pageUp):
		at -= page
	case pressed(m, k.pageDown):
		at += page
	case pressed(m, k.home):
		at = 0
	case pressed(m, k.end):
		at = last
	default:
		return at, false
	}
	return max(0, min(at, last)), true
}

// shown is these keys as one, for the help.
func (k moveKeys) shown(does string) key.Binding { return both("↑ ↓", does, k.up, k.down) }

// A list keeps a cursor in a list of n rows of which h are seen, and knows which.
type list struct {
	cursor, top int
}

// key moves the cursor; it reports whether the key was one of moving.
func (l *list) key(k moveKeys, m tea.KeyMsg, n, h int) bool {
	at, ok := k.move(m, l.cursor, max(1, h-1), n-1)
	l.cursor = at
	return ok
}

func (l *list) clamp(n int) {
	l.cursor = max(0, min(l.cursor, n-1))
}

// window is the part of n rows that h lines show, with the cursor in it.
func (l *list) window(n, h int) (from, to int) {
	l.clamp(n)
	h = max(1, h)
	if l.cursor < l.top {
		l.top = l.cursor
	}
	if l.cursor >= l.top+h {
		l.top = l.cursor - h + 1
	}
	l.top = max(0, min(l.top, n-h))
	return l.top, min(n, l.top+h)
}

// A scroller keeps which part of a text is seen: shown of total lines, both as
// last drawn.
type scroller struct {
	top, shown, total int
}

// key scrolls; it reports whether the key was one of scrolling.
func (s *scroller) key(k moveKeys, m tea.KeyMsg) bool {
	at, ok := k.move(m, s.top, s.shown, s.total-s.shown)
	s.top = at
	return ok
}

// window is the part of total lines that room of them show.
func (s *scroller) window(total, room int) (from, to int) {
	s.total, s.shown = total, max(0, min(room, total))
	s.top = max(0, min(s.top, total-s.shown))
	return s.top, s.top + s.shown
}
