package tui

import (
	"context"
	"errors"
)

// ask runs the export and says how far it is, a line every now and then.
func (c *exportStep) ask(ctx context.Context, a *asker) error {
	s := c.s
	spec, err := s.spec()
	if err != nil {
		return err
	}
	resume := s.resume
	for {
		if err := s.begin(ctx, spec, s.server, resume); err != nil {
			a.tell("Error: %s", s.sentence(err))
			return errBack
		}
		s.resume = false
		watch := context.AfterFunc(ctx, s.runner.cancel)
		a.during(s.runner.wg.Wait, func() string { return s.runner.progress().line() })
		watch()
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		end := s.runner.progress()
		if end.manifest != nil {
			return nil
		}
		a.tell("Error: %s", s.sentence(orError(end.err, errors.New("the export ended without an end"))))
		if err := a.agree(ctx, "Resume it?", true, orError(end.err, errBack)); err != nil {
			return err
		}
		resume = true
	}
}
