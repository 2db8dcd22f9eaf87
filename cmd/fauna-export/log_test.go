package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"fauna-export/fauna/emulator/fault"
)

func TestLogFile_tellsARunFromItsOptionsToItsFiles(t *testing.T) {
	t.Parallel()
	s := serveSmall(t)
	folder := t.TempDir()
	log := filepath.Join(folder, "log")
	env := []string{"FAUNA_SECRET=" + s.Secret(), "FAUNA_EXPORT_DOMAIN=" + s.endpoint, "FAUNA_EXPORT_LOG_FILE=" + log}
	out := filepath.Join(folder, "out")
	s.Faults().Add(fault.When{Match: fault.Fetches("users")}, fault.Status(503))
	if got := runHere(t, env, "run", "--all", "--out", out, "--format", "csv"); got.code != exitDone {
		t.Fatalf("exit %d: %s", got.code, got.err)
	}
	if got := runHere(t, env, "run", "--all", "--out", out); got.code != exitUsage {
		t.Fatalf("a second run: exit %d: %s", got.code, got.err)
	}
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile(filepath.Join(out, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	hash, _, _ := strings.Cut(string(sums), " ")
	for _, want := range []string{
		`msg=begin command="fauna-export run" version=`,
		"msg=run endpoint=" + s.endpoint + " out=" + out + " mode=full format=csv compress=none collections=2 left_out=0\n",
		`msg=file collection=(orders|users) file=(orders|users).csv rows=9 bytes=\d+ sha256=` + hash + " retries=[01]\n",
		`msg=wait why="read documents of .*users`,
		`msg="2 collections, 18 rows, .*, verified: `,
		"level=INFO msg=end exit=0\n",
		"level=ERROR msg=\".*contains a finished run: choose another folder\" exit=2\n",
	} {
		if !regexp.MustCompile(want).Match(text) {
			t.Errorf("the log has no %s:\n%s", want, text)
		}
	}
	for line := range strings.Lines(string(text)) {
		if !regexp.MustCompile(`^time=\d{4}-\d\d-\d\dT\S+Z level=(INFO|ERROR) msg=`).MatchString(line) {
			t.Errorf("no time in UTC or no level: %s", line)
		}
	}
	if strings.Contains(string(text), s.Secret()) {
		t.Error("the secret is in the log")
	}
}

func TestLogFile_anotherFileIsNotAppendedTo(t *testing.T) {
	t.Parallel()
	log := filepath.Join(t.TempDir(), "users.wire")
	if err := os.WriteFile(log, []byte("{\"ref\":1}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got := runHere(t, nil, "run", "--all", "--log-file", log)
	if got.code != exitUsage || !strings.Contains(got.err, "users.wire is not a log of this program: give a new file") {
		t.Errorf("exit %d: %s", got.code, got.err)
	}
	if text, err := os.ReadFile(log); err != nil || string(text) != "{\"ref\":1}\n" {
		t.Errorf("the file is %q: %v", text, err)
	}
}
