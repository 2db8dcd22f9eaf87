package tui

import (
	"fauna-export/export/archive"
)

// keep keeps a fact in the log of the session, where there is one.
func (s *session) keep(what string, args ...any) {
	if s.cfg.Log != nil {
		s.cfg.Log(what, args...)
	}
}

// trouble keeps an error that a step shows.
func (s *session) trouble(step stepID, err error) {
	s.keep("trouble", "step", step.String(), "error", s.sentence(err))
}

// keepStep keeps what a step came to when it is left for another one.
func (w *wizard) keepStep(from, to stepID) {
	if w.cfg.Log == nil {
		return
	}
	what := "step done"
	if to < from {
		what = "step left"
	}
	w.keep(what, append([]any{"step", from.String(), "next", to.String()}, w.cameTo(from)...)...)
}

// cameTo is what a step came to, as names and values.
func (w *wizard) cameTo(step stepID) []any {
	s := w.session
	switch x := w.steps[step].(type) {
	case *domainStep:
		return []any{"endpoint", s.endpoint.String()}
	case *accessStep:
		return []any{"way", [...]string{"fql", "secret", "admin"}[s.way], "accepted", s.server != nil}
	case *collectionsStep:
		return []any{"chosen", len(s.chosen()), "listed", len(s.choices)}
	case *outputStep:
		return []any{"mode", string(s.mode), "format", string(s.format), "compress", string(s.press), "folder", s.clean(s.dirText), "columns", len(s.columns)}
	case *setupStep:
		copied, ran := 0, 0
		for _, c := range x.cards {
			if c.copied {
				copied++
			}
			if c.ran {
				ran++
			}
		}
		return []any{"queries", len(x.cards), "copied", copied, "ran", ran, "made", s.made}
	case *secretStep:
		readable := 0
		for _, name := range s.chosen() {
			if s.access[name].Readable {
				readable++
			}
		}
		return []any{"accepted", s.server != nil, "readable", readable, "chosen", len(s.chosen())}
	case *checkStep:
		documents, _ := x.tally.totals()
		unready, _ := x.unready()
		return []any{"collections", len(x.names), "documents", documents, "unreadable", x.wrong(), "indexes_not_ready", len(unready)}
	case *exportStep:
		return x.cameTo()
	}
	return nil
}

// cameTo is how the export ended, as names and values.
func (c *exportStep) cameTo() []any {
	p := c.s.runner.progress()
	args := []any{"rows", p.status.Rows, "retries", p.retries(), "seconds", p.elapsed().Seconds()}
	if p.manifest == nil {
		return args
	}
	_, good := verified(p)
	return append(args, "verified", good, "one_snapshot", p.manifest.Consistency == archive.ConsistencySnapshot)
}
