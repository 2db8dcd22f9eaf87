package fault

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"time"
)

// handler returns a handler that applies faults to queries and passes them to
// next.
func (f *Faults) handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // of a client that is gone, the server gets what came
		r.Body = io.NopCloser(bytes.NewReader(body))
		rule := f.take(body)
		if rule == nil {
			next.ServeHTTP(w, r)
			return
		}
		fault, changed := rule.fault, true
		if fault.Before != nil {
			fault.Before()
		}
		if fault.Delay > 0 && !pause(r, fault.Delay) {
			f.record(rule, body, 0, true)
			return
		}
		if fault.Cut == CutBefore {
			f.record(rule, body, 0, true)
			panic(http.ErrAbortHandler)
		}
		answer := httptest.NewRecorder()
		if fault.Answer != nil {
			f.write(answer, *fault.Answer)
		} else {
			next.ServeHTTP(answer, r)
			if fault.Edit != nil && answer.Code < 300 {
				edited, status := fault.Edit(answer.Body.Bytes())
				if changed = status != 0; changed {
					answer.Code, answer.Body = status, bytes.NewBuffer(edited)
				}
			}
		}
		f.record(rule, body, answer.Code, changed)
		send(w, answer, fault)
	})
}

// write gives an answer with the headers that a real server sends.
func (f *Faults) write(w http.ResponseWriter, a Answer) {
	h := w.Header()
	h.Set("Content-Type", a.ContentType)
	if a.ContentType == "" {
		h.Set("Content-Type", "application/json;charset=utf-8")
	}
	if a.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Basic realm="Unauthorized"`)
	}
	h.Set("X-Txn-Time", strconv.FormatInt(f.clock().UnixMicro(), 10))
	w.WriteHeader(a.Status)
	_, _ = io.WriteString(w, a.Body) // a recorder never fails
}

// send sends an answer, cut as the fault says.
func send(w http.ResponseWriter, answer *httptest.ResponseRecorder, fault Fault) {
	h, body := w.Header(), answer.Body.Bytes()
	for name, values := range answer.Header() {
		h[name] = values
	}
	length := len(body)
	switch fault.Cut {
	case CutShort:
		body = body[:min(fault.After, length)]
		length = len(body)
	case CutWithin:
		body = body[:min(fault.After, length)]
	case CutAfter:
		h.Set("Connection", "close") // HTTP/2 sends GOAWAY; HTTP/1.1 just closes
	}
	h.Set("Content-Length", strconv.Itoa(length))
	w.WriteHeader(answer.Code)
	_, _ = w.Write(body) // the client may be gone
	if fault.Cut == CutWithin {
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

// pause returns true after d, or false as soon as the client is gone.
func pause(r *http.Request, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-r.Context().Done():
		return false
	}
}
