package main

import (
	"context"

	"fauna-export/export"
	"fauna-export/export/store"
	"fauna-export/fauna"
)

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
