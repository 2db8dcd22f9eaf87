package emulator

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A position is a place in a request: a key of its parent or, if key is "", an
// index.
type position struct {
	up    *position
	key   string
	index int
}

func (p *position) child(key string) *position { return &position{up: p, key: key} }

func (p *position) nth(i int) *position { return &position{up: p, index: i} }

func (p *position) path() []*position {
	var out []*position
	for ; p != nil; p = p.up {
		out = append(out, p)
	}
	return out
}

// appendPosition renders p as an array, outermost first.
func appendPosition(b []byte, p *position) []byte {
	b = append(b, '[')
	path := p.path()
	for i := len(path) - 1; i >= 0; i-- {
		if path[i].key != "" {
			b = appendString(b, path[i].key)
		} else {
			b = strconv.AppendInt(b, int64(path[i].index), 10)
		}
		if i > 0 {
			b = append(b, ',')
		}
	}
	return append(b, ']')
}

// The classes of errors: an answer's status is that of its worst error.
const (
	rankOther = iota
	rankDenied
	rankArgument
	rankParse
)

// A queryError is one error with a position.
type queryError struct {
	at       *position
	code     string
	text     string
	status   int
	rank     int
	failures []failure
	cause    queryErrors
}

// A failure names a field of a document that is not valid.
type failure struct {
	field []string
	code  string
	text  string
}

func (e *queryError) Error() string { return e.code + ": " + e.text }

// queryErrors are all errors of one query.
type queryErrors []*queryError

func (e queryErrors) Error() string {
	parts := make([]string, len(e))
	for i, q := range e {
		parts[i] = q.Error()
	}
	return strings.Join(parts, "; ")
}

// A requestError is an error of the request as a whole, without a position.
type requestError struct {
	status int
	code   string
	text   string
	pretty bool // rendered over several lines, as a real server does
}

func (e *requestError) Error() string { return e.code + ": " + e.text }

// join combines errors: a request error wins, query errors are all listed.
func join(a, b error) error {
	if a == nil {
		return b
	}
	if b == nil {
		return a
	}
	var r *requestError
	if errors.As(a, &r) {
		return a
	}
	if errors.As(b, &r) {
		return b
	}
	return append(listErrors(a), listErrors(b)...)
}

func listErrors(err error) queryErrors {
	switch e := err.(type) {
	case queryErrors:
		return e
	case *queryError:
		return queryErrors{e}
	}
	return queryErrors{{code: "internal server error", text: err.Error(), status: 500}}
}

func invalidExpression(at *position, format string, args ...any) *queryError {
	return &queryError{at: at, code: "invalid expression", text: fmt.Sprintf(format, args...), status: 400, rank: rankParse}
}

func invalidArgument(at *position, format string, args ...any) *queryError {
	return &queryError{at: at, code: "invalid argument", text: fmt.Sprintf(format, args...), status: 400, rank: rankArgument}
}

func expected(at *position, want string, got value) *queryError {
	return invalidArgument(at, "%s expected, %s provided.", want, typeName(got))
}

func undefinedRef(at *position, r *ref) *queryError {
	kind, name, _ := r.undefined()
	return &queryError{at: at, code: "invalid ref", text: fmt.Sprintf("Ref refers to undefined %s '%s'", kind, name), status: 400, rank: rankArgument}
}

func denied(at *position) *queryError {
	return &queryError{at: at, code: "permission denied", text: "Insufficient privileges to perform the action.", status: 403, rank: rankDenied}
}

func notFound(at *position, what string) *queryError {
	return &queryError{at: at, code: "instance not found", text: what + " not found.", status: 404}
}

func alreadyExists(at *position, what string) *queryError {
	return &queryError{at: at, code: "instance already exists", text: what + " already exists.", status: 400}
}

func notValid(at *position, failures ...failure) *queryError {
	return &queryError{at: at, code: "validation failed", text: "document data is not valid.", status: 400, failures: failures}
}

func badRequest(format string, args ...any) *requestError {
	return &requestError{status: 400, code: "bad request", text: fmt.Sprintf(format, args...), pretty: true}
}

func internalError(text string) *requestError {
	return &requestError{status: 500, code: "internal server error", text: text + " Please create a ticket at https://support.fauna.com", pretty: true}
}

var errTimeout = &requestError{status: 503, code: "time out", text: "Read timed out (Query eval has timed out.)", pretty: true}

// errorResponse renders err.
func errorResponse(err error) response {
	var r *requestError
	if errors.As(err, &r) {
		if r.pretty {
			b := append([]byte("{\n  \"errors\": [\n    {\n      \"code\": "), appendString(nil, r.code)...)
			b = append(b, ",\n      \"description\": "...)
			b = appendString(b, r.text)
			b = append(b, "\n    }\n  ]\n}\n"...)
			return response{Status: r.status, Body: b, Indented: true}
		}
		b := append([]byte(`{"errors":[{"code":`), appendString(nil, r.code)...)
		b = append(b, `,"description":`...)
		b = appendString(b, r.text)
		b = append(b, "}]}"...)
		return response{Status: r.status, Body: b, WWWAuthenticate: r.status == 401}
	}
	list := listErrors(err)
	worst := list[0]
	for _, e := range list {
		if e.rank > worst.rank {
			worst = e
		}
	}
	b := appendErrors([]byte(`{"errors":`), list)
	return response{Status: worst.status, Body: append(b, '}')}
}

func appendErrors(b []byte, list queryErrors) []byte {
	b = append(b, '[')
	for i, e := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendPosition(append(b, `{"position":`...), e.at)
		b = appendString(append(b, `,"code":`...), e.code)
		b = appendString(append(b, `,"description":`...), e.text)
		if len(e.failures) > 0 {
			b = append(b, `,"failures":[`...)
			for j, f := range e.failures {
				if j > 0 {
					b = append(b, ',')
				}
				b = append(b, `{"field":[`...)
				for k, part := range f.field {
					if k > 0 {
						b = append(b, ',')
					}
					b = appendString(b, part)
				}
				b = appendString(append(b, `],"code":`...), f.code)
				b = appendString(append(b, `,"description":`...), f.text)
				b = append(b, '}')
			}
			b = append(b, ']')
		}
		if len(e.cause) > 0 {
			b = appendErrors(append(b, `,"cause":`...), e.cause)
		}
		b = append(b, '}')
	}
	return append(b, ']')
}
