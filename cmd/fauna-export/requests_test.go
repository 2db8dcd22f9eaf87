package main

import (
	"bytes"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"fauna-export/fauna/emulator"
	"fauna-export/fauna/fql"
)

// counted is a server that can answer some requests differently.
type counted struct {
	inner http.Handler
	// answer handles the nth request, counting from 1, and reports whether it
	// did.
	answer func(n int, query string, w http.ResponseWriter, r *http.Request) bool

	mu sync.Mutex
	n  int
}

func (c *counted) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	c.mu.Lock()
	c.n++
	n := c.n
	c.mu.Unlock()
	if c.answer(n, string(query), w, r) {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(query))
	c.inner.ServeHTTP(w, r)
}

// matrixHandler serves the matrix's database in virtual time.
func matrixHandler(s *matrixServer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		status, body := s.answer(r.Header, string(query))
		reply{status: status, body: body, txn: s.now}.write(w)
	})
}

func TestRequests_oneThatFailsOnceIsMadeAgainWhicheverItIs(t *testing.T) {
	t.Parallel()
	s := newMatrixServer(t, 0)
	for name, failure := range map[string]reply{
		"429":     {status: 429, body: errorBody("too many requests", "Rate limit for read exceeded")},
		"503":     {status: 503, body: errorBody("time out", "Read timed out.")},
		"409":     {status: 409, body: errorBody("contended transaction", "Transaction was aborted due to detection of concurrent modification.")},
		"440":     {status: 440, body: errorBody("processing time limit exceeded", "Processing time limit exceeded.")},
		"dropped": {cut: -1},
	} {
		for at := 1; at <= 5; at++ {
			dir := filepath.Join(t.TempDir(), "out")
			server := &counted{inner: matrixHandler(s), answer: func(n int, _ string, w http.ResponseWriter, _ *http.Request) bool {
				if n == at {
					failure.write(w)
				}
				return n == at
			}}
			got, _ := runInBubble(t, server, s.key, func(func()) {}, "run", "--domain", matrixDomain, "--all", "--out", dir)
			if got.code != exitDone {
				t.Errorf("%s at request %d: exit %d: %s", name, at, got.code, got.err)
			}
		}
	}
}

// The server accepts requests but stops responding, from the first one on or
// later.
func TestRequests_aServerThatFallsSilentIsUnreachable(t *testing.T) {
	t.Parallel()
	s := newMatrixServer(t, 0)
	for _, c := range []struct {
		name   string
		silent func(n int, query string) bool
		limit  time.Duration
	}{
		{"from the first request on", func(int, string) bool { return true }, 2 * time.Minute},
		{"from the third on", func(n int, _ string) bool { return n >= 3 }, 8 * time.Minute},
		{"to pages of documents", func(_ int, query string) bool { return strings.HasPrefix(kindOf([]byte(query)), "documents") }, 8 * time.Minute},
	} {
		dir := filepath.Join(t.TempDir(), "out")
		server := &counted{inner: matrixHandler(s), answer: func(n int, query string, _ http.ResponseWriter, r *http.Request) bool {
			if c.silent(n, query) {
				<-r.Context().Done()
				panic(http.ErrAbortHandler)
			}
			return false
		}}
		got, took := runInBubble(t, server, s.key, func(func()) {}, "run", "--domain", matrixDomain, "--all", "--out", dir)
		if got.code != exitUnreachable || !strings.Contains(got.err, "in time") || strings.Contains(got.err, "cannot be read") {
			t.Errorf("%s: exit %d: %s", c.name, got.code, got.err)
		}
		if took > c.limit {
			t.Errorf("%s: it took %s", c.name, took)
		}
		if strings.HasPrefix(c.name, "to pages") && !strings.Contains(got.err, "no answer from the server for") {
			t.Errorf("%s: nothing says that the run waits for an answer: %s", c.name, got.err)
		}
	}
}

