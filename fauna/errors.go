package fauna

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"fauna-export/fauna/fql"
)

// Error is the error of a failed request. Its texts, including those of its
// cause, never contain control characters or the secret.
type Error struct {
	Kind        Kind
	Op          string // what was being done: "list collections"
	Endpoint    string // "localhost:8443"
	Status      int    // HTTP status, 0 when there was no answer
	Code        string // the server's word: "permission denied"
	Description string // a sentence about it, the server's or ours
	Minimum     int64  // with KindExpired: the oldest time that can be read, in microseconds
	Err         error  // the cause, when there was no answer

	problems []problem // all errors of the answer, in the server's order
	dropped  bool      // the server accepted the connection, then closed it
}

// failed reports whether an error is of one of these kinds.
func failed(err error, kinds ...Kind) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && slices.Contains(kinds, e.Kind)
}

// Unwrap returns the cause, if there is one.
func (e *Error) Unwrap() error { return e.Err }

// Expired reports whether the time read at is older than the history that the
// server keeps, which starts at Minimum.
func (e *Error) Expired() bool { return e.Kind == KindExpired }

// Refused reports whether the secret was refused or lacks a privilege.
func (e *Error) Refused() bool { return e.Kind == KindSecretRefused || e.Kind == KindDenied }

// Missing reports whether something does not exist: a document of a page that
// has just expired, or a collection or index.
func (e *Error) Missing() bool { return e.Kind == KindMissing }

// Error says in one line what happened, on what, and what to do.
func (e *Error) Error() string {
	text := e.sentence()
	if e.Op != "" {
		text = e.Op + ": " + text
	}
	return text
}

func (e *Error) sentence() string {
	host := cmp.Or(e.Endpoint, "the server")
	switch e.Kind {
	case KindUnreachable:
		return e.unreachable(host)
	case KindTimeout:
		if e.Status == 0 {
			return fmt.Sprintf("no answer from %s in time%s; it is busy, or the network is down", host, e.detail(", "))
		}
		return fmt.Sprintf("the query timed out on %s%s; request less at a time", host, e.detail(": "))
	case KindTLS:
		return fmt.Sprintf("no encrypted connection to %s%s", host, e.detail(": "))
	case KindNotFauna:
		return fmt.Sprintf("%s does not answer like Fauna%s; check the address and the port", host, e.detail(": "))
	case KindSecretRefused:
		if e.Status == 0 {
			return e.Description
		}
		return host + " rejected the secret: wrong database, or the key was deleted or expired"
	case KindDenied:
		if e.Status == http.StatusGone {
			return fmt.Sprintf("the account on %s is closed%s", host, e.detail(": "))
		}
		return "the key's role does not allow this (" + e.code() + "); add the privilege to the role, or use another key"
	case KindMissing:
		return "not found" + e.detail(": ") + "; it was deleted, is misspelled, or is in another database"
	case KindExpired:
		oldest := e.detail(": ")
		if e.Minimum != 0 {
			oldest = ": the oldest time that can be read is " + formatTime(e.Minimum)
		}
		return "the snapshot has expired" + oldest + "; keep history longer (history_days) before the next export"
	case KindThrottled:
		return fmt.Sprintf("%s limits the rate of requests%s; wait, or use fewer workers", host, e.detail(": "))
	case KindBusy:
		return fmt.Sprintf("%s is busy or restarting (status %d%s); try again", host, e.Status, e.detail(", "))
	case KindTooLarge:
		return "too much for one response" + e.detail(": ") + "; request less at a time"
	case KindStrange:
		return fmt.Sprintf("the answer from %s does not match the request%s; try again, and check for a proxy in between", host, e.detail(": "))
	case KindQuery:
		return fmt.Sprintf("%s rejected the query (%s)%s", host, e.code(), e.detail(": "))
	}
	return fmt.Sprintf("%s failed (status %d)%s; its log may say more", host, e.Status, e.detail(": "))
}

func (e *Error) unreachable(host string) string {
	text := ""
	if e.Err != nil {
		text = e.Err.Error()
	}
	switch {
	case errors.Is(e.Err, errBroken):
		return "the response from " + host + " is incomplete; try again"
	case e.Description != "":
	case strings.Contains(text, "refused"):
		return fmt.Sprintf("can't connect to %s (connection refused); is Fauna running on that port?", host)
	case strings.Contains(text, "no such host"):
		return fmt.Sprintf("can't find the host %s; check the name and the network", host)
	}
	return fmt.Sprintf("can't connect to %s%s; check the address and the network", host, e.detail(": "))
}

// code returns the server's error code, or the status.
func (e *Error) code() string { return cmp.Or(e.Code, "status "+strconv.Itoa(e.Status)) }

// detail returns the description or the cause after a separator, or "".
func (e *Error) detail(separator string) string {
	text := e.Description
	if text == "" && e.Err != nil {
		text = e.Err.Error()
	}
	if text = strings.TrimRight(fql.Printable(text), ". "); text != "" {
		text = separator + text
	}
	return text
}

// quoteName returns a name from the server or a person for use in a message.
func quoteName(name string) string { return strconv.Quote(fql.Clip(name, 100)) }

// formatTime writes microseconds since 1970 as the server writes times.
func formatTime(micros int64) string {
	return string(fql.AppendTime(nil, time.UnixMicro(micros).UTC()))
}
