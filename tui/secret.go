package tui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"fauna-export/fauna"
	"fauna-export/tui/text"
)

// secretStep takes the secret and asks the server whether it can read the collections.
type secretStep struct {
	s   *session
	why string // where the secret came from
	opening
}

func newSecretStep(s *session) *secretStep {
	return &secretStep{s: s, opening: opening{s: s, step: secretID, field: secretField{hint: secretHint}}}
}

const (
	secretHint   = "paste the secret, or the whole CreateKey result"
	acceptedText = "Secret accepted. Enter to keep it, or paste another."
)

func (c *secretStep) enter() {
	if !c.s.found.IsZero() {
		c.field.hold(c.s.found, "")
		c.s.found = fauna.Secret{}
		c.why = "Filled in from the answer. Enter checks it."
	}
}

func (c *secretStep) leave() {
	if c.asking.busy {
		c.asking.drop()
	}
}

// kept reports whether a secret was accepted before and no other has been entered.
func (c *secretStep) kept() bool { return c.s.server != nil && c.field.length() == 0 }

func (c *secretStep) actions() []action {
	if c.asking.busy {
		return c.stopping()
	}
	enter := on("enter", "check it", func() {
		missing := "Paste the secret first."
		if c.field.length() > 0 {
			missing = "No secret found. Look for secret: in the output."
		}
		c.submit(false, missing, c.reconcile)
	})
	if c.kept() {
		enter = on("enter", "continue", func() { c.s.next(secretID) })
	}
	return []action{
		enter,
		on("ctrl+g", "create a new key", func() {
			c.s.panel = c.s.fqlPanel("Lost it? Run this in the Fauna shell: it creates a new key", c.s.setup().KeyFQL(), "fauna-key.fql")
		}),
		on("ctrl+u", "clear", func() { c.field.wipe(); c.asking.err, c.why = nil, "" }).when(c.field.length() > 0),
	}
}

func (c *secretStep) key(m tea.KeyMsg) bool {
	if !c.opening.key(m) {
		return false
	}
	c.why = ""
	if m.Paste && !c.field.held.IsZero() && len(m.Runes) > c.field.held.Len()+4 {
		c.why = "The secret was extracted from what you pasted."
	}
	return true
}

// reconcile continues, or goes to the collections list if not all can be read.
func (c *secretStep) reconcile() {
	s := c.s
	s.made, c.why = s.mode, ""
	chosen, read := s.chosen(), len(s.readable())
	missing, _ := s.bad(chosen)
	message := fmt.Sprintf("Secret accepted: it reads %s of %s.", text.Number(int64(read)), text.Count(int64(len(chosen)), "collection"))
	if read == len(chosen) {
		s.say(noteGood, "%s", message)
		s.next(secretID)
		return
	}
	if missing == len(chosen) {
		message = "Secret accepted, but none of these collections exist here. Is this another database?"
	}
	s.say(noteWarn, "%s", message)
	if s.edit == noID {
		s.edit = outputID
	}
	s.change(collectionsID, s.edit)
}

func (c *secretStep) title() (string, string) { return "Paste the secret that CreateKey printed.", "" }

func (c *secretStep) body(w, h int) []string {
	st := c.s.st
	lines := append([]string{c.view(w), ""}, c.verdict(w)...)
	about := []string{"Fauna shows the secret once. fauna-export never stores it.", "Lost it? ctrl+g shows the FQL for a new key."}
	if c.s.cfg.Demo && c.s.server == nil && c.field.length() == 0 {
		about = append(about, "On the demo: esc goes back to Set-up, where r creates one.")
	}
	for _, a := range about {
		lines = append(append(lines, ""), faintly(st, a, w)...)
	}
	return lines[:min(len(lines), h)]
}

func (c *secretStep) verdict(w int) []string {
	st := c.s.st
	message := c.lines(w)
	switch {
	case message != nil:
		return message
	case c.why != "":
		return marked(st, noteInfo, c.why, w)
	case c.kept():
		return marked(st, noteGood, acceptedText, w)
	}
	return marked(st, noteInfo, "Paste the whole CreateKey result; the secret is extracted.", w)
}

func (c *secretStep) side(w, _ int) []string {
	return titled(c.s.st, "The secret", []string{
		"It is what CreateKey printed after secret: it begins with fn and has 40 characters.", "",
		"It is kept in memory while the wizard runs: never on disk, in a log, in an error, or on the screen.", "",
		"Enter asks the server what the key may read. Names that don't exist are reported now.",
	}, w)
}

func (c *secretStep) busy() bool { return c.asking.busy }

func (c *secretStep) logValues() []any {
	return []any{"accepted", c.s.server != nil, "readable", len(c.s.readable()), "chosen", len(c.s.chosen())}
}

func (c *secretStep) ask(ctx context.Context, a *asker) error {
	s := c.s
	err := errAgain
	if found := s.found; !found.IsZero() {
		s.found = fauna.Secret{}
		err = s.askOpen(ctx, a, found, false)
	}
	if errors.Is(err, errAgain) {
		err = s.askSecret(ctx, a, "Secret that CreateKey printed (not shown): ", false)
	}
	if err != nil {
		return err
	}
	s.made = s.mode
	return s.askMissing(a)
}

// askMissing reports names that don't exist and returns to the collections step.
func (s *session) askMissing(a *asker) error {
	gone := slices.DeleteFunc(s.chosen(), func(name string) bool { return s.access[name].Exists })
	if len(gone) == 0 {
		return nil
	}
	suggestions := mapped(gone, func(name string) string { return name + prefixed(" (did you mean ", s.nearest(name), "?)") })
	a.printLines("Error: %s: %s", dontExist(len(gone)), strings.Join(suggestions, ", "))
	return &errStep{collectionsID}
}
