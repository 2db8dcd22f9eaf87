package tui

import (
	"context"
	"sync"
	"time"

	tea "github.com/charmbracelet/bubbletea"
)

// jobs are the commands that wait for a server or a file. bubbletea neither
// cancels commands nor waits for them, so this does: stop ends their context and
// waits for them.
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
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// do makes a command of f. A command that bubbletea starts after stop does nothing.
func (j *jobs) do(f func(ctx context.Context) tea.Msg) tea.Cmd {
	return func() tea.Msg {
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
		return f(j.ctx)
	}
}

// stop cancels what runs and waits for it, but no longer than so long.
func (j *jobs) stop(wait time.Duration) {
	j.mu.Lock()
	j.closed = true
	j.mu.Unlock()
	j.cancel()
	waitFor(&j.wg, wait)
}

// waitFor waits for all of a group to end, but no longer than so long.
func waitFor(wg *sync.WaitGroup, wait time.Duration) {
	select {
	case <-ended(wg):
	case <-time.After(wait):
	}
}

// ended is closed when all of a group has ended.
func ended(wg *sync.WaitGroup) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		wg.Wait()
		close(done)
	}()
	return done
}
