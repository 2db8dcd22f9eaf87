//go:build unix

package main

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"fauna-export/fauna/emulator/fault"
)

func TestSignal_stopsWithinASecondAndLeavesNothingThatLooksWhole(t *testing.T) {
	cases := []struct {
		signal syscall.Signal
		code   int
	}{
		{syscall.SIGINT, 130}, {syscall.SIGTERM, 143}, {syscall.SIGHUP, 129}, {syscall.SIGQUIT, 131},
	}
	for _, c := range cases {
		t.Run(c.signal.String(), func(t *testing.T) {
			s := serveSmall(t)
			// Documents are delayed, so that the signal arrives in the middle
			// of the run.
			var asked atomic.Bool
			s.Faults().Add(fault.When{Times: -1, Match: func(q fault.Query) bool {
				page := bytes.Contains(q.Body, []byte(`"paginate"`)) && bytes.Contains(q.Body, []byte(`"get"`))
				if page {
					asked.Store(true)
				}
				return page
			}}, fault.Wait(20*time.Second))
			dir := filepath.Join(t.TempDir(), "out")
			p := start(t, []string{"FAUNA_SECRET=" + s.Secret()}, "run", "--domain", s.endpoint, "--all", "--out", dir)
			eventually(t, "a page of documents is asked for", asked.Load)
			sent := time.Now()
			if err := p.Process.Signal(c.signal); err != nil {
				t.Fatal(err)
			}
			got := p.end(t)
			if took := time.Since(sent); took > time.Second {
				t.Errorf("stopped after %s", took)
			}
			if got.code != c.code {
				t.Errorf("exit %d, want %d; stderr:\n%s", got.code, c.code, got.err)
			}
			for _, name := range finalFiles(t, dir) {
				if name == "manifest.json" || name == "SHA256SUMS" || strings.HasSuffix(name, ".part") {
					t.Errorf("%s is left", name)
				}
			}
		})
	}
}

func TestServe_printsTwoLinesAndEndsWithASignal(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), binary, "serve", "--listen", "127.0.0.1:0", "--empty")
	cmd.Env = cleanEnvironment(t, []string{"FAUNA_SECRET=of-the-admin"})
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	var got []string
	for len(got) < 2 && lines.Scan() {
		got = append(got, lines.Text())
	}
	if len(got) != 2 || !strings.HasPrefix(got[0], "endpoint=http://127.0.0.1:") || got[1] != "secret=of-the-admin" {
		t.Fatalf("stdout: %q", got)
	}
	endpoint := strings.TrimPrefix(got[0], "endpoint=")
	check := runHere(t, []string{"FAUNA_SECRET=of-the-admin"}, "check", "--domain", endpoint, "--collection", "users")
	if check.code != exitUsage || !strings.Contains(check.err, `no such collection: "users"`) {
		t.Errorf("the empty server: exit %d: %s", check.code, check.err)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if lines.Scan() {
		t.Errorf("more on stdout: %q", lines.Text())
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("serve ended by a signal: %v", err)
	}
}

func TestClosedPipe_endsWithOneLineAndAPartialExit(t *testing.T) {
	t.Parallel()
	s, secret := readSample(t)
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{Cmd: exec.CommandContext(t.Context(), binary, "run", "--domain", s.endpoint, "--collection", largest(t), "--out", "-")}
	p.Env = cleanEnvironment(t, []string{"FAUNA_SECRET=" + secret})
	p.Stdout, p.Stderr = write, &p.err
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	write.Close()
	line, err := bufio.NewReaderSize(read, 16).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, `{"ref":"`) {
		t.Errorf("the first row is %q, %v", line, err)
	}
	read.Close()
	got := p.end(t)
	if got.code != exitPartial || strings.Count(got.err, "\n") != 1 || !strings.Contains(got.err, "closed the pipe") {
		t.Errorf("exit %d: %s", got.code, got.err)
	}
}

// TestSignal_secondOneExitsImmediately blocks the program in a write
// that nobody reads, which the first signal can't interrupt.
func TestSignal_secondOneExitsImmediately(t *testing.T) {
	t.Parallel()
	s, secret := readSample(t)
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	p := &process{Cmd: exec.CommandContext(t.Context(), binary, "run", "--domain", s.endpoint, "--collection", largest(t), "--out", "-", "--progress-interval", "100ms")}
	p.Env = cleanEnvironment(t, []string{"FAUNA_SECRET=" + secret})
	p.Stdout, p.Stderr = write, &p.err
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	write.Close()
	progress := regexp.MustCompile(`running: ([1-9][0-9,]*) of`)
	eventually(t, "the run stands still", func() bool {
		lines := progress.FindAllStringSubmatch(p.err.String(), -1)
		return len(lines) > 1 && lines[len(lines)-1][1] == lines[len(lines)-2][1]
	})
	if err := p.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	// The signal is ignored: more progress lines follow. The second signal is a
	// different one, since two of a kind may be delivered as one.
	lines := len(progress.FindAllString(p.err.String(), -1))
	eventually(t, "it still stands", func() bool { return len(progress.FindAllString(p.err.String(), -1)) > lines+1 })
	sent := time.Now()
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	got := p.end(t)
	if took := time.Since(sent); got.code != 143 || took > time.Second || !strings.Contains(got.err, "stopped immediately") {
		t.Errorf("exit %d after %s: %s", got.code, took, got.err)
	}
}
