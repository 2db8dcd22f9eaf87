package fauna

import (
	"net/http"
	"strconv"
)

// Kind classifies failures by what can be done about them.
type Kind int

// The kinds of errors. The table kinds says what a caller can do about each.
const (
	KindServer        Kind = iota // the server failed (500 and similar)
	KindUnreachable               // no connection, or it broke
	KindTimeout                   // the server or we gave up waiting
	KindTLS                       // the encrypted connection could not be made
	KindNotFauna                  // another program answers there
	KindStrange                   // well-formed, but not what was requested
	KindSecretRefused             // not a key of this database, deleted, or expired
	KindDenied                    // the key's role lacks a privilege, or the account is closed
	KindMissing                   // no such document, collection or index
	KindExpired                   // the snapshot is older than the history that is kept
	KindThrottled                 // too many requests
	KindBusy                      // contention, or a proxy without a server behind it
	KindTooLarge                  // the page exceeds a limit, the server's or ours
	KindQuery                     // the server rejects the query
)

// kinds gives each kind's name, whether the same request may succeed after a pause, and
// whether one for fewer documents may.
var kinds = [...]struct {
	name           string
	retry, smaller bool
}{
	KindServer:        {"server error", true, true}, // one document in the page can cause it
	KindUnreachable:   {"unreachable", true, false},
	KindTimeout:       {"timeout", true, true}, // smaller only if the server has answered at all
	KindTLS:           {"tls", false, false},
	KindNotFauna:      {"not fauna", false, false},
	KindStrange:       {"strange answer", true, false}, // a few times: see Strange
	KindSecretRefused: {"secret refused", false, false},
	KindDenied:        {"denied", false, false},
	KindMissing:       {"missing", false, false},
	KindExpired:       {"expired", false, false},
	KindThrottled:     {"throttled", true, false},
	KindBusy:          {"busy", true, false},
	KindTooLarge:      {"too large", false, true},
	KindQuery:         {"query refused", false, false},
}

// statuses says what a status means if no code of Fauna's says more.
var statuses = map[int]Kind{
	http.StatusTooManyRequests:    KindThrottled,
	http.StatusConflict:           KindBusy,
	http.StatusBadGateway:         KindBusy,
	http.StatusServiceUnavailable: KindBusy,
	http.StatusGatewayTimeout:     KindBusy,
}

// classifyStatus returns what a status means without a code.
func classifyStatus(status int) Kind {
	if kind, known := statuses[status]; known {
		return kind
	}
	switch {
	case status >= 520 && status <= 540: // 520 to 530 come from proxies; 540 means that a cluster is changing its nodes
		return KindBusy
	case status >= 500:
		return KindServer
	}
	return KindQuery
}

// String returns the kind in a word or two, for logs.
func (k Kind) String() string {
	if k >= 0 && int(k) < len(kinds) {
		return kinds[k].name
	}
	return "kind " + strconv.Itoa(int(k))
}

// Retry reports whether the same request may succeed after a pause.
func (e *Error) Retry() bool { return kinds[e.Kind].retry }

// Smaller reports whether a request for fewer documents may succeed: after a
// timeout, for a page over a limit, and after a server error, which one
// document in the page can cause. A server that sent nothing before our own
// timeout is down, so a smaller request does not help: a working one would have
// timed out itself, a little earlier.
func (e *Error) Smaller() bool { return kinds[e.Kind].smaller && e.Err != errTimeout }

// Strange reports whether the answer was successful but not what was requested.
// Such requests are retried only a few times.
func (e *Error) Strange() bool { return e.Kind == KindStrange }

// Slow reports whether the server asks for fewer requests (429, 503).
func (e *Error) Slow() bool {
	return e.Status == http.StatusTooManyRequests || e.Status == http.StatusServiceUnavailable
}
