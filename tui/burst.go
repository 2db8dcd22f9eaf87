package tui

import (
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"
)

// burstPause is how long nothing more may come before a key counts as pressed by a
// person. A terminal without bracketed paste sends what is pasted as keys, microseconds
// apart; nobody types two keys within 20 ms.
const burstPause = 20 * time.Millisecond

// A burst holds keys back until nothing more comes with them. Those that came
// together are one pasted text, whatever they are the names of: an enter among them is
// a line break, and none of them acts.
type burst struct {
	held []tea.KeyMsg
	n    int // of the last key
}

// textual reports whether a key can be a part of a pasted text.
func textual(m tea.KeyMsg) bool {
	switch m.Type {
	case tea.KeyRunes:
		return !m.Alt
	case tea.KeySpace, tea.KeyEnter, tea.KeyTab, tea.KeyCtrlJ:
		return true
	}
	return false
}

// hold takes a key, and gives it to the wizard once it is known what it is.
func (w *wizard) hold(m tea.KeyMsg) {
	b := &w.burst
	if m.Paste || !textual(m) {
		w.keysNow(append(b.flush(), m))
		return
	}
	b.held = append(b.held, m)
	b.n++
	n := b.n
	w.after(burstPause, func() {
		if b.n == n {
			w.keysNow(b.flush())
		}
	})
}

// flush is what is held: a key that came alone, or one pasted text.
func (b *burst) flush() []tea.KeyMsg {
	held := b.held
	b.held = nil
	if len(held) == 0 || len(held) == 1 && len(held[0].Runes) <= 1 {
		return held
	}
	var s strings.Builder
	for _, m := range held {
		switch m.Type {
		case tea.KeyEnter, tea.KeyCtrlJ:
			s.WriteByte('\n')
		case tea.KeyTab:
			s.WriteByte('\t')
		case tea.KeySpace:
			s.WriteByte(' ')
		default:
			s.WriteString(string(m.Runes))
		}
	}
	return []tea.KeyMsg{{Type: tea.KeyRunes, Runes: []rune(s.String()), Paste: true}}
}
