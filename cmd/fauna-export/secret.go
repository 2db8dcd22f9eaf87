package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"fauna-export/export"
	"fauna-export/export/config"
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
		return fauna.Secret{}, unusablef("%s holds no secret", from)
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
	if !a.mayAsk() || !isFile {
		return "", "", usagef("no secret: set FAUNA_SECRET, or give --secret-file FILE (- is stdin)")
	}
	text, err = tui.ReadSecret(ctx, terminal, a.err, "Secret of a key that may read (not shown): ")
	if err != nil {
		return "", "", fmt.Errorf("read the secret: %w", err)
	}
	return text, "the answer", nil
}

func (a *app) secretFromFile(ctx context.Context, file string) (string, error) {
	if file != "-" {
		b, err := store.ReadInput(ctx, file, maxSecretFile)
		if err != nil {
			return "", unusablef("read the secret: %w", err)
		}
		return string(b), nil
	}
	b, err := io.ReadAll(io.LimitReader(a.in, maxSecretFile+1))
	if err != nil {
		return "", unusablef("read the secret from stdin: %w", err)
	}
	if len(b) > maxSecretFile {
		return "", unusablef("stdin is too long to be a secret")
	}
	return string(b), nil
}

// endpoint parses --domain and asks before a secret is sent unencrypted.
func (a *app) endpoint(ctx context.Context, f *config.Config) (fauna.Endpoint, error) {
	e, err := fauna.ParseEndpoint(f.Domain)
	if err != nil {
		return e, usagef("--domain: %w", err)
	}
	if !e.Exposed() || f.AllowPlaintext {
		return e, nil
	}
	if !a.mayAsk() {
		return e, usagef("the secret would be sent unencrypted to %s: use https, or accept it with --allow-plaintext", e.Host())
	}
	yes, err := a.ask(ctx, fmt.Sprintf("The secret would travel unencrypted to %s. Accept?", plain(e.Host())))
	if err != nil {
		return e, err
	}
	if !yes {
		return e, errors.New("nothing was sent")
	}
	return e, nil
}

// sayWaiting says why a request outside a run is being retried, if that takes
// longer than a moment.
func (a *app) sayWaiting(err error, next time.Time) {
	if pause := time.Until(next); pause > time.Second {
		a.say("%v; trying again in %s", err, pause.Round(time.Second))
	}
}

// connect returns the client that the flags describe.
func (a *app) connect(ctx context.Context, f *config.Config) (*fauna.Client, error) {
	if f.ClientCert == "" && f.ClientKey != "" {
		return nil, usagef("--client-key is the key of --client-cert, which is missing")
	}
	e, err := a.endpoint(ctx, f)
	if err != nil {
		return nil, err
	}
	s, err := a.secret(ctx, f.SecretFile)
	if err != nil {
		return nil, err
	}
	c, err := fauna.NewClient(fauna.Options{
		Endpoint: e, Secret: s, CAFile: f.CAFile, CertFile: f.ClientCert, KeyFile: f.ClientKey, Dial: a.dial,
		Repeat: export.Retry{Waiting: a.sayWaiting}.Do,
	})
	if err != nil {
		return nil, unusablef("%w", err)
	}
	return c, nil
}

// serverSecret returns the secret for the embedded server: the text without
// surrounding white space, since the server decides what a secret looks like.
func (a *app) serverSecret(ctx context.Context, file string) (string, error) {
	text := a.getenv("FAUNA_SECRET")
	if file != "" {
		var err error
		if text, err = a.secretFromFile(ctx, file); err != nil {
			return "", err
		}
	}
	text = strings.TrimSpace(text)
	if text == "" || strings.ContainsAny(text, " \t\r\n") {
		return "", unusablef("the secret for the server must be one word")
	}
	return text, nil
}
