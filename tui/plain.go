package tui

import (
	"context"
	"errors"
	"slices"
	"time"
)

// plainEvery is how often the plain mode says how far the export is.
const plainEvery = 10 * time.Second

// plainRun is the wizard as plain lines, for a screen reader or a terminal that cannot
// move its cursor: the same steps in the same order, each asked instead of drawn.
func (s *session) plainRun(ctx context.Context) (Outcome, error) {
	all := newSteps(s)
	err := s.walk(ctx, newAsker(s.cfg.In, s.cfg.Out, s.clean), all)
	s.stop(stopWait)
	if s.cfg.AnswersFile != "" {
		_ = storeAnswers(s.cfg.AnswersFile, s.config()) // best effort on the way out
		if !s.endpoint.IsZero() {
			_ = storeRecent(s.cfg.AnswersFile, s.endpoint.String())
		}
	}
	now := s.runner.progress()
	out := Outcome{Dir: now.spec.Dir, Summary: s.summary(now, all[doneID].(*doneStep).saved)}
	if ctx.Err() != nil {
		return out, context.Cause(ctx)
	}
	return out, err
}

// told says an error, and returns none; or the cause where it is that all has ended.
func (s *session) told(ctx context.Context, a *asker, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	a.tell("Error: %s", s.sentence(err))
	return nil
}

// walk goes through the steps of the way; one that answers errBack leads to the one
// before it, errAgain to itself.
func (s *session) walk(ctx context.Context, a *asker, all [steps]step) error {
	a.tell("fauna-export: from an address to verified files. < goes back, ctrl+c quits.")
	for i := 0; i < len(s.path()); {
		path := s.path()
		a.tell("\nStep %d of %d: %s", i+1, len(path), path[i])
		err := all[path[i]].ask(ctx, a)
		to, jump := errors.AsType[*errStep](err)
		switch {
		case err == nil:
			i++
		case errors.Is(err, errAgain):
		case errors.Is(err, errBack):
			i = max(0, i-1)
		case jump:
			i = max(0, slices.Index(path, to.to))
		default:
			return err
		}
	}
	return s.runner.progress().failure()
}
