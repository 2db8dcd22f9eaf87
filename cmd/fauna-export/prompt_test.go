//go:build unix

package main

import (
	"bytes"
	"context"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestRunOnTerminal_asksForTheSecretWithoutShowingIt(t *testing.T) {
	t.Parallel()
	s, secret := readSample(t)
	dir := filepath.Join(t.TempDir(), "out")
	term := onTerminal(t, 100, 30, nil, "run", "--domain", s.endpoint, "--all", "--out", dir, "--max-rate", "40000")
	term.wait("Secret of a key")
	term.send(secret + enter)
	term.wait("verified")
	if code := term.end(); code != exitDone {
		t.Errorf("exit %d:\n%s", code, term.text())
	}
	if strings.Contains(term.wrote.String(), secret) {
		t.Errorf("the secret was shown:\n%s", term.text())
	}
	if !strings.Contains(term.wrote.String(), "\rrunning: ") {
		t.Errorf("no progress was drawn:\n%q", term.wrote.String())
	}
	if strings.Contains(term.text(), "running: ") {
		t.Errorf("the progress is left on the screen:\n%s", term.text())
	}
	readExport(t, dir)
}

func TestRunOnTerminal_endsWhileItAsksAndLeavesTheTerminalAsItWas(t *testing.T) {
	t.Parallel()
	s := serveSmall(t)
	cases := []struct {
		name string
		end  func(*terminal)
		code int
		says string
	}{
		{"ctrl+c", typed(ctrlC), 130, "interrupted"},
		{"ctrl+\\", typed("\x1c"), 131, "quit"},
		{"ctrl+d", typed("\x04"), exitUsage, "no secret"},
		{"ctrl+d after some text", typed("fnA\x04\x04"), exitRefused, "rejected the secret"},
		{"an empty line", typed(enter), exitUsage, "contains no secret"},
		{"SIGTERM", signalled(syscall.SIGTERM), 143, "terminated"},
		{"SIGHUP", signalled(syscall.SIGHUP), 129, "the terminal was closed"},
		{"SIGQUIT", signalled(syscall.SIGQUIT), 131, "quit"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			term := onTerminal(t, 80, 24, nil, "check", "--domain", s.endpoint, "--all")
			term.wait("Secret of a key")
			if term.echoes() {
				t.Error("the terminal shows what is typed")
			}
			c.end(term)
			if code := term.end(); code != c.code || !strings.Contains(term.text(), c.says) || strings.Contains(term.text(), "goroutine") {
				t.Errorf("exit %d, want %d:\n%s", code, c.code, term.text())
			}
			if !term.echoes() {
				t.Error("the terminal does not show again what is typed")
			}
		})
	}
}

func TestSecretFromStdin_isHiddenOnATerminalAndInterrupted(t *testing.T) {
	t.Parallel()
	s, secret := readSample(t)
	term := onTerminal(t, 120, 24, nil, "check", "--domain", s.endpoint, "--all", "--secret-file", "-")
	term.wait("Secret (not shown)")
	term.send(secret + enter)
	if code := term.end(); code != exitDone || strings.Contains(term.wrote.String(), secret) {
		t.Errorf("exit %d:\n%s", code, term.text())
	}
	for _, args := range [][]string{{"check", "--domain", s.endpoint, "--all", "--secret-file", "-"}, {"serve", "--secret-file", "-"}} {
		ctx, cancel := context.WithCancelCause(t.Context())
		in, typed := io.Pipe()
		ended := make(chan int)
		var errs bytes.Buffer
		go func() {
			ended <- execute(ctx, args, streams{in: in, out: io.Discard, err: &errs, getenv: func(string) string { return "" }})
		}()
		if _, err := io.WriteString(typed, "fnA"); err != nil { // the program has begun to read
			t.Fatal(err)
		}
		cancel(&signalError{signal: syscall.SIGTERM})
		if code := <-ended; code != 143 {
			t.Errorf("%q: exit %d: %s", args, code, errs.String())
		}
		typed.Close()
	}
}

