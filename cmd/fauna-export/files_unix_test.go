//go:build unix

package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestFiles_aNamedPipeOrALongFileIsNamedAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	fifo, big := filepath.Join(dir, "fifo"), filepath.Join(dir, "big")
	run := filepath.Join(dir, "run")
	for _, err := range []error{
		syscall.Mkfifo(fifo, 0o600),
		os.WriteFile(big, []byte(strings.Repeat("# more\n", 1<<18)), 0o600),
		os.Mkdir(run, 0o700),
		syscall.Mkfifo(filepath.Join(run, "manifest.json"), 0o600),
		os.Mkdir(filepath.Join(run, ".fauna-export"), 0o700),
		syscall.Mkfifo(filepath.Join(run, ".fauna-export", "run.json"), 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		says string
		args []string
	}{
		{"contains no secret", []string{"check", "--domain", "localhost:1", "--all", "--secret-file", fifo}},
		{"more than the", []string{"check", "--domain", "localhost:1", "--all", "--secret-file", big}},
		{"no collection chosen", []string{"run", "--config", fifo}},
		{"more than the 1048576 bytes", []string{"run", "--config", big}},
		{"nobody reads", []string{"version", "--log-file", fifo}},
		{"manifest.json", []string{"verify", run}},
		{"manifest.json", []string{"merge", run}},
		{"run.json", []string{"resume", run}},
		{"run.json", []string{"run", "--domain", "localhost:1", "--all", "--out", run}},
	} {
		got := runHere(t, []string{"FAUNA_SECRET=fnAExample0000000000000000000000000000000"}, c.args...)
		if got.code != exitUsage || !strings.Contains(got.err, c.says) {
			t.Errorf("%q: exit %d: %s", c.args, got.code, got.err)
		}
	}
}
