package tui

import (
	"context"
	"io"
	"sync"
	"time"

	tea "github.com/charmbracelet/bubbletea"
)

// jobs tracks commands that wait for a server or a file. bubbletea neither cancels
// commands nor waits for them; stop does both.
type jobs struct {
	ctx    context.Context
	cancel context.CancelFunc
	sleep  func(ctx context.Context, d time.Duration) error

	mu     sync.Mutex
	closed bool
	wg     sync.WaitGroup
}

func newJobs(ctx context.Context) *jobs {
	ctx, cancel := context.WithCancel(ctx)
	return &jobs{ctx: ctx, cancel: cancel, sleep: sleep}
}

// sleep returns after d, or earlier with ctx's error.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// stop cancels what is running and waits for it, at most for wait.
func (j *jobs) stop(wait time.Duration) {
	j.mu.Lock()
	j.closed = true
	j.mu.Unlock()
	j.cancel()
	waitFor(&j.wg, wait)
}

// waitFor waits for a group, at most for wait.
func waitFor(wg *sync.WaitGroup, wait time.Duration) {
	select {
	case <-ended(wg):
	case <-time.After(wait):
	}
}

// ended returns a channel that is closed once the group has ended.
func ended(wg *sync.WaitGroup) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		wg.Wait()
		close(done)
	}()
	return done
}

// An answerMsg is the function that Update calls with the result of background work.
type answerMsg func()

// inBackground does work in the background; Update then calls what it returns. If
// bubbletea starts it after stop, it does nothing.
func (s *session) inBackground(work func(ctx context.Context) (take func())) {
	j := s.jobs
	s.cmds = append(s.cmds, func() tea.Msg {
		j.mu.Lock()
		closed := j.closed
		if !closed {
			j.wg.Add(1)
		}
		j.mu.Unlock()
		if closed {
			return nil
		}
		defer j.wg.Done()
		return answerMsg(work(j.ctx))
	})
}

// A wait tracks one pending answer, that of the latest request.
type wait struct {
	n    int   // number of the request
	busy bool  // the answer is pending
	done bool  // the answer has come
	err  error // of the answer
}

// drop ignores an answer still to come, and forgets one that came.
func (w *wait) drop() { *w = wait{n: w.n + 1} }

// await does work in the background, then calls then in Update. An answer that was
// dropped, or superseded by a later request, is ignored, and closed if it is a Closer.
func await[T any](s *session, w *wait, work func(ctx context.Context) (T, error), then func(T, error)) {
	w.drop()
	w.busy = true
	n := w.n
	s.inBackground(func(ctx context.Context) func() {
		v, err := work(ctx)
		return func() {
			if w.n == n {
				w.busy, w.done, w.err = false, true, err
				then(v, err)
			} else if late, ok := any(v).(io.Closer); ok && err == nil {
				_ = late.Close() // nobody waits for it anymore
			}
		}
	})
}

// orFail returns a function for await that shows an error, or passes the answer to then.
func orFail[T any](s *session, then func(T)) func(T, error) {
	return func(v T, err error) {
		if err != nil {
			s.fail(err)
			return
		}
		then(v)
	}
}

// attempt is await for work that returns only an error.
func attempt(s *session, w *wait, work func(ctx context.Context) error, then func(error)) {
	await(s, w, func(ctx context.Context) (struct{}, error) { return struct{}{}, work(ctx) }, func(_ struct{}, err error) { then(err) })
}

// later calls take in Update after d, unless w is dropped or used again.
func (s *session) later(w *wait, d time.Duration, take func()) {
	attempt(s, w, func(ctx context.Context) error { return s.jobs.sleep(ctx, d) }, func(err error) {
		if err == nil {
			take()
		}
	})
}
