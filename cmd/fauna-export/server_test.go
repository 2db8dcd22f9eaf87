package main

import (
	"strconv"
	"strings"
	"testing"

	"fauna-export/fauna"
	"fauna-export/fauna/emulator"
)

// testServer is the embedded server with sample data on a real socket, and keys
// for it.
type testServer struct {
	*emulator.Server
	endpoint string
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

// serveEmpty starts a server without data.
func serveEmpty(t *testing.T) *testServer {
	t.Helper()
	s := &testServer{Server: emulator.New(emulator.Options{})}
	endpoint, stop, err := s.Start()
	if err != nil {
		t.Fatalf("start the embedded server: %v", err)
	}
	t.Cleanup(stop)
	s.endpoint = endpoint
	return s
}

// shell runs FQL as an admin and returns what Fauna's shell would print.
func (s *testServer) shell(t *testing.T, fql string) string {
	t.Helper()
	answer, err := s.Shell(t.Context(), s.Secret(), fql)
	if err != nil {
		t.Fatalf("run in the shell:\n%s\n%v", fql, err)
	}
	return answer
}

// collections names all collections of the server, in the order of its list.
func (s *testServer) collections(t *testing.T) []string {
	t.Helper()
	names := fauna.ParseNames(s.shell(t, fauna.CollectionsFQL())).Names
	if len(names) == 0 {
		t.Fatal("the server has no collections")
	}
	return names
}

// keyFor makes a role that may read some collections, and returns the secret of a
// key for it.
func (s *testServer) keyFor(t *testing.T, role string, collections ...string) string {
	t.Helper()
	setup := fauna.Setup{Role: role, Collections: collections}
	s.shell(t, setup.RoleFQL())
	answer := s.shell(t, setup.KeyFQL())
	_, rest, found := strings.Cut(answer, "secret: '")
	secret, _, closed := strings.Cut(rest, "'")
	if !found || !closed {
		t.Fatalf("the answer to CreateKey has no secret:\n%s", answer)
	}
	return secret
}

// keyForAll is keyFor all collections.
func (s *testServer) keyForAll(t *testing.T) string {
	t.Helper()
	return s.keyFor(t, "reads-all", s.collections(t)...)
}

// largest is the collection with the most documents.
func largest(t *testing.T, s *testServer) string {
	t.Helper()
	best, most := "", -1
	for _, name := range s.collections(t) {
		answer := s.shell(t, "Count(Documents(Collection("+strconv.Quote(name)+")))")
		n, err := strconv.Atoi(strings.TrimSpace(answer))
		if err != nil {
			t.Fatalf("count %s: %v", name, err)
		}
		if n > most {
			best, most = name, n
		}
	}
	if most < 20_000 {
		t.Fatalf("the largest collection has %d documents", most)
	}
	return best
}
