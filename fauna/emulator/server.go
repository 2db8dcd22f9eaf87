package emulator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"math"
	"net"
	"net/http"
	"os"
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

// Serve answers connections of ln until ctx ends, by HTTP/1.1 and by HTTP/2
// with prior knowledge on the same port. It closes ln and every connection
// before it returns; the end of ctx is not an error.
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
	var err error
	select {
	case err = <-served:
	case <-ctx.Done():
		stopQueries()
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		_ = server.Shutdown(stop) // what is still open gets closed below
		cancel()
		<-served
	}
	if closeErr := server.Close(); err == nil && ctx.Err() == nil {
		err = closeErr
	}
	if err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve %s: %w", ln.Addr(), err)
	}
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

// An answer is a response ready for the wire.
type answer struct {
	Status  int
	Body    []byte
	Header  http.Header
	TxnTime int64 // 0 leaves X-Txn-Time out
}

// serveHTTP answers one request. The order of the checks is a real server's:
// headers, path, authentication, method, body.
func (s *Server) serveHTTP(w http.ResponseWriter, r *http.Request) {
	body, bodyErr := readBody(r)
	headers, err := readHeaders(r.Header)
	if err != nil {
		s.send(w, r, headers, protocolError(http.StatusBadRequest, "bad request", err.Error()))
		return
	}
	switch r.URL.Path {
	case "/", "/linearized":
		s.serveQuery(w, r, headers, body, bodyErr)
	case "/ping":
		s.send(w, r, headers, ping(r))
	case "/authorized":
		s.send(w, r, headers, s.authorized(headers))
	case "/error":
		s.send(w, r, headers, s.stamp(serverError("java.lang.IllegalStateException.")))
	default:
		s.send(w, r, headers, s.stamp(protocolError(http.StatusNotFound, "not found", "Not Found")))
	}
}

// serveQuery answers a request whose path takes queries.
func (s *Server) serveQuery(w http.ResponseWriter, r *http.Request, headers queryHeaders, body []byte, bodyErr error) {
	if r.Method == http.MethodGet {
		body = []byte(r.URL.Query().Get("q"))
	}
	s.send(w, r, headers, s.answerQuery(r, headers, body, bodyErr))
}

// answerQuery does the checks before a query and runs it.
func (s *Server) answerQuery(r *http.Request, headers queryHeaders, body []byte, bodyErr error) answer {
	switch {
	case bodyErr != nil:
		return s.stamp(bodyAnswer(bodyErr))
	case r.Method != http.MethodPost && (r.Method != http.MethodGet || r.URL.Path != "/"):
		if _, ok := s.globalID(headers.Secret); !ok {
			return s.stamp(unauthorized())
		}
		methods := "GET, POST"
		if r.URL.Path != "/" {
			methods = "POST"
		}
		a := protocolError(http.StatusMethodNotAllowed, "method not allowed", "Allowed methods are "+methods+".")
		a.Header.Set("Allow", methods)
		return s.stamp(a)
	}
	// As on a real server, the query continues after its client disconnects;
	// only its timeout and the end of the server stop it. A millisecond is
	// deducted, since no real query ends within its first one.
	parent, ok := r.Context().Value(serverContext{}).(context.Context)
	if !ok {
		parent = r.Context()
	}
	ctx, cancel := context.WithTimeout(parent, headers.Timeout-time.Millisecond)
	defer cancel()
	start := time.Now()
	response := s.run(ctx, request{
		Secret:     headers.Secret,
		Body:       body,
		APIVersion: headers.APIVersion,
		Timeout:    headers.Timeout,
		LastSeen:   headers.LastSeen,
		Linearized: r.URL.Path == "/linearized",
		ReadOnly:   r.Method == http.MethodGet,
	})
	a := answer{Status: response.Status, Body: response.Body, Header: http.Header{}, TxnTime: response.TxnTime}
	if response.WWWAuthenticate {
		a.Header.Set("WWW-Authenticate", `Basic realm="Unauthorized"`)
	}
	if a.Status != http.StatusUnauthorized && a.Status != http.StatusInternalServerError {
		setMetrics(a.Header, response.Metrics, len(body), len(a.Body), time.Since(start))
	}
	return a
}

// run runs a query. A panic becomes an internal error, as on a real server.
func (s *Server) run(ctx context.Context, q request) (r response) {
	defer func() {
		if cause := recover(); cause != nil {
			a := serverError(fmt.Sprint(cause))
			r = response{Status: a.Status, Body: a.Body, Indented: true, TxnTime: s.now()}
		}
	}()
	return s.query(ctx, q)
}

