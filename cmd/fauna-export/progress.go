package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"fauna-export/export"
	"fauna-export/export/archive"
)

// liveInterval is how often the line on a terminal is redrawn.
const liveInterval = 200 * time.Millisecond

// liveWidth is the longest such line, so that it does not wrap.
const liveWidth = 78

// showProgress shows progress until stop is called: with --json an event every
// interval (none if event is nil), otherwise a line every interval, and on a
// terminal one line that is redrawn. stop returns when nothing more will be
// shown.
func (a *app) showProgress(line func() string, event func() export.Event) (stop func()) {
	live := a.live && !a.global.JSON && !a.global.Accessible && !a.plainTerminal()
	interval := a.global.Interval()
	if live {
		interval = liveInterval
	}
	if interval == 0 {
		return func() {}
	}
	var all sync.WaitGroup
	done := make(chan struct{})
	all.Go(func() {
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		width := 0
		for {
			select {
			case <-done:
				if width > 0 {
					fmt.Fprintf(a.err, "\r%s\r", strings.Repeat(" ", width))
				}
				return
			case <-ticker.C:
			}
			switch {
			case a.global.JSON:
				if event != nil {
					a.event(event())
				}
			case live:
				text := cut(a.scrub(line()), liveWidth)
				length := utf8.RuneCountInString(text)
				fmt.Fprintf(a.err, "\r%s%s", text, strings.Repeat(" ", max(0, width-length)))
				width = length
			default:
				a.say("%s", line())
			}
		}
	})
	return sync.OnceFunc(func() {
		close(done)
		all.Wait()
	})
}

func (a *app) showRun(run *export.Run) (stop func()) {
	return a.showProgress(func() string { return progressLine(run.Status()) }, run.Event)
}

func (a *app) showVerifying(verify func(progress func(archive.VerifyStatus)) (*archive.Report, error)) (*archive.Report, error) {
	var now atomic.Pointer[archive.VerifyStatus]
	now.Store(&archive.VerifyStatus{})
	stop := a.showProgress(func() string {
		s := now.Load()
		return fmt.Sprintf("verifying: %d of %s, %s of %s", s.Files, count(int64(s.Total), "file"), sizeText(s.Bytes), sizeText(s.Size))
	}, nil)
	defer stop()
	return verify(func(s archive.VerifyStatus) { now.Store(&s) })
}

func progressLine(s export.Status) string {
	var b strings.Builder
	b.WriteString(string(s.Phase) + ": " + number(s.Rows))
	if s.Expected > 0 {
		b.WriteString(" of " + number(s.Expected))
		if !s.ExpectedFinal {
			b.WriteString(" or more")
		}
	}
	b.WriteString(" rows, " + sizeText(s.Bytes))
	if s.Rate > 0 {
		fmt.Fprintf(&b, ", %s rows/s", number(int64(s.Rate)))
	}
	if s.ETA > 0 && s.ExpectedFinal {
		b.WriteString(", " + elapsedText(s.ETA) + " left")
	}
	if s.Retries > 0 {
		b.WriteString(", " + count(int64(s.Retries), "retry"))
	}
	if s.Renewed > 0 {
		b.WriteString("; the snapshot expired, the rest is from " + archive.FormatTime(s.Snapshot))
	}
	if s.Waiting != nil {
		b.WriteString("; waiting: " + plain(s.Waiting.Error()))
	}
	return b.String()
}

// event writes a line of --json to stdout. A failure does not stop the run, but
// is an error at the end.
func (a *app) event(e export.Event) {
	if !a.global.JSON {
		return
	}
	var line strings.Builder
	err := export.WriteEvent(&line, e)
	if err == nil {
		_, err = io.WriteString(a.out, a.scrub(escapeControls(line.String())))
	}
	if err != nil && a.lost == nil {
		a.lost = fmt.Errorf("write the events of --json to stdout: %w", err)
	}
}

func cut(line string, width int) string {
	runes := []rune(line)
	if len(runes) <= width {
		return line
	}
	return string(runes[:width-3]) + "..."
}
