package main

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"fauna-export/export"
	"fauna-export/export/config"
	"fauna-export/fauna"
)

func TestProgressLine_saysWhatIsKnown(t *testing.T) {
	t.Parallel()
	s := export.Status{
		Phase: export.Running, Rows: 12_824, Expected: 21_004, ExpectedFinal: true, Bytes: 8_100_000,
		Rate: 9870.4, ETA: 900 * time.Millisecond, Retries: 2, Waiting: errors.New("localhost:8443\x1b[2J refuses"),
	}
	want := "running: 12,824 of 21,004 rows, 8.1 MB, 9,870 rows/s, 0.9 s left, 2 retries; waiting: localhost:8443\ufffd[2J refuses"
	if got := progressLine(s); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	s = export.Status{Phase: export.Running, Rows: 5, Expected: 1000, ETA: time.Hour}
	if got, want := progressLine(s), "running: 5 of 1,000 or more rows, 0 B"; got != want {
		t.Errorf("before the total is known: got %q, want %q", got, want)
	}
}

func TestCheckTable_namesWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	got := checkText(checkedRows([]fauna.Access{
		{Collection: "users", Exists: true, Readable: true, HistoryDays: -1},
		{Collection: "audit_log", Exists: true},
		{Collection: "a\x1bb"},
	}, 0, nil, nil), nil)
	lines := strings.Split(got, "\n")
	for i, want := range []string{"collection", "users", "audit_log", "a\ufffdb"} {
		if !strings.HasPrefix(lines[i], want) {
			t.Errorf("line %d is %q, want %q first", i+1, lines[i], want)
		}
	}
	for i, want := range map[int]string{1: "yes", 2: "NO", 3: "no such collection"} {
		if !strings.Contains(lines[i], want) {
			t.Errorf("line %d is %q, want %q in it", i+1, lines[i], want)
		}
	}
}

func TestOut_timeInTheNameBecomesTheTime(t *testing.T) {
	t.Parallel()
	f := outputFlags{Config: &config.Config{Out: "backups/{time}", Format: "jsonl"}}
	s, err := f.spec(nil, time.Date(2026, 11, 22, 10, 31, 2, 0, time.UTC))
	if want := filepath.Join("backups", "2026-11-22T10-31-02Z"); err != nil || s.Dir != want {
		t.Errorf("folder %q, %v; want %q", s.Dir, err, want)
	}
}

func TestConfig_comesAfterFlagAndEnvironment(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "export.yaml")
	if err := config.Write(file, config.Config{Domain: "http://10.1.2.3:8443", Collections: []string{"users"}, Format: "csv", Out: "-"}); err != nil {
		t.Fatal(err)
	}
	// Each source has a different address where nothing listens, so the error
	// shows which one was used.
	got := runHere(t, nil, "run", "--config", file)
	if got.code != exitUsage || !strings.Contains(got.err, "10.1.2.3") {
		t.Errorf("the file's address is not taken: exit %d: %s", got.code, got.err)
	}
	env := []string{"FAUNA_EXPORT_DOMAIN=http://10.1.2.4:8443"}
	if got = runHere(t, env, "run", "--config", file); !strings.Contains(got.err, "10.1.2.4") {
		t.Errorf("the environment does not go before the file: %s", got.err)
	}
	if got = runHere(t, env, "run", "--config", file, "--domain", "http://10.1.2.5:8443"); !strings.Contains(got.err, "10.1.2.5") {
		t.Errorf("the flag does not go before the environment: %s", got.err)
	}
	if err := os.WriteFile(file, []byte("domain: h\nfromat: csv\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got = runHere(t, nil, "run", "--config", file); got.code != exitUsage || !strings.Contains(got.err, "fromat") {
		t.Errorf("a key with a slip: exit %d: %s", got.code, got.err)
	}
}

// failingWriter is a stdout that can't be written to.
type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }

func TestStdout_thatFailsIsAnErrorAndOneThatIsClosedIsNot(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		code int
	}{{syscall.EPIPE, exitDone}, {errors.New("disk full"), exitError}} {
		a := &app{streams: streams{out: failingWriter{c.err}}}
		if got := codeOf(a.printText("text")); got != c.code {
			t.Errorf("%v ends with %d, want %d", c.err, got, c.code)
		}
	}
}

func TestTerminal_thatSaysNothingGetsPlainLinesAndTheCLocaleASCII(t *testing.T) {
	t.Parallel()
	with := func(env map[string]string) *app {
		return &app{streams: streams{getenv: func(name string) string { return env[name] }}}
	}
	for _, c := range []struct {
		env          map[string]string
		plain, ascii bool
	}{
		{map[string]string{"TERM": "xterm"}, false, false},
		{map[string]string{}, runtime.GOOS != "windows", false},
		{map[string]string{"TERM": "dumb"}, true, false},
		{map[string]string{"TERM": "xterm", "LC_ALL": "C"}, false, true},
		{map[string]string{"TERM": "xterm", "LANG": "POSIX"}, false, true},
		{map[string]string{"TERM": "xterm", "LC_ALL": "de_DE.UTF-8", "LANG": "C"}, false, false},
		{map[string]string{"TERM": "xterm", "ACCESSIBLE": "1"}, true, false},
	} {
		if a := with(c.env); a.accessible() != c.plain || a.ascii() != c.ascii {
			t.Errorf("%v: plain %v, ASCII %v", c.env, a.accessible(), a.ascii())
		}
	}
}
