//go:build unix

package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/spf13/cobra"

	"fauna-export/export/store/storetest"
	"fauna-export/fauna/fql"
)

// exampleRun runs examples: it has a folder, a server with the sample data and
// a collection users, and a PATH with the program.
type exampleRun struct {
	dir, endpoint string
	env           []string
}

func newExampleRun(t *testing.T, s *testServer) *exampleRun {
	t.Helper()
	e := &exampleRun{dir: t.TempDir(), endpoint: s.endpoint}
	e.env = append(cleanEnvironment(t, nil),
		"PATH="+filepath.Dir(binary)+string(os.PathListSeparator)+os.Getenv("PATH"),
		"FAUNA_SECRET="+s.Secret(), "FAUNA_EXPORT_DOMAIN="+s.endpoint)
	return e
}

// serveExamples starts the examples' server, with active indexes for
// incremental syncs.
func serveExamples(t *testing.T) *testServer {
	t.Helper()
	s := serveSample(t)
	s.shell(t, `CreateCollection({ name: "users" })
Create(Ref(Collection("users"), "1"), { data: { name: "Ada" } })`)
	for _, name := range s.collections(t) {
		s.shell(t, fql.Setup{Collections: []string{name}, Indexes: []string{name + "-ts"}}.IndexFQL(0))
	}
	for _, name := range s.collections(t) {
		eventually(t, "the index of "+name+" is built", func() bool {
			return strings.TrimSpace(s.shell(t, `Select("active", Get(Index(`+strconv.Quote(name+"-ts")+`)))`)) == "true"
		})
	}
	return s
}

// sh runs a line of an example in a shell, but against the test's server and in
// its folder. A server started by the example is stopped once it listens.
func (e *exampleRun) sh(t *testing.T, line string) {
	t.Helper()
	line = strings.ReplaceAll(line, "http://localhost:8443", e.endpoint)
	line = strings.ReplaceAll(line, "postgres://app@localhost/shop", "sqlite:stands-for-postgres.db") // package load tests with a real Postgres
	if !strings.Contains(line, e.dir) {
		line = strings.ReplaceAll(line, "/tmp/", e.dir+"/")
	}
	line = strings.ReplaceAll(line, "go run ./cmd/fauna-export", "fauna-export")
	serving := strings.Contains(line, "fauna-export serve")
	if serving {
		if !strings.Contains(line, "--listen") {
			line += " --listen 127.0.0.1:0"
		}
		line = strings.Replace(line, "fauna-export serve", "exec fauna-export serve", 1)
	}
	ctx, stop := context.WithTimeout(t.Context(), 3*limit)
	defer stop()
	p := &process{Cmd: exec.CommandContext(ctx, "sh", "-euc", line)}
	p.Dir, p.Env = e.dir, e.env
	p.Stdout, p.Stderr = &p.out, &p.err
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	if serving {
		eventually(t, "the server listens", func() bool { return strings.Contains(p.out.String(), "secret=") })
		if err := p.Process.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Wait(); err != nil {
		t.Errorf("%s\n%v: %s", line, err, p.err.String())
	}
	if p.out.String()+p.err.String() == "" && !strings.Contains(line, ">") && !strings.Contains(line, "export ") && !strings.Contains(line, "--quiet") {
		t.Errorf("%s\nsays nothing", line)
	}
}

// backup runs the export that other examples use.
func (e *exampleRun) backup(t *testing.T) {
	t.Helper()
	e.sh(t, "fauna-export run --all --out backup")
}

func TestExamples_ofHelpDoWhatTheySay(t *testing.T) {
	t.Parallel()
	s := serveExamples(t)
	ran := 0
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		for _, below := range c.Commands() {
			walk(below)
		}
		if c.Example == "" {
			return
		}
		t.Run(strings.ReplaceAll(c.CommandPath(), " ", "_"), func(t *testing.T) {
			e := newExampleRun(t, s)
			if !strings.Contains(c.Example, "--out backup") && strings.Contains(c.Example, " backup") {
				e.backup(t)
			}
			if !strings.Contains(c.Example, "--out sync") && strings.Contains(c.Example, " sync") {
				e.sh(t, "fauna-export run --all --mode incremental --out sync")
			}
			for line := range strings.Lines(c.Example) {
				if line = strings.TrimSpace(line); line == "export FAUNA_SECRET=…" {
					continue // already set by the test
				}
				e.sh(t, line)
				ran++
			}
		})
	}
	a := &app{streams: streams{getenv: func(string) string { return "" }}}
	walk(newRootCommand(a))
	if ran < 15 {
		t.Errorf("only %d examples were run", ran)
	}
}

// TestHelp_everyCommandHasAnExample checks every command except cobra's help
// and completion.
func TestHelp_everyCommandHasAnExample(t *testing.T) {
	t.Parallel()
	a := &app{streams: streams{getenv: func(string) string { return "" }}}
	var visit func(*cobra.Command)
	visit = func(c *cobra.Command) {
		if c.Example == "" && c.Name() != "help" && c.HasParent() {
			t.Errorf("%s has none", c.CommandPath())
		}
		for _, below := range c.Commands() {
			visit(below)
		}
	}
	visit(newRootCommand(a))
}

