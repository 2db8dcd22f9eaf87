//go:build unix

package export

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
)

func TestLoadScript_postgres(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"initdb", "pg_ctl", "postgres", "psql"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed", program)
		}
	}
	base, err := os.MkdirTemp("", "loadpg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(base) })
	server := func(program string, args ...string) {
		t.Helper()
		command := exec.Command(program, args...)
		command.Dir = base
		command.Env = append(os.Environ(), "HOME="+base)
		if os.Getuid() == 0 { // Postgres refuses to run as root
			command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		}
		log, err := os.Create(filepath.Join(t.TempDir(), "log")) // a pipe would be held open by the server
		if err != nil {
			t.Fatal(err)
		}
		defer log.Close()
		command.Stdout, command.Stderr = log, log
		if err := command.Run(); err != nil {
			text, _ := os.ReadFile(log.Name())
			t.Fatalf("%s: %v\n%s", program, err, text)
		}
	}
	if os.Getuid() == 0 {
		if err := os.Chown(base, 65534, 65534); err != nil {
			t.Fatal(err)
		}
	}
	data := filepath.Join(base, "data")
	server("initdb", "-D", data, "-U", "test", "-E", "UTF8", "--no-locale", "-N")
	server("pg_ctl", "-D", data, "-w", "-l", filepath.Join(base, "log"), "-o", "-c listen_addresses= -k "+base, "start")
	t.Cleanup(func() { server("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop") })

	psql := func(t *testing.T, dir, database string, args ...string) string {
		t.Helper()
		command := exec.Command("psql", append([]string{"-X", "-q", "-h", base, "-U", "test", database}, args...)...)
		command.Dir = dir
		command.Env = append(os.Environ(), "PGTZ=UTC")
		var out, errs bytes.Buffer
		command.Stdout, command.Stderr = &out, &errs
		if err := command.Run(); err != nil || errs.Len() > 0 {
			t.Fatalf("psql %q: %v\n%s", args, err, errs.String())
		}
		return out.String()
	}
	var made atomic.Int32
	testLoading(t, Postgres, func(t *testing.T, dir, script string, queries []string) [][]string {
		const next = "-- next --"
		database := "db" + strings.Repeat("x", int(made.Add(1)))
		psql(t, base, "postgres", "-c", "CREATE DATABASE "+database)
		arguments := []string{"-At", "-f", script}
		for _, query := range queries {
			arguments = append(arguments, "-c", "\\echo '"+next+"'", "-c", query)
		}
		var answers [][]string
		for line := range strings.Lines(psql(t, dir, database, arguments...)) {
			if line = strings.TrimSuffix(line, "\n"); line == next {
				answers = append(answers, nil)
			} else if last := len(answers) - 1; last >= 0 {
				answers[last] = append(answers[last], line)
			}
		}
		return answers
	})
}
