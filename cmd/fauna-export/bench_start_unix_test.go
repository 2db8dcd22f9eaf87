//go:build unix

package main

import (
	"bytes"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
)

// BenchmarkStart measures the time from the program's start to its exit, or to
// the wizard's first frame on a terminal.
func BenchmarkStart(b *testing.B) {
	for _, flag := range []string{"--version", "--help"} {
		b.Run(flag[2:], func(b *testing.B) {
			var times []time.Duration
			for range b.N {
				cmd := exec.CommandContext(b.Context(), binary, flag)
				cmd.Env = cleanEnvironment(b, nil)
				start := time.Now()
				if err := cmd.Run(); err != nil {
					b.Fatal(err)
				}
				times = append(times, time.Since(start))
			}
			b.ReportMetric(milliseconds(median(times)), "ms")
		})
	}
	b.Run("wizard", func(b *testing.B) {
		var times []time.Duration
		for range b.N {
			times = append(times, timeFirstFrame(b))
		}
		b.ReportMetric(milliseconds(median(times)), "ms")
	})
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// timeFirstFrame starts the wizard on a terminal that answers no queries and
// returns once the first step is drawn.
func timeFirstFrame(b *testing.B) time.Duration {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), binary)
	cmd.Env = cleanEnvironment(b, nil)
	cmd.Dir = b.TempDir()
	start := time.Now()
	ptm, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: 120, Rows: 40})
	if err != nil {
		b.Fatal(err)
	}
	defer ptm.Close()
	defer func() {
		cmd.Process.Signal(syscall.SIGKILL)
		cmd.Wait()
	}()
	if err := ptm.SetReadDeadline(start.Add(limit)); err != nil {
		b.Fatal(err)
	}
	var text []byte
	buf := make([]byte, 64<<10)
	for !bytes.Contains(text, []byte("Where is your Fauna database?")) {
		n, err := ptm.Read(buf)
		if err != nil {
			b.Fatalf("%v after %q", err, text)
		}
		text = append(text, buf[:n]...)
	}
	return time.Since(start)
}
