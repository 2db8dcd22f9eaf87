// Package fault makes an embedded server fail on purpose: error statuses, late
// answers, cut connections, damaged pages, and changes of the data between two
// queries. It wraps the server's HTTP handler, and only tests import it.
package fault

import (
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"fauna-export/fauna/emulator"
)

// A Server is an embedded server with faults.
type Server struct {
	*emulator.Server
	faults *Faults
}

// New returns a server without faults; add them to Faults. They are its Middleware.
func New(o emulator.Options) *Server {
	f := &Faults{clock: o.Clock}
	if f.clock == nil {
		f.clock = time.Now
	}
	o.Middleware = f.handler
	return &Server{Server: emulator.New(o), faults: f}
}

// Faults returns the faults of the server.
func (s *Server) Faults() *Faults { return s.faults }

// Faults decides which queries fail, and how. Rules are tried in the order they
// were added, and the first that matches a query applies. It is safe for
// concurrent use, also while the server runs.
type Faults struct {
	clock func() time.Time

	mu     sync.Mutex
	rules  []*faultRule
	count  int // queries seen
	served []Served
}

// A Query is what a rule sees of a request.
type Query struct {
	Number int    // 1 is the first query since the server was made
	Body   []byte // JSON; must not be changed
}

// When selects the queries that a fault applies to. The zero value selects the
// next query.
type When struct {
	// Match selects by the query's shape; nil matches every query. See Reads,
	// Fetches, Lists and Contains.
	Match func(Query) bool
	// From is the first matching query to take, counted from 1 when the rule
	// was added; 0 means 1.
	From int
	// Times is how many to take; 0 means one, or all if Chance is set; negative
	// means all.
	Times int
	// Chance, from 0 to 1, is the probability of taking a matching query; 0
	// takes all. The choice depends only on Seed and the query's number.
	Chance float64
	Seed   uint64
}

// A Cut says where a connection is cut.
type Cut int

// The places at which a connection is cut.
const (
	// CutNone leaves the connection alone.
	CutNone Cut = iota
	// CutBefore cuts it instead of answering.
	CutBefore
	// CutWithin cuts it after Fault.After bytes of the body; Content-Length is
	// that of the whole body.
	CutWithin
	// CutAfter sends the whole answer and then closes the connection.
	CutAfter
	// CutShort sends Fault.After bytes of the body with a matching
	// Content-Length; the connection stays open.
	CutShort
)

// Fault is what happens to a query that a rule takes. Its fields can be
// combined; the functions of this package return the usual faults.
type Fault struct {
	Name   string        // shown in Served
	Before func()        // runs before the query, and may change the data or the clock
	Delay  time.Duration // before the query runs
	Answer *Answer       // replaces the query's own answer
	// Edit changes the body of a successful answer and returns it with its new
	// status, or 0 to leave this answer alone. It must not modify the body in
	// place.
	Edit  func(body []byte) ([]byte, int)
	Cut   Cut
	After int // bytes of the body, for CutWithin and CutShort
}

// Served is a fault that was applied to a query.
type Served struct {
	Fault  string // the fault's name
	Status int    // as sent; 0 if there was no answer
	Body   string // the query
}

// A faultRule is one fault with the queries it is for.
type faultRule struct {
	when  When
	fault Fault
	seen  int // queries that matched
	taken int
}

// Add applies f to the queries that w selects.
func (f *Faults) Add(w When, fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules = append(f.rules, &faultRule{when: w, fault: fault})
}

// Clear removes all rules. It keeps the record of served faults.
func (f *Faults) Clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules = nil
}

// Served returns the faults applied so far, in the order in which they were
// chosen.
func (f *Faults) Served() []Served {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.served)
}

// Queries returns how many queries the server has been sent.
func (f *Faults) Queries() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.count
}

// take counts a query and returns the rule that takes it, or nil.
func (f *Faults) take(body []byte) *faultRule {
	f.mu.Lock()
	f.count++
	q := Query{Number: f.count, Body: body}
	rules := f.rules
	f.mu.Unlock()
	for _, r := range rules {
		// Match is the caller's and runs without the lock.
		if r.when.Match != nil && !r.when.Match(q) {
			continue
		}
		f.mu.Lock()
		ok := r.takes(q)
		f.mu.Unlock()
		if ok {
			return r
		}
	}
	return nil
}

// takes counts a query that matched and reports whether the rule takes it.
func (r *faultRule) takes(q Query) bool {
	r.seen++
	if r.seen < r.when.From {
		return false
	}
	times := r.when.Times
	if times == 0 && r.when.Chance == 0 {
		times = 1
	}
	if times > 0 && r.taken >= times {
		return false
	}
	if r.when.Chance > 0 && rand.New(rand.NewPCG(r.when.Seed, uint64(q.Number))).Float64() >= r.when.Chance {
		return false
	}
	r.taken++
	return true
}

// record notes what was sent to a query that a rule took, or that there was nothing
// to change in its answer.
func (f *Faults) record(r *faultRule, body []byte, status int, changed bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if changed {
		f.served = append(f.served, Served{Fault: r.fault.Name, Status: status, Body: string(body)})
	} else {
		r.taken--
	}
}
