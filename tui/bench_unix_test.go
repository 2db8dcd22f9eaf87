//go:build unix

package tui

import (
	"context"
	"io"
	"strconv"
	"syscall"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/creack/pty"
)

// BenchmarkProgram_aThousandCollections measures how much of a core the whole program
// uses during an export of a thousand collections: messages, frames, and the changes
// that the renderer finds and writes to a pseudo-terminal. The wizard polls ten times a
// second (pollEvery), however often the export progresses; with a hundred polls each of
// a hundred changes would be drawn. A tenth of a core is 100 core-ms/s.
func BenchmarkProgram_aThousandCollections(b *testing.B) {
	for _, looks := range []int{int(time.Second / pollEvery), 100} {
		b.Run(strconv.Itoa(looks)+"-looks", func(b *testing.B) {
			ptm, tty, err := pty.Open()
			if err != nil {
				b.Fatal(err)
			}
			read := make(chan int64, 1)
			go func() {
				n, _ := io.Copy(io.Discard, ptm) // ends when the terminal closes
				read <- n
			}()
			if err := pty.Setsize(tty, &pty.Winsize{Cols: 120, Rows: 40}); err != nil {
				b.Fatal(err)
			}
			w := benchWizard(b)
			w.jobs.sleep = func(ctx context.Context, _ time.Duration) error { // only the polls below
				<-ctx.Done()
				return ctx.Err()
			}
			c := w.steps[exportID].(*exportStep)
			c.starting.busy = true // so that the program starts no export of its own
			w.cfg.In, w.cfg.Out = tty, tty
			p := tea.NewProgram(w, w.options(b.Context())...)
			done := make(chan error, 1)
			go func() {
				_, err := p.Run()
				done <- err
			}()
			var states []progress // each shows another part of the list
			for i := range 20 {
				states = append(states, progress{state: runGoing, status: thousandStatus(50 * i)})
			}
			p.Send(answerMsg(func() { c.progressed(states[0]) })) // returns once the program is running
			tick := time.NewTicker(time.Second / time.Duration(looks))
			defer tick.Stop()
			b.ResetTimer()
			begin := cpuTime(b)
			for range b.N {
				for i := range looks {
					<-tick.C
					p.Send(answerMsg(func() { c.progressed(states[i%len(states)]) }))
				}
			}
			used := cpuTime(b) - begin
			b.StopTimer()
			p.Quit()
			if err := <-done; err != nil {
				b.Fatal(err)
			}
			tty.Close()
			ptm.Close()
			b.ReportMetric(used.Seconds()*1000/float64(b.N), "core-ms/s")
			b.ReportMetric(float64(<-read)/1000/float64(b.N), "kB/s")
		})
	}
}

// cpuTime returns this process's CPU time, since the machine is shared.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
