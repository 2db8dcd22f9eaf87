package fauna

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	f "github.com/fauna/faunadb-go/v4/faunadb"

	"fauna-export/fauna/fql"
)

const (
	apiVersion       = "4"
	defaultTimeout   = 60 * time.Second
	defaultUserAgent = "fauna-export"
	// pageLimit limits a page, and documentLimit an answer with a single
	// document, which may have 8 MiB as stored and more as JSON. refusalLimit
	// limits an error's body.
	pageLimit     = 16 << 20
	documentLimit = 64 << 20
	refusalLimit  = 4 << 20
	// maxDropped is how many connections a server that has never answered may
	// drop; after that it is not Fauna.
	maxDropped = 3
)

// Options configure a Client.
type Options struct {
	Endpoint Endpoint
	Secret   Secret // may be zero, for Reach only
	// CAFile names a file of certificates (PEM) to trust in addition to the
	// system's. CertFile and KeyFile are the client's certificate and key;
	// KeyFile may be empty if CertFile holds both. They apply to https.
	CAFile, CertFile, KeyFile string
	// ReadFile reads these files; nil means os.ReadFile, which waits for a named
	// pipe and reads a device without end.
	ReadFile  func(name string) ([]byte, error)
	Timeout   time.Duration // of one request; 0 means 60 s
	UserAgent string        // "" means "fauna-export"
	// Repeat runs a request and retries it as it sees fit; nil runs it once. It
	// is not used for writes. A server that never answered and can't be reached is
	// not retried; one that drops connections gets three attempts.
	Repeat func(ctx context.Context, ask func() error) error
	// Dial opens a connection to the server; nil means TCP.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Client sends requests to one server with one secret. It is safe for
// concurrent use.
type Client struct {
	endpoint  Endpoint
	secret    Secret
	agent     string
	timeout   time.Duration
	pageLimit int64
	http      *http.Client
	room      chan struct{} // held by one body of unknown length that exceeds freeLength
	// seen is the latest transaction time in any answer. Reads of the present
	// send it, so that a lagging node does not return older data.
	seen *atomic.Int64
	// answered becomes true with the first answer of any kind.
	answered *atomic.Bool
	repeat   func(ctx context.Context, ask func() error) error
}

// NewClient returns a client. It reads the files that the options name and
// sends no requests.
func NewClient(o Options) (*Client, error) {
	if o.Endpoint.IsZero() {
		return nil, errors.New("no server address was given")
	}
	for _, b := range []byte(o.Secret.reveal()) {
		if b <= ' ' || b >= 0x7f {
			return nil, &Error{Kind: KindSecretRefused, Endpoint: o.Endpoint.Host(), Description: "the secret has a character that secrets never have"}
		}
	}
	transport, err := newTransport(o)
	if err != nil {
		return nil, err
	}
	c := &Client{
		endpoint: o.Endpoint, secret: o.Secret, agent: cmp.Or(o.UserAgent, defaultUserAgent), timeout: cmp.Or(o.Timeout, defaultTimeout), pageLimit: pageLimit,
		seen: new(atomic.Int64), answered: new(atomic.Bool), repeat: o.Repeat,
		room: make(chan struct{}, 1),
		http: &http.Client{
			Transport:     transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	if !o.Endpoint.Plaintext() {
		c.http.Transport = newEitherProtocol(transport)
	}
	return c, nil
}

// Close closes the connections that are not in use.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Once returns a client that never retries, over the same connections, for
// callers that retry themselves.
func (c *Client) Once() *Client {
	once := *c
	once.repeat = nil
	return &once
}

// Endpoint returns the server's address.
func (c *Client) Endpoint() Endpoint { return c.endpoint }

// request is one query as it is sent.
type request struct {
	op        string // what is being done, for errors
	body      []byte
	buf       []byte // memory for the answer, if it is large enough
	lastSeen  int64  // the answer must not be older than this transaction time; 0 allows any
	limit     int64  // maximum bytes of the answer
	anonymous bool   // without the secret
	values    bool   // of several expressions, return the values of those that succeed
	write     bool   // must not be sent twice
	time      *int64 // receives the answer's transaction time; 0 for none
}

// ask sends an expression and returns the body of the answer.
func (c *Client) ask(ctx context.Context, r request, expr f.Expr) (body []byte, err error) {
	r.body, _ = json.Marshal(expr) // expressions hold nothing that JSON does not know
	return c.send(ctx, r)
}

// unreadable returns the error of an answer that could not be decoded: it is
// incomplete, or does not match the request.
func (c *Client) unreadable(op string, answer []byte, err error) error {
	if !json.Valid(answer) {
		return &Error{Kind: KindUnreachable, Op: op, Endpoint: c.endpoint.Host(), Status: http.StatusOK,
			Description: errBroken.Error(), Err: errBroken}
	}
	return c.strange(op, "%v", err)
}

// send posts a query and returns the body of a successful answer. Errors are of type *Error, or the context's.
func (c *Client) send(ctx context.Context, r request) (body []byte, err error) {
	if c.repeat == nil || r.write {
		return c.sendOnce(ctx, r)
	}
	var nobody error
	tries := 0
	err = c.repeat(ctx, func() (err error) {
		body, err = c.sendOnce(ctx, r)
		tries++
		if e, ok := errors.AsType[*Error](err); ok && e.Status == 0 && !c.answered.Load() && !(e.dropped && tries < maxDropped) {
			nobody = err
			return nil
		}
		return err
	})
	if nobody != nil {
		return nil, nobody
	}
	return body, err
}

func (c *Client) sendOnce(ctx context.Context, r request) ([]byte, error) {
	body, err := c.exchange(ctx, r)
	if err == nil {
		return body, nil
	}
	if ctx.Err() != nil {
		return nil, contextError(ctx, r.op)
	}
	e, ok := errors.AsType[*Error](err)
	if !ok {
		e = transportError(err)
	}
	if errors.Is(e.Err, errTimeout) {
		e.Description = "within " + c.timeout.String()
	}
	e.Op, e.Endpoint = r.op, c.endpoint.Host()
	e.scrub(c.secret)
	return nil, e
}

func (c *Client) exchange(ctx context.Context, r request) ([]byte, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.timeout, errTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoint.String()+"/", bytes.NewReader(r.body))
	if err != nil {
		return nil, err
	}
	req.Header = c.header(ctx, r)
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, causeOf(ctx, err)
	}
	defer resp.Body.Close()
	c.answered.Store(true)

	limit := cmp.Or(r.limit, c.pageLimit)
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusCreated {
		body, err := c.readBody(ctx, resp, nil, min(limit, refusalLimit))
		if err != nil && (ctx.Err() != nil || classifyStatus(resp.StatusCode) == KindQuery) {
			return nil, causeOf(ctx, err) // the status alone does not say enough
		}
		return nil, classify(resp.StatusCode, resp.Header, body)
	}
	body, err := c.readBody(ctx, resp, r.buf, limit)
	if err != nil {
		if err = causeOf(ctx, err); errors.Is(err, errTimeout) {
			err = errSlowBody
		}
		return nil, err
	}
	if err := checkResource(resp, body); err != nil {
		if e, ok := errors.AsType[*Error](err); ok && c.seen.Load() > 0 {
			e.Kind = KindStrange // it was Fauna that answered
		}
		return nil, err
	}
	if resp.StatusCode == http.StatusCreated && !r.write {
		return nil, &Error{Kind: KindStrange, Status: resp.StatusCode, Description: "it has status 201 (created), but nothing was to be created"}
	}
	at, err := strconv.ParseInt(resp.Header.Get("X-Txn-Time"), 10, 64)
	if err != nil {
		return body, nil
	}
	if at > latest() {
		if r.write { // it was done
			return body, nil
		}
		return nil, &Error{Kind: KindStrange, Status: resp.StatusCode, Description: wrongTime(at)}
	}
	if r.time != nil {
		*r.time = at
	}
	c.see(at)
	return body, nil
}

// plausible is a time that was in the past when this program was written, for
// machines whose clock is not set.
var plausible = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// latest returns the latest transaction time that is believed. A read at a later
// one would wait until it times out, again and again.
func latest() int64 {
	now := time.Now()
	if now.Before(plausible) {
		now = plausible
	}
	return now.AddDate(10, 0, 0).UnixMicro()
}

// wrongTime describes a time after latest.
func wrongTime(micros int64) string {
	return "its time is " + formatTime(micros) + ", more than ten years ahead: check the clocks of the server and of this machine"
}

// causeOf returns our own timeout if that caused err.
func causeOf(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(context.Cause(ctx), errTimeout) {
		return errTimeout
	}
	return err
}

func (c *Client) header(ctx context.Context, r request) http.Header {
	h := http.Header{
		"Content-Type":          {"application/json; charset=utf-8"},
		"User-Agent":            {c.agent},
		"X-Faunadb-Api-Version": {apiVersion},
		"X-Query-Timeout":       {strconv.FormatInt(queryTimeout(ctx).Milliseconds(), 10)},
	}
	if !r.anonymous && !c.secret.IsZero() {
		h["Authorization"] = []string{"Bearer " + c.secret.reveal()}
	}
	if r.lastSeen > 0 {
		h["X-Last-Seen-Txn"] = []string{strconv.FormatInt(r.lastSeen, 10)}
	}
	if !r.write {
		// Allows net/http to retry a read on a stale connection; an empty list
		// is not sent.
		h["Idempotency-Key"] = []string{}
	}
	return h
}

// queryTimeout returns how long the server may work on a query: a little less
// than we wait, since it continues after a client disconnects.
func queryTimeout(ctx context.Context) time.Duration {
	left := 10 * time.Minute
	if deadline, ok := ctx.Deadline(); ok {
		left = time.Until(deadline)
	}
	left -= max(min(left/10, 3*time.Second), 0)
	return min(max(left, time.Millisecond), 10*time.Minute) // the server's limits
}

// see records the transaction time of an answer.
func (c *Client) see(t int64) {
	for {
		old := c.seen.Load()
		if old >= t || c.seen.CompareAndSwap(old, t) {
			return
		}
	}
}

// checkResource returns an error unless a body starts and ends like a
// successful answer of Fauna.
func checkResource(resp *http.Response, body []byte) error {
	trimmed := bytes.TrimSpace(body)
	key, ok := bytes.CutPrefix(trimmed, []byte("{"))
	if ok {
		key, ok = bytes.CutPrefix(bytes.TrimLeft(key, " \t\r\n"), []byte(`"resource"`))
	}
	if !ok || !bytes.HasPrefix(bytes.TrimLeft(key, " \t\r\n"), []byte(":")) {
		return &Error{Kind: KindNotFauna, Status: resp.StatusCode,
			Description: "it sends " + describeBody(resp.Header, body) + fmt.Sprintf(" with status %d", resp.StatusCode)}
	}
	if trimmed[len(trimmed)-1] != '}' {
		return errBroken
	}
	return nil
}

// errBroken is the error of an incomplete answer from Fauna.
var errBroken = errors.New("the answer is incomplete")

// query sends an expression and returns the value in the answer.
func (c *Client) query(ctx context.Context, r request, expr f.Expr) (*fql.Node, error) {
	body, err := c.ask(ctx, r, expr)
	if err != nil {
		return nil, err
	}
	answer, err := fql.ParseJSON(body)
	if err != nil {
		return nil, c.unreadable(r.op, body, err)
	}
	return answer.Member("resource"), nil
}

// An expression holds JSON to be sent as it is.
type expression struct {
	f.Expr
	json.RawMessage
}

// Reach checks that a server that speaks FQL v4 answers at the endpoint. It
// sends no secret: a refusal in Fauna's own form is enough. Errors are of type
// *Error, or the context's.
func (c *Client) Reach(ctx context.Context) error {
	_, err := c.send(ctx, request{op: "reach " + c.endpoint.Host(), body: []byte(`{"now":null}`), anonymous: true})
	if failed(err, KindSecretRefused) {
		return nil
	}
	return err
}
