package fauna

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	"fauna-export/fauna/emulator/fault"
	"fauna-export/fauna/fql"
)

const nowAnswer = `{"resource":{"@ts":"2026-11-22T10:08:00.083Z"}}`

const nowMicros = 1795342080083000

// serve starts a server that speaks HTTP/1.1 and h2c.
func serve(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(handler)
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetHTTP1(true)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Start()
	t.Cleanup(s.Close)
	return s
}

func answer(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, body) }
}

// newTestClient returns a client for the server at a URL.
func newTestClient(t *testing.T, url string, o Options) *Client {
	t.Helper()
	var err error
	if o.Endpoint, err = ParseEndpoint(url); err != nil {
		t.Fatal(err)
	}
	if o.Secret.IsZero() {
		o.Secret = NewSecret(secretText)
	}
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Second
	}
	c, err := NewClient(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// wantKind checks that the error is an *Error of a kind, and returns it.
func wantKind(t *testing.T, err error, kind Kind) *Error {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("error is %T: %v, want %v", err, err, kind)
	}
	if e.Kind != kind {
		t.Fatalf("kind is %v, want %v: %v", e.Kind, kind, err)
	}
	if e.Op == "" || e.Endpoint == "" {
		t.Errorf("error lacks what was being done or where: %+v", e)
	}
	checkNoSecret(t, "the error", err.Error())
	return e
}

func TestClient_sendsWhatTheServerNeeds(t *testing.T) {
	t.Parallel()
	var got *http.Request
	var body []byte
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		w.Header().Set("X-Txn-Time", strconv.Itoa(nowMicros))
		_, _ = io.WriteString(w, nowAnswer)
	})
	c := newTestClient(t, s.URL, Options{Timeout: time.Minute, UserAgent: "fauna-export/1.0"})
	now, err := c.Now(t.Context())
	if err != nil || now != nowMicros {
		t.Fatalf("Now = %d, %v", now, err)
	}
	if got.ProtoMajor != 1 {
		t.Errorf("protocol is %s", got.Proto)
	}
	if got.Method != "POST" || got.URL.Path != "/" || string(body) != `{"now":null}` {
		t.Errorf("request is %s %s %s", got.Method, got.URL, body)
	}
	for name, want := range map[string]string{
		"Authorization": "Bearer " + secretText, "X-Faunadb-Api-Version": "4", "User-Agent": "fauna-export/1.0",
		"X-Last-Seen-Txn": "", "Idempotency-Key": "", "Accept-Encoding": "", "Content-Type": "application/json; charset=utf-8",
	} {
		if have := got.Header.Get(name); have != want {
			t.Errorf("%s is %q, want %q", name, have, want)
		}
	}
	if ms, _ := strconv.Atoi(got.Header.Get("X-Query-Timeout")); ms < 55_000 || ms >= 60_000 {
		t.Errorf("X-Query-Timeout is %s", got.Header.Get("X-Query-Timeout"))
	}

	// Reads of the present send the latest transaction time seen, reads of a
	// snapshot send its time, and Now sends none.
	for _, tt := range []struct {
		at   int64
		want string
	}{{0, strconv.Itoa(nowMicros)}, {12345, "12345"}} {
		_, _, _ = c.IDs(t.Context(), PageRequest{Collection: "users", At: tt.at, Size: 10})
		if have := got.Header.Get("X-Last-Seen-Txn"); have != tt.want {
			t.Errorf("at %d: X-Last-Seen-Txn is %q, want %q", tt.at, have, tt.want)
		}
	}
	if _, err := c.Now(t.Context()); err != nil || got.Header.Get("X-Last-Seen-Txn") != "" {
		t.Errorf("Now sends X-Last-Seen-Txn %q, %v", got.Header.Get("X-Last-Seen-Txn"), err)
	}
	if err := c.Reach(t.Context()); err != nil || got.Header.Get("Authorization") != "" {
		t.Errorf("Reach sends %q, %v", got.Header.Get("Authorization"), err)
	}
}

func TestClient_dropsIdleConnectionsBeforeTheServer(t *testing.T) {
	t.Parallel()
	c := newTestClient(t, "localhost", Options{})
	if idle := c.http.Transport.(*http.Transport).IdleConnTimeout; idle <= 0 || idle >= 5*time.Second {
		t.Errorf("idle connections are kept for %v", idle)
	}
}

func TestQueryTimeout_aLittleLessThanOurs(t *testing.T) {
	t.Parallel()
	for _, d := range []time.Duration{time.Millisecond, 100 * time.Millisecond, time.Second, time.Minute, 5 * time.Minute, 20 * time.Minute} {
		ctx, cancel := context.WithTimeout(t.Context(), d)
		got := queryTimeout(ctx)
		cancel()
		if got < time.Millisecond || got > 10*time.Minute || d > 50*time.Millisecond && (got >= d || got < d*8/10 && d < 10*time.Minute) {
			t.Errorf("of %v the server gets %v", d, got)
		}
	}
	if got := queryTimeout(context.Background()); got > 10*time.Minute {
		t.Errorf("without a deadline the server gets %v", got)
	}
}

