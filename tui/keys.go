package tui

import (
	"slices"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
)

// everywhereKeys work on every step, once the step has left them alone.
type everywhereKeys struct{ help, back, backTab, interrupt, suspend key.Binding }

func newEverywhereKeys() everywhereKeys {
	return everywhereKeys{
		help:      bind("F1", "help", "f1", "?"),
		back:      bind("esc", "back", "esc"),
		backTab:   bind("", "", "shift+tab"),
		interrupt: bind("ctrl+c", "quit (stops the export first; twice quits at once)", "ctrl+c"),
		suspend:   bind("ctrl+z", "suspend (fg to return)", "ctrl+z"),
	}
}

// bind is a binding that the help shows as shown, or not at all where that is "".
func bind(shown, does string, keys ...string) key.Binding {
	return key.NewBinding(key.WithKeys(keys...), key.WithHelp(shown, does))
}

// when is the binding, enabled or not.
func when(on bool, b key.Binding) key.Binding {
	b.SetEnabled(on)
	return b
}

// saying is the binding with another text of help.
func saying(b key.Binding, does string) key.Binding {
	b.SetHelp(b.Help().Key, does)
	return b
}

// pressed reports whether a key is one of the bindings. Letters that came in one
// go are a text, even where they spell the name of a key: enter.
func pressed(m tea.KeyMsg, bindings ...key.Binding) bool {
	return (m.Type != tea.KeyRunes || len(m.Runes) == 1 && !m.Paste) && key.Matches(m, bindings...)
}

// working leaves out the bindings that are disabled now or that no help shows.
func working(all []key.Binding) []key.Binding {
	return slices.DeleteFunc(slices.Clone(all), func(b key.Binding) bool { return !b.Enabled() || b.Help().Key == "" })
}

// moveKeys move through what is longer than the window.
type moveKeys struct{ up, down, pageUp, pageDown, home, end key.Binding }

func newMoveKeys() moveKeys {
	return moveKeys{
		up: bind("", "", "up", "k"), down: bind("", "", "down", "j"),
		pageUp: bind("", "", "pgup", "b"), pageDown: bind("", "", "pgdown", " "),
		home: bind("", "", "home", "g"), end: bind("", "", "end", "G"),
	}
}

// A rowCursor keeps a place in a list of n rows of which h are seen. bubbles/list has
// one row an item and no marks, and bubbles/table cuts cells without regard to
// colours; both draw all their rows, and an export may have thousands.
type rowCursor struct {
	at, top int
	keys    moveKeys
}

func newCursor() rowCursor { return rowCursor{keys: newMoveKeys()} }

// key moves the cursor; it reports whether the key was one of moving.
func (c *rowCursor) key(m tea.KeyMsg, n, h int) bool {
	page := max(1, h-1)
	switch k := c.keys; {
	case pressed(m, k.up):
		c.at--
	case pressed(m, k.down):
		c.at++
	case pressed(m, k.pageUp):
		c.at -= page
	case pressed(m, k.pageDown):
		c.at += page
	case pressed(m, k.home):
		c.at = 0
	case pressed(m, k.end):
		c.at = n - 1
	default:
		return false
	}
	c.clamp(n)
	return true
}

// shown is these keys as one, for the help, where there is something to move through.
func (c *rowCursor) shown(on bool) key.Binding {
	return when(on, bind("↑ ↓", "move", "up", "down"))
}

func (c *rowCursor) clamp(n int) { c.at = max(0, min(c.at, n-1)) }

// window is the part of n rows that h lines show, with the cursor in it.
func (c *rowCursor) window(n, h int) (from, to int) {
	c.clamp(n)
	h = max(1, h)
	c.top = max(c.at-h+1, min(c.top, c.at))
	c.top = max(0, min(c.top, n-h))
	return c.top, min(n, c.top+h)
}
