package tui

import tea "github.com/charmbracelet/bubbletea"

// A list keeps a cursor in a list of n rows of which h are seen, and knows which.
type list struct {
	cursor, top int
}

// key moves the cursor; it reports whether the key was one of moving.
func (l *list) key(m tea.KeyMsg, n, h int) bool {
	switch m.String() {
	case "up", "k":
		l.cursor--
	case "down", "j":
		l.cursor++
	case "pgup":
		l.cursor -= max(1, h-1)
	case "pgdown":
		l.cursor += max(1, h-1)
	case "home", "g":
		l.cursor = 0
	case "end", "G":
		l.cursor = n - 1
	default:
		return false
	}
	l.clamp(n)
	return true
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
