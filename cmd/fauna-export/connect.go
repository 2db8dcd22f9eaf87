package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"fauna-export/export"
	"fauna-export/export/config"
	"fauna-export/export/store"
	"fauna-export/fauna"
)

// endpoint parses --domain and asks before a secret is sent unencrypted.
func (a *app) endpoint(ctx context.Context, f *config.Config) (fauna.Endpoint, error) {
	e, err := fauna.ParseEndpoint(f.Domain)
	if err != nil {
		return e, usagef("--domain: %w", err)
	}
	if !e.Exposed() || f.AllowPlaintext {
		return e, nil
	}
	return e, a.consent(ctx, fmt.Sprintf("%s uses plain http, so your secret will be sent unencrypted. Continue?", plain(e.Host())),
		usagef("the secret would be sent unencrypted to %s: use https, or accept it with --allow-plaintext", e.Host()))
}

// consent asks whether the secret may be sent. The error is unasked if the program
// may not ask.
func (a *app) consent(ctx context.Context, question string, unasked error) error {
	if !a.mayAsk() {
		return unasked
	}
	yes, err := a.ask(ctx, question)
	if err == nil && !yes {
		err = errors.New("nothing was sent")
	}
	return err
}

// sayWaiting says why a request outside a run is being retried, if the wait is
// noticeable.
func (a *app) sayWaiting(err error, next time.Time) {
	a.log.note("wait", "why", plain(err.Error()))
	if pause := time.Until(next); pause > time.Second {
		a.say("%v; retrying in %s", err, pause.Round(time.Second))
	}
}

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
		Endpoint: e, Secret: s, CAFile: f.CAFile, CertFile: f.ClientCert, KeyFile: f.ClientKey, ReadFile: store.ReadPEM(ctx), Dial: a.dial,
		Repeat: export.Retry{Waiting: a.sayWaiting}.Do,
	})
	if err != nil {
		return nil, unusablef("%w", err)
	}
	return c, nil
}

// s3Options returns what an S3 store needs in addition to its URL.
func (a *app) s3Options() store.S3Options {
	return store.S3Options{Endpoint: a.global.S3Endpoint, Getenv: a.getenv, Proxy: fauna.Proxy, Notice: func(text string) { a.say("%s", plain(text)) }}
}

// store returns the store for a folder's name or an s3:// URL.
func (a *app) store(ctx context.Context, name string) (store.Store, error) {
	s, err := store.At(ctx, name, a.s3Options())
	if err != nil {
		return nil, unusablef("%w", err)
	}
	return s, nil
}

// env returns the machine's Env with the given store.
func (a *app) env(ctx context.Context, name string) (export.Env, error) {
	s, err := a.store(ctx, name)
	return export.Env{Store: s, Waiting: func(why string) { a.log.note("wait", "why", plain(why)) }}, err
}
