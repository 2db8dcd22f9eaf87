package tui

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"fauna-export/export"
)

// eventually waits until a condition is true.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("there is still not: %s", what)
		}
	}
}

func TestRun_secondCtrlCLeavesAnExportThatDoesNotStop(t *testing.T) {
	b := newBench(t, 80, 24).to(checkID)
	free := make(chan struct{})
	defer close(free) // before the bench's wizard stops
	b.w.runner.open = func(export.Spec, export.Source, bool) (exporting, error) { return stubborn{b.run, free}, nil }
	keyboard, press := io.Pipe()
	b.w.cfg.In, b.w.cfg.Out = keyboard, io.Discard
	defer press.Close()
	type left struct {
		out Outcome
		err error
	}
	done := make(chan left, 1)
	go func() {
		out, err := b.w.show(t.Context())
		done <- left{out, err}
	}()
	eventually(t, "an export that runs", func() bool {
		io.WriteString(press, "\r") // until the check is answered
		time.Sleep(2 * burstPause)  // so that it counts as a key, not a paste
		return b.w.runner.active()
	})
	io.WriteString(press, "\x03")
	select {
	case l := <-done:
		t.Fatalf("the first ctrl+c did not wait for the export: %v", l.err)
	case <-time.After(100 * time.Millisecond): // time in which it must not happen
	}
	pressed := time.Now()
	io.WriteString(press, "\x03")
	l := <-done
	if took := time.Since(pressed); took > time.Second {
		t.Errorf("the second ctrl+c took %s", took)
	}
	if !errors.Is(l.err, ErrInterrupted) || !strings.Contains(l.out.Summary, "fauna-export resume /srv/fauna-2026-11-22") {
		t.Errorf("left with %v, %q", l.err, l.out.Summary)
	}
}
