package tui

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/bubbles/cursor"
	"github.com/charmbracelet/bubbles/key"
	"github.com/charmbracelet/bubbles/textarea"
	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"

	"fauna-export/fauna"
	"fauna-export/tui/text"
)

// A field is a one-line text input: bubbles/textinput, but it never reads the clipboard
// by itself, doesn't blink (so a terminal read aloud stays silent), and drops
// characters that change the direction of text.
type field struct {
	in   textinput.Model
	over bool // the last key or paste was refused: it would have made the text too long
}

const (
	mostTyped  = 4096      // characters that a field takes: as many as a path may have
	mostPasted = 1_000_000 // characters that may be pasted, with names or a secret somewhere in them
)

func newField(st styles, hint string) field {
	in := textinput.New()
	in.Prompt, in.Placeholder = "", hint
	in.Cursor.SetMode(cursor.CursorStatic)
	in.Cursor.Style, in.Cursor.TextStyle = st.plainText, st.plainText
	in.TextStyle, in.PromptStyle, in.PlaceholderStyle = st.plainText, st.plainText, st.faintText
	k := &in.KeyMap
	for _, b := range []*key.Binding{&k.Paste, &k.AcceptSuggestion, &k.NextSuggestion, &k.PrevSuggestion} {
		b.SetEnabled(false)
	}
	in.Focus()
	return field{in: in}
}

func (f *field) value() string { return f.in.Value() }

func (f *field) set(s string) {
	f.over = false
	f.in.SetValue(s)
	f.in.CursorEnd()
}

// key edits the field. It reports whether the key was an editing key.
func (f *field) key(m tea.KeyMsg) bool {
	typed := (m.Type == tea.KeyRunes || m.Type == tea.KeySpace) && !m.Alt
	if m.Paste { // copied text often ends in a newline
		m.Runes = []rune(strings.TrimSpace(string(m.Runes)))
	}
	m.Runes = visible(m.Runes)
	if typed && len(m.Runes) == 0 {
		return true
	}
	value, at := f.in.Value(), f.in.Position()
	if f.over = typed && utf8.RuneCountInString(value)+len(m.Runes) > mostTyped; f.over {
		return true
	}
	f.in, _ = f.in.Update(m)
	return typed || f.in.Value() != value || f.in.Position() != at
}

// visible drops characters that a terminal must not be given, except newlines and tabs.
func visible(rs []rune) []rune {
	return slices.DeleteFunc(slices.Clone(rs), func(r rune) bool { return r != '\n' && r != '\t' && text.Hidden(r) })
}

func (f *field) view(w int, focused bool) string {
	if over := fmt.Sprintf("  takes at most %s characters", text.Number(mostTyped)); f.over && focused && w > len(over)+8 {
		kept := *f
		kept.over = false
		return text.Pad(kept.view(w-len(over), true), w-len(over)) + over
	}
	in := f.in
	in.Width = max(1, w-1)
	in.SetCursor(in.Position()) // scrolls to fit the width
	if focused {
		return text.Fit(in.View(), w)
	}
	if in.Value() == "" {
		return in.PlaceholderStyle.Render(text.Fit(in.Placeholder, w))
	}
	return text.Fit(in.Value(), w)
}

func newArea(st styles, hint string) textarea.Model {
	a := textarea.New()
	a.Placeholder, a.ShowLineNumbers, a.CharLimit, a.MaxHeight, a.MaxWidth = hint, false, 0, 0, 0
	a.Cursor.SetMode(cursor.CursorStatic)
	a.Cursor.Style, a.Cursor.TextStyle = st.plainText, st.plainText
	look := textarea.Style{
		Base: st.plainText, CursorLine: st.plainText, CursorLineNumber: st.plainText, EndOfBuffer: st.plainText,
		LineNumber: st.plainText, Placeholder: st.faintText, Prompt: st.accentText, Text: st.plainText,
	}
	a.FocusedStyle, a.BlurredStyle = look, look
	a.Prompt = "▌ "
	a.KeyMap.Paste.SetEnabled(false)
	a.KeyMap.InsertNewline = bind("ctrl+j", "new line", "ctrl+j", "alt+enter")
	a.Focus()
	return a
}

