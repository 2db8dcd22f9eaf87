package fault

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Answer is a status with the exact body that a real server, or a proxy in
// front of it, sends with it.
type Answer struct {
	Status      int
	Body        string
	ContentType string // "" means JSON
}

// The shapes of an error's body.
const (
	// ShapeProtocol is a list of errors without positions.
	ShapeProtocol = iota
	// ShapeQuery is a list of errors with positions.
	ShapeQuery
	// ShapeChannel is one text under "error".
	ShapeChannel
)

// ticketText is what a real server's internal errors say.
const ticketText = "java.lang.IllegalStateException. Please create a ticket at https://support.fauna.com"

// A problem is an error as a real server reports it.
type problem struct {
	shape       int
	indented    bool // over several lines
	code        string
	description string
}

// problems are the errors of a real server, by status.
var problems = map[int]problem{
	400: {ShapeChannel, false, "bad request", ""},
	401: {ShapeProtocol, false, "unauthorized", "Unauthorized"},
	403: {ShapeQuery, false, "permission denied", "Insufficient privileges to perform the action."},
	404: {ShapeProtocol, false, "not found", "Not Found"},
	408: {ShapeChannel, false, "request timeout: the request was not read in time", ""},
	409: {ShapeProtocol, false, "contended transaction", "Transaction was aborted due to detection of concurrent modification."},
	410: {ShapeProtocol, false, "permission denied", "Your account has been disabled. Please create a ticket at https://support.fauna.com"},
	413: {ShapeProtocol, true, "request too large", "Request entity is too large"},
	429: {ShapeProtocol, false, "too many requests", "Rate limit for read exceeded"},
	440: {ShapeProtocol, false, "processing time limit exceeded", "Processing time limit exceeded."},
	500: {ShapeProtocol, true, "internal server error", ticketText},
	503: {ShapeProtocol, true, "time out", "Read timed out (Query eval has timed out.)"},
	540: {ShapeProtocol, false, "operator error", "Operator error."},
}

// Status returns the fault of answering with a status from 400 to 599 and the
// body that a real server, or a proxy in front of it, sends. For 500 it is the
// most common of three shapes; InternalError has all of them.
func Status(status int) Fault {
	a := Answer{Status: status}
	if p, ok := problems[status]; ok {
		a.Body = p.body()
	} else {
		text := strconv.Itoa(status) + " " + http.StatusText(status)
		a.ContentType = "text/html"
		a.Body = "<html>\r\n<head><title>" + text + "</title></head>\r\n<body>\r\n<center><h1>" + text +
			"</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
	}
	return Fault{Name: "status " + strconv.Itoa(status), Answer: &a}
}

// InternalError returns the fault of answering 500, in one of the three shapes
// that a real server has for errors.
func InternalError(shape int) Fault {
	p := problem{shape, shape == ShapeProtocol, "internal server error", ticketText}
	return Fault{Name: fmt.Sprintf("status 500 of shape %d", shape), Answer: &Answer{Status: http.StatusInternalServerError, Body: p.body()}}
}

func (p problem) body() string {
	one := `"code":"` + p.code + `","description":"` + p.description + `"}]}`
	switch {
	case p.shape == ShapeChannel:
		return `{"error":"` + p.code + `"}`
	case p.shape == ShapeQuery:
		return `{"errors":[{"position":[],` + one
	case !p.indented:
		return `{"errors":[{` + one
	}
	var out bytes.Buffer
	_ = json.Indent(&out, []byte(`{"errors":[{`+one), "", "  ") // it is JSON
	return out.String() + "\n"
}

// Wait returns the fault of answering d late.
func Wait(d time.Duration) Fault {
	return Fault{Name: "late by " + d.String(), Delay: d}
}

// CutAt returns the fault of a cut connection or a short body. CutWithin and
// CutShort send the first after bytes of the body.
func CutAt(cut Cut, after int) Fault {
	names := map[Cut]string{
		CutBefore: "cut before the answer",
		CutWithin: "cut within the body",
		CutAfter:  "cut after the answer",
		CutShort:  "short body",
	}
	return Fault{Name: names[cut], Cut: cut, After: after}
}
