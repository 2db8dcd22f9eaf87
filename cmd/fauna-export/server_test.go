package main

import (
	"strings"
	"sync"
	"testing"

	"fauna-export/fauna/emulator"
	"fauna-export/fauna/emulator/fault"
	"fauna-export/fauna/fql"
)

// testServer is the embedded server on a real socket, with sample data, and
// creates keys.
type testServer struct {
	*fault.Server
	endpoint string
	made     string // the secret of the last key created, "" for none
}

// serveSample starts a server with the sample data.
func serveSample(t *testing.T) *testServer {
	t.Helper()
	s := serveEmpty(t)
	if err := s.LoadSample(); err != nil {
		t.Fatalf("load the sample data: %v", err)
	}
	return s
}

// serveSmall starts a server with two small collections, users and orders.
func serveSmall(t *testing.T) *testServer {
	t.Helper()
	s := serveEmpty(t)
	s.shell(t, `CreateCollection({ name: "users" })`)
	s.shell(t, `CreateCollection({ name: "orders" })`)
	s.shell(t, `Foreach([1, 2, 3, 4, 5, 6, 7, 8, 9], Lambda("i", Do(
		Create(Ref(Collection("users"), Var("i")), { data: { number: Var("i") } }),
		Create(Ref(Collection("orders"), Var("i")), { data: { user: Ref(Collection("users"), Var("i")) } })
	)))`)
	return s
}

// sharedSample is one server with the sample data for all tests that only read
// it, and the secret of a key that reads everything. It runs until the process
// exits.
var sharedSample = sync.OnceValues(func() (*testServer, error) {
	s := &testServer{Server: fault.New(emulator.Options{})}
	if err := s.LoadSample(); err != nil {
		return nil, err
	}
	endpoint, _, err := s.Start()
	s.endpoint = endpoint
	return s, err
})

// readSample returns the shared server and its secret.
func readSample(t *testing.T) (s *testServer, secret string) {
	t.Helper()
	s, err := sharedSample()
	if err != nil {
		t.Fatalf("start the embedded server: %v", err)
	}
	return s, s.Secret()
}

// serveEmpty starts a server without data.
func serveEmpty(t *testing.T) *testServer {
	t.Helper()
	s := &testServer{Server: fault.New(emulator.Options{})}
	endpoint, stop, err := s.Start()
	if err != nil {
		t.Fatalf("start the embedded server: %v", err)
	}
	t.Cleanup(stop)
	s.endpoint = endpoint
	return s
}

// shell runs FQL as an admin and returns the output of Fauna's shell.
func (s *testServer) shell(t *testing.T, fql string) string {
	t.Helper()
	answer, err := s.Shell(t.Context(), s.Secret(), fql)
	if err != nil {
		t.Fatalf("run in the shell:\n%s\n%v", fql, err)
	}
	return answer
}

// collections returns the names of all collections, in the server's order.
func (s *testServer) collections(t *testing.T) []string {
	t.Helper()
	names := fql.ParseNames(s.shell(t, fql.CollectionsFQL(fql.V4))).Names
	if len(names) == 0 {
		t.Fatal("the server has no collections")
	}
	return names
}

// keyFor creates a role that can read some collections, and returns the secret
// of a key for it.
func (s *testServer) keyFor(t *testing.T, role string, collections ...string) string {
	t.Helper()
	setup := fql.Setup{Role: role, Collections: collections}
	s.shell(t, setup.RoleFQL())
	answer := s.shell(t, setup.KeyFQL())
	_, rest, found := strings.Cut(answer, `secret: "`)
	secret, _, closed := strings.Cut(rest, `"`)
	if !found || !closed {
		t.Fatalf("the answer to CreateKey has no secret:\n%s", answer)
	}
	s.made = secret
	return secret
}

// keyForAll is keyFor with all collections.
func (s *testServer) keyForAll(t *testing.T) string {
	t.Helper()
	return s.keyFor(t, "reads-all", s.collections(t)...)
}

// largest returns the sample's collection with the most documents.
func largest(t *testing.T) string {
	t.Helper()
	best, size := "", 0
	for _, name := range emulator.SampleCollections() {
		n := len(sampleRows(t, name))
		if n > size {
			best, size = name, n
		}
	}
	if size < 20_000 {
		t.Fatalf("the largest collection has %d documents", size)
	}
	return best
}