func TestClient_keepsItsConnections(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	from := map[string]bool{}
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		from[r.RemoteAddr] = true
		if len(from) > 1 {
			w.WriteHeader(404)
		}
		_, _ = io.WriteString(w, nowAnswer)
	})
	c := newTestClient(t, s.URL, Options{})
	for range 10 {
		if _, err := c.Now(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(from) != 1 {
		t.Errorf("10 requests used %d connections", len(from))
	}
}

func TestClient_repeatsAReadOnADroppedConnection(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() { // closes every connection after its first answer without notice
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			buf := make([]byte, 4096)
			_, _ = conn.Read(buf)
			_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(nowAnswer), nowAnswer)
			_ = conn.Close()
		}
	}()
	c := newTestClient(t, "http://"+l.Addr().String(), Options{})
	for i := range 20 {
		if _, err := c.Now(t.Context()); err != nil {
			t.Fatalf("request %d: %v", i, err)
		}
	}
}

func TestClient_redirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	followed := false
	other := serve(t, func(w http.ResponseWriter, r *http.Request) { followed = true; _, _ = io.WriteString(w, nowAnswer) })
	for _, status := range []int{301, 302, 303, 307, 308} {
		s := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL+"/x", status) })
		_, err := newTestClient(t, s.URL, Options{}).Now(t.Context())
		if e := wantKind(t, err, KindNotFauna); !strings.Contains(e.Error(), other.URL) {
			t.Error(e.Error())
		}
	}
	if followed {
		t.Error("a redirect was followed")
	}
}

func TestClient_whatIsNotFauna(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]http.HandlerFunc{
		"a web page":         answer("<html><body>hello</body></html>"),
		"another JSON":       answer(`{"data":{"users":[]}}`),
		"an array":           answer(`[1]`),
		"a bare string":      answer(`"resource"`),
		"nothing":            answer(""),
		"resource elsewhere": answer(`{"a":{"resource":1}}`),
		"404":                http.NotFound,
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, handler)
			c := newTestClient(t, s.URL, Options{})
			for what, err := range map[string]error{
				"reach": c.Reach(t.Context()),
				"now":   func() error { _, err := c.Now(t.Context()); return err }(),
				"page":  func() error { _, err := c.Documents(t.Context(), PageRequest{Collection: "a", Size: 1}); return err }(),
				"names": func() error { _, err := c.Collections(t.Context()); return err }(),
			} {
				if e := wantKind(t, err, KindNotFauna); e.Retry() || !strings.Contains(e.Error(), "does not answer like Fauna") {
					t.Errorf("%s: %v", what, e)
				}
			}
		})
	}
}

func TestClient_indentedAnswersAreRead(t *testing.T) {
	t.Parallel()
	s := serve(t, answer("{\n  \"resource\" : {\n    \"data\": [\n      \"1\",\n      \"22\"\n    ]\n  }\n}\n"))
	ids, next, err := newTestClient(t, s.URL, Options{}).IDs(t.Context(), PageRequest{Collection: "a", Size: 10})
	if err != nil || fmt.Sprint(ids) != "[1 22]" || next != -1 {
		t.Errorf("%v, %d, %v", ids, next, err)
	}
}

func TestClient_unreachable(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	_, err = newTestClient(t, "http://"+address, Options{}).Now(t.Context())
	if e := wantKind(t, err, KindUnreachable); !strings.Contains(e.Error(), "connect to "+address+" (connection refused)") || !e.Retry() {
		t.Error(e.Error())
	}

	s := serve(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	_, err = newTestClient(t, s.URL, Options{}).Documents(t.Context(), PageRequest{Collection: "a", Size: 1})
	if e := wantKind(t, err, KindUnreachable); !e.Retry() || e.Smaller() {
		t.Error(e.Error())
	}

	e := transportError(&net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "db.example.org", IsNotFound: true}})
	e.Endpoint = "db.example.org"
	if e.Kind != KindUnreachable || !strings.Contains(e.Error(), "find the host db.example.org") {
		t.Error(e.Error())
	}
}

func TestClient_ownTimeout(t *testing.T) {
	t.Parallel()
	for _, started := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			dial, stop := fault.Pipe(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				if started {
					w.Header().Set("Content-Length", "1000")
					_, _ = io.WriteString(w, `{"resource":`)
					w.(http.Flusher).Flush()
				}
				<-r.Context().Done()
			}))
			defer stop()
			c := newTestClient(t, "http://localhost", Options{Dial: dial})
			defer c.Close()
			_, err := c.Documents(t.Context(), PageRequest{Collection: "a", Size: 1})
			e := wantKind(t, err, KindTimeout)
			if !e.Retry() || e.Smaller() != started || errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("answer begun %v: %v", started, e)
			}
		})
	}
}

