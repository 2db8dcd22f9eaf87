package emulator

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"math"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Limits of the transport, as a real server has them.
const (
	maxBody        = 8 << 20  // bytes of a request's body
	maxHeaderBytes = 24 << 10 // request line and headers together
	idleTimeout    = 5 * time.Second
	readTimeout    = time.Minute
	stopTimeout    = time.Second // for answers in progress when the server stops
)

// Handler returns the server's HTTP side: queries on / and /linearized, and
// the paths /ping, /authorized and /error. Any other path is a 404, before
// authentication.
func (s *Server) Handler() http.Handler {
	handler := http.Handler(http.HandlerFunc(s.serveHTTP))
	if s.wrap != nil {
		handler = s.wrap(handler)
	}
	return handler
}

// Serve answers connections of ln until ctx ends, by HTTP/1.1 and by HTTP/2 with prior
// knowledge on the same port. It closes ln and every connection before it returns. ctx
// ending is not an error.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	queries, stopQueries := context.WithCancel(context.WithoutCancel(ctx))
	defer stopQueries()
	server := &http.Server{
		Handler:        s.Handler(),
		Protocols:      &protocols,
		HTTP2:          &http.HTTP2Config{MaxConcurrentStreams: math.MaxInt32}, // as a real one
		IdleTimeout:    idleTimeout,
		ReadTimeout:    readTimeout,
		MaxHeaderBytes: maxHeaderBytes,
		ErrorLog:       log.New(io.Discard, "", 0), // clients that disconnect need no log
		BaseContext: func(net.Listener) context.Context {
			return context.WithValue(queries, serverContext{}, queries)
		},
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(ln) }()
	defer server.Close()
	select {
	case err := <-served:
		return fmt.Errorf("serve %s: %w", ln.Addr(), err)
	case <-ctx.Done():
	}
	stopQueries()
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	_ = server.Shutdown(stop) // what is still open then gets closed
	<-served
	return nil
}

// serverContext is the key under which a request's context holds the context
// of the whole server.
type serverContext struct{}

// Start serves on a free port of 127.0.0.1 until stop is called. stop waits
// until everything is closed, and may be called more than once.
func (s *Server) Start() (endpoint string, stop func(), err error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("listen on a free port: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Serve(ctx, ln) // ends early only if the listener is closed
	}()
	return "http://" + ln.Addr().String(), func() { cancel(); <-done }, nil
}

// serveHTTP answers one request. The order of the checks is a real server's:
// headers, path, authentication, method, body.
func (s *Server) serveHTTP(w http.ResponseWriter, r *http.Request) {
	body, refused := readBody(r)
	q, problem := readHeaders(r.Header)
	q.Body = body
	if problem != "" {
		reply(w, r, q, errorResponse(protocolError(http.StatusBadRequest, "bad request", problem)))
		return
	}
	start := time.Now()
	resp := s.answer(r, q, refused)
	if resp.TxnTime == 0 && r.URL.Path != "/ping" {
		resp.TxnTime = s.now()
	}
	if m := resp.Metrics; m != nil {
		m["X-Query-Time"], m["X-Query-Bytes-In"], m["X-Query-Bytes-Out"] = time.Since(start).Milliseconds(), int64(len(q.Body)), int64(len(resp.Body))
		for name, figure := range m {
			w.Header().Set(name, strconv.FormatInt(figure, 10))
		}
	}
	reply(w, r, q, resp)
}

// answer answers a request whose headers are valid.
func (s *Server) answer(r *http.Request, q request, refused *response) response {
	switch r.URL.Path {
	case "/", "/linearized":
		return s.answerQuery(r, q, refused)
	case "/ping":
		return ping(r)
	case "/authorized":
		id, ok := s.globalID(q.Secret)
		if !ok {
			return errorResponse(unauthorized())
		}
		return response{Status: http.StatusOK, Body: []byte(`{"account":"0","global_id":"` + id + `"}`)}
	case "/error":
		return errorResponse(internalError("java.lang.IllegalStateException."))
	}
	return errorResponse(protocolError(http.StatusNotFound, "not found", "Not Found"))
}

