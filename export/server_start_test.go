package export

import (
	"context"
	"iter"
	"sync"
	"testing"
	"time"

	"fauna-export/export/archive"
	"fauna-export/fauna"
	"fauna-export/fauna/emulator"
	"fauna-export/fauna/emulator/fault"
	"fauna-export/fauna/fql"
)

// testServer is an embedded server with 2 000 documents in users and 150 in
// orders.
type testServer struct {
	*fault.Server
	endpoint string
	mu       sync.Mutex
	ahead    time.Duration // of real time
}

func (s *testServer) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Add(s.ahead)
}

// pass advances the server's clock.
func (s *testServer) pass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead += d
}

func serverDocs(n int) iter.Seq[emulator.Document] {
	ts := time.Now().Add(-time.Hour).UnixMicro()
	return func(yield func(emulator.Document) bool) {
		for i := range n {
			id := int64(i)*3 + 100
			if !yield(emulator.Document{ID: id, TS: ts + id, Data: []byte(fakeText(id))}) {
				return
			}
		}
	}
}

// startServer starts a server and stops it with the test, which must leave no
// goroutine.
func startServer(t *testing.T) *testServer {
	t.Helper()
	s := &testServer{}
	s.Server = fault.New(emulator.Options{Clock: s.now, Seed: 1})
	for name, n := range map[string]int{"users": 2000, "orders": 150} {
		if err := s.Load(name, serverDocs(n)); err != nil {
			t.Fatal(err)
		}
	}
	endpoint, stop, err := s.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	s.endpoint = endpoint
	return s
}

// client returns a client with a secret, or with the admin's if that is empty.
func (s *testServer) client(t *testing.T, secret fauna.Secret) *fauna.Client {
	t.Helper()
	e, err := fauna.ParseEndpoint(s.endpoint)
	if err != nil {
		t.Fatal(err)
	}
	if secret.IsZero() {
		secret = fauna.NewSecret(s.Secret())
	}
	c, err := fauna.NewClient(fauna.Options{Endpoint: e, Secret: secret, Timeout: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// shell runs FQL as an admin.
func (s *testServer) shell(t *testing.T, fql string) string {
	t.Helper()
	out, err := s.Shell(context.Background(), s.Secret(), fql)
	if err != nil {
		t.Errorf("%s: %v: %s", fql, err, out)
	}
	return out
}

// restricted creates a key that can read users and orders.
func (s *testServer) restricted(t *testing.T) fauna.Secret {
	t.Helper()
	setup := fql.Setup{Role: "connect-readonly", Collections: []string{"users", "orders"}}
	s.shell(t, setup.RoleFQL())
	secret, note := fauna.FindSecret(s.shell(t, setup.KeyFQL()))
	if secret.IsZero() {
		t.Fatalf("no secret: %s", note)
	}
	return secret
}

// keyOf returns a key of a new role in the database of an admin's secret.
func (s *testServer) keyOf(t *testing.T, admin, role, privileges string) fauna.Secret {
	t.Helper()
	out, err := s.Shell(t.Context(), admin, `CreateRole({name: "`+role+`", privileges: [`+privileges+`]})`)
	if err == nil {
		out, err = s.Shell(t.Context(), admin, `CreateKey({role: Role("`+role+`")})`)
	}
	secret, note := fauna.FindSecret(out)
	if err != nil || secret.IsZero() {
		t.Fatal(out, note, err)
	}
	return secret
}

// child creates a child database whose collections have the same names, and returns an
// admin's secret of it.
func (s *testServer) child(t *testing.T) (admin string) {
	t.Helper()
	s.shell(t, `CreateDatabase({name: "child"})`)
	admin = s.Secret() + ":child:admin"
	for _, name := range []string{"users", "orders"} {
		if out, err := s.Shell(t.Context(), admin, `CreateCollection({name: "`+name+`"})`); err != nil {
			t.Fatal(out, err)
		}
	}
	return admin
}

// serverRun exports users and orders in small pages.
func serverRun(t *testing.T, client *fauna.Client, dir string, spec Spec) (*archive.Manifest, error) {
	t.Helper()
	spec.Collections = []string{"users", "orders"}
	spec.PageSize = 100
	spec.RetryFor = patient
	env := swiftEnv(dir, 5)
	env.Clock = newSwiftClock(50)
	r, err := NewRun(spec, client, env)
	if err != nil {
		t.Fatal(err)
	}
	return r.Do(context.Background())
}

// serverFiles returns the files of an undisturbed run.
func serverFiles(t *testing.T, client *fauna.Client, spec Spec) map[string][]byte {
	t.Helper()
	dir := exportDir(t)
	m, err := serverRun(t, client, dir, spec)
	if err != nil {
		t.Fatal(err)
	}
	files := make(map[string][]byte)
	for _, e := range m.Collections {
		files[e.File] = mustRead(t, dir, e.File)
	}
	return files
}