func TestClient_cancelledByItsCaller(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 10)
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		asked <- struct{}{}
		<-r.Context().Done()
	})
	c := newTestClient(t, s.URL, Options{})
	calls := map[string]func(context.Context) error{
		"page": func(ctx context.Context) error {
			_, err := c.Documents(ctx, PageRequest{Collection: "a", Size: 1})
			return err
		},
		"ids": func(ctx context.Context) error {
			_, _, err := c.IDs(ctx, PageRequest{Collection: "a", Size: 1})
			return err
		},
		"now":         func(ctx context.Context) error { _, err := c.Now(ctx); return err },
		"reach":       c.Reach,
		"collections": func(ctx context.Context) error { _, err := c.Collections(ctx); return err },
		"access":      func(ctx context.Context) error { _, err := c.Access(ctx, []string{"a"}); return err },
		"minimum":     func(ctx context.Context) error { _, err := c.MinimumTime(ctx, "a"); return err },
		"presence":    func(ctx context.Context) error { _, _, _, err := c.Presence(ctx, "a", []int64{1}); return err },
		"absent":      func(ctx context.Context) error { _, err := c.CollectionTimes(ctx, []string{"a"}, 1); return err },
		"count":       func(ctx context.Context) error { _, err := c.Count(ctx, "a", 1); return err },
		"apply":       func(ctx context.Context) error { _, err := c.Apply(ctx, fql.Setup{}); return err },
	}
	stop := errors.New("stopped by a signal")
	for name, call := range calls {
		ctx, cancel := context.WithCancelCause(t.Context())
		go func() { <-asked; cancel(stop) }()
		err := call(ctx)
		var e *Error
		if !errors.Is(err, context.Canceled) || !errors.Is(err, stop) || errors.As(err, &e) {
			t.Errorf("%s: %T %v", name, err, err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if _, err := c.Now(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the caller's deadline: %v", err)
	}
}

// Errors of net/http and of the driver quote what a server sends.
func TestError_hidesTheSecretWhoeverQuotesIt(t *testing.T) {
	t.Parallel()
	split := secretText[:10] + "\x07" + secretText[10:]
	for name, answer := range map[string]string{
		"status":               "HTTP/1.1 " + secretText + "\r\n\r\n",
		"protocol":             secretText + " 200 OK\r\n\r\n",
		"header":               "HTTP/1.1 200 OK\r\n" + secretText + "\r\n\r\n",
		"split header":         "HTTP/1.1 200 OK\r\n" + split + "\r\n\r\n",
		"length":               "HTTP/1.1 200 OK\r\nContent-Length: " + secretText + "\r\n\r\n",
		"encoding":             "HTTP/1.1 200 OK\r\nTransfer-Encoding: " + secretText + "\r\n\r\n",
		"chunk":                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + secretText + "\r\n",
		"trailer":              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Content-Length\r\n\r\n0\r\n" + secretText + "\r\n\r\n",
		"time":                 "HTTP/1.1 200 OK\r\n\r\n" + `{"resource":{"@ts":"` + secretText + `"}}`,
		"time split":           "HTTP/1.1 200 OK\r\n\r\n" + `{"resource":{"@ts":"` + secretText[:10] + "\u202e" + secretText[10:] + `"}}`,
		"bytes":                "HTTP/1.1 200 OK\r\n\r\n" + `{"resource":{"@bytes":"` + secretText + `!"}}`,
		"what is not a ref":    "HTTP/1.1 200 OK\r\n\r\n" + `{"resource":{"@ref":"` + secretText + `"}}`,
		"split by a bidi mark": "HTTP/1.1 500 X\r\n\r\n" + `{"errors":[{"code":"x","description":"` + secretText[:10] + "\u200f" + secretText[10:] + `"}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			go func() {
				for {
					conn, err := l.Accept()
					if err != nil {
						return
					}
					if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
						_, _ = io.WriteString(conn, answer)
					}
					_ = conn.Close()
				}
			}()
			c := newTestClient(t, "http://"+l.Addr().String(), Options{Secret: NewSecret(secretText)})
			_, err = c.Now(t.Context())
			if err == nil {
				t.Fatal("no error")
			}
			for e := err; e != nil; e = errors.Unwrap(e) {
				if strings.Contains(fql.OneLine(e.Error()), secretText[:12]) || strings.ContainsFunc(e.Error(), unicode.IsControl) {
					t.Errorf("%T holds it: %s", e, e)
				}
			}
		})
	}
}