func TestRunOnTerminal_mayBeSuspendedWhileItAsks(t *testing.T) {
	t.Parallel()
	needPrograms(t, "bash", "stty")
	s, secret := readSample(t)
	script := `set -m; "$0" check --domain "$1" --all; echo "suspended $?"; stty -a; echo shown; fg >/dev/null; echo "ended $?"; stty -a; echo done`
	term := startOnTerminal(t, 200, 60, exec.CommandContext(t.Context(), "bash", "-c", script, binary, s.endpoint), nil)
	term.wait("Secret of a key")
	term.send("\x1a")
	term.wait("shown")
	term.waitFor("it asks again", func(screen string) bool { return strings.Count(screen, "Secret of a key") == 2 })
	if term.echoes() {
		t.Error("the terminal shows what is typed after the program continued")
	}
	term.send(secret + enter)
	term.wait("done")
	wrote := term.wrote.String()
	if !strings.Contains(wrote, "suspended 149") || !strings.Contains(wrote, "ended 0") || strings.Contains(wrote, secret) || strings.Count(wrote, " echo ") != 2 {
		t.Errorf("%s", term.text())
	}
}

// Nobody could continue a program whose shell has gone, so the system does not
// suspend it.
func TestRunOnTerminal_asksOnWhenItCannotBeSuspended(t *testing.T) {
	t.Parallel()
	s, secret := readSample(t)
	term := onTerminal(t, 120, 24, nil, "check", "--domain", s.endpoint, "--all")
	term.wait("Secret of a key")
	term.send("\x1a")
	eventually(t, "the terminal has its mode", term.echoes)
	eventually(t, "the terminal shows nothing again", func() bool { return !term.echoes() })
	term.send(secret + enter)
	if code := term.end(); code != exitDone || strings.Contains(term.wrote.String(), secret) || !term.echoes() {
		t.Errorf("exit %d:\n%s", code, term.text())
	}
}

// A shell that waits for a command has set the mode of the terminal for that.
func TestRunOnTerminal_isContinuedInTheBackgroundWhereItWasSuspended(t *testing.T) {
	t.Parallel()
	needPrograms(t, "bash", "stty", "grep")
	script := `set -m; "$0" serve --listen 127.0.0.1:0 & read -r _; stty -echo; kill -TSTP $!
until jobs -s | grep -q serve; do sleep 0.01; done; bg; kill -TERM $!; wait $!; echo "ended $?"; stty echo; kill -KILL $! 2>/dev/null`
	term := startOnTerminal(t, 200, 60, exec.CommandContext(t.Context(), "bash", "-c", script, binary), nil)
	term.wait("endpoint=")
	term.send(enter)
	term.wait("ended ")
	if !strings.Contains(term.text(), "ended 0") { // serve ends by itself
		t.Errorf("%s", term.text())
	}
}

func TestRunOnTerminal_asksBeforeASecretTravelsUnencrypted(t *testing.T) {
	t.Parallel()
	args := []string{"check", "--domain", "http://192.0.2.7:8443", "--all"}
	env := []string{"FAUNA_SECRET=fnAsecretsecretsecret"}
	term := onTerminal(t, 80, 24, env, args...)
	term.wait("so your secret will be sent unencrypted")
	term.send("n" + enter)
	if code := term.end(); code != exitError {
		t.Errorf("exit %d:\n%s", code, term.text())
	}
	term = onTerminal(t, 80, 24, env, append(args, "--no-input")...)
	if code := term.end(); code != exitUsage || !strings.Contains(term.wrote.String(), "--allow-plaintext") {
		t.Errorf("--no-input: exit %d:\n%s", code, term.text())
	}
}

func TestTerminal_isAskedNothingByCommandsWithoutAScreen(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"version"}, {"fql", "key"}, {"completion", "bash"}} {
		term := onTerminal(t, 80, 24, nil, args...)
		if code := term.end(); code != exitDone {
			t.Errorf("%v: exit %d", args, code)
		}
		if wrote := term.wrote.String(); wrote == "" || strings.Contains(wrote, "\x1b") {
			t.Errorf("%v wrote %q", args, wrote)
		}
	}
}
