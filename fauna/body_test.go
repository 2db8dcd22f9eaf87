package fauna

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
)

func TestClient_bodyOverTheLimitIsNotRead(t *testing.T) {
	t.Parallel()
	page := `{"resource":{"data":[` + strings.Repeat(" ", 4096) + `]}}`
	for _, chunked := range []bool{false, true} {
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if chunked {
				w.(http.Flusher).Flush()
			}
			_, _ = io.WriteString(w, page)
		})
		c := newTestClient(t, s.URL, Options{})
		c.pageLimit = 4000
		_, err := c.Documents(t.Context(), PageRequest{Collection: "users", Size: 2})
		if e := wantKind(t, err, KindTooLarge); !e.Smaller() || e.Retry() {
			t.Errorf("smaller %v, retry %v", e.Smaller(), e.Retry())
		}
		// A single document may be larger.
		if body, err := c.Documents(t.Context(), PageRequest{Collection: "users", Size: 1}); err != nil || string(body) != page {
			t.Errorf("one document: %d bytes, %v", len(body), err)
		}
		c.pageLimit = int64(len(page))
		if body, err := c.Documents(t.Context(), PageRequest{Collection: "users", Size: 2}); err != nil || string(body) != page {
			t.Errorf("a page of exactly the limit: %d bytes, %v", len(body), err)
		}
	}
}

func TestClient_readsIntoTheCallersMemory(t *testing.T) {
	t.Parallel()
	page := `{"resource":{"data":[` + strings.Repeat("1,", 5000) + `1]}}`
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(len(page)))
		_, _ = io.WriteString(w, page)
	})
	c := newTestClient(t, s.URL, Options{})
	buf := make([]byte, 3, 1<<20)
	body, err := c.Documents(t.Context(), PageRequest{Collection: "users", At: 1, Size: 10, Buf: buf})
	if err != nil || string(body) != page {
		t.Fatalf("%d bytes, %v", len(body), err)
	}
	if &body[0] != &buf[0] {
		t.Error("the body is not in the caller's memory")
	}
	if body, err = c.Documents(t.Context(), PageRequest{Collection: "users", At: 1, Size: 10, Buf: make([]byte, 0, 10)}); err != nil || string(body) != page {
		t.Errorf("too little memory: %d bytes, %v", len(body), err)
	}
}

func TestClient_brokenAnswersMayBeRetried(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"cut in the middle": `{"resource":{"data":["1","2`,
		"cut at a bracket":  `{"resource":{"data":["1"]}`,
	} {
		s := serve(t, answer(body))
		_, _, err := newTestClient(t, s.URL, Options{}).IDs(t.Context(), PageRequest{Collection: "a", Size: 10})
		if e := wantKind(t, err, KindUnreachable); !e.Retry() {
			t.Errorf("%s: %v", name, e)
		}
	}
	s := serve(t, answer(`{"resource":{"data":["users"]}`))
	if _, err := newTestClient(t, s.URL, Options{}).Collections(t.Context()); !wantKind(t, err, KindUnreachable).Retry() {
		t.Error(err)
	}
	s = serve(t, func(w http.ResponseWriter, r *http.Request) { // promises more than it sends
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, `{"resource":`)
	})
	if _, err := newTestClient(t, s.URL, Options{}).Documents(t.Context(), PageRequest{Collection: "a", Size: 1}); !wantKind(t, err, KindUnreachable).Retry() {
		t.Error(err)
	}
}

// Endless bodies of unknown length, many in parallel: beyond a few MiB they are
// read one at a time, and never over the limit.
func TestReadBody_endlessOnesTakeBoundedMemory(t *testing.T) {
	t.Parallel()
	const asked, limit = 12, 32 << 20
	room := make(chan struct{}, 1)
	held := &endless{}
	var all sync.WaitGroup
	for range asked {
		all.Go(func() {
			one := &endlessBody{all: held}
			_, err := (&Client{room: room}).readBody(t.Context(), &http.Response{ContentLength: -1, Body: io.NopCloser(one)}, nil, limit)
			held.add(-one.read)
			if over := (errOversize{}); !errors.As(err, &over) {
				t.Errorf("%v", err)
			}
		})
	}
	all.Wait()
	if want := (asked + 1) * (freeLength + 1<<20); held.most > want+limit {
		t.Errorf("%d MiB at a time", held.most>>20)
	}
}

// endless counts the bytes held of the bodies being read, and their maximum.
type endless struct {
	mu        sync.Mutex
	now, most int
}

func (e *endless) add(n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.now += n
	e.most = max(e.most, e.now)
}

type endlessBody struct {
	all  *endless
	read int
}

func (b *endlessBody) Read(p []byte) (int, error) {
	n := min(len(p), 64<<10)
	b.read += n
	b.all.add(n)
	return n, nil
}
