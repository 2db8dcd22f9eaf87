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

	"fauna-export/fauna"
)

// leastHidden is the length of a secret from which on it is looked for in all that
// the program says. A shorter one may be a word ("secret" is one that servers are
// begun with).
const leastHidden = 8

// hide keeps a secret out of all that is said from now on.
func (a *app) hide(s fauna.Secret) {
	a.log.hide(s)
	if s.Len() >= leastHidden {
		a.hidden.Store(&s)
	}
}

// scrub is the last thing that is done to a text that is shown, when nothing unseen
// is left in it that could split the secret.
func (a *app) scrub(text string) string {
	if s := a.hidden.Load(); s != nil {
		return s.Scrub(text)
	}
	return text
}

// say writes one plain line to stderr, and to the log.
func (a *app) say(format string, args ...any) {
	line := a.scrub(plain(fmt.Sprintf(format, args...)))
	fmt.Fprintln(a.err, line)
	a.log.line(line)
}

// ask puts a question that yes or no answers; all but yes is no.
func (a *app) ask(ctx context.Context, question string) (bool, error) {
	fmt.Fprintf(a.err, "%s  y/n ", a.scrub(question))
	answer := make(chan string, 1)
	// A read of a terminal cannot be called off: when ctx ends first the
	// goroutine is left to the end of the process, which is near then.
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

// printJSON writes a value to stdout as indented JSON.
func (a *app) printJSON(v any) error {
	var text strings.Builder
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("write to stdout: %w", err)
	}
	return a.printText(text.String())
}

// printText writes text to stdout.
func (a *app) printText(text string) error {
	_, err := io.WriteString(a.out, a.scrub(text))
	return stdoutError(err)
}

// stdoutError is the error of text for stdout. A reader that has seen enough of it
// is none: the exit code is that of what the command found out.
func stdoutError(err error) error {
	if err == nil || errors.Is(err, syscall.EPIPE) {
		return nil
	}
	return fmt.Errorf("write to stdout: %w", err)
}
