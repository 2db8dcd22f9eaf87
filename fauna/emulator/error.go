package emulator

import (
	"errors"
	"fmt"
	"strings"
)

// A position is a place in a request: a key or an index of its parent.
type position struct {
	up   *position
	step value // a string or an int64
}

func (p *position) child(key string) *position { return &position{p, key} }

func (p *position) nth(i int) *position { return &position{p, int64(i)} }

// path returns the steps to p, outermost first.
func (p *position) path() array {
	if p == nil {
		return array{}
	}
	return append(p.up.path(), p.step)
}

// The ranks of errors: if a query has several, the highest determines the status.
const (
	rankOther = iota
	rankDenied
	rankArgument
	rankParse
)

// A queryError is one error of a query.
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
	field array // of strings
	code  string
	text  string
}

func (e *queryError) Error() string { return e.code + ": " + e.text }

// object returns the error as an answer shows it.
func (e *queryError) object() *object {
	o := newObject("position", e.at.path(), "code", e.code, "description", e.text)
	if len(e.failures) > 0 {
		list := make(array, len(e.failures))
		for i, f := range e.failures {
			list[i] = newObject("field", f.field, "code", f.code, "description", f.text)
		}
		o.add("failures", list)
	}
	if len(e.cause) > 0 {
		o.add("cause", e.cause.objects())
	}
	return o
}

// queryErrors are all errors of one query.
type queryErrors []*queryError

func (e queryErrors) Error() string {
	parts := make([]string, len(e))
	for i, q := range e {
		parts[i] = q.Error()
	}
	return strings.Join(parts, "; ")
}

func (e queryErrors) objects() array {
	list := make(array, len(e))
	for i, q := range e {
		list[i] = q.object()
	}
	return list
}

// A requestError is an error of the request as a whole, without a position.
type requestError struct {
	status  int
	code    string
	text    string
	compact bool // on one line; a real server indents most of these
}

func (e *requestError) Error() string { return e.code + ": " + e.text }

// catch runs f and returns the error with which it panicked. An error of a query
// ends its evaluation by a panic with a *queryError, queryErrors or
// *requestError, so that the functions in between need not pass it on.
func catch(f func()) (err error) {
	defer func() {
		switch cause := recover().(type) {
		case nil:
		case *queryError, queryErrors, *requestError:
			err = cause.(error)
		default: // a bug in this program
			panic(cause)
		}
	}()
	f()
	return nil
}

// listErrors returns what catch caught as a list. An error of the whole request is
// none of its parts and goes on as it is.
func listErrors(err error) queryErrors {
	switch err := err.(type) {
	case queryErrors:
		return err
	case *queryError:
		return queryErrors{err}
	}
	panic(err)
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
	kind := classSingular[r.class]
	if r.class == clsDocument {
		kind = "collection"
	}
	return &queryError{at: at, code: "invalid ref", text: fmt.Sprintf("Ref refers to undefined %s '%s'", kind, r.title()), status: 400, rank: rankArgument}
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

// invalidWriteTime is the error of a write at any time other than the present.
func invalidWriteTime(at *position) *queryError {
	return &queryError{at: at, code: "invalid write time", text: "Cannot write outside of snapshot time.", status: 400}
}

func noEvents(at *position) *queryError {
	return invalidArgument(at, "Set does not support events history.")
}

// validate panics with the failures, if there are any.
func validate(at *position, failures []failure) {
	if len(failures) > 0 {
		panic(&queryError{at: at, code: "validation failed", text: "document data is not valid.", status: 400, failures: failures})
	}
}

func badRequest(format string, args ...any) *requestError {
	return &requestError{status: 400, code: "bad request", text: fmt.Sprintf(format, args...)}
}

func internalError(text string) *requestError {
	return &requestError{status: 500, code: "internal server error", text: text + " Please create a ticket at https://support.fauna.com"}
}

func timedOut(text string) *requestError {
	return &requestError{status: 503, code: "time out", text: "Read timed out (" + text + ")"}
}

func unauthorized() *requestError {
	return &requestError{status: 401, code: "unauthorized", text: "Unauthorized", compact: true}
}

// errorResponse renders err.
func errorResponse(err error) response {
	if r, ok := errors.AsType[*requestError](err); ok {
		one := newObject("code", r.code, "description", r.text)
		body := []byte(rendered(newObject("errors", array{one})))
		if !r.compact {
			body = indentJSON(body)
		}
		return response{Status: r.status, Body: body}
	}
	list := listErrors(err)
	worst := list[0]
	for _, e := range list {
		if e.rank > worst.rank {
			worst = e
		}
	}
	return response{Status: worst.status, Body: []byte(rendered(newObject("errors", list.objects())))}
}
