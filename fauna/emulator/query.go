package emulator

import (
	"context"
	crand "crypto/rand"
	"encoding/binary"
	"math/rand/v2"
	"strings"
	"time"
)

// New returns an empty server with one root database.
func New(o Options) *Server {
	s := &Server{clock: o.Clock, wait: o.Wait, wrap: o.Middleware, secrets: map[string]*item{}, forms: newForms()}
	if s.clock == nil {
		s.clock = time.Now
	}
	if s.wait == nil {
		s.wait = sleep
	}
	seed := uint64(o.Seed)
	if seed == 0 {
		var b [8]byte
		_, _ = crand.Read(b[:]) // never fails
		seed = binary.LittleEndian.Uint64(b[:])
	}
	s.rand = rand.New(rand.NewPCG(seed, seed^0x9e3779b97f4a7c15))
	s.root = newDatabase(s, nil)
	s.root.globalID = s.newGlobalID()
	s.secret = strings.TrimSpace(o.Secret)
	if s.secret == "" {
		s.secret = s.newSecret(s.newID(s.clock().UnixMicro()))
	}
	return s
}

const (
	defaultTimeout = 2 * time.Minute
	pollInterval   = time.Millisecond
)

// query answers one request whose headers are valid.
func (s *Server) query(ctx context.Context, q request) response {
	tx, resp, ok := s.begin(ctx, q)
	if !ok {
		return resp
	}
	body, err := parseJSON(q.Body)
	if err != nil {
		text := "Request body is not valid JSON."
		if err == errNesting {
			text = "Request body JSON exceeds nesting limit."
		}
		resp = errorResponse(invalidExpression(nil, "%s", text))
		resp.TxnTime, resp.Metrics = tx.now, tx.metrics()
		return resp
	}
	resp = s.runLocked(ctx, tx, q, body)
	if tx.passed > 0 {
		s.wait(ctx, min(tx.passed, tx.timeout))
	}
	return resp
}

// runLocked runs a parsed query under the lock, once the server's clock has reached
// the time that the client has seen.
func (s *Server) runLocked(ctx context.Context, tx *txn, q request, body *jsonValue) (resp response) {
	write, data := s.forms.needs(body)
	if data && !s.await(ctx, q.LastSeen, tx.deadline) { // a query of only Now() does not wait
		resp = errorResponse(errTimeout)
		resp.TxnTime, resp.Metrics = s.now(), tx.metrics()
		return resp
	}
	if write = write && !q.ReadOnly; write {
		s.mu.Lock()
		defer s.mu.Unlock()
		tx.write = true
		tx.now = max(s.nowLocked(), q.LastSeen, s.last+1, s.seen.Load()+1)
	} else {
		s.mu.RLock()
		defer s.mu.RUnlock()
		tx.now = s.readTime()
		tx.now = max(tx.now, q.LastSeen) // only a query of only Now() can be that far ahead
	}
	var ok bool
	if tx.auth, ok = s.authenticate(q.Secret, tx.now); !ok { // it may have been deleted during the wait
		return s.unauthorized()
	}
	tx.db = tx.auth.db
	resp = tx.run(body)
	resp.TxnTime = tx.now
	if resp.Status != 500 && resp.Status != 401 {
		resp.Metrics = tx.metrics()
	}
	return resp
}

// begin starts a transaction for a valid secret.
func (s *Server) begin(ctx context.Context, q request) (*txn, response, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	now := s.nowLocked()
	auth, ok := s.authenticate(q.Secret, now)
	if !ok {
		return nil, s.unauthorized(), false
	}
	timeout := q.Timeout
	if timeout <= 0 {
		timeout = defaultTimeout
	}
	tx := &txn{ctx: ctx, s: s, db: auth.db, auth: auth, now: now, timeout: timeout, deadline: time.Now().Add(timeout), api: q.APIVersion}
	tx.legacy = apiNumber(q.APIVersion) < 27
	return tx, response{}, true
}

