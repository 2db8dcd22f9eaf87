package fauna

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"fauna-export/fauna/fql"
)

// problem is one error in an answer.
type problem struct {
	Code        string
	Description string
	element     int // of a query that is an array, the element that failed: its position's first step; -1 for anything else
}

// decodeProblems parses the body of a failure, which has one of the three shapes
// in the package's documentation. ok is false for anything else.
func decodeProblems(status int, body []byte) (problems []problem, ok bool) {
	var answer struct {
		Errors []struct {
			Code        string `json:"code"`
			Description string `json:"description"`
			Position    []any  `json:"position"`
			Failures    []struct {
				Field       []any  `json:"field"`
				Description string `json:"description"`
			} `json:"failures"`
		} `json:"errors"`
		Error string `json:"error"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, false
	}
	for _, e := range answer.Errors {
		if e.Code == "" {
			return nil, false
		}
		p := problem{Code: e.Code, Description: e.Description, element: -1}
		if len(e.Position) > 0 {
			if i, ok := e.Position[0].(float64); ok && i == math.Trunc(i) && math.Abs(i) < 1<<31 {
				p.element = int(i)
			}
		}
		for _, f := range e.Failures {
			steps := make([]string, len(f.Field))
			for i, step := range f.Field {
				steps[i] = fmt.Sprint(step)
			}
			p.Description += " " + strings.Join(steps, ".") + ": " + f.Description
		}
		problems = append(problems, p)
	}
	if len(problems) > 0 {
		return problems, true
	}
	prefixes := map[int]string{
		http.StatusBadRequest:          "bad request",
		http.StatusRequestTimeout:      "request timeout",
		http.StatusInternalServerError: "internal server error",
	}
	code := prefixes[status]
	text, ok := strings.CutPrefix(answer.Error, code)
	if code == "" || !ok {
		return nil, false
	}
	return []problem{{Code: code, Description: strings.TrimPrefix(text, ": "), element: -1}}, true
}

// classify returns what an answer with a status other than 200 or 201 means.
func classify(status int, header http.Header, body []byte) *Error {
	problems, ok := decodeProblems(status, body)
	e := &Error{Status: status, problems: problems}
	if !ok && bytes.HasPrefix(body, []byte("{")) && !json.Valid(body) && classifyStatus(status) == KindQuery {
		e.Kind, e.Description, e.Err = KindUnreachable, errBroken.Error(), errBroken
		return e
	}
	if !ok {
		e.Kind, e.Description = classifyForeign(status, header, body)
		return e
	}
	// The status is that of the worst error: report that one.
	worst := slices.MaxFunc(problems, func(a, b problem) int {
		return severity(classifyProblem(status, a)) - severity(classifyProblem(status, b))
	})
	e.Kind, e.Code, e.Description = classifyProblem(status, worst), worst.Code, worst.Description
	if e.Kind == KindExpired {
		e.Minimum = parseMinimum(worst.Description)
	}
	return e
}

// severity ranks the kinds of errors in one answer as the server does: 1, or less
// for these.
func severity(k Kind) int { return -slices.Index([]Kind{KindDenied, KindMissing}, k) }

// codes says what the server's codes mean.
var codes = map[string]Kind{
	"permission denied": KindDenied, "forbidden": KindDenied, "unauthorized": KindSecretRefused,
	"not found": KindNotFauna, "method not allowed": KindNotFauna, // from the router: something in between changed the request
	"time out": KindTimeout, "processing time limit exceeded": KindTimeout, "request timeout": KindTimeout,
	"contended transaction": KindBusy, "too many requests": KindThrottled,
	"invalid ref": KindMissing, "value not found": KindMissing, "instance not found": KindMissing,
}

// codeless says what the statuses of the server's other errors mean, before
// statuses does.
var codeless = map[int]Kind{
	http.StatusUnauthorized: KindSecretRefused, http.StatusForbidden: KindDenied, http.StatusGone: KindDenied,
	http.StatusRequestTimeout: KindTimeout, 440: KindTimeout,
}

// classifyProblem uses the code, or the status for the protocol's codes.
func classifyProblem(status int, p problem) Kind {
	in := func(text string) bool { return strings.Contains(p.Description, text) }
	switch {
	case p.Code == "instance not found" && in("is not active"):
		return KindQuery
	case p.Code == "bad request" && in("less than minimum allowed timestamp"):
		return KindExpired
	case p.Code == "bad request" && (in("exceeds max width") || in("does too much compute")):
		return KindTooLarge
	}
	if kind, known := codes[p.Code]; known {
		return kind
	}
	if kind, known := codeless[status]; known {
		return kind
	}
	return classifyStatus(status)
}

// classifyForeign classifies a body in none of Fauna's shapes, written by a
// proxy or another program that listens there.
func classifyForeign(status int, header http.Header, body []byte) (Kind, string) {
	what := "it sends " + describeBody(header, body)
	if lower := bytes.ToLower(body); bytes.Contains(lower, []byte("https server")) || bytes.Contains(lower, []byte("https port")) {
		return KindNotFauna, "it speaks TLS; start the address with https://"
	}
	switch {
	case status >= 300 && status < 400:
		if u, err := url.Parse(header.Get("Location")); err == nil && u.Host != "" {
			if where, err := ParseEndpoint(u.Scheme + "://" + u.Host); err == nil {
				return KindNotFauna, "it redirects to " + where.String() + ", which is not followed"
			}
		}
		return KindNotFauna, fmt.Sprintf("it redirects (status %d), which is not followed", status)
	case status == http.StatusUnauthorized, status == http.StatusProxyAuthRequired:
		return KindNotFauna, fmt.Sprintf("%s with status %d: a proxy in front of it asks for a login", what, status)
	case status == http.StatusTooManyRequests:
		return KindThrottled, what
	case status == http.StatusRequestTimeout:
		return KindTimeout, what
	}
	if kind := classifyStatus(status); kind != KindQuery {
		return kind, what
	}
	return KindNotFauna, fmt.Sprintf("%s with status %d", what, status)
}

// describeBody says what kind of text a foreign body is, without repeating any
// of it.
func describeBody(header http.Header, body []byte) string {
	trimmed := bytes.TrimSpace(body)
	kind := strings.ToLower(header.Get("Content-Type"))
	switch {
	case len(trimmed) == 0:
		return "nothing"
	case strings.Contains(kind, "html"), trimmed[0] == '<':
		return "a web page"
	case json.Valid(trimmed):
		return "other JSON"
	}
	return "something other than JSON"
}

var minimumTime = regexp.MustCompile(`minimum allowed timestamp (\S+?)\.?(?:\s|$)`)

// parseMinimum returns the oldest readable time in the server's message, in
// microseconds since 1970, rounded up so that it is readable; 0 if there is
// none.
func parseMinimum(description string) int64 {
	m := minimumTime.FindStringSubmatch(description)
	if m == nil {
		return 0
	}
	t, err := time.Parse(time.RFC3339Nano, m[1])
	if err != nil {
		return 0
	}
	micros := t.UnixMicro()
	if t.Nanosecond()%1000 != 0 {
		micros++
	}
	return micros
}

// echoedSecret matches the only message in which the server repeats a secret.
var echoedSecret = regexp.MustCompile(`(?i)(for secret )\S+`)

// scrub makes all texts in e safe to show: those of the server, and those of
// net/http and the driver, which quote the server.
func (e *Error) scrub(secret Secret) {
	clean := func(text string) string { return fql.Printable(secret.clean(text)) }
	e.Code, e.Description = clean(e.Code), clean(e.Description)
	for i := range e.problems {
		p := &e.problems[i]
		p.Code, p.Description = clean(p.Code), clean(p.Description)
	}
	e.Err = secret.cleanError(e.Err)
}

// maxText is how much of a foreign text is kept.
const maxText = 16 << 10

// clean returns a foreign text on one line and without the secret. Invisible
// characters are removed first, because they could split the secret.
func (s Secret) clean(text string) string {
	text = fql.OneLine(strings.ToValidUTF8(text[:min(len(text), maxText)], ""))
	text = strings.TrimSpace(strings.TrimSuffix(text, "Please create a ticket at https://support.fauna.com")) // nobody is there
	return s.Scrub(echoedSecret.ReplaceAllString(text, "${1}"+redacted))
}

// cleanError returns an error with a clean text that still works with
// errors.Is.
func (s Secret) cleanError(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	if clean := s.clean(text); clean != text {
		return &cleanedError{text: clean, is: err}
	}
	return err
}

// cleanedError replaces an error's text. It does not unwrap, since the inner
// texts are not clean.
type cleanedError struct {
	text string
	is   error
}

func (e *cleanedError) Error() string        { return e.text }
func (e *cleanedError) Is(target error) bool { return errors.Is(e.is, target) }