// answerQuery does the checks before a query and runs it. A panic becomes an
// internal error, as on a real server.
func (s *Server) answerQuery(r *http.Request, q request, refused *response) (resp response) {
	defer func() {
		if cause := recover(); cause != nil {
			resp = errorResponse(internalError(fmt.Sprint(cause)))
		}
	}()
	if refused != nil {
		return *refused
	}
	methods := []string{http.MethodPost}
	if r.URL.Path == "/" {
		methods = []string{http.MethodGet, http.MethodPost}
	}
	if _, ok := s.globalID(q.Secret); !ok {
		return errorResponse(unauthorized())
	}
	if !slices.Contains(methods, r.Method) {
		allow := strings.Join(methods, ", ")
		resp = errorResponse(protocolError(http.StatusMethodNotAllowed, "method not allowed", "Allowed methods are "+allow+"."))
		resp.Allow = allow
		return resp
	}
	if q.ReadOnly = r.Method == http.MethodGet; q.ReadOnly {
		q.Body = []byte(r.URL.Query().Get("q"))
	}
	// As on a real server, the query continues after its client disconnects;
	// only its timeout and the end of the server stop it. A millisecond is
	// deducted, since no real query ends within its first one.
	parent, ok := r.Context().Value(serverContext{}).(context.Context)
	if !ok {
		parent = r.Context()
	}
	ctx, cancel := context.WithTimeout(parent, q.Timeout-time.Millisecond)
	defer cancel()
	return s.query(ctx, q)
}

// reply sends an answer.
func reply(w http.ResponseWriter, r *http.Request, q request, resp response) {
	if wantsIndent(r.Header) {
		resp.Body = indentJSON(resp.Body)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json;charset=utf-8")
	if resp.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Basic realm="Unauthorized"`)
	}
	if resp.Allow != "" {
		h.Set("Allow", resp.Allow)
	}
	if resp.TxnTime != 0 {
		h.Set("X-Txn-Time", strconv.FormatInt(resp.TxnTime, 10))
	}
	if q.Tags != "" {
		h.Set("X-Fauna-Tags", q.Tags)
	}
	h.Set("Content-Length", strconv.Itoa(len(resp.Body)))
	w.WriteHeader(resp.Status)
	_, _ = w.Write(resp.Body) // the client may be gone
}

// wantsIndent reports whether a real server would indent its answer to a
// request with these headers.
func wantsIndent(h http.Header) bool {
	agent := h.Get("User-Agent")
	return len(h.Values("X-Faunadb-Formatted-Json")) > 0 || strings.Contains(agent, "curl") || strings.Contains(agent, "HTTPie")
}

// ping answers /ping, which needs no secret.
func ping(r *http.Request) response {
	scope := cmp.Or(r.URL.Query().Get("scope"), "write")
	if !slices.Contains([]string{"read", "local", "write", "global", "all"}, scope) {
		scope = "node"
	}
	return response{Status: http.StatusOK, Body: []byte(`{"resource":"Scope ` + scope + ` is OK"}`)}
}

// readBody reads the whole body, so that the connection stays usable whatever the
// answer is. refused is the answer to a body that is too large or can't be read.
func readBody(r *http.Request) (body []byte, refused *response) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	large := len(body) > maxBody
	if err == nil && large {
		_, err = io.Copy(io.Discard, r.Body)
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, &response{Status: http.StatusRequestTimeout, Body: []byte(`{"error":"request timeout: the request was not read in time"}`)}
	case err != nil:
		return nil, &response{Status: http.StatusBadRequest, Body: []byte(`{"error":"bad request"}`)}
	case large:
		resp := errorResponse(&queryError{whole: true, status: http.StatusRequestEntityTooLarge, code: "request too large", text: "Request entity is too large"})
		return nil, &resp
	}
	return body, nil
}

// globalID returns the global id of a secret's database; ok is false if the
// secret is refused.
func (s *Server) globalID(secret string) (id string, ok bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	auth, ok := s.authenticate(secret, s.nowLocked())
	if !ok {
		return "", false
	}
	return auth.db.globalID, true
}
