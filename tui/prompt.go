package tui

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/charmbracelet/x/term"
)

// IsTerminal reports whether a file is a terminal.
func IsTerminal(f *os.File) bool {
	return f != nil && term.IsTerminal(f.Fd())
}

// mostEchoWaits bounds the wait, in milliseconds, for a terminal that does not show
// what is typed anyway.
const mostEchoWaits = 500

// ReadSecret prints prompt on out and reads one line from the terminal in, which
// does not show what is typed. When ctx ends it restores the terminal and returns
// ctx's error; the read itself cannot be taken back, so its goroutine waits for
// the next line, or for the end of the program.
func ReadSecret(ctx context.Context, in *os.File, out io.Writer, prompt string) (string, error) {
	before, err := term.GetState(in.Fd())
	if err != nil {
		return "", fmt.Errorf("read the secret: %w", err)
	}
	type line struct {
		text []byte
		err  error
	}
	read := make(chan line, 1)
	go func() {
		text, err := term.ReadPassword(in.Fd())
		read <- line{text, err}
	}()
	// The prompt comes when what is typed does not show any more: a paste may follow
	// it at once.
	for range mostEchoWaits {
		if now, err := term.GetState(in.Fd()); err != nil || *now != *before {
			break
		}
		time.Sleep(time.Millisecond)
	}
	fmt.Fprint(out, prompt)
	defer fmt.Fprintln(out)
	select {
	case <-ctx.Done():
		if err := term.SetState(in.Fd(), before); err != nil {
			return "", fmt.Errorf("restore the terminal: %w", err)
		}
		return "", context.Cause(ctx)
	case l := <-read:
		if l.err != nil {
			return "", fmt.Errorf("read the secret: %w", l.err)
		}
		return string(l.text), nil
	}
}
