//go:build unix

package main

import (
	"os/exec"
	"path/filepath"
	"strings"
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

func TestRunOnTerminal_ctrlCWhileItAsksEndsIt(t *testing.T) {
	t.Parallel()
	s := serveSmall(t)
	term := onTerminal(t, 80, 24, nil, "check", "--domain", s.endpoint, "--all")
	term.wait("Secret of a key")
	term.send(ctrlC)
	if code := term.end(); code != 130 {
		t.Errorf("exit %d:\n%s", code, term.text())
	}
	stty := exec.CommandContext(t.Context(), "stty", "-a")
	stty.Stdin = term.ptm
	mode, err := stty.Output()
	if err != nil || !strings.Contains(string(mode), " echo ") {
		t.Errorf("the terminal does not show again what is typed: %v\n%s", err, mode)
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
