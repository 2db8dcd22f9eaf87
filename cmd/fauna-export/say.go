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
)

// say writes one plain line to stderr, and to the log.
func (a *app) say(format string, args ...any) {
	line := plain(fmt.Sprintf(format, args...))
	fmt.Fprintln(a.err, line)
	a.log.line(line)
}

// ask puts a question that yes or no answers; all but yes is no.
func (a *app) ask(ctx context.Context, question string) (bool, error) {
	fmt.Fprintf(a.err, "%s  y/n ", question)
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
	enc := json.NewEncoder(a.out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return stdoutError(enc.Encode(v))
}

// printText writes text to stdout.
func (a *app) printText(text string) error {
	_, err := io.WriteString(a.out, text)
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