// A server that repeats the same answer must not make the run loop.
func TestRequests_noLoopWithoutAnEnd(t *testing.T) {
	t.Parallel()
	s := newMatrixServer(t, 0)
	const tooOld = "Requested timestamp 2000-01-01T00:00:00Z less than minimum allowed timestamp 2000-01-01T00:00:01Z."
	for _, kind := range []string{"list of collections", "ids", "documents", "probe", "count", "history", "collections' own times"} {
		for _, what := range []string{"too old", "the page again"} {
			var first []byte
			var mu sync.Mutex
			server := &counted{inner: matrixHandler(s), answer: func(_ int, query string, w http.ResponseWriter, r *http.Request) bool {
				if kindOf([]byte(query)) != kind {
					return false
				}
				mu.Lock()
				defer mu.Unlock()
				if first == nil {
					_, first = s.answer(r.Header, query)
				}
				if what == "too old" {
					reply{status: 400, body: errorBody("bad request", tooOld), txn: s.now}.write(w)
				} else {
					reply{status: 200, body: first, txn: s.now}.write(w)
				}
				return true
			}}
			dir := filepath.Join(t.TempDir(), "out")
			got, took := runInBubble(t, server, s.key, func(stop func()) {}, "run", "--domain", matrixDomain, "--all", "--out", dir, "--progress-interval", "0s")
			if server.n > 400 || took > 15*time.Minute {
				t.Errorf("%s, %s: %d requests in %s: exit %d: %s", kind, what, server.n, took, got.code, lastLine(got.err))
			}
			if (kind == "list of collections" || what == "too old" && kind != "count") && got.code == exitDone {
				t.Errorf("%s, %s: exit 0: %s", kind, what, got.err)
			}
		}
	}
}

// The key can't read one of 100 000 documents. A real server checks each of
// them.
func TestDenied_aLargeCollectionIsNamedWithinSeconds(t *testing.T) {
	t.Parallel()
	clock := matrixEpoch()
	s := emulator.New(emulator.Options{Clock: func() time.Time { return clock }, Seed: 7})
	for name, n := range map[string]int64{"dark": 100_000, "light": 5_000} {
		err := s.Load(name, func(yield func(emulator.Document) bool) {
			for id := range n {
				if !yield(emulator.Document{ID: id, TS: clock.UnixMicro() - n + id, Data: []byte(`{}`)}) {
					return
				}
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	shell := func(text string) string {
		answer, err := s.Shell(t.Context(), s.Secret(), text)
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	key := func(role string, collections ...string) string {
		setup := fql.Setup{Role: role, Collections: collections}
		shell(setup.RoleFQL())
		return secretIn(t, shell(setup.KeyFQL()))
	}
	clock = clock.Add(24 * time.Hour)
	part, whole := key("reads-part", "light"), key("reads-all", "dark", "light")
	begun := func(func()) {}
	for _, c := range []struct {
		args []string
		code int
	}{
		{[]string{"run", "--collection", "dark"}, exitRefused},
		{[]string{"run", "--all"}, exitPartial},
	} {
		args := append(c.args, "--domain", matrixDomain, "--out", filepath.Join(t.TempDir(), "out"))
		got, took := runInBubble(t, s.Handler(), part, begun, args...)
		if got.code != c.code || !strings.Contains(got.err, "dark") || took > 2*time.Second {
			t.Errorf("%v: exit %d after %s: %s", c.args, got.code, took, got.err)
		}
	}

	pages := 0
	var mu sync.Mutex
	server := &counted{inner: s.Handler(), answer: func(_ int, query string, _ http.ResponseWriter, _ *http.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		if strings.HasPrefix(kindOf([]byte(query)), "documents") && strings.Contains(query, `"dark"`) {
			if pages++; pages == 5 {
				shell(`Update(Role("reads-all"), {privileges: [{resource: Collections(), actions: {read: true}}, {resource: Collection("light"), actions: {read: true}}]})`)
			}
		}
		return false
	}}
	dir := filepath.Join(t.TempDir(), "out")
	got, took := runInBubble(t, server, whole, begun, "run", "--all", "--domain", matrixDomain, "--out", dir)
	if pages < 5 || got.code != exitPartial && got.code != exitRefused || !strings.Contains(got.err, "dark") || took > 5*time.Second {
		t.Errorf("lost midway: exit %d after %s, %d pages: %s", got.code, took, pages, got.err)
	}
}
