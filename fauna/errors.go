package fauna

import (
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
	silent   bool      // our timeout passed before any answer started
	dropped  bool      // the server took the connection, and closed it
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
	host := e.Endpoint
	if host == "" {
		host = "the server"
	}
	switch e.Kind {
	case KindUnreachable:
		return e.unreachable(host)
	case KindTimeout:
		if e.Status == 0 {
			return fmt.Sprintf("%s did not answer in time%s; it is busy, or the network is down", host, e.detail(", "))
		}
		return fmt.Sprintf("%s gave up on the query%s; ask for less at a time", host, e.detail(": "))
	case KindTLS:
		return fmt.Sprintf("no encrypted connection to %s%s", host, e.detail(": "))
	case KindNotFauna:
		return fmt.Sprintf("%s does not answer as Fauna does%s; check the address and the port", host, e.detail(": "))
	case KindSecretRefused:
		if e.Status == 0 {
			return e.Description
		}
		return fmt.Sprintf("%s refused the secret: it is not of a key of this database, or the key was deleted or has expired", host)
	case KindDenied:
		if e.Status == http.StatusGone {
			return fmt.Sprintf("%s serves this account no longer%s", host, e.detail(": "))
		}
		return "the key's role does not allow this (" + e.code() + "); add the privilege to the role, or use another key"
	case KindMissing:
		return "not there" + e.detail(": ") + "; it was deleted, is misspelt, or is in another database"
	case KindExpired:
		if e.Minimum != 0 {
			return fmt.Sprintf("the snapshot has expired: the oldest time that can be read is %s; keep history longer (history_days) before the next export",
				formatTime(e.Minimum))
		}
		return "the snapshot has expired" + e.detail(": ") + "; keep history longer (history_days) before the next export"
	case KindThrottled:
		return fmt.Sprintf("%s asks for fewer requests%s; wait, or use fewer workers", host, e.detail(": "))
	case KindBusy:
		return fmt.Sprintf("%s cannot answer now (status %d%s); try again", host, e.Status, e.detail(", "))
	case KindTooLarge:
		return "too much for one answer" + e.detail(": ") + "; request less at a time"
	case KindStrange:
		return fmt.Sprintf("%s answers something else than what was asked%s; try again, and see what stands between it and you", host, e.detail(": "))
	case KindQuery:
		return fmt.Sprintf("%s does not take the query (%s)%s", host, e.code(), e.detail(": "))
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
		return "the answer from " + host + " is incomplete; try again"
	case e.Description != "":
	case strings.Contains(text, "refused"):
		return fmt.Sprintf("%s refuses the connection; is the server running, and is the port right?", host)
	case strings.Contains(text, "no such host"):
		return fmt.Sprintf("no host is named %s; check the name, or the network", host)
	}
	return fmt.Sprintf("%s cannot be reached%s; check the address and the network", host, e.detail(": "))
}

// code returns the server's error code, or the status.
func (e *Error) code() string {
	if e.Code != "" {
		return e.Code
	}
	return "status " + strconv.Itoa(e.Status)
}

// detail returns the description or the cause after a separator, or "".
func (e *Error) detail(separator string) string {
	text := e.Description
	if text == "" && e.Err != nil {
		text = e.Err.Error()
	}
	text = strings.TrimRight(printable(text), ". ")
	if text == "" {
		return ""
	}
	return separator + text
}

// maxDescription is how many characters of a text of the server are kept.
const maxDescription = 300

// printable returns text on one line, clipped, without control characters.
func printable(text string) string { return clip(fql.OneLine(text), maxDescription) }

// quoteName returns a name from the server or a person for use in a message.
func quoteName(name string) string { return strconv.Quote(clip(name, 100)) }

// formatTime writes microseconds since 1970 as the server writes times: ISO
// 8601 in UTC with a fraction of 0, 3 or 6 digits.
func formatTime(micros int64) string {
	t := time.UnixMicro(micros).UTC()
	switch {
	case t.Nanosecond() == 0:
		return t.Format("2006-01-02T15:04:05Z")
	case t.Nanosecond()%1e6 == 0:
		return t.Format("2006-01-02T15:04:05.000Z")
	}
	return t.Format("2006-01-02T15:04:05.000000Z")
}
