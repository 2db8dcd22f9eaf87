package fault

import (
	"bytes"
	"encoding/json"
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

// Status returns the fault of answering with a status from 400 to 599 and the
// body that a real server, or a proxy in front of it, sends. For 500 it is the
// most common of three shapes; InternalError has all of them.
func Status(status int) Fault {
	a := statusAnswer(status)
	return Fault{Name: "status " + strconv.Itoa(status), Answer: &a}
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

// InternalError returns the fault of answering 500, in one of the three shapes
// that a real server has for errors.
func InternalError(shape int) Fault {
	a := statusAnswer(http.StatusInternalServerError)
	name := "status 500"
	switch shape {
	case ShapeQuery:
		name += " with a position"
		a.Body = `{"errors":[{"position":[],"code":"internal server error","description":"` + ticketText + `"}]}`
	case ShapeChannel:
		name += " of the channel"
		a.Body = `{"error":"internal server error"}`
	}
	return Fault{Name: name, Answer: &a}
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

// ticketText is what a real server's internal errors say.
const ticketText = "java.lang.IllegalStateException. Please create a ticket at https://support.fauna.com"

// statusAnswer is the usual answer with a status.
func statusAnswer(status int) Answer {
	protocol := func(code, description string) Answer {
		return Answer{Status: status, Body: `{"errors":[{"code":"` + code + `","description":"` + description + `"}]}`}
	}
	switch status {
	case http.StatusBadRequest:
		return Answer{Status: status, Body: `{"error":"bad request"}`}
	case http.StatusUnauthorized:
		return protocol("unauthorized", "Unauthorized")
	case http.StatusForbidden:
		return Answer{Status: status, Body: `{"errors":[{"position":[],"code":"permission denied","description":"Insufficient privileges to perform the action."}]}`}
	case http.StatusNotFound:
		return protocol("not found", "Not Found")
	case http.StatusRequestTimeout:
		return Answer{Status: status, Body: `{"error":"request timeout: the request was not read in time"}`}
	case http.StatusConflict:
		return protocol("contended transaction", "Transaction was aborted due to detection of concurrent modification.")
	case http.StatusGone:
		return protocol("permission denied", "Your account has been disabled. Please create a ticket at https://support.fauna.com")
	case http.StatusRequestEntityTooLarge:
		return indented(protocol("request too large", "Request entity is too large"))
	case http.StatusTooManyRequests:
		return protocol("too many requests", "Rate limit for read exceeded")
	case 440:
		return protocol("processing time limit exceeded", "Processing time limit exceeded.")
	case http.StatusInternalServerError:
		return indented(protocol("internal server error", ticketText))
	case http.StatusServiceUnavailable:
		return indented(protocol("time out", "Read timed out (Query eval has timed out.)"))
	case 540:
		return protocol("operator error", "Operator error.")
	}
	text := strconv.Itoa(status) + " " + http.StatusText(status)
	return Answer{Status: status, ContentType: "text/html", Body: "<html>\r\n<head><title>" + text + "</title></head>\r\n<body>\r\n<center><h1>" + text +
		"</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"}
}

// indented lays out an answer's body.
func indented(a Answer) Answer {
	var out bytes.Buffer
	if json.Indent(&out, []byte(a.Body), "", "  ") == nil {
		a.Body = out.String() + "\n"
	}
	return a
}
