package tui

import (
	"context"

	tea "github.com/charmbracelet/bubbletea"

	"fauna-export/fauna"
	"fauna-export/tui/text"
)

// accessStep asks how to get read access, and takes an existing secret.
type accessStep struct {
	s        *session
	at       accessMethod
	entering bool         // a secret, below the options
	env      fauna.Secret // from FAUNA_SECRET
	opening
}

// An accessChoice is one way to get read access; more explains it in the second pane.
type accessChoice struct {
	name, about string
	more        []string
}

func newAccessStep(s *session) *accessStep {
	c := &accessStep{s: s, at: s.method, opening: opening{s: s, step: accessID}}
	if c.env = fauna.NewSecret(s.cfg.Env("FAUNA_SECRET")); !c.env.IsZero() {
		c.at = accessSecret
		s.asked = append(s.asked, c.env)
	}
	s.method = c.at
	return c
}

func (c *accessStep) choices() []accessChoice {
	have := "paste it, or set FAUNA_SECRET"
	if !c.env.IsZero() {
		have = "FAUNA_SECRET is set: enter uses it, or paste another"
	}
	return []accessChoice{
		{"Show me the FQL", "I run it in the Fauna shell and paste the secret",
			[]string{"You get the text for a read-only role and a key, run it in the Fauna shell yourself, and paste the secret that it prints. Nothing changes until you do."}},
		{"I have a secret", have,
			[]string{"Any key that may read the collections. If it may also read Collections(), they are listed for you; otherwise you name them.", "", "The secret is kept in memory while the wizard runs: never on disk, in a log or on the screen."}},
		{"Set it up for me", "paste an admin's secret: it is used once to create a read-only role and key, then discarded",
			[]string{"The admin's secret lists your collections, creates a role that may only read those you choose, and a key of that role. You see what will be created before one key creates it. Then the secret is discarded."}},
	}
}

func (c *accessStep) enter() {}

func (c *accessStep) leave() {
	c.asking.drop()
	c.close()
}

func (c *accessStep) close() {
	c.field.wipe()
	c.entering, c.asking.err = false, nil
}

func (c *accessStep) actions() []action {
	switch {
	case c.asking.busy:
		return c.stopping()
	case c.entering:
		return []action{
			on("enter", "check it", func() { c.submit(c.at == accessAdmin, "Paste the secret first.", c.accepted) }),
			on("", "close", c.close, "esc"),
		}
	}
	move := func(by accessMethod) func() { return func() { c.set((c.at + by + 3) % 3) } }
	pick := func(to accessMethod) func() { return func() { c.set(to); c.choose() } }
	return []action{
		on("enter", "choose", c.choose), on("↑ ↓", "move", move(-1), "up", "k"), on("", "", move(1), "down", "j", "tab"),
		on("", "", pick(accessFQL), "1"), on("", "", pick(accessSecret), "2"), on("", "", pick(accessAdmin), "3"),
	}
}

func (c *accessStep) set(to accessMethod) { c.at, c.asking.err = to, nil }

func (c *accessStep) key(m tea.KeyMsg) bool {
	if m.Paste && !c.entering && !c.asking.busy { // a secret pasted on the FQL option means that the user has one
		if c.at == accessFQL {
			c.set(accessSecret)
		}
		c.openField()
	}
	return c.entering && c.opening.key(m)
}

func (c *accessStep) choose() {
	s := c.s
	if changed := s.method != c.at; changed && (s.admin || c.at != accessFQL) || c.at == accessAdmin && !s.admin {
		s.forget()
	}
	s.method = c.at
	switch {
	case c.at == accessFQL, s.server != nil:
		s.next(accessID)
	case c.at == accessSecret && !c.env.IsZero():
		c.begin(c.env, false, c.accepted)
	default:
		c.openField()
	}
}

func (c *accessStep) openField() {
	if c.s.admin && c.at != accessAdmin { // an admin's secret serves no other way
		c.s.forget()
	}
	c.entering, c.s.method = true, c.at
	c.field.hint = secretHint
	if c.at == accessAdmin {
		c.field.hint = "paste an admin's secret"
	}
}

func (c *accessStep) accepted() {
	c.entering = false
	c.s.say(noteGood, "Secret accepted.")
	if c.s.known != nil {
		c.s.say(noteGood, "Secret accepted. %s here.", text.Count(int64(len(c.s.known)), "collection"))
	}
	c.s.next(accessID)
}

func (c *accessStep) title() (string, string) { return "How do you want to set up read access?", "" }

func (c *accessStep) body(w, _ int) []string {
	st := c.s.st
	var lines []string
	for i, x := range c.choices() {
		here := accessMethod(i) == c.at
		row := st.name(here, text.Pad(x.name, 18))
		for _, l := range text.Wrap(x.about, w-24) {
			lines = append(lines, row+"  "+st.faint.of(l))
			row = st.mark(here) + text.Pad("", 18)
		}
	}
	lines = append(lines, "")
	switch kept := c.s.server != nil && c.at == c.s.method; {
	case c.entering:
		lines = append(lines, c.view(w), "")
	case kept && c.at == accessSecret, kept && c.s.admin:
		return append(lines, marked(st, noteGood, acceptedText, w)...)
	}
	return append(lines, c.lines(w)...)
}

func (c *accessStep) side(w, _ int) []string {
	x := c.choices()[c.at]
	return titled(c.s.st, x.name, x.more, w)
}

func (c *accessStep) busy() bool { return c.asking.busy }

func (c *accessStep) logValues() []any {
	return []any{"way", [...]string{"fql", "secret", "admin"}[c.s.method], "accepted", c.s.server != nil}
}

func (c *accessStep) ask(ctx context.Context, a *asker) error {
	s := c.s
	names := mapped(c.choices(), func(x accessChoice) string { return x.name + ": " + x.about })
	i, err := a.choose(ctx, "How do you want to set up read access?", names, int(c.at))
	if err != nil {
		return err
	}
	c.at, s.method = accessMethod(i), accessMethod(i)
	if s.method == accessFQL {
		return nil
	}
	s.forget()
	if s.method == accessSecret && !c.env.IsZero() {
		return s.askOpen(ctx, a, c.env, false)
	}
	if s.method == accessAdmin {
		return s.askSecret(ctx, a, "Admin's secret (not shown): ", true)
	}
	return s.askSecret(ctx, a, "Secret (not shown): ", false)
}
