package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"unicode"
	"unicode/utf16"

	"fauna-export/fauna"
)

// minHidden is the length of the shortest secret that is removed from
// messages. A shorter one may be a word ("secret" is one that servers are
// started with).
const minHidden = 8

// hide removes a secret from all later messages.
func (a *app) hide(s fauna.Secret) { a.hidden.Store(&s) }

// scrub removes the secret from a text. It must be the last step, when no
// invisible characters are left that could split the secret.
func (a *app) scrub(text string) string {
	if s := a.hidden.Load(); s != nil && s.Len() >= minHidden {
		return s.Scrub(text)
	}
	return text
}

// say writes one plain line to stderr, and to the log.
func (a *app) say(format string, args ...any) {
	line := a.scrub(plain(fmt.Sprintf(format, args...)))
	a.saying.Lock()
	defer a.saying.Unlock()
	fmt.Fprintln(a.err, line)
	a.log.note(line)
}

// ask asks a yes-or-no question; anything but yes counts as no.
func (a *app) ask(ctx context.Context, question string) (bool, error) {
	fmt.Fprintf(a.err, "%s  y/n ", a.scrub(question))
	answer := make(chan string, 1)
	// A read of a terminal cannot be cancelled: if ctx ends first the goroutine
	// remains until the process ends, which is soon.
	go func() {
		line, _ := bufio.NewReader(a.in).ReadString('\n')
		answer <- line
	}()
	select {
	case line := <-answer:
		line = strings.ToLower(strings.TrimSpace(line))
		return line == "y" || line == "yes", nil
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
}

func (a *app) printJSON(v any) error {
	var text strings.Builder
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("write to stdout: %w", err)
	}
	return a.printText(escapeControls(text.String()))
}

// escapeControls escapes control characters as in JSON and JavaScript, where
// they can only occur in strings.
func escapeControls(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r == '\n' || !unicode.IsControl(r) && !unicode.Is(unicode.Cf, r) {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}

// print writes a result to stdout: v with --json, else text.
func (a *app) print(v any, text string) error {
	if a.global.JSON {
		return a.printJSON(v)
	}
	return a.printText(text)
}

func (a *app) printText(text string) error {
	_, err := io.WriteString(a.out, a.scrub(text))
	return stdoutError(err)
}

// stdoutError is the error of writing text to stdout. A reader that closed the
// pipe is not an error: the exit code is the command's own.
func stdoutError(err error) error {
	if err == nil || errors.Is(err, syscall.EPIPE) {
		return nil
	}
	return fmt.Errorf("write to stdout: %w", err)
}
