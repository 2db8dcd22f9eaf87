//go:build unix

package main

import (
	"strings"
	"syscall"
	"testing"
)

// TestWizardAgain_hasItsAnswersButNotTheSecret ends the wizard at each step,
// also with SIGKILL, and opens it again.
func TestWizardAgain_hasItsAnswersButNotTheSecret(t *testing.T) {
	t.Parallel()
	s := serveSample(t)
	ways := []struct {
		name  string
		leave func(term *terminal)
	}{
		{"ctrl+c", typed(ctrlC)},
		{"kill -9", signalled(syscall.SIGKILL)},
	}
	for i, step := range wizardSteps {
		for _, way := range ways {
			t.Run(step.name+"/"+way.name, func(t *testing.T) {
				endpoint := s.endpoint
				if step.name == "Export" {
					endpoint = slowly(t, s)
				}
				s := freshRole(&testServer{Server: s.Server, endpoint: endpoint}, t)
				home := t.TempDir()
				env := []string{"HOME=" + home, "XDG_CONFIG_HOME=" + home}
				term := onTerminal(t, 80, 24, env, "--domain", s.endpoint)
				walkTo(term, s, i)
				typedAt(term, s, step.name, home)
				way.leave(term)
				term.end()
				noSecretBelow(t, s.made, home, term.cmd.Dir)

				again := onTerminal(t, 80, 24, env, "--domain", s.endpoint)
				opened(again, i)
			})
		}
	}
}

// typedAt types a step's answer without confirming it, and waits until it is
// saved, since nothing can be saved after kill -9.
func typedAt(term *terminal, s *testServer, step, home string) {
	term.t.Helper()
	switch step {
	case "Collections":
		term.send("customers, orders, products")
		kept(term.t, home, "products")
	case "Output":
		term.send("\x1b[A\x1b[A\x1b[C") // select the format, then CSV
		term.wait("(•) CSV")
		kept(term.t, home, "format: csv")
	case "Secret":
		term.paste(s.keyFor(term.t, "connect-readonly", "customers", "orders", "products") + "\n")
		term.wait("40 characters")
	}
}

// kept waits until the saved answers contain a text.
func kept(t *testing.T, home, text string) {
	t.Helper()
	eventually(t, "an answers.yaml with "+text, func() bool {
		for name, content := range filesBelow(t, home) { // a temporary file may be beside it
			if strings.HasSuffix(name, "/answers.yaml") && strings.Contains(content, text) {
				return true
			}
		}
		return false
	})
}

// opened walks through a reopened wizard that was left at a step, and checks
// that all earlier answers are there.
func opened(term *terminal, left int) {
	term.t.Helper()
	if left > 0 { // on the first step only the flag's address was known
		term.wait("Filled in from last time")
	}
	term.wait("answers (FQL v4)")
	term.send(enter)
	term.wait("How do you want to set up read access?")
	term.send("1")
	term.wait("Which collections?")
	if left < 2 {
		return
	}
	for _, name := range []string{"[x] customers", "[x] orders", "[x] products", "3 collections"} {
		term.wait(name)
	}
	term.send(enter)
	term.wait("Run these in the Fauna shell")
	term.send(enter)
	term.wait("Paste the secret")
	if strings.Contains(term.text(), "characters") {
		term.t.Errorf("the secret is filled in:\n%s", term.text())
	}
}

// noSecretBelow checks that no file in these folders contains the secret ("" if
// none was created).
func noSecretBelow(t *testing.T, secret string, dirs ...string) {
	t.Helper()
	if secret == "" {
		return
	}
	for _, dir := range dirs {
		for name, content := range filesBelow(t, dir) {
			if strings.Contains(content, secret[:12]) {
				t.Errorf("%s holds the secret", name)
			}
		}
	}
}
