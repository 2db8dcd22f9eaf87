package tui

import (
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"fauna-export/tui/text"
)

// A finder narrows a list to the names that hold a text: / begins, enter keeps, esc
// clears.
type finder struct {
	st     styles
	field  field
	typing bool
}

func newFinder(st styles) finder { return finder{st: st, field: newField(st, "")} }

// active reports whether it narrows anything, or is about to.
func (f *finder) active() bool { return f.typing || f.field.value() != "" }

// key takes a key; it reports whether the key was one of finding.
func (f *finder) key(m tea.KeyMsg) bool {
	esc := pressed(m, bind("", "", "esc"))
	switch {
	case esc && f.active():
		f.typing = false
		f.field.set("")
	case f.typing && pressed(m, bind("", "", "enter", "tab", "down")):
		f.typing = false
	case f.typing:
		return f.field.key(m)
	case pressed(m, bind("", "", "/")):
		f.typing = true
	default:
		return false
	}
	return true
}

// matches reports whether a name is in the narrowed list.
func (f *finder) matches(name string) bool {
	want := strings.ToLower(strings.TrimSpace(f.field.value()))
	return want == "" || strings.Contains(strings.ToLower(name), want)
}

// hint is the key that begins.
func (f *finder) hint(on bool) key.Binding { return when(on, bind("/", "find", "/")) }

// keep is the key that ends typing.
func (f *finder) keep() key.Binding { return bind("enter", "keep filter", "enter") }

// line is the text that is looked for, "" for none.
func (f *finder) line(w int) string {
	switch {
	case f.typing:
		return f.st.strong.of("/ ") + f.field.view(max(4, w-2), true)
	case f.active():
		return f.st.accent.of("/ "+text.Clean(f.field.value())) + f.st.faint.of("   esc clears it")
	}
	return ""
}
