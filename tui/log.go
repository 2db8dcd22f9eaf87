package tui

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
	w.keep(what, append([]any{"step", from.String(), "next", to.String()}, w.steps[from].cameTo()...)...)
}
