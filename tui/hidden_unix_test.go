//go:build unix

package tui

import (
	"testing"

	"github.com/charmbracelet/x/term"
	"github.com/creack/pty"
)

func TestSuspend_leavesTheModeThatTheWizardSets(t *testing.T) {
	keyboard, screen, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer keyboard.Close()
	defer screen.Close()
	mode := func() term.State {
		s, err := term.GetState(screen.Fd())
		if err != nil {
			t.Fatal(err)
		}
		return *s
	}
	start := mode()
	raw := func() {
		if _, err := term.MakeRaw(screen.Fd()); err != nil {
			t.Fatal(err)
		}
	}

	suspend(screen, &start, raw) // the wizard, as it continues
	if mode() == start {
		t.Error("the wizard's mode is undone")
	}

	wizards := mode() // as at a prompt without echo
	suspend(screen, &start, func() {
		if mode() != start {
			t.Error("the shell gets the mode of the prompt")
		}
	})
	if mode() != wizards {
		t.Error("the mode of the prompt is lost")
	}
}
