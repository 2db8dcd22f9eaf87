package main

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"

	"fauna-export/export/store"
	"fauna-export/fauna"
	"fauna-export/tui"
)

// maxSecretFile is the largest input that is searched for a secret, in bytes.
const maxSecretFile = 64 << 10

// secret finds the secret: --secret-file, FAUNA_SECRET, then a question.
func (a *app) secret(ctx context.Context, file string) (fauna.Secret, error) {
	text, from, err := a.secretText(ctx, file)
	if err != nil {
		return fauna.Secret{}, err
	}
	s, note := fauna.FindSecret(text)
	if s.IsZero() {
		if from == "-" {
			from = "stdin"
		}
		return fauna.Secret{}, unusablef("%s contains no secret", from)
	}
	if note != "" {
		a.say("note: %s", note)
	}
	a.hide(s)
	return s, nil
}

// secretText returns the text with the secret, and its source.
func (a *app) secretText(ctx context.Context, file string) (text, from string, err error) {
	if file != "" {
		text, err = a.secretFromFile(ctx, file)
		return text, file, err
	}
	if text := a.getenv("FAUNA_SECRET"); text != "" {
		return text, "FAUNA_SECRET", nil
	}
	terminal, isFile := a.in.(*os.File)
	none := usagef("no secret: set FAUNA_SECRET, or give --secret-file FILE (- is stdin)")
	if !a.mayAsk() || !isFile {
		return "", "", none
	}
	text, err = tui.ReadSecret(ctx, terminal, a.err, "Secret of a key that can read (not shown): ")
	if errors.Is(err, tui.ErrLeft) {
		err = none
	}
	return text, "the answer", err
}

func (a *app) secretFromFile(ctx context.Context, file string) (string, error) {
	if file != "-" {
		b, err := store.ReadInput(ctx, file, maxSecretFile)
		if err != nil {
			return "", unusablef("read the secret: %w", err)
		}
		return string(b), nil
	}
	if terminal, isFile := a.in.(*os.File); isFile && tui.IsTerminal(terminal) {
		text, err := tui.ReadSecret(ctx, terminal, a.err, "Secret (not shown): ")
		if errors.Is(err, tui.ErrLeft) { // none, then
			err = nil
		}
		return text, err
	}
	b, err := a.readAll(ctx, maxSecretFile+1)
	if err != nil {
		return "", unusablef("read the secret from stdin: %w", err)
	}
	if len(b) > maxSecretFile {
		return "", unusablef("stdin is too long to be a secret")
	}
	return string(b), nil
}

// readAll reads stdin to its end, at most so many bytes. Like ask it leaves a read
// behind when ctx ends first.
func (a *app) readAll(ctx context.Context, most int64) ([]byte, error) {
	type read struct {
		text []byte
		err  error
	}
	done := make(chan read, 1)
	go func() {
		text, err := io.ReadAll(io.LimitReader(a.in, most))
		done <- read{text, err}
	}()
	select {
	case r := <-done:
		return r.text, r.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// serverSecret returns the secret for the embedded server, "" if none is given: the
// text without surrounding white space, since the server decides what a secret looks
// like.
func (a *app) serverSecret(ctx context.Context, file string) (text string, err error) {
	if text = a.getenv("FAUNA_SECRET"); file != "" {
		text, err = a.secretFromFile(ctx, file)
	}
	if err != nil || text == "" && file == "" {
		return "", err
	}
	text = strings.TrimSpace(text)
	if text == "" || strings.ContainsAny(text, " \t\r\n") {
		return "", unusablef("the secret for the server must be one word")
	}
	return text, nil
}
