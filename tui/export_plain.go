package tui

import (
	"context"
	"errors"
	"fmt"

	"fauna-export/tui/text"
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
		if err := s.runner.start(spec, s.server, resume); err != nil {
			a.tell("Error: %s", s.sentence(err))
			return errBack
		}
		s.resume = false
		watch := context.AfterFunc(ctx, s.runner.cancel)
		a.during(s.runner.wg.Wait, s.progressLine)
		watch()
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		end := s.runner.progress()
		if end.manifest != nil {
			return nil
		}
		a.tell("Error: %s", s.sentence(orError(end.err, errors.New("the export ended without an end"))))
		yes, err := a.yes(ctx, "Resume it?", true)
		if err != nil {
			return err
		}
		if !yes {
			return end.err
		}
		resume = true
	}
}

func (s *session) progressLine() string {
	now := s.runner.progress()
	if now.state == runVerifying {
		return "Verifying the files."
	}
	st := now.status
	said := text.Number(st.Rows)
	if st.ExpectedFinal && st.Expected > 0 {
		said += fmt.Sprintf(" of %s rows, %d percent", text.Number(st.Expected), text.Percent(st.Rows, st.Expected))
		if st.ETA > 0 {
			said += ", " + text.Span(st.ETA) + " left"
		}
	} else {
		said += " rows"
	}
	if st.Waiting != "" {
		said += ", waiting: " + s.clean(st.Waiting)
	}
	return said + "."
}
