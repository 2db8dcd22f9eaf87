//go:build unix

package main

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestWizardPlain_asksLinesAndShowsNoSecret(t *testing.T) {
	s := serveSample(t)
	dir := filepath.Join(t.TempDir(), "plain")
	term := onTerminal(t, 100, 60, nil, "--accessible", "--domain", s.endpoint)
	secret := s.keyFor(t, "reads-two", "customers", "products")
	for _, step := range []struct{ wait, answer string }{
		{"Address of the Fauna database", ""},
		{"Collections:", "customers, products"},
		{"Collections:", ""},
		{"incremental: with an index", ""},
		{"wire: documents", "2"},
		{"zstd", ""},
		{"Folder, new or empty", dir},
		{"Additional column", ""},
		{"I have a secret already", "4"},
		{"not shown", secret},
		{"Start the export?", "y"},
		{"Save your answers", "n"},
	} {
		term.wait(step.wait)
		term.send(step.answer + "\n")
	}
	if code := term.end(); code != exitDone {
		t.Fatalf("exit %d:\n%s", code, term.text())
	}
	wrote := term.wrote.String()
	if strings.Contains(wrote, secret) {
		t.Error("the secret was echoed")
	}
	if strings.Contains(wrote, "\x1b") {
		t.Error("an escape sequence was written")
	}
	for _, want := range []string{"2,400", "Verified", "customers.csv"} {
		if !strings.Contains(wrote, want) {
			t.Errorf("it does not say %q:\n%s", want, wrote)
		}
	}
}

func TestWizard_openedAgainHasItsAnswersButNotTheSecret(t *testing.T) {
	s := serveSample(t)
	home := t.TempDir()
	env := []string{"HOME=" + home, "XDG_CONFIG_HOME=" + home}
	term := onTerminal(t, 80, 24, env, "--domain", s.endpoint)
	walkTo(term, s, 5)
	term.signal(syscall.SIGTERM)
	term.end()

	again := onTerminal(t, 80, 24, env, "--domain", s.endpoint)
	again.wait("The answers of last time are filled in")
	again.wait("answers (FQL v4)")
	again.send(enter)
	again.wait("[x] customers")
	again.wait("3 chosen")
	again.send(enter)
	again.wait("Preview")
	again.send(enter)
	again.wait("Run these in the Fauna shell")
	again.send(enter)
	again.wait("Paste the secret")
	if strings.Contains(again.text(), "characters") {
		t.Errorf("the secret is filled in:\n%s", again.text())
	}
}
