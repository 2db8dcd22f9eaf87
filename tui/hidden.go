package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"unicode/utf8"

	"github.com/charmbracelet/x/term"
)

// ReadSecret prints prompt on out and reads one line from the terminal in without
// echo. The terminal is as before when ReadSecret returns. When ctx ends it returns
// ctx's cause, and ErrLeft when the input ends before anything was typed.
func ReadSecret(ctx context.Context, in *os.File, out io.Writer, prompt string) (text string, err error) {
	shown, err := term.GetState(in.Fd())
	if err != nil {
		return "", fmt.Errorf("read the secret: %w", err)
	}
	defer func() {
		fmt.Fprintln(out)
		if bad := term.SetState(in.Fd(), shown); bad != nil && err == nil {
			err = fmt.Errorf("restore the terminal: %w", bad)
		}
	}()
	continued, end := watchContinue()
	defer end()
	var read <-chan typed
	for {
		if err := term.SetState(in.Fd(), withoutEcho(*shown)); err != nil {
			return "", fmt.Errorf("read the secret: %w", err)
		}
		fmt.Fprint(out, prompt) // now, since a paste may follow it at once
		if read == nil {
			read = reading(func() (string, error) { return readHidden(in) })
		}
		select {
		case <-ctx.Done():
			return "", context.Cause(ctx)
		case r := <-read:
			if r.err != nil {
				return "", fmt.Errorf("read the secret: %w", r.err)
			}
			return r.text, nil
		case <-continued: // the shell may have set the mode, and has written something
		}
	}
}

// readHidden reads a line from a terminal, without its end. Some terminals send a
// backspace that is not the one that the system knows.
func readHidden(in io.Reader) (string, error) {
	var line []byte
	var b [1]byte
	for {
		_, err := in.Read(b[:])
		switch {
		case errors.Is(err, io.EOF) && len(line) == 0:
			return "", fmt.Errorf("%w: the input ended", ErrLeft)
		case err != nil && !errors.Is(err, io.EOF):
			return "", err
		case err != nil || b[0] == '\n':
			return string(line), nil
		case b[0] == '\b':
			_, last := utf8.DecodeLastRune(line)
			line = line[:len(line)-last]
		case b[0] != '\r':
			line = append(line, b[0])
		}
	}
}
