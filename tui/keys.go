package tui

import (
	"cmp"
	"math"
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
)

// An action is a key and what it currently does. The bar and F1 show the actions that
// keys are looked up in, so every key shown works.
type action struct {
	key.Binding
	do func() // nil: the key is only shown; whatever has the focus handles it
}

// on returns an action that the bar shows as shown, or not at all if that is "". The
// default key is shown.
func on(shown, does string, do func(), keys ...string) action {
	if len(keys) == 0 {
		keys = []string{shown}
	}
	return action{bind(shown, does, keys...), do}
}

// stopping returns the action that stops waiting.
func stopping(do func()) action { return on("", "stop", do, "esc", "shift+tab") }

// when returns the action, disabled unless on.
func (a action) when(on bool) action {
	a.SetEnabled(on)
	return a
}

// A focus is what receives keys: a question, a panel, or the current step.
type focus interface {
	actions() []action
	key(m tea.KeyMsg) bool // handles a key that no action has, and reports whether it did
}

// press runs the first action that has the key, and reports whether there is one.
func press(actions []action, m tea.KeyMsg) bool {
	for _, a := range actions {
		if a.do != nil && pressed(m, a.Binding) {
			a.do()
			return true
		}
	}
	return false
}

// bind returns a binding that the help shows as shown, or not at all if that is "".
func bind(shown, does string, keys ...string) key.Binding {
	return key.NewBinding(key.WithKeys(keys...), key.WithHelp(shown, does))
}

// pressed reports whether a key matches one of the bindings. Letters that arrived
// together are text, even if they spell the name of a key: enter.
func pressed(m tea.KeyMsg, bindings ...key.Binding) bool {
	return (m.Type != tea.KeyRunes || len(m.Runes) == 1 && !m.Paste) && key.Matches(m, bindings...)
}

func is(m tea.KeyMsg, names ...string) bool { return pressed(m, bind("", "", names...)) }

// scrolls returns by how many lines a key scrolls, with page lines to a page.
func scrolls(m tea.KeyMsg, page int) (by int, ok bool) {
	const all = math.MaxInt / 2
	switch {
	case is(m, "up", "k"):
		return -1, true
	case is(m, "down", "j"):
		return 1, true
	case is(m, "pgup", "b"):
		return -page, true
	case is(m, "pgdown", " "):
		return page, true
	case is(m, "home", "g"):
		return -all, true
	case is(m, "end", "G"):
		return all, true
	}
	return 0, false
}

// shown returns the bindings of enabled actions that are not hidden.
func shown(actions []action) []key.Binding {
	var all []key.Binding
	for _, a := range actions {
		if a.Enabled() && a.Help().Key != "" {
			all = append(all, a.Binding)
		}
	}
	return all
}

// burstPause is how long nothing more may arrive for a key to count as pressed by a
// person. A terminal without bracketed paste sends pasted text as keys microseconds
// apart; nobody types two keys within 20 ms.
const burstPause = 20 * time.Millisecond

// A burst holds keys back until nothing more arrives with them. Keys that arrive
// together are one pasted text: an enter among them is a line break, and none triggers
// an action.
type burst struct {
	held  []tea.KeyMsg
	pause wait
}

// textual maps keys other than letters that can be part of a pasted text to that text.
var textual = map[tea.KeyType]string{tea.KeySpace: " ", tea.KeyEnter: "\n", tea.KeyTab: "\t", tea.KeyCtrlJ: "\n"}

// hold takes a key, and passes it on once it is clear whether it is part of a paste.
func (w *wizard) hold(m tea.KeyMsg) {
	b := &w.burst
	if m.Paste || textual[m.Type] == "" && (m.Type != tea.KeyRunes || m.Alt) {
		w.keysNow(append(b.flush(), m))
		return
	}
	b.held = append(b.held, m)
	w.later(&b.pause, burstPause, func() { w.keysNow(b.flush()) })
}

// flush returns the held keys: a single key, or one pasted text.
func (b *burst) flush() []tea.KeyMsg {
	held := b.held
	b.held = nil
	if len(held) == 0 || len(held) == 1 && len(held[0].Runes) <= 1 {
		return held
	}
	var s strings.Builder
	for _, m := range held {
		s.WriteString(cmp.Or(textual[m.Type], string(m.Runes)))
	}
	return []tea.KeyMsg{{Type: tea.KeyRunes, Runes: []rune(s.String()), Paste: true}}
}
