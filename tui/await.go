package tui

import (
	"context"
	"io"
	"time"

	tea "github.com/charmbracelet/bubbletea"
)

// An answerMsg is the answer of work that was done beside the screen: what Update is
// to do with it.
type answerMsg struct {
	take func()
	due  time.Duration // of what was asked to be done later, 0 for an answer
}

// beside does work beside the screen; what it returns is done in Update.
func (s *session) beside(work func(ctx context.Context) (take func())) {
	s.cmds = append(s.cmds, s.jobs.do(func(ctx context.Context) tea.Msg { return answerMsg{take: work(ctx)} }))
}

// after does something in Update, d later.
func (s *session) after(d time.Duration, take func()) {
	s.cmds = append(s.cmds, s.jobs.do(func(ctx context.Context) tea.Msg {
		if s.jobs.sleep(ctx, d) != nil {
			return nil
		}
		return answerMsg{take, d}
	}))
}

// A wait is for one answer: that of the last question.
type wait struct {
	n    int // of the question
	busy bool
}

// drop leaves the answer that is still to come alone.
func (w *wait) drop() {
	w.n++
	w.busy = false
}

// attempt is await for work without an answer but its error.
func attempt(s *session, w *wait, work func(ctx context.Context) error, then func(error)) {
	await(s, w, func(ctx context.Context) (struct{}, error) { return struct{}{}, work(ctx) }, func(_ struct{}, err error) { then(err) })
}

// await does work beside the screen and then, in Update, what is to be done with its
// answer. One that comes after another question, or was dropped, is not taken, and
// what it holds open is closed.
func await[T any](s *session, w *wait, work func(ctx context.Context) (T, error), then func(T, error)) {
	w.drop()
	w.busy = true
	n := w.n
	s.beside(func(ctx context.Context) func() {
		v, err := work(ctx)
		return func() {
			if w.n == n {
				w.busy = false
				then(v, err)
			} else if late, ok := any(v).(io.Closer); ok && err == nil {
				_ = late.Close() // nobody waits for it
			}
		}
	})
}
