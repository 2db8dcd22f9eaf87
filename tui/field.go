package tui

import (
	"strings"
	"unicode"

	tea "github.com/charmbracelet/bubbletea"
)

// A field is one line of text that a person types into. It takes the place of
// bubbles/textinput, which keeps a secret's runes where nothing can overwrite them,
// shows its cursor by reverse video alone, so that it is not seen with NO_COLOR, with
// the colours that it finds for standard output, and lets through what turns the
// direction of a text. It does not blink: a terminal that is read aloud stays silent.
type field struct {
	text   []rune
	cursor int  // 0..len(text): where the next rune goes
	masked bool // shows one • for each rune
	bare   bool // no "> " before it: something else shows the focus
	hint   string
}

func (f *field) value() string { return string(f.text) }

func (f *field) set(s string) {
	f.text = []rune(s)
	f.cursor = len(f.text)
}

// wipe empties the field and overwrites what it held.
func (f *field) wipe() {
	clear(f.text[:cap(f.text)])
	f.text, f.cursor = nil, 0
}

// insert puts text at the cursor; what no line can hold becomes a space.
func (f *field) insert(rs []rune) {
	in := make([]rune, 0, len(rs))
	for _, r := range rs {
		if r == '\n' || r == '\r' || r == '\t' {
			r = ' '
		}
		if !hidden(r) {
			in = append(in, r)
		}
	}
	old := f.text
	f.text = make([]rune, 0, len(old)+len(in)+16)
	f.text = append(append(append(f.text, old[:f.cursor]...), in...), old[f.cursor:]...)
	f.cursor += len(in)
	if f.masked {
		clear(old[:cap(old)])
	}
}

// key edits the field; it reports whether the key was one of editing.
func (f *field) key(m tea.KeyMsg) bool {
	switch m.Type {
	case tea.KeyRunes, tea.KeySpace:
		if m.Alt {
			return f.word(m)
		}
		if m.Paste { // what was copied often has a newline at its end
			m.Runes = []rune(strings.TrimSpace(string(m.Runes)))
		}
		f.insert(m.Runes)
	case tea.KeyLeft:
		f.cursor = max(0, f.cursor-1)
	case tea.KeyRight:
		f.cursor = min(len(f.text), f.cursor+1)
	case tea.KeyHome, tea.KeyCtrlA:
		f.cursor = 0
	case tea.KeyEnd, tea.KeyCtrlE:
		f.cursor = len(f.text)
	case tea.KeyBackspace: // ctrl+h on most terminals, and DEL
		f.cut(f.cursor-1, f.cursor)
	case tea.KeyDelete, tea.KeyCtrlD:
		f.cut(f.cursor, f.cursor+1)
	case tea.KeyCtrlU:
		f.cut(0, f.cursor)
	case tea.KeyCtrlK:
		f.cut(f.cursor, len(f.text))
	case tea.KeyCtrlW:
		f.cut(f.wordStart(), f.cursor)
	case tea.KeyCtrlLeft:
		f.cursor = f.wordStart()
	case tea.KeyCtrlRight:
		f.cursor = f.wordEnd()
	default:
		return false
	}
	return true
}

// word is the keys with alt: a word back, forward, or deleted.
func (f *field) word(m tea.KeyMsg) bool {
	switch string(m.Runes) {
	case "b":
		f.cursor = f.wordStart()
	case "f":
		f.cursor = f.wordEnd()
	case "d":
		f.cut(f.cursor, f.wordEnd())
	default:
		return false
	}
	return true
}

func (f *field) wordStart() int {
	i := f.cursor
	for i > 0 && unicode.IsSpace(f.text[i-1]) {
		i--
	}
	for i > 0 && !unicode.IsSpace(f.text[i-1]) {
		i--
	}
	return i
}

func (f *field) wordEnd() int {
	i := f.cursor
	for i < len(f.text) && unicode.IsSpace(f.text[i]) {
		i++
	}
	for i < len(f.text) && !unicode.IsSpace(f.text[i]) {
		i++
	}
	return i
}

func (f *field) cut(from, to int) {
	from, to = max(0, from), min(len(f.text), to)
	if from >= to {
		return
	}
	f.text = append(f.text[:from], f.text[to:]...)
	f.cursor = from
}

// view draws the field on exactly one line of at most w cells: "> " and the part
// of the text around the cursor.
func (f *field) view(st styles, w int, focused bool) string {
	mark := "  "
	if focused && !f.bare {
		mark = st.strong.of("> ")
	}
	w -= 2
	if w < 4 {
		return fit(mark, w+2)
	}
	if len(f.text) == 0 && f.hint != "" {
		hint := fit(f.hint, w-1)
		if focused {
			return mark + cursorCell(st, "") + st.faint.of(hint)
		}
		return mark + st.faint.of(hint)
	}
	shown := f.text
	if f.masked {
		shown = []rune(strings.Repeat("•", len(f.text)))
	}
	before, under, after := f.window(shown, w)
	if !focused {
		return mark + fit(before+under+after, w)
	}
	return mark + before + cursorCell(st, under) + after
}

// cursorCell draws the cursor over a cell, or beside it where there is no
// reverse video.
func cursorCell(st styles, under string) string {
	switch {
	case st.plain && under == "":
		return "█"
	case st.plain:
		return "▏" + under
	case under == "":
		return st.cursor.of(" ")
	}
	return st.cursor.of(under)
}

// window cuts the text to the w cells that hold the cursor; one cell is kept for
// the cursor at the end or the mark that stands in for it.
func (f *field) window(text []rune, w int) (before, under, after string) {
	w--
	left := f.cursor
	used := 0
	if f.cursor < len(text) {
		under = string(text[f.cursor])
		used = width(under)
	}
	for left > 0 {
		n := width(string(text[left-1]))
		if used+n > w {
			break
		}
		used += n
		left--
	}
	before = string(text[left:f.cursor])
	right := min(f.cursor+1, len(text))
	for right < len(text) {
		n := width(string(text[right]))
		if used+n > w {
			break
		}
		used += n
		right++
	}
	if f.cursor < len(text) {
		after = string(text[f.cursor+1 : right])
	}
	// Joined, runes may be narrower or wider than one by one.
	if width(before)+width(under)+width(after) > w {
		after = fit(after, max(0, w-width(before)-width(under)))
		before = fit(before, max(0, w-width(under)))
	}
	return before, under, after
}
