package emulator

import (
	"fmt"
	"slices"
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

// The ranks of errors.
const (
	rankOther = iota
	rankDenied
	rankArgument
	rankParse
)

// A queryError is one error of a query. It ends the evaluation by a panic, so that the
// functions in between need not pass it on.
type queryError struct {
	at       *position
	code     string
	text     string
	status   int
	rank     int
	failures []failure
	cause    queryErrors
	whole    bool // of the request as a whole: it has no position and is the only error
	compact  bool // on one line; a real server indents most of those of whole requests
}

// A failure names a field of a document that is not valid.
type failure struct {
	field array // of strings
	code  string
	text  string
}

// object returns the error as an answer shows it.
func (e *queryError) object() *object {
	o := &object{}
	if !e.whole {
		o.add("position", e.at.path())
	}
	o.add("code", e.code)
	o.add("description", e.text)
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

func (e queryErrors) objects() array {
	list := make(array, len(e))
	for i, q := range e {
		list[i] = q.object()
	}
	return list
}

// catch runs f and returns the errors with which it panicked.
func catch(f func()) (errs queryErrors) {
	defer func() {
		switch cause := recover().(type) {
		case nil:
		case *queryError:
			errs = queryErrors{cause}
		case queryErrors:
			errs = cause
		default: // a bug in this program
			panic(cause)
		}
	}()
	f()
	return nil
}

// catchParts is catch for a part of a request: an error of the whole request goes on.
func catchParts(f func()) queryErrors {
	errs := catch(f)
	if len(errs) > 0 && errs[0].whole {
		panic(errs)
	}
	return errs
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

func badRequest(format string, args ...any) *queryError {
	return &queryError{status: 400, code: "bad request", text: fmt.Sprintf(format, args...), whole: true}
}

func internalError(text string) *queryError {
	return &queryError{status: 500, code: "internal server error", text: text + " Please create a ticket at https://support.fauna.com", whole: true}
}

func timedOut(text string) *queryError {
	return &queryError{status: 503, code: "time out", text: "Read timed out (" + text + ")", whole: true}
}

// protocolError is the error of a request that does not become a query.
func protocolError(status int, code, text string) *queryError {
	return &queryError{status: status, code: code, text: text, whole: true, compact: true}
}

func unauthorized() *queryError { return protocolError(401, "unauthorized", "Unauthorized") }

// errorResponse renders errors. The first of the highest rank determines the status.
func errorResponse(errs ...*queryError) response {
	worst := slices.MaxFunc(errs, func(a, b *queryError) int { return a.rank - b.rank })
	body := []byte(rendered(newObject("errors", queryErrors(errs).objects())))
	if worst.whole && !worst.compact {
		body = indentJSON(body)
	}
	return response{Status: worst.status, Body: body}
}
