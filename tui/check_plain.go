package tui

import (
	"context"
	"fmt"
	"math"

	"fauna-export/fauna/fql"
	"fauna-export/tui/text"
)

func (c *checkStep) ask(ctx context.Context, a *asker) error {
	s := c.s
	c.names = s.chosen()
	found, err := checkServer(ctx, s.server, c.names, s.indexNames(c.names))
	if err != nil {
		return s.askAgain(ctx, a, err)
	}
	c.found = found
	s.learn(found.known, found.access)
	t := &c.tally
	t.reset(s.readable(), found.at)
	for _, name := range c.names {
		if s.standing(name) == noteBad {
			a.tell("%s: NOT readable: %s", name, s.standingText(name))
			continue
		}
		x := count(ctx, s.server, name, found.at, true, s.now)
		if x.err != nil {
			return s.askAgain(ctx, a, x.err)
		}
		t.add(name, x)
		said := fmt.Sprintf("%s: readable, %s", name, text.Count(x.rows, "document"))
		if life := s.access[name].Life(found.at); life < math.MaxInt64 {
			said += ", snapshot kept " + text.Span(life)
		}
		if s.standing(name) == noteWarn {
			said += ", warning: " + s.standingText(name)
		}
		a.tell("%s", said)
	}
	rows, bytes := t.totals()
	a.tell("%s, about %s.", text.Count(rows, "document"), text.Size(int64(bytes)))
	if took, rate := t.forecast(rows, s.maxRate); rate > 0 {
		a.tell("%s", c.pace(took, rate))
		if took > c.life()/4*3 {
			a.tell("Warning: a snapshot stays readable for %s only. This keeps it longer, run as admin:\n%s", text.Span(c.life()), fql.HistoryFQL(s.dialect, s.readable(), 7))
		}
	}
	if c.wrong() > 0 {
		return c.askFix(ctx, a)
	}
	wrong, _ := c.unready()
	for _, x := range wrong {
		a.tell("Error: %s.", indexSaid(x))
	}
	if queries := s.mending(wrong, false); len(queries) > 0 {
		a.tell("Run in the Fauna shell:\n\n%s\n", mendingText(queries))
	}
	if len(wrong) > 0 {
		return orError(a.agree(ctx, "Check again?", true, errBack), errAgain)
	}
	return a.agree(ctx, "Start the export?", true, errBack)
}

// askFix offers what can be done about collections that cannot be read.
func (c *checkStep) askFix(ctx context.Context, a *asker) error {
	i, err := a.choose(ctx, text.Count(int64(c.wrong()), "collection")+" can't be read.", []string{
		"show the FQL that adds them to the role, and check again", "skip them", "choose other collections",
	}, 0)
	if err != nil {
		return err
	}
	switch i {
	case 0:
		a.tell("\n%s\n", c.s.setup().RoleUpdateFQL())
		if _, err := a.line(ctx, "Run it in the Fauna shell, then press enter: "); err != nil {
			return err
		}
		return errAgain
	case 1:
		c.skip()
		if len(c.s.chosen()) > 0 {
			return errAgain
		}
	}
	return &errStep{collectionsID}
}

// askAgain says an error of the server and asks whether to try again.
func (s *session) askAgain(ctx context.Context, a *asker, err error) error {
	if err := s.told(ctx, a, err); err != nil {
		return err
	}
	return orError(a.agree(ctx, "Try again?", true, errBack), errAgain)
}