func TestExamples_ofTheREADMEDoWhatTheySay(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	s := serveExamples(t)
	blocks := regexp.MustCompile("(?ms)^```[a-z]*\n(.*?)^```").FindAllStringSubmatch(string(text), -1)
	ran := 0
	e := newExampleRun(t, s)
	getenv := storetest.S3Options("").Getenv
	e.env = append(e.env, "AWS_ENDPOINT_URL="+storetest.S3(t), "AWS_ACCESS_KEY_ID="+getenv("AWS_ACCESS_KEY_ID"), "AWS_SECRET_ACCESS_KEY="+getenv("AWS_SECRET_ACCESS_KEY"))
	for _, block := range blocks {
		for line := range strings.Lines(block[1]) {
			line = strings.TrimSpace(line)
			if command, _, commented := strings.Cut(line, "  #"); commented {
				line = strings.TrimSpace(command)
			}
			switch {
			case line == "go test ./...", line == "bash .ci/run", strings.HasPrefix(line, "go run .ci/"), strings.HasPrefix(line, "export FAUNA_SECRET="):
				continue // run by people and CI; the secret is already set
			case strings.HasPrefix(line, "fauna-export ") && !strings.Contains(line, "   "), strings.HasPrefix(line, "fauna-export run "), strings.HasPrefix(line, "go run ./cmd/fauna-export "), strings.HasPrefix(line, "cd "):
				e.sh(t, line)
				ran++
			}
		}
	}
	if ran < 15 {
		t.Errorf("only %d commands of the README were run", ran)
	}
	// Commands mentioned in the text must exist.
	for _, words := range regexp.MustCompile("`fauna-export( [a-z][^`]*)`").FindAllStringSubmatch(string(text), -1) {
		args := append(strings.Fields(words[1]), "--help")
		if got := runHere(t, nil, args...); got.code != exitDone {
			t.Errorf("`fauna-export%s` is no command: %s", words[1], got.err)
		}
	}
}

func TestService_itsCommandsRun(t *testing.T) {
	t.Parallel()
	s := serveExamples(t)
	read := func(name string) string {
		t.Helper()
		text, err := os.ReadFile(filepath.Join("..", "..", "assets", "service", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	unit := regexp.MustCompile(`(?m)^ExecStart=(.*)$`).FindStringSubmatch(read("fauna-export.service"))
	cron := regexp.MustCompile(`(?m)^30 2 \* \* \*  fauna-export  (.*)$`).FindStringSubmatch(read("fauna-export.cron"))
	if unit == nil || cron == nil {
		t.Fatal("the unit or the line of cron has another form")
	}
	if strings.Contains(cron[1], "%") {
		t.Error("cron takes % for an end of line")
	}
	for name, command := range map[string]string{"systemd": unit[1], "cron": cron[1]} {
		e := newExampleRun(t, s)
		for file, text := range map[string]string{"export.yaml": read("export.yaml"), "secret": s.Secret() + "\n"} {
			text = strings.ReplaceAll(text, "http://localhost:8443", s.endpoint)
			if err := os.WriteFile(filepath.Join(e.dir, file), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for i, v := range e.env { // the file has the secret, the config the address
			if strings.HasPrefix(v, "FAUNA_") {
				e.env[i] = "UNUSED="
			}
		}
		command = strings.NewReplacer("/usr/local/bin/", "", "/etc/fauna-export/", e.dir+"/", "${CREDENTIALS_DIRECTORY}", e.dir,
			"${STATE_DIRECTORY}", e.dir+"/state", "/var/lib/fauna-export", e.dir+"/state", "/var/log/", e.dir+"/").Replace(command)
		e.sh(t, command+" && echo ran")
		runs, err := filepath.Glob(filepath.Join(e.dir, "state", "*", "manifest.json"))
		if err != nil || len(runs) != 1 {
			t.Errorf("%s left %q, %v", name, runs, err)
		}
		if log, err := os.ReadFile(filepath.Join(e.dir, "fauna-export.log")); err == nil && (len(log) == 0 || bytes.Contains(log, []byte(s.Secret()))) {
			t.Errorf("the log is empty, or holds the secret:\n%s", log)
		}
	}
}

// TestService_systemdTakesTheUnits checks that systemd knows every setting of
// the units.
func TestService_systemdTakesTheUnits(t *testing.T) {
	t.Parallel()
	needPrograms(t, "systemd-analyze")
	dir := t.TempDir()
	args := []string{"verify", "--man=no"}
	for _, name := range []string{"fauna-export.service", "fauna-export.timer"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "assets", "service", name))
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, name)
		// systemd checks that the unit's program exists.
		if err := os.WriteFile(file, []byte(strings.ReplaceAll(string(text), "/usr/local/bin/fauna-export", binary)), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, file)
	}
	if out, err := exec.CommandContext(t.Context(), "systemd-analyze", args...).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestService_cronMailsWhyARunCouldNotStart checks that cron mails nothing from older
// logs.
func TestService_cronMailsWhyARunCouldNotStart(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "assets", "service", "fauna-export.cron"))
	if err != nil {
		t.Fatal(err)
	}
	_, command, found := strings.Cut(string(text), "fauna-export  out=")
	if !found || !strings.Contains(command, "/usr/local/bin/fauna-export") {
		t.Fatalf("the program is not named by its path:\n%s", text)
	}
	command = "out=" + strings.ReplaceAll(command, "/usr/local/bin/", filepath.Join(t.TempDir(), "nosuch")+"/")
	if out, _ := exec.Command("sh", "-c", command).Output(); !strings.Contains(string(out), "not found") {
		t.Errorf("cron mails %q", out)
	}
}
