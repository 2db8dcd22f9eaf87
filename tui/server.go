package tui

import (
	"context"
	"time"

	"fauna-export/export"
	"fauna-export/export/store"
	"fauna-export/fauna"
	"fauna-export/fauna/fql"
)

// A server is what the wizard needs of a database; *fauna.Client is one.
type server interface {
	export.Source
	Reach(ctx context.Context) error
	Collections(ctx context.Context) ([]string, error)
	Access(ctx context.Context, collections []string) ([]fauna.Access, error)
	Apply(ctx context.Context, s fql.Setup) (fauna.Secret, error)
	CheckIndexes(ctx context.Context, collections, indexes []string) ([]fauna.IndexCheck, error)
	Close()
}

// repeatFor is for how long a request that failed in passing is made again before
// somebody who waits is told.
const repeatFor = 10 * time.Second

// connect makes a client; no request is sent.
func (s *session) connect(e fauna.Endpoint, secret fauna.Secret) (server, error) {
	return s.dial(fauna.Options{
		Endpoint: e, Secret: secret,
		CAFile: s.cfg.CAFile, CertFile: s.cfg.CertFile, KeyFile: s.cfg.KeyFile, ReadFile: store.ReadPEM(s.jobs.ctx),
		UserAgent: "fauna-export/" + s.cfg.Version,
		Repeat:    export.Retry{For: repeatFor}.Do,
	})
}

// forget drops what was learnt with a secret.
func (s *session) forget() {
	if s.server != nil {
		s.server.Close()
	}
	s.server, s.known, s.access, s.counts = nil, nil, nil, nil
	s.found, s.admin, s.made = fauna.Secret{}, false, false
}
