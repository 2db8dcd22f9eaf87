package emulator

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Options configures a server. The zero value is a good default.
type Options struct {
	// Clock is the server's time; nil is time.Now. It must be safe for
	// concurrent use. Transaction times follow it in microseconds and never go
	// back, even if the clock does.
	Clock func() time.Time
	// Secret is the admin secret of the root database; "" generates one.
	Secret string
	// Seed determines the secrets and global ids that the server generates; 0
	// picks a random seed.
	Seed int64
	// Wait waits as long as a real server takes to skip documents that a key
	// may not read; nil sleeps. It returns early when ctx ends. A test with a
	// virtual clock advances it here.
	Wait func(ctx context.Context, d time.Duration)
	// Middleware, unless nil, wraps the server's HTTP side.
	Middleware func(http.Handler) http.Handler
}

// A Server is one embedded Fauna. It is safe for concurrent use.
type Server struct {
	clock  func() time.Time
	secret string
	wait   func(context.Context, time.Duration)
	wrap   func(http.Handler) http.Handler
	forms  formTable

	// mu allows many readers or one writer.
	mu      sync.RWMutex
	rand    *rand.Rand
	root    *database
	last    int64        // the last transaction's time, in microseconds
	seen    atomic.Int64 // the time of the latest read: writes get a later one
	lastID  int64        // the last id made for a document
	nextSeq int64        // creation order of schema items
	secrets map[string]*item
	renames int64 // counts renames: documents rendered earlier are stale
}

// Secret returns the admin secret of the root database.
func (s *Server) Secret() string { return s.secret }

// A request is one query as the HTTP side received it.
type request struct {
	Secret     string        // as sent, with any scope after colons
	Body       []byte        // one JSON expression
	APIVersion string        // "4"; "" is 2.1
	Timeout    time.Duration // 0 means the default of two minutes
	LastSeen   int64         // microseconds; the query waits for this time and reads no earlier
	ReadOnly   bool          // a GET: writes are refused
	Tags       string        // as sent, echoed in the answer
}

// A response is what the HTTP side sends.
type response struct {
	Status  int
	Body    []byte
	TxnTime int64            // microseconds, for X-Txn-Time; 0 leaves it out
	Metrics map[string]int64 // the headers with the query's cost; nil for none
	Allow   string           // the methods, if that of the request is not allowed
}
