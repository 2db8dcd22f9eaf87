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
		{"nobody wrote", []string{"check", "--domain", "localhost:1", "--all", "--secret-file", fifo}},
		{"nobody wrote", []string{"check", "--domain", "localhost:1", "--all", "--ca-file", fifo}},
		{"nobody wrote", []string{"check", "--domain", "localhost:1", "--all", "--client-cert", fifo}},
		{"a device", []string{"check", "--domain", "localhost:1", "--all", "--ca-file", "/dev/zero"}},
		{"limit of 65536 bytes", []string{"check", "--domain", "localhost:1", "--all", "--secret-file", big}},
		{"nobody wrote", []string{"run", "--all", "--config", fifo}},
		{"limit of 1048576 bytes", []string{"run", "--config", big}},
		{"without a reader", []string{"version", "--log-file", fifo}},
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

// A shell expands ~ neither in --flag=~/x nor after a target's colon.
func TestFiles_aTildeMeansTheHomeFolder(t *testing.T) {
	t.Parallel()
	s := serveSmall(t)
	home, dir := t.TempDir(), t.TempDir()
	env := []string{"HOME=" + home, "FAUNA_EXPORT_DOMAIN=" + s.endpoint, "FAUNA_EXPORT_LOG_FILE=~/log"}
	code, output := shell(t, dir, env, `set -e
printf '%s' '`+s.Secret()+`' > "$HOME/secret"
printf 'all: true\nout: ~/run\nthen-load: sqlite:~/a.db\n' > "$HOME/export.yaml"
fauna-export run --config=~/export.yaml --secret-file=~/secret
fauna-export load "$HOME/run" --into=csv:~/csv
fauna-export demo --no-input --out=~/demo
fauna-export man --dir=~/`)
	if code != exitDone {
		t.Fatalf("exit %d: %s", code, output)
	}
	for _, name := range []string{"log", "run/manifest.json", "a.db", "csv/users.csv", "demo/manifest.json", "fauna-export.1"} {
		if _, err := os.Stat(filepath.Join(home, name)); err != nil {
			t.Error(err)
		}
	}
	if made := filesBelow(t, dir); len(made) > 0 {
		t.Errorf("files in the current folder: %v", made)
	}
}
