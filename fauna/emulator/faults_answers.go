package emulator

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// An Answer is a status with the exact body that a real server, or a proxy
// before it, sends with it.
type Answer struct {
	Status      int
	Body        string
	ContentType string // "" is JSON
}

// answer makes the answer ready for the wire.
func (a Answer) answer() answer {
	h := http.Header{}
	if a.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Basic realm="Unauthorized"`)
	}
	return answer{Status: a.Status, Body: []byte(a.Body), ContentType: a.ContentType, Header: h}
}

// Status returns the fault of answering with a status: 400 to 599, those that
// a real server or a proxy before it sends with the body that it sends. 500 is
// the usual of its three shapes; InternalError has all.
func Status(status int) Fault {
	a := statusAnswer(status)
	return Fault{
		Name:   "status " + strconv.Itoa(status),
		Answer: &Answer{Status: status, Body: string(a.Body), ContentType: a.ContentType},
	}
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
	body := string(statusAnswer(http.StatusInternalServerError).Body)
	name := "status 500"
	switch shape {
	case ShapeQuery:
		name += " with a position"
		body = `{"errors":[{"position":[],"code":"internal server error","description":"` + ticketText + `"}]}`
	case ShapeChannel:
		name += " of the channel"
		body = `{"error":"internal server error"}`
	}
	return Fault{Name: name, Answer: &Answer{Status: http.StatusInternalServerError, Body: body}}
}

// Wait returns the fault of answering d late.
func Wait(d time.Duration) Fault {
	return Fault{Name: "late by " + d.String(), Delay: d}
}

// CutAt returns the fault of a connection that is cut, or of a body that is
// short: after is the bytes of the body that are sent, for CutWithin and
// CutShort.
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

// statusAnswer is the answer that goes with a status where nothing in the
// query decides it.
func statusAnswer(status int) answer {
	protocol := func(code, description string) answer { return protocolError(status, code, description) }
	plain := func(contentType, body string) answer {
		return answer{Status: status, Body: []byte(body), ContentType: contentType, Header: http.Header{}}
	}
	switch status {
	case http.StatusBadRequest:
		return plain("", `{"error":"bad request"}`)
	case http.StatusUnauthorized:
		a := protocol("unauthorized", "Unauthorized")
		a.Header.Set("WWW-Authenticate", `Basic realm="Unauthorized"`)
		return a
	case http.StatusForbidden:
		return plain("", `{"errors":[{"position":[],"code":"permission denied","description":"Insufficient privileges to perform the action."}]}`)
	case http.StatusNotFound:
		return protocol("not found", "Not Found")
	case http.StatusRequestTimeout:
		return plain("", `{"error":"request timeout: the request was not read in time"}`)
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
	return plain("text/html", "<html>\r\n<head><title>"+text+"</title></head>\r\n<body>\r\n<center><h1>"+text+
		"</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n")
}

// protocolError is an error without a position, compact.
func protocolError(status int, code, description string) answer {
	text, err := json.Marshal(description)
	if err != nil {
		text = []byte(`""`) // a string always marshals
	}
	return answer{
		Status: status,
		Body:   []byte(`{"errors":[{"code":"` + code + `","description":` + string(text) + `}]}`),
		Header: http.Header{},
	}
}

// indented lays out an answer's body.
func indented(a answer) answer {
	a.Body = indentJSON(a.Body)
	return a
}
