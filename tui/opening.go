package tui

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"fauna-export/export"
	"fauna-export/export/store"
	"fauna-export/fauna"
	"fauna-export/fauna/fql"
	"fauna-export/tui/text"
)

// An opening takes a secret and asks the server what it gives access to.
type opening struct {
	s      *session
	step   stepID
	field  secretField
	asking wait
}

// opened is what a secret gives access to.
type opened struct {
	secret fauna.Secret
	server server
	listing
}

// A listing holds a server's collections and the key's privileges on them.
type listing struct {
	known  []string
	access []fauna.Access
}

// Close closes the connection.
func (o opened) Close() error {
	if o.server != nil {
		o.server.Close()
	}
	return nil
}

// submit asks the server what the secret in the field gives access to, then calls
// accepted if it was accepted. missing is the message if there is none.
func (o *opening) submit(admin bool, missing string, accepted func()) {
	secret, why := o.field.secret()
	if secret.IsZero() {
		o.s.say(noteBad, "%s", cmp.Or(why, missing))
		return
	}
	o.begin(secret, admin, accepted)
}

func (o *opening) begin(secret fauna.Secret, admin bool, accepted func()) {
	o.s.asked = append(o.s.asked, secret)
	endpoint, chosen := o.s.endpoint, o.s.chosen()
	await(o.s, &o.asking, func(ctx context.Context) (opened, error) { return o.s.unlock(ctx, endpoint, secret, chosen) }, func(got opened, err error) {
		if err != nil {
			o.s.trouble(o.step, err)
			return
		}
		o.field.wipe()
		o.s.accept(got, admin)
		accepted()
	})
}

// stopping returns the action that stops waiting for the server.
func (o *opening) stopping() []action {
	return []action{stopping(func() {
		o.asking.drop()
		o.s.say(noteInfo, "Stopped. Enter checks it again.")
	})}
}

// key edits the secret, but not while the server is checking it.
func (o *opening) key(m tea.KeyMsg) bool {
	if o.asking.busy || !o.field.key(m) {
		return false
	}
	o.asking.err = nil
	return true
}

func (o *opening) view(w int) string {
	return o.s.st.mark(true) + o.field.view(o.s.st, w-2, !o.asking.busy)
}

// lines describes the state of the secret, or returns nil.
func (o *opening) lines(w int) []string {
	switch {
	case o.asking.busy:
		return []string{o.s.spinner + " checking …"}
	case o.asking.err != nil:
		return marked(o.s.st, noteBad, o.s.sentence(o.asking.err), w)
	case o.field.note != "":
		return marked(o.s.st, noteWarn, o.s.clean(o.field.note), w)
	}
	return nil
}

// unlock connects with the secret and probes its access.
func (s *session) unlock(ctx context.Context, e fauna.Endpoint, secret fauna.Secret, chosen []string) (o opened, err error) {
	o.secret = secret
	if o.server, err = s.connect(e, secret); err != nil {
		return o, err
	}
	if o.listing, err = probe(ctx, o.server, chosen); err != nil {
		o.server.Close()
	}
	return o, err
}

func (s *session) accept(o opened, admin bool) {
	made := s.made
	s.forget()
	s.server, s.admin, s.made = o.server, admin, made
	s.learn(o.listing)
	s.event("secret accepted: %s", text.Count(int64(len(o.access)), "collection"))
}

// probe asks for the collections and the key's privileges on them. A key that may not
// list collections is fine: the chosen names can still be checked.
func probe(ctx context.Context, srv server, chosen []string) (l listing, err error) {
	l.known, err = srv.Collections(ctx)
	if fe, ok := errors.AsType[*fauna.Error](err); ok && fe.Kind == fauna.KindDenied {
		l.known, err = nil, nil
	} else if err == nil && l.known == nil {
		l.known = []string{} // none, which is known
	}
	have := set(chosen)
	ask := slices.Concat(chosen, slices.DeleteFunc(slices.Clone(l.known), func(name string) bool { return have[name] }))
	if err != nil || len(ask) == 0 {
		return l, err
	}
	l.access, err = srv.Access(ctx, ask)
	return l, err
}

// askSecret asks until the server accepts a secret.
func (s *session) askSecret(ctx context.Context, a *asker, prompt string, admin bool) error {
	for {
		typed, err := a.secret(ctx, prompt)
		if err != nil {
			return err
		}
		secret, note := fauna.FindSecret(typed)
		if note != "" {
			a.printLines("Warning: %s", note)
		}
		if secret.IsZero() {
			continue
		}
		a.printLines("%s.", text.Count(int64(secret.Len()), "character"))
		if err := s.askOpen(ctx, a, secret, admin); !errors.Is(err, errAgain) {
			return err
		}
	}
}

// askOpen asks the server what a secret gives access to; errAgain if it was rejected.
func (s *session) askOpen(ctx context.Context, a *asker, secret fauna.Secret, admin bool) error {
	s.asked = append(s.asked, secret)
	o, err := s.unlock(ctx, s.endpoint, secret, s.chosen())
	if err != nil {
		return cmp.Or(s.reportError(ctx, a, err), errAgain)
	}
	s.accept(o, admin)
	a.printLines("Secret accepted.")
	if len(o.known) > 0 {
		a.printLines("The server has %s: %s", text.Count(int64(len(o.known)), "collection"), strings.Join(o.known, ", "))
	}
	return nil
}

// A server is the part of a database client that the wizard uses, such as *fauna.Client.
type server interface {
	export.Source
	Reach(ctx context.Context) error
	Collections(ctx context.Context) ([]string, error)
	Access(ctx context.Context, collections []string) ([]fauna.Access, error)
	Apply(ctx context.Context, s fql.Setup) (fauna.Secret, error)
	CheckIndexes(ctx context.Context, collections, indexes []string) ([]fauna.IndexCheck, error)
	Close()
}

// repeatFor is how long a request is retried before the waiting user is told.
const repeatFor = 10 * time.Second

// connect creates a client; it sends no request.
func (s *session) connect(e fauna.Endpoint, secret fauna.Secret) (server, error) {
	return s.dial(fauna.Options{
		Endpoint: e, Secret: secret,
		CAFile: s.cfg.CAFile, CertFile: s.cfg.CertFile, KeyFile: s.cfg.KeyFile, ReadFile: store.ReadPEM(s.jobs.ctx),
		UserAgent: "fauna-export/" + s.cfg.Version,
		Repeat:    export.Retry{For: repeatFor}.Do,
	})
}

// forget drops everything learnt with a secret.
func (s *session) forget() {
	if s.server != nil {
		s.server.Close()
	}
	s.learnt = learnt{}
}
