package tui

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/atotto/clipboard"
	"github.com/aymanbagabas/go-osc52/v2"

	"fauna-export/tui/text"
)

const (
	// nativeWait bounds a clipboard program: some never return if there is no display
	// or it went away.
	nativeWait = 2 * time.Second
	// osc52Limit is how many bytes of text terminals take in one sequence; many
	// silently drop a longer one (about 100 kB of base64).
	osc52Limit = 74_000
)

// A clipper copies text to a clipboard the user can paste from: this machine's, or, in
// a remote session, the terminal's through escape sequence OSC 52. A terminal may
// silently ignore that sequence, so the message reports the method, not success.
type clipper struct {
	env    func(string) string
	goos   string
	native func(string) error // nil if there is no clipboard program
	tty    func() (io.WriteCloser, error)
	wait   time.Duration
}

func newClipper(env func(string) string, out io.Writer) clipper {
	c := clipper{env: env, goos: runtime.GOOS, wait: nativeWait, native: clipboard.WriteAll}
	if clipboard.Unsupported {
		c.native = nil
	}
	c.tty = func() (io.WriteCloser, error) {
		if f, err := os.OpenFile("/dev/tty", os.O_WRONLY, 0); err == nil {
			return f, nil
		}
		return keepOpen{out}, nil
	}
	return c
}

type keepOpen struct{ io.Writer }

func (keepOpen) Close() error { return nil }

// copy copies text and returns a sentence saying how, or an error saying why not. It
// takes at most c.wait plus a write to the terminal.
func (c clipper) copy(ctx context.Context, what string) (string, error) {
	remote := c.env("SSH_TTY") != "" || c.env("SSH_CONNECTION") != ""
	display := c.goos != "linux" || c.env("DISPLAY") != "" || c.env("WAYLAND_DISPLAY") != ""
	before := ""
	if !remote && display && c.native != nil {
		err := c.runNative(ctx, what)
		if err == nil {
			return "Copied to the clipboard.", nil
		}
		before = "The clipboard program failed. "
		if errors.Is(err, context.DeadlineExceeded) {
			before = "The clipboard program did not answer. "
		}
	}
	if c.env("TERM") == "linux" {
		return "", errors.New(before + "this console has no clipboard")
	}
	if len(what) > osc52Limit {
		return "", fmt.Errorf("%stoo long for the terminal's clipboard (%s)", before, text.Size(int64(len(what))))
	}
	s := osc52.New(what)
	route, sequence := "through your terminal", s.String()
	switch {
	case c.env("TMUX") != "":
		// Once passed through, if tmux allows that, and once for tmux itself to
		// forward, if it is configured to set the clipboard.
		sequence = s.Tmux().String() + s.String()
		route = "through tmux to your terminal"
	case c.env("STY") != "":
		sequence = s.Screen().String()
		route = "through screen to your terminal"
	}
	w, err := c.tty()
	if err != nil {
		return "", fmt.Errorf("%sopen the terminal: %w", before, err)
	}
	_, err = io.WriteString(w, sequence)
	if err = cmp.Or(err, w.Close()); err != nil {
		return "", fmt.Errorf("%swrite to the terminal: %w", before, err)
	}
	return before + "Sent to the clipboard " + route + " (OSC 52).", nil
}

// runNative runs the clipboard program, waiting for at most c.wait. A hung program
// keeps its goroutine until it ends: it can't be stopped.
func (c clipper) runNative(ctx context.Context, text string) error {
	ctx, cancel := context.WithTimeout(ctx, c.wait)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- c.native(text) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// copy copies str and reports how, or on failure suggests otherwise. It calls done on
// success.
func (s *session) copy(str, otherwise string, done func()) {
	clip := s.clip
	await(s, new(wait), func(ctx context.Context) (string, error) { return clip.copy(ctx, str) }, func(how string, err error) {
		if err != nil {
			s.say(noteBad, "Not copied: %v.%s", err, prefixed(" ", otherwise, "."))
			return
		}
		if done != nil {
			done()
		}
		if strings.Contains(how, "OSC 52") && otherwise != "" {
			how += " If nothing can be pasted: " + otherwise + "."
		}
		s.say(noteGood, "%s", how)
	})
}