// A secretField takes a secret, typed or pasted. textinput would keep copies of its
// runes that nothing can overwrite. This one keeps a pasted secret in a type that never
// prints, and wipes typed ones.
type secretField struct {
	typed []rune
	held  fauna.Secret // pasted, or created by the wizard; typed is then empty
	note  string       // what is odd about it, or ""
	hint  string
}

func (f *secretField) wipe() {
	clear(f.typed[:cap(f.typed)])
	*f = secretField{hint: f.hint}
}

// hold stores a secret that wasn't typed.
func (f *secretField) hold(s fauna.Secret, note string) {
	f.wipe()
	f.held, f.note = s, note
}

func (f *secretField) length() int {
	if !f.held.IsZero() {
		return f.held.Len()
	}
	return len(f.typed)
}

// secret returns the secret, extracted from any text around it, or why there is none.
func (f *secretField) secret() (fauna.Secret, string) {
	if !f.held.IsZero() {
		return f.held, f.note
	}
	return fauna.FindSecret(string(f.typed))
}

// key handles a key. It reports whether it was an editing key.
func (f *secretField) key(m tea.KeyMsg) bool {
	switch {
	case m.Paste:
		var s fauna.Secret
		var note string
		if len(m.Runes) <= mostPasted {
			s, note = fauna.FindSecret(string(f.typed) + strings.TrimSpace(string(m.Runes)))
		}
		if len(m.Runes) > mostPasted || s.Len() > mostTyped {
			s, note = fauna.Secret{}, "Too long for a secret: it was not kept."
		}
		f.wipe()
		f.held, f.note = s, note
		return true
	case (m.Type == tea.KeyRunes || m.Type == tea.KeySpace) && !m.Alt:
		if !f.held.IsZero() {
			f.wipe()
		}
		old, typed := f.typed, visible(m.Runes)
		typed = typed[:min(len(typed), mostTyped-len(old))]
		f.typed = append(append(make([]rune, 0, len(old)+len(typed)+16), old...), typed...)
		clear(old[:cap(old)])
	case m.Type == tea.KeyBackspace && len(f.typed) > 0:
		f.typed[len(f.typed)-1] = 0
		f.typed = f.typed[:len(f.typed)-1]
	case m.Type == tea.KeyBackspace, m.Type == tea.KeyCtrlU:
		f.wipe()
	default:
		return false
	}
	f.note = ""
	if len(f.typed) > 0 {
		_, f.note = fauna.FindSecret(string(f.typed))
	}
	return true
}

// view draws a • per character, and their number.
func (f *secretField) view(st styles, w int, focused bool) string {
	n, at := f.length(), ""
	if focused {
		at = st.cursor.Render(" ")
	}
	if n == 0 {
		return at + st.faint.of(text.Fit(f.hint, w-1))
	}
	count := text.Count(int64(n), "character")
	dots := text.Fit(strings.Repeat("•", n), max(1, w-len(count)-4))
	return text.Sides(dots+at, st.faint.of(count), w)
}

// looksLikeSecret reports whether a text contains what may be a secret or most of one.
// Secrets belong in their own field and must not be stored anywhere else.
func looksLikeSecret(s string) bool {
	for word := range strings.FieldsFuncSeq(s, func(r rune) bool {
		return r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}) {
		for i := 0; i+12 <= len(word); i++ {
			if word[i] == 'f' && word[i+1] == 'n' && word[i+2] >= 'A' && word[i+2] <= 'F' && mixed(word[i+3:]) {
				return true
			}
		}
	}
	return false
}

// mixed reports whether a text has both upper case or digits and lower case or digits,
// unlike names of a word or two of that length.
func mixed(s string) bool {
	return strings.ContainsAny(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") && strings.ContainsAny(s, "abcdefghijklmnopqrstuvwxyz0123456789")
}
