package emulator

import (
	"encoding/base64"
	"net/http"
	"regexp"
	"slices"
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
)

// readHeaders reads the query's settings from the headers of a request. It checks what
// a real server checks, in the same order; problem says what is wrong.
func readHeaders(h http.Header) (q request, problem string) {
	q = request{APIVersion: "2.1", Timeout: defaultQueryTimeout, Secret: readSecret(h.Get("Authorization"))}
	for _, name := range []string{"x-faunadb-api-version", "x-query-timeout", "x-last-seen-txn", "x-max-retries-on-contention", "x-fauna-tags"} {
		values := h.Values(name)
		if len(values) == 0 {
			continue
		}
		text := values[0]
		switch name {
		case "x-faunadb-api-version":
			if q.APIVersion = text; !slices.Contains(apiVersions[:], text) {
				problem = "Unsupported or invalid API version '" + text + "'."
			}
		case "x-query-timeout":
			var ms int64
			ms, problem = headerNumber(text, 1, maxTimeout)
			q.Timeout = time.Duration(ms) * time.Millisecond
		case "x-last-seen-txn":
			var err error
			if q.LastSeen, err = strconv.ParseInt(text, 10, 64); err != nil {
				problem = "Invalid timestamp '" + text + "'."
			}
		case "x-max-retries-on-contention":
			_, problem = headerNumber(text, 0, maxRetries)
		case "x-fauna-tags":
			if q.Tags = text; !validTags(text) {
				q.Tags, problem = "", "invalid tags"
			}
		}
		if problem != "" {
			return q, "Invalid header '" + name + "': " + problem
		}
	}
	return q, ""
}

// headerNumber reads a header that holds a whole number from low to high.
func headerNumber(text string, low, high int64) (n int64, problem string) {
	n, err := strconv.ParseInt(text, 10, 64)
	switch {
	case err != nil:
		problem = "Invalid number '" + text + "'."
	case n < low:
		problem = "Must be greater than " + strconv.FormatInt(low-1, 10) + "."
	case n > high:
		problem = "Must be less than or equal to " + strconv.FormatInt(high, 10) + "."
	}
	return n, problem
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

var tag = regexp.MustCompile(`^\w{1,40}=\w{1,80}$`)

// validTags reports whether text is k=v,k=v within the limits on tags.
func validTags(text string) bool {
	tags := strings.Split(text, ",")
	if len(text) > maxTagsLength || len(tags) > maxTags {
		return false
	}
	for _, one := range tags {
		if text != "" && !tag.MatchString(one) {
			return false
		}
	}
	return true
}
