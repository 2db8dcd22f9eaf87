package store

import (
	"encoding/xml"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"go.uber.org/goleak"
)

const (
	testKey    = "AKIDTESTTESTTEST"
	testSecret = "SECRETSECRETSECRETSECRET"
	testPart   = 5 << 20
)

// s3Server is an in-memory S3 server behind hooks that can answer in its place.
type s3Server struct {
	*httptest.Server
	mu     sync.Mutex
	before func(w http.ResponseWriter, r *http.Request) (answered bool)
	after  func(r *http.Request) (drop bool) // cuts the answer to a completed request
	log    []string
}

func newS3Server(t *testing.T) *s3Server {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket("bucket"); err != nil {
		t.Fatal(err)
	}
	s := &s3Server{}
	real := gofakes3.New(backend, gofakes3.WithLogger(gofakes3.DiscardLog())).Server()
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.log = append(s.log, r.Method+" "+r.URL.Path+"?"+r.URL.RawQuery)
		before, after := s.before, s.after
		s.mu.Unlock()
		if before != nil && before(w, r) {
			return
		}
		if after != nil && after(r) {
			rec := httptest.NewRecorder()
			real.ServeHTTP(rec, r)
			panic(http.ErrAbortHandler)
		}
		real.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// set installs the hooks, nil for none.

func (s *s3Server) set(before func(http.ResponseWriter, *http.Request) bool, after func(*http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before, s.after = before, after
}

// loseOnce loses the answer to the first request that matches. Requests come from
// several connections at once.
func loseOnce(match func(*http.Request) bool) func(*http.Request) bool {
	var lost atomic.Bool
	return func(r *http.Request) bool { return match(r) && lost.CompareAndSwap(false, true) }
}

// count returns how many requests began with a text.

func (s *s3Server) count(begin, contains string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, line := range s.log {
		if strings.HasPrefix(line, begin) && strings.Contains(line, contains) {
			n++
		}
	}
	return n
}

func s3Fail(w http.ResponseWriter, status int, code, message string) bool {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, `<?xml version="1.0"?><Error><Code>%s</Code><Message>%s</Message></Error>`, code, message)
	return true
}

func testEnv(more map[string]string) func(string) string {
	return func(name string) string {
		if v, ok := more[name]; ok {
			return v
		}
		return map[string]string{"AWS_ACCESS_KEY_ID": testKey, "AWS_SECRET_ACCESS_KEY": testSecret}[name]
	}
}

func (s *s3Server) options() S3Options {
	return S3Options{Endpoint: s.URL, Getenv: testEnv(nil), PartSize: testPart, Beat: 100 * time.Millisecond, Patience: 20 * time.Second}
}

func (s *s3Server) open(t *testing.T, prefix string) *S3 {
	t.Helper()
	st, err := NewS3(t.Context(), "s3://bucket/"+prefix, s.options())
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// NewS3ForTest returns an empty store on its own server, and AgainS3ForTest the same
// store as another process sees it.
func NewS3ForTest(t *testing.T) *S3 { return newS3Server(t).open(t, "some/prefix") }

func AgainS3ForTest(t *testing.T, s *S3) *S3 {
	t.Helper()
	again, err := NewS3(t.Context(), s.Name(), s.opt)
	if err != nil {
		t.Fatal(err)
	}
	return again
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// noise returns n incompressible bytes, different in every part.

func noise(seed uint64, n int) []byte {
	out := make([]byte, n)
	var key [32]byte
	key[0] = byte(seed)
	_, _ = rand.NewChaCha8(key).Read(out)
	return out
}

func content(t *testing.T, s Store, name string) []byte {
	t.Helper()
	f, size, err := s.Open(name)
	ok(t, err)
	defer f.Close()
	data := must(io.ReadAll(f))(t)
	if int64(len(data)) != size {
		t.Fatalf("%s has %d bytes, Open says %d", name, len(data), size)
	}
	return data
}

func sizes(t *testing.T, s Store) map[string]int64 {
	t.Helper()
	out := make(map[string]int64)
	for _, e := range must(s.List())(t) {
		out[e.Name] = e.Size
	}
	return out
}

// uploads returns the ids of all uploads in the bucket.

func (s *s3Server) uploads(t *testing.T) []string {
	t.Helper()
	resp, err := http.Get(s.URL + "/bucket?uploads")
	ok(t, err)
	defer resp.Body.Close()
	var list struct {
		Upload []struct{ Key string }
	}
	ok(t, xml.NewDecoder(resp.Body).Decode(&list))
	var out []string
	for _, u := range list.Upload {
		out = append(out, u.Key)
	}
	return out
}

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}