func (s *Server) unauthorized() response {
	resp := errorResponse(&requestError{status: 401, code: "unauthorized", text: "Unauthorized"})
	resp.TxnTime = s.nowLocked()
	return resp
}

// now returns the time of a read that starts now.
func (s *Server) now() int64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.nowLocked()
}

// readTime returns now and keeps later writes above it, so that a snapshot does
// not change after it was read.
func (s *Server) readTime() int64 {
	now := s.nowLocked()
	for {
		seen := s.seen.Load()
		if seen >= now || s.seen.CompareAndSwap(seen, now) {
			return now
		}
	}
}

func (s *Server) nowLocked() int64 { return max(s.clock().UnixMicro(), s.last) }

// await waits until the server's clock has reached the time that a client has
// seen. It returns false if that takes too long.
func (s *Server) await(ctx context.Context, seen int64, deadline time.Time) bool {
	if s.now() >= seen {
		return true
	}
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for s.now() < seen {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
			if time.Now().After(deadline) {
				return false
			}
		}
	}
	return true
}

// A txn is one query being run.
type txn struct {
	ctx      context.Context
	s        *Server
	db       *database
	auth     *authority
	api      string
	legacy   bool
	write    bool
	wrote    bool
	now      int64 // of its reads and, in a write, its commit
	timeout  time.Duration
	deadline time.Time
	charged  time.Duration // the least time a real server would have taken
	passed   time.Duration // the part of it for elements that the caller may not see
	undo     []func()

	ops       int64 // compute, unrounded
	readOps   int64
	readBytes int64
	writeOps  int64
	outBytes  int64

	privileges []privilege // of the custom roles
	loaded     bool        // privileges is set
	depth      int
	memory     int64 // bytes of values made
}

func (tx *txn) metrics() metrics {
	m := metrics{ComputeOps: max(1, (tx.ops+opsPerUnit-1)/opsPerUnit), ByteReadOps: tx.readOps, BytesRead: tx.readBytes}
	if tx.wrote {
		m.ByteWriteOps = max(1, tx.writeOps)
		m.BytesWritten = tx.outBytes
	}
	return m
}

// run parses, evaluates and renders the query; the server is locked.
func (tx *txn) run(body *jsonValue) response {
	resp, err := tx.answer(body)
	if err == nil {
		if tx.wrote {
			tx.s.last = tx.now
		}
		return resp
	}
	for i := len(tx.undo) - 1; i >= 0; i-- {
		tx.undo[i]()
	}
	return errorResponse(err)
}

func (tx *txn) answer(body *jsonValue) (response, error) {
	p := &parser{tx: tx}
	root := p.expression(body, nil, nil)
	if p.whole != nil {
		return response{}, p.whole
	}
	if len(p.errs) == 0 {
		p.errs = p.unbound
	}
	if len(p.errs) > 0 {
		return response{}, p.errs
	}
	e := &env{tx: tx, at: tx.now}
	v, err := e.eval(root)
	if err != nil {
		return response{}, err
	}
	if err := tx.check(); err != nil {
		return response{}, err
	}
	r := &renderer{db: tx.db, legacy: tx.legacy, version: tx.api, renames: tx.s.renames, check: tx.check}
	out := r.value(append(make([]byte, 0, 1024), `{"resource":`...), v)
	if r.err != nil {
		return response{}, r.err
	}
	resp := response{Status: 200, Body: append(out, '}')}
	if d, ok := v.(*docValue); ok && d.created {
		resp.Status = 201
	}
	return resp, nil
}

// An env is the context in which an expression is evaluated.
type env struct {
	tx   *txn
	at   int64 // the time of reads, never after tx.now
	vars *binding
	free bool // in a predicate: privileges are not checked
}

// with returns an env in which name is bound to v.
func (e *env) with(name string, v value) *env {
	in := *e
	in.vars = &binding{name: name, val: v, up: e.vars}
	return &in
}

func (e *env) lookup(name string) value {
	for b := e.vars; b != nil; b = b.up {
		if b.name == name {
			return b.val
		}
	}
	return nil
}
