//go:build unix

package tui

import (
	"context"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/creack/pty"
)

func TestExport_aThousandCollectionsUseLessThanATenthOfACore(t *testing.T) {
	w := benchWizard(t)
	c := w.steps[exportID].(*exportStep)
	states := []progress{{state: runGoing, status: thousandStatus(100)}, {state: runGoing, status: thousandStatus(500)}}
	best := time.Hour
	for range 5 {
		begin := cpuTime(t)
		for i := range 100 {
			w.Update(progressMsg{c.gen, states[i%2]})
			w.View()
		}
		best = min(best, cpuTime(t)-begin)
	}
	if best > slower*100*time.Millisecond {
		t.Errorf("a hundred updates take %s", best)
	}
}

// TestProgram_aHundredUpdatesASecondUseLessThanATenthOfACore measures the whole
// program: messages, frames, and what the renderer finds changed and writes to a
// pseudo-terminal.
func TestProgram_aHundredUpdatesASecondUseLessThanATenthOfACore(t *testing.T) {
	const second, updates = time.Second, 100
	ptm, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer ptm.Close()
	defer tty.Close()
	if err := pty.Setsize(tty, &pty.Winsize{Cols: 120, Rows: 40}); err != nil {
		t.Fatal(err)
	}
	var wrote atomic.Int64
	go func() { // ends with the terminal
		buf := make([]byte, 64<<10)
		for {
			n, err := ptm.Read(buf)
			if err != nil {
				return
			}
			wrote.Add(int64(n))
		}
	}()
	w := benchWizard(t)
	w.jobs.sleep = func(ctx context.Context, _ time.Duration) error { // no looks but those of the test
		<-ctx.Done()
		return ctx.Err()
	}
	c := w.steps[exportID].(*exportStep)
	c.starting = true // so that the program begins none of its own
	w.cfg.In, w.cfg.Out = tty, tty
	p := tea.NewProgram(w, w.options(t.Context())...)
	done := make(chan error, 1)
	go func() {
		_, err := p.Run()
		done <- err
	}()
	best := time.Hour
	tick := time.NewTicker(second / updates)
	defer tick.Stop()
	var states []progress // each has another part of the list in sight
	for i := range 20 {
		states = append(states, progress{state: runGoing, status: thousandStatus(50 * i)})
	}
	runtime.GC()
	rounds := 0
	for ; rounds < 8 && best > slower*second/10; rounds++ { // a busy machine spoils some
		before, begin := wrote.Load(), cpuTime(t)
		for i := range updates {
			<-tick.C
			p.Send(progressMsg{c.gen, states[i%len(states)]})
		}
		best = min(best, cpuTime(t)-begin)
		if wrote.Load() == before {
			t.Error("nothing was written")
		}
	}
	p.Quit()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	t.Logf("100 updates in a second: %s of a core, %d kB written", best, wrote.Load()/int64(rounds)/1000)
	if best > slower*second/10 {
		t.Errorf("a second of a hundred updates takes %s", best)
	}
}

// cpuTime is what this process has used of a core: others share the machine.
func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
