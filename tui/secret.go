package tui

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"fauna-export/fauna"
	"fauna-export/tui/text"
)

// secretStep takes the secret and asks the server whether it opens the named
// collections. The secret leaves the field as soon as it has been accepted.
type secretStep struct {
	s       *session
	field   secretField
	opening opening
	why     string // the secret is there, since
}

func newSecretStep(s *session) *secretStep {
	c := &secretStep{s: s, opening: opening{s: s, step: secretID}}
	c.field.hint = "paste the secret, or the whole CreateKey result"
	return c
}

func (c *secretStep) enter() tea.Cmd {
	if !c.s.found.IsZero() {
		c.field.hold(c.s.found, "")
		c.s.found = fauna.Secret{}
		c.why = "Filled in from the answer. Enter checks it."
	}
	return nil
}

func (c *secretStep) leave() { c.opening.stop() }

type secretKeys struct{ next, newKey, clear key.Binding }

func (c *secretStep) keys() secretKeys {
	k := secretKeys{
		next: bind("enter", "check it", "enter"), newKey: bind("ctrl+g", "create a new key", "ctrl+g"),
		clear: when(c.field.length() > 0, bind("ctrl+u", "clear", "ctrl+u")),
	}
	if c.s.server != nil && c.field.length() == 0 {
		k.next = saying(k.next, "continue")
	}
	return k
}

func (c *secretStep) key(m tea.KeyMsg) (tea.Cmd, bool) {
	if c.opening.busy {
		if pressed(m, bind("", "", "esc")) {
			c.opening.stop()
			c.s.say(noteInfo, "Stopped. Enter checks it again.")
		}
		return nil, true
	}
	switch k := c.keys(); {
	case pressed(m, k.next):
		return c.submit(), true
	case pressed(m, k.newKey):
		fql := c.s.setup().KeyFQL()
		c.s.panel = &panel{title: "Lost it? Run this in the Fauna shell: it creates a new key", text: text.Lines(fql), fql: true, copy: fql, file: "fauna-key.fql", pane: newPane()}
		return nil, true
	}
	if !c.field.key(m) {
		return nil, false
	}
	c.opening.err, c.why = nil, ""
	if m.Paste && !c.field.held.IsZero() && len(m.Runes) > c.field.held.Len()+4 {
		c.why = "The secret was extracted from what you pasted."
	}
	return nil, true
}

func (c *secretStep) submit() tea.Cmd {
	if c.field.length() == 0 {
		if c.s.server != nil {
			c.s.next(secretID)
			return nil
		}
		c.s.say(noteBad, "Paste the secret first.")
		return nil
	}
	secret, odd := c.field.secret()
	if secret.IsZero() {
		c.s.say(noteBad, "%s", orText(odd, "No secret found. Look for secret: in the output."))
		return nil
	}
	return c.opening.begin(secret, false)
}

func (c *secretStep) update(m tea.Msg) tea.Cmd {
	if o, ok := m.(openedMsg); ok && c.opening.took(o) {
		c.field.wipe()
		c.s.made = true
		c.why = ""
		c.reconcile()
	}
	return nil
}

// reconcile leads to the list of what there is where names were misspelt or the key
// may not read all of them, and on otherwise.
func (c *secretStep) reconcile() {
	s := c.s
	chosen, read := s.chosen(), len(s.readable())
	exist := 0
	for _, name := range chosen {
		if s.access[name].Exists {
			exist++
		}
	}
	said := fmt.Sprintf("Secret accepted: it reads %s of %s.", text.Number(int64(read)), text.Count(int64(len(chosen)), "collection"))
	if read == len(chosen) {
		s.say(noteGood, "%s", said)
		s.next(secretID)
		return
	}
	if exist == 0 {
		said = "Secret accepted, but none of these collections exist here. Is this another database?"
	}
	s.say(noteWarn, "%s", said)
	to := outputID
	if s.edit != noID {
		to = s.edit
	}
	s.open(collectionsID, to)
}

func (c *secretStep) title() (string, string) { return "Paste the secret that CreateKey printed.", "" }

func (c *secretStep) body(w, h int) []string {
	st := c.s.st
	lines := []string{st.strong.of("▌ ") + c.field.view(st, w-2, !c.opening.busy), ""}
	lines = append(lines, c.verdict(w)...)
	about := []string{
		"Fauna shows the secret once. fauna-export never stores it.",
		"Lost it? ctrl+g shows the FQL for a new key.",
	}
	if c.s.cfg.Demo && c.s.server == nil && c.field.length() == 0 {
		about = append(about, "On the demo: esc goes back to Set-up, where r creates one.")
	}
	for _, a := range about {
		if len(lines)+2 > h {
			break
		}
		lines = append(lines, "", "  "+st.faint.of(text.Fit(a, w-2)))
	}
	return lines
}

// verdict says how it stands with the secret.
func (c *secretStep) verdict(w int) []string {
	st := c.s.st
	switch {
	case c.opening.busy, c.opening.err != nil:
		return c.opening.lines(w)[1:]
	case c.field.odd != "":
		return marked(st, noteWarn, c.s.clean(c.field.odd), w)
	case c.why != "":
		return marked(st, noteInfo, c.why, w)
	case c.s.server != nil && c.field.length() == 0:
		return marked(st, noteGood, "Secret accepted. Enter to keep it, or paste another.", w)
	}
	return marked(st, noteInfo, "Paste the whole CreateKey result; the secret is extracted.", w)
}

func (c *secretStep) side(w, _ int) []string {
	return titled(c.s.st, "The secret", []string{
		"It is what CreateKey printed after secret: it begins with fn and has 40 characters.", "",
		"It is kept in memory while the wizard runs: never on disk, in a log, in an error, or on the screen.", "",
		"Enter asks the server what the key may read. Names that don't exist are found now.",
	}, w)
}

func (c *secretStep) hints() []key.Binding {
	if c.opening.busy {
		return nil
	}
	k := c.keys()
	return []key.Binding{k.next, k.newKey, k.clear}
}

func (c *secretStep) esc() string {
	if c.opening.busy {
		return "stop"
	}
	return "back"
}

func (c *secretStep) typing() bool { return true }

func (c *secretStep) busy() bool { return c.opening.busy }

func (c *secretStep) help() string {
	return "The secret is what CreateKey printed after secret: it begins with fn and has 40 characters. Paste it alone or with everything around it." +
		"\n\nIt is kept in memory while the wizard runs: never on disk, in a log, in an error, or on the screen." +
		"\n\nRejected means one of three things, and Fauna doesn't say which: it is not a key of this database, the key was deleted, or it has expired."
}

func (c *secretStep) ask(ctx context.Context, a *asker) error {
	s := c.s
	if found := s.found; !found.IsZero() {
		s.found = fauna.Secret{}
		if err := s.askOpen(ctx, a, found, false); !errors.Is(err, errAgain) {
			return orError(err, s.askMissing(a))
		}
	}
	if err := s.askSecret(ctx, a, "Secret that CreateKey printed (not shown): ", false); err != nil {
		return err
	}
	s.made = true
	return s.askMissing(a)
}

// askMissing says which names don't exist, and leads back to them.
func (s *session) askMissing(a *asker) error {
	var gone []string
	for _, name := range s.chosen() {
		if !s.access[name].Exists {
			gone = append(gone, name+prefixed(" (did you mean ", s.nearest(name), "?)"))
		}
	}
	if len(gone) == 0 {
		return nil
	}
	a.tell("Error: %s: %s", dontExist(len(gone)), strings.Join(gone, ", "))
	return &errStep{collectionsID}
}
