package emulator

import (
	"cmp"
	"context"
	"math/rand/v2"
	"strings"
	"time"

	"fauna-export/fauna/fql"
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
	seed := cmp.Or(uint64(o.Seed), rand.Uint64())
	s.rand = rand.New(rand.NewPCG(seed, seed^0x9e3779b97f4a7c15))
	s.root = newDatabase(s, nil)
	s.root.globalID = s.newGlobalID()
	s.secret = strings.TrimSpace(o.Secret)
	if s.secret == "" {
		s.secret = s.newSecret(s.newID(s.clock().UnixMicro()))
	}
	return s
}

const pollInterval = time.Millisecond

// query answers one request whose headers are valid.
func (s *Server) query(ctx context.Context, q request) response {
	tx := &txn{ctx: ctx, s: s, timeout: q.Timeout, api: q.APIVersion, legacy: apiNumber(q.APIVersion) < apiNumber("2.7")}
	if tx.timeout <= 0 {
		tx.timeout = defaultQueryTimeout
	}
	tx.deadline = time.Now().Add(tx.timeout)
	tx.now = s.now()
	body, err := parseRequest(q.Body)
	if err != nil {
		return tx.respond(errorResponse(invalidExpression(nil, "Request body %s.", err)))
	}
	resp := tx.runLocked(q, body)
	if tx.passed > 0 {
		s.wait(ctx, min(tx.passed, tx.timeout))
	}
	return resp
}

// respond adds the transaction's time and cost to an answer.
func (tx *txn) respond(resp response) response {
	resp.TxnTime = tx.now
	if resp.Status != 500 && resp.Status != 401 {
		resp.Metrics = tx.metrics()
	}
	return resp
}

// runLocked runs a parsed query under the lock, once the server's clock has reached
// the time that the client has seen.
func (tx *txn) runLocked(q request, body *fql.Node) (resp response) {
	s := tx.s
	needs := s.forms.needs(body)
	if needs&(reads|mayWrite|writes) != 0 && !s.await(tx.ctx, q.LastSeen, tx.deadline) { // a query with only Now() does not wait
		tx.now = s.now()
		return tx.respond(errorResponse(timedOut("Query eval has timed out.")))
	}
	if needs&(mayWrite|writes) != 0 && !q.ReadOnly {
		s.mu.Lock()
		defer s.mu.Unlock()
		tx.write = true
		tx.now = s.writeTime(q.LastSeen)
	} else {
		s.mu.RLock()
		defer s.mu.RUnlock()
		tx.now = max(s.readTime(), q.LastSeen) // only a query with only Now() can be that far ahead
	}
	var ok bool
	if tx.auth, ok = s.authenticate(q.Secret, tx.now); !ok { // the key may have been deleted during the wait
		return tx.respond(errorResponse(unauthorized()))
	}
	tx.db = tx.auth.db
	return tx.respond(tx.run(body))
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

// writeTime returns the time for a write that starts now: later than anything read or
// written.
func (s *Server) writeTime(atLeast int64) int64 {
	return max(s.nowLocked(), atLeast, s.last+1, s.seen.Load()+1)
}

// await waits until the server's clock has reached the time that a client has
// seen. It returns false if that takes too long.
func (s *Server) await(ctx context.Context, seen int64, deadline time.Time) bool {
	for s.now() < seen {
		if sleep(ctx, pollInterval); ctx.Err() != nil || time.Now().After(deadline) {
			return false
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
	passed   time.Duration // the part for elements that the caller may not see
	undo     []func()

	ops      int64 // compute, unrounded
	readOps  int64
	writeOps int64
	outBytes int64
	depth    int
	memory   int64 // bytes of values built
}

func (tx *txn) metrics() map[string]int64 {
	m := map[string]int64{"X-Compute-Ops": max(1, (tx.ops+opsPerUnit-1)/opsPerUnit), "X-Byte-Read-Ops": tx.readOps,
		"X-Byte-Write-Ops": 0, "X-Storage-Bytes-Read": 0, "X-Storage-Bytes-Write": 0, "X-Txn-Retries": 0}
	if tx.wrote {
		m["X-Byte-Write-Ops"], m["X-Storage-Bytes-Write"] = max(1, tx.writeOps), tx.outBytes
	}
	return m
}

// run parses, evaluates and renders the query; the server is locked.
func (tx *txn) run(body *fql.Node) response {
	var resp response
	if errs := catch(func() { resp = tx.answer(body) }); errs != nil {
		for i := len(tx.undo) - 1; i >= 0; i-- {
			tx.undo[i]()
		}
		return errorResponse(errs...)
	}
	if tx.wrote {
		tx.s.last = tx.now
	}
	return resp
}

func (tx *txn) answer(body *fql.Node) response {
	p := &parser{tx: tx}
	root := p.expression(body, nil, nil)
	switch {
	case len(p.errs) > 0:
		panic(p.errs)
	case len(p.unbound) > 0:
		panic(p.unbound)
	}
	e := &env{tx: tx, at: tx.now}
	v := e.eval(root)
	tx.check()
	r := &renderer{db: tx.db, legacy: tx.legacy, version: tx.api, renames: tx.s.renames, check: tx.check}
	out := r.value(append(make([]byte, 0, 1024), `{"resource":`...), v)
	resp := response{Status: 200, Body: append(out, '}')}
	if d, ok := v.(*docValue); ok && d.created {
		resp.Status = 201
	}
	return resp
}
