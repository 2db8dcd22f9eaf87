//go:build unix

package main

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestWizardPlain_asksLinesAndShowsNoSecret(t *testing.T) {
	t.Parallel()
	s := serveSample(t)
	dir := filepath.Join(t.TempDir(), "plain")
	term := onTerminal(t, 100, 60, nil, "--accessible", "--domain", s.endpoint)
	secret := s.keyFor(t, "reads-two", "customers", "products")
	for _, step := range []struct{ wait, answer string }{
		{"Address of the Fauna database", ""},
		{"Set it up for me", "2"},
		{"not shown", secret},
		{"Keep these?", "n"},
		{"Collections:", "customers, products"},
		{"Collections:", ""},
		{"incremental: first run", ""},
		{"Load into", ""},
		{"wire: each document", "2"},
		{"zstd", ""},
		{"Folder", dir},
		{"Additional column", ""},
		{"Start the export?", "y"},
		{"Load the files into", "sqlite:" + dir + ".db"},
		{"Load them now?", "y"},
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
	for _, want := range []string{"all rows were read back", "2,400", "Verified", "customers.csv"} {
		if !strings.Contains(wrote, want) {
			t.Errorf("it does not say %q:\n%s", want, wrote)
		}
	}
}
