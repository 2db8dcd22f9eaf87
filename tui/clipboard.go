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
	// nativeWait bounds a clipboard program: without a display, or with one
	// that has gone, some of them never return.
	nativeWait = 2 * time.Second
	// osc52Limit is how many bytes of text terminals take in one sequence; many
	// drop a longer one (about 100 kB of base64) without a word.
	osc52Limit = 74_000
)

// A clipper copies text to where the person can paste it: this machine's
// clipboard, or, where the screen is elsewhere, the terminal's own through the
// escape sequence OSC 52. Nobody can know whether a terminal obeys that
// sequence, so what is said names the way and not a success.
type clipper struct {
	env    func(string) string
	goos   string
	native func(string) error // nil: no clipboard program here
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

// copy copies text and says in one sentence how; an error says why not. It takes
// no longer than wait and a write to the terminal.
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
	way, sequence := "through your terminal", s.String()
	switch {
	case c.env("TMUX") != "":
		// Passed through where tmux allows it, and for tmux itself to pass on
		// where it is asked to set the clipboard.
		sequence = s.Tmux().String() + s.String()
		way = "through tmux to your terminal"
	case c.env("STY") != "":
		sequence = s.Screen().String()
		way = "through screen to your terminal"
	}
	w, err := c.tty()
	if err != nil {
		return "", fmt.Errorf("%sopen the terminal: %w", before, err)
	}
	_, err = io.WriteString(w, sequence)
	if err = cmp.Or(err, w.Close()); err != nil {
		return "", fmt.Errorf("%swrite to the terminal: %w", before, err)
	}
	return before + "Sent to the clipboard " + way + " (OSC 52).", nil
}

// runNative runs the clipboard program but waits for it only so long. A program
// that hangs keeps its goroutine until it ends: there is no way to stop it.
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

// copy copies a text; what is said afterwards tells how, or otherwise what else to do.
// done is called where it was copied.
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
