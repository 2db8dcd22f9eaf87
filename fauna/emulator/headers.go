package emulator

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Limits and defaults of the request headers.
const (
	defaultQueryTimeout = 2 * time.Minute
	maxTimeout          = 600_000 // milliseconds
	maxRetries          = 7       // X-Max-Retries-On-Contention
	maxTags             = 25
	maxTagsLength       = 3000
	maxTagKey           = 40
	maxTagValue         = 80
)

// queryHeaders is what the headers of a request say about its query.
type queryHeaders struct {
	Secret     string // "" is no authentication
	APIVersion string
	Timeout    time.Duration
	LastSeen   int64  // microseconds, 0 is none
	Tags       string // as sent, echoed in the answer
}

// A headerError is a header that a real server rejects before anything else.
type headerError struct {
	name    string // lower case
	problem string // a sentence, with a full stop if a real server sends one
}

func (e *headerError) Error() string { return "Invalid header '" + e.name + "': " + e.problem }

// readHeaders checks the headers of a request that a real server checks, in
// its order. The error is a *headerError.
func readHeaders(h http.Header) (queryHeaders, error) {
	q := queryHeaders{APIVersion: "2.1", Timeout: defaultQueryTimeout, Secret: readSecret(h.Get("Authorization"))}
	if version, ok := firstHeader(h, "X-Faunadb-Api-Version"); ok {
		switch version {
		case "2.0", "2.1", "2.7", "2.12", "3", "4", "5", "UNSTABLE":
			q.APIVersion = version
		default:
			return q, &headerError{"x-faunadb-api-version", "Unsupported or invalid API version '" + version + "'."}
		}
	}
	if text, ok := firstHeader(h, "X-Query-Timeout"); ok {
		ms, err := headerNumber("x-query-timeout", text, 1, maxTimeout)
		if err != nil {
			return q, err
		}
		q.Timeout = time.Duration(ms) * time.Millisecond
	}
	if text, ok := firstHeader(h, "X-Last-Seen-Txn"); ok {
		micros, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return q, &headerError{"x-last-seen-txn", "Invalid timestamp '" + text + "'."}
		}
		q.LastSeen = micros
	}
	if text, ok := firstHeader(h, "X-Max-Retries-On-Contention"); ok {
		if _, err := headerNumber("x-max-retries-on-contention", text, 0, maxRetries); err != nil {
			return q, err
		}
	}
	if text, ok := firstHeader(h, "X-Fauna-Tags"); ok {
		if !validTags(text) {
			return q, &headerError{"x-fauna-tags", "invalid tags"}
		}
		q.Tags = text
	}
	return q, nil
}

// firstHeader returns the first value of a header and whether it was sent.
func firstHeader(h http.Header, name string) (string, bool) {
	values := h[name]
	if len(values) == 0 {
		return "", false
	}
	return values[0], true
}

// headerNumber reads a header that holds a whole number from low to high.
func headerNumber(name, text string, low, high int64) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	switch {
	case err != nil:
		return 0, &headerError{name, "Invalid number '" + text + "'."}
	case n < low:
		return 0, &headerError{name, "Must be greater than " + strconv.FormatInt(low-1, 10) + "."}
	case n > high:
		return 0, &headerError{name, "Must be less than or equal to " + strconv.FormatInt(high, 10) + "."}
	}
	return n, nil
}

// readSecret extracts the secret from an Authorization header: Bearer with the
// secret, or Basic with it as the user name. The scheme is case-sensitive.
// Anything else counts as no authentication.
func readSecret(authorization string) string {
	fields := strings.Fields(authorization)
	if len(fields) != 2 {
		return ""
	}
	switch fields[0] {
	case "Bearer":
		return fields[1]
	case "Basic":
		text, err := base64.StdEncoding.DecodeString(fields[1])
		if err != nil {
			return ""
		}
		return strings.TrimSuffix(string(text), ":")
	}
	return ""
}

// validTags reports whether text is k=v,k=v within the limits on tags.
func validTags(text string) bool {
	if len(text) > maxTagsLength {
		return false
	}
	if text == "" {
		return true
	}
	tags := strings.Split(text, ",")
	if len(tags) > maxTags {
		return false
	}
	for _, tag := range tags {
		key, value, found := strings.Cut(tag, "=")
		if !found || !tagWord(key, maxTagKey) || !tagWord(value, maxTagValue) {
			return false
		}
	}
	return true
}

// tagWord reports whether word is 1 to limit letters, digits and underscores.
func tagWord(word string, limit int) bool {
	if word == "" || len(word) > limit {
		return false
	}
	for i := range len(word) {
		c := word[i]
		if c != '_' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}