// setMetrics sets the headers with the cost of a query.
func setMetrics(h http.Header, m metrics, in, out int, spent time.Duration) {
	for _, figure := range []struct {
		name  string
		value int64
	}{
		{"X-Compute-Ops", m.ComputeOps},
		{"X-Byte-Read-Ops", m.ByteReadOps},
		{"X-Byte-Write-Ops", m.ByteWriteOps},
		{"X-Query-Time", spent.Milliseconds()},
		{"X-Query-Bytes-In", int64(in)},
		{"X-Query-Bytes-Out", int64(out)},
		{"X-Storage-Bytes-Read", m.BytesRead},
		{"X-Storage-Bytes-Write", m.BytesWritten},
		{"X-Txn-Retries", 0},
	} {
		h[figure.name] = []string{strconv.FormatInt(figure.value, 10)}
	}
}

// send puts an answer on the wire.
func (s *Server) send(w http.ResponseWriter, r *http.Request, headers queryHeaders, a answer) {
	if wantsIndent(r.Header) {
		a.Body = indentJSON(a.Body)
	}
	h := w.Header()
	for name, values := range a.Header {
		h[name] = values
	}
	h.Set("Content-Type", "application/json;charset=utf-8")
	if a.TxnTime != 0 {
		h.Set("X-Txn-Time", strconv.FormatInt(a.TxnTime, 10))
	}
	if headers.Tags != "" {
		h.Set("X-Fauna-Tags", headers.Tags)
	}
	h.Set("Content-Length", strconv.Itoa(len(a.Body)))
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body) // the client may be gone
}

// wantsIndent reports whether a real server would indent its answer to a
// request with these headers.
func wantsIndent(h http.Header) bool {
	if _, ok := firstHeader(h, "X-Faunadb-Formatted-Json"); ok {
		return true
	}
	agent := h.Get("User-Agent")
	return strings.Contains(agent, "curl") || strings.Contains(agent, "HTTPie")
}

// stamp sets the transaction time of an answer without a query.
func (s *Server) stamp(a answer) answer {
	a.TxnTime = s.now()
	return a
}

// ping answers /ping, which needs no secret.
func ping(r *http.Request) answer {
	scope := r.URL.Query().Get("scope")
	switch scope {
	case "read", "local", "write", "global", "all":
	case "":
		scope = "write"
	default:
		scope = "node"
	}
	return answer{Status: http.StatusOK, Body: []byte(`{"resource":"Scope ` + scope + ` is OK"}`)}
}

// authorized answers /authorized with the owner of the secret.
func (s *Server) authorized(headers queryHeaders) answer {
	id, ok := s.globalID(headers.Secret)
	if !ok {
		return s.stamp(unauthorized())
	}
	return s.stamp(answer{Status: http.StatusOK, Body: []byte(`{"account":"0","global_id":"` + id + `"}`)})
}

// errBodyTooLarge is a request's body over maxBody.
var errBodyTooLarge = errors.New("request body too large")

// readBody reads the whole body, so that the connection stays usable whatever the
// answer is, and returns it unless it is over maxBody.
func readBody(r *http.Request) ([]byte, error) {
	if r.ContentLength == 0 {
		return nil, nil
	}
	if r.ContentLength > maxBody {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return nil, fmt.Errorf("read the request: %w", err)
		}
		return nil, errBodyTooLarge
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return nil, fmt.Errorf("read the request: %w", err)
	}
	if len(body) > maxBody {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return nil, fmt.Errorf("read the request: %w", err)
		}
		return nil, errBodyTooLarge
	}
	return body, nil
}

// bodyAnswer returns the answer to a body that could not be read.
func bodyAnswer(err error) answer {
	switch {
	case errors.Is(err, errBodyTooLarge):
		a := protocolError(http.StatusRequestEntityTooLarge, "request too large", "Request entity is too large")
		a.Body = indentJSON(a.Body)
		return a
	case errors.Is(err, os.ErrDeadlineExceeded):
		return answer{Status: http.StatusRequestTimeout, Body: []byte(`{"error":"request timeout: the request was not read in time"}`)}
	}
	return answer{Status: http.StatusBadRequest, Body: []byte(`{"error":"bad request"}`)}
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

// protocolError is an error without a position, compact.
func protocolError(status int, code, description string) answer {
	text, err := json.Marshal(description)
	if err != nil {
		text = []byte(`""`) // a string always marshals
	}
	return answer{
		Status: status,
		Body:   []byte(`{"errors":[{"code":"` + code + `","description":` + string(text) + `}]}`),
		Header: http.Header{},
	}
}

// serverError is an error of the server itself, indented as a real one does.
func serverError(cause string) answer {
	a := protocolError(http.StatusInternalServerError, "internal server error", cause+" Please create a ticket at https://support.fauna.com")
	a.Body = indentJSON(a.Body)
	return a
}

// unauthorized is the answer to a secret that is refused.
func unauthorized() answer {
	a := protocolError(http.StatusUnauthorized, "unauthorized", "Unauthorized")
	a.Header.Set("WWW-Authenticate", `Basic realm="Unauthorized"`)
	return a
}
