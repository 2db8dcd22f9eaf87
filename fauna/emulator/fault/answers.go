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
	ContentType string // "" is JSON
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

// Status returns the fault of answering with a status from 400 to 599 and the
// body that a real server, or a proxy in front of it, sends. For 500 it is the
// most common of three shapes; InternalError has all of them.
func Status(status int) Fault {
	var body string
	switch status {
	case 400:
		body = errorBody(ShapeChannel, "bad request", "")
	case 401:
		body = errorBody(ShapeProtocol, "unauthorized", "Unauthorized")
	case 403:
		body = errorBody(ShapeQuery, "permission denied", "Insufficient privileges to perform the action.")
	case 404:
		body = errorBody(ShapeProtocol, "not found", "Not Found")
	case 408:
		body = errorBody(ShapeChannel, "request timeout: the request was not read in time", "")
	case 409:
		body = errorBody(ShapeProtocol, "contended transaction", "Transaction was aborted due to detection of concurrent modification.")
	case 410:
		body = errorBody(ShapeProtocol, "permission denied", "Your account has been disabled. Please create a ticket at https://support.fauna.com")
	case 413:
		body = indented(errorBody(ShapeProtocol, "request too large", "Request entity is too large"))
	case 429:
		body = errorBody(ShapeProtocol, "too many requests", "Rate limit for read exceeded")
	case 440:
		body = errorBody(ShapeProtocol, "processing time limit exceeded", "Processing time limit exceeded.")
	case 500:
		body = indented(errorBody(ShapeProtocol, "internal server error", ticketText))
	case 503:
		body = indented(errorBody(ShapeProtocol, "time out", "Read timed out (Query eval has timed out.)"))
	case 540:
		body = errorBody(ShapeProtocol, "operator error", "Operator error.")
	}
	a := Answer{Status: status, Body: body}
	if body == "" {
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
	if shape == ShapeProtocol {
		return Status(http.StatusInternalServerError)
	}
	return Fault{Name: fmt.Sprintf("status 500 of shape %d", shape),
		Answer: &Answer{Status: http.StatusInternalServerError, Body: errorBody(shape, "internal server error", ticketText)}}
}

func errorBody(shape int, code, description string) string {
	switch shape {
	case ShapeChannel:
		return `{"error":"` + code + `"}`
	case ShapeQuery:
		return `{"errors":[{"position":[],"code":"` + code + `","description":"` + description + `"}]}`
	}
	return `{"errors":[{"code":"` + code + `","description":"` + description + `"}]}`
}

// indented lays out a body over several lines.
func indented(body string) string {
	var out bytes.Buffer
	if err := json.Indent(&out, []byte(body), "", "  "); err != nil {
		return body
	}
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
