package tui

import (
	"context"
	"fmt"
	"strings"

	"fauna-export/fauna"
	"fauna-export/fauna/fql"
)

func (c *setupStep) ask(ctx context.Context, a *asker) error {
	s, setup := c.s, c.s.setup()
	if s.way == wayAdmin {
		return c.askApply(ctx, a)
	}
	if s.cfg.Shell == nil {
		other := "show FQL v10, for newer Fauna shells"
		if s.dialect == fql.V10 {
			other = "show FQL v4"
		}
		i, err := a.choose(ctx, "Does the role "+setup.RoleName()+" already exist?", []string{"no: show the FQL that creates it", "yes: show the FQL that updates it", other}, 0)
		if err != nil {
			return err
		}
		if i == 2 {
			c.turnDialect()
			if s.note.kind == noteBad {
				a.tell("Error: %s", s.note.text)
			}
			return errAgain
		}
		c.existing = i == 1
	}
	c.build()
	for n, x := range c.cards {
		a.tell("\n%d. %s: %s\n\n%s", n+1, x.Title, x.Why, x.FQL)
	}
	if s.cfg.Shell == nil {
		_, err := a.line(ctx, "\nRun them in the Fauna shell in this order, then press enter: ")
		return err
	}
	yes, err := a.yes(ctx, "\nRun them on the demo server now?", true)
	if err != nil || !yes {
		return err
	}
	for _, q := range setup.All() {
		printed, err := s.cfg.Shell(ctx, q.FQL)
		if err != nil && strings.Contains(printed, "already exists") && q.FQL == setup.RoleFQL() {
			printed, err = s.cfg.Shell(ctx, setup.RoleUpdateFQL())
		}
		a.tell("\n%s", printed)
		if err != nil {
			return fmt.Errorf("run the set-up on the demo server: %w", err)
		}
		if found, _ := fauna.FindSecret(printed); strings.Contains(printed, "secret") && !found.IsZero() {
			s.found = found
		}
	}
	return nil
}

// askApply creates role and key with the admin's secret, after a yes.
func (c *setupStep) askApply(ctx context.Context, a *asker) error {
	s := c.s
	if !s.admin {
		return nil // created already
	}
	a.tell("This creates the %s %s, which may only read: %s.", c.makes(), s.setup().RoleName(), strings.Join(s.chosen(), ", "))
	if err := a.agree(ctx, "Create them now?", true, errBack); err != nil {
		return err
	}
	made, err := s.server.Apply(ctx, s.setup())
	if err != nil {
		return orError(s.told(ctx, a, err), errBack)
	}
	s.made = true
	a.tell("Created; the admin's secret is discarded.")
	return s.askOpen(ctx, a, made, false)
}
