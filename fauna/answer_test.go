package fauna

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
	"unicode"
)

// recordedError is an error from a real server.
type recordedError struct {
	Name     string `json:"name"`
	Status   int    `json:"status"`
	Response string `json:"response"`
}

func readErrors(t testing.TB) []recordedError {
	t.Helper()
	text, err := os.ReadFile("testdata/errors.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var list []recordedError
	for line := range strings.Lines(string(text)) {
		var e recordedError
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		list = append(list, e)
	}
	return list
}

func TestClassify_recordedErrors(t *testing.T) {
	t.Parallel()
	want := map[string]Kind{ // all others: KindQuery
		"types/14": KindServer, "store set singleton": KindServer, "store set reverse": KindServer, "store set range": KindServer,
		"[admin] documents nope": KindMissing, "[admin] probe users": KindMissing, "select missing, no default": KindMissing,
		"get in missing collection": KindMissing, "key from bad secret": KindMissing,
		"[server-readonly] roles full": KindDenied, "[server-readonly] keys": KindDenied, "[server-readonly] create document": KindDenied,
		"[server-readonly] create role": KindDenied, "[connect-readonly] probe types": KindDenied,
		"[expired key] now": KindSecretRefused, "at too old": KindExpired, "timeout 1 ms": KindTimeout,
	}
	found := 0
	for _, r := range readErrors(t) {
		e := classify(r.Status, nil, []byte(r.Response))
		kind, ok := want[r.Name]
		if !ok {
			kind = KindQuery
		} else {
			found++
		}
		if e.Kind != kind || e.Status != r.Status {
			t.Errorf("%s is %v, status %d, want %v: %s", r.Name, e.Kind, e.Status, kind, r.Response)
		}
		if e.Code == "" || e.Description == "" {
			t.Errorf("%s has code %q, description %q", r.Name, e.Code, e.Description)
		}
	}
	if found != len(want) {
		t.Errorf("only %d of %d named errors are in the record", found, len(want))
	}
}

func TestClassify_allStatuses(t *testing.T) {
	t.Parallel()
	const (
		a     = `{"errors":[{"code":"CODE","description":"DESCRIPTION"}]}`
		html  = `<html><head><title>502 Bad Gateway</title></head></html>`
		other = `{"message":"no"}`
	)
	body := func(code, description string) string {
		return strings.NewReplacer("CODE", code, "DESCRIPTION", description).Replace(a)
	}
	tests := []struct {
		name           string
		status         int
		body           string
		kind           Kind
		retry, smaller bool
		slow           bool
	}{
		{"minimum", 400, body("bad request", "Requested timestamp 2024-01-01T00:00:00Z less than minimum allowed timestamp 2025-01-01T00:00:00Z."), KindExpired, false, false, false},
		{"width", 400, body("bad request", "Query exceeds max width. Max: 100000, current: 100352."), KindTooLarge, false, true, false},
		{"compute", 400, body("bad request", "Transaction does too much compute: got 12001, limit: 12000"), KindTooLarge, false, true, false},
		{"another bad request", 400, body("bad request", "x"), KindQuery, false, false, false},
		{"channel", 400, `{"error":"bad request"}`, KindQuery, false, false, false},
		{"unauthorized", 401, body("unauthorized", "Unauthorized"), KindSecretRefused, false, false, false},
		{"forbidden", 403, body("forbidden", "x"), KindDenied, false, false, false},
		{"denied", 403, `{"errors":[{"position":[],"code":"permission denied","description":"Insufficient privileges to perform the action."}]}`, KindDenied, false, false, false},
		{"missing", 404, `{"errors":[{"position":["map","expr"],"code":"instance not found","description":"Document not found."}]}`, KindMissing, false, false, false},
		{"path", 404, body("not found", "Not Found"), KindNotFauna, false, false, false},
		{"method", 405, body("method not allowed", "Allowed methods are GET, POST."), KindNotFauna, false, false, false},
		{"channel timeout", 408, `{"error":"request timeout: x"}`, KindTimeout, true, true, false},
		{"contention", 409, body("contended transaction", "Transaction was aborted due to detection of concurrent modification."), KindBusy, true, false, false},
		{"disabled account", 410, body("permission denied", "Your account has been disabled."), KindDenied, false, false, false},
		{"large request", 413, body("request too large", "Request entity is too large"), KindQuery, false, false, false},
		{"throttled", 429, body("too many requests", "Rate limit for read exceeded"), KindThrottled, true, false, true},
		{"processing time", 440, body("processing time limit exceeded", "x"), KindTimeout, true, true, false},
		{"failed", 500, body("internal server error", "java.lang.IllegalStateException"), KindServer, true, true, false},
		{"channel failed", 500, `{"error":"internal server error"}`, KindServer, true, true, false},
		{"busy", 503, body("time out", "Read timed out (Query eval has timed out.)"), KindTimeout, true, true, true},
		{"topology", 540, body("operator error", "x"), KindBusy, true, false, false},

		{"page 502", 502, html, KindBusy, true, false, false},
		{"page 503", 503, html, KindBusy, true, false, true},
		{"page 504", 504, html, KindBusy, true, false, false},
		{"page 522", 522, html, KindBusy, true, false, false},
		{"page 429", 429, html, KindThrottled, true, false, true},
		{"page 500", 500, html, KindServer, true, true, false},
		{"page 401", 401, html, KindNotFauna, false, false, false},
		{"page 403", 403, html, KindNotFauna, false, false, false},
		{"page 404", 404, html, KindNotFauna, false, false, false},
		{"page 405", 405, html, KindNotFauna, false, false, false},
		{"redirect", 302, "", KindNotFauna, false, false, false},
		{"other JSON", 404, other, KindNotFauna, false, false, false},
		{"other errors", 400, `{"errors":[{"message":"Must provide query string."}]}`, KindNotFauna, false, false, false},
		{"other error text", 404, `{"error":"not found"}`, KindNotFauna, false, false, false},
		{"query language X", 401, `{"error":{"code":"unauthorized","message":"x"}}`, KindNotFauna, false, false, false},
		{"no body", 400, "", KindNotFauna, false, false, false},
		{"cut body", 401, `{"errors":[{"code":"unaut`, KindUnreachable, true, false, false},
		{"cut body of a failure", 500, `{"errors":[{"code":"unaut`, KindServer, true, true, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := classify(tt.status, http.Header{}, []byte(tt.body))
			e.Endpoint, e.Op = "localhost:8443", "list collections"
			e.scrub(Secret{})
			if e.Kind != tt.kind || e.Retry() != tt.retry || e.Smaller() != tt.smaller || e.Slow() != tt.slow {
				t.Errorf("%v, retry %v, smaller %v, slow %v", e.Kind, e.Retry(), e.Smaller(), e.Slow())
			}
			if e.Expired() != (tt.kind == KindExpired) || e.Missing() != (tt.kind == KindMissing) ||
				e.Refused() != (tt.kind == KindSecretRefused || tt.kind == KindDenied) {
				t.Errorf("expired %v, missing %v, refused %v", e.Expired(), e.Missing(), e.Refused())
			}
			if line := e.Error(); strings.ContainsAny(line, "\n<") || !strings.HasPrefix(line, "list collections: ") {
				t.Errorf("line %q", line)
			}
		})
	}
}

func TestClassify_worstOfSeveral(t *testing.T) {
	t.Parallel()
	e := classify(403, nil, []byte(`{"errors":[
		{"position":[0,"from"],"code":"instance not found","description":"Document not found."},
		{"position":[2,"from"],"code":"permission denied","description":"Insufficient privileges to perform the action."}]}`))
	if e.Kind != KindDenied || len(e.problems) != 2 || e.problems[1].element != 2 {
		t.Errorf("%v of %+v", e.Kind, e.problems)
	}
	if !e.splits(3) || e.splits(2) {
		t.Errorf("splits(3) = %v, splits(2) = %v", e.splits(3), e.splits(2))
	}
}

func TestClassify_redirectNamesTheAddress(t *testing.T) {
	t.Parallel()
	e := classify(301, http.Header{"Location": {"https://other.example:9000/login?secret=x"}}, nil)
	if !strings.Contains(e.Error(), "https://other.example:9000,") || strings.Contains(e.Error(), "login") {
		t.Error(e.Error())
	}
	e = classify(301, http.Header{"Location": {"https://user:hunter2@other.example/"}}, nil)
	if strings.Contains(e.Error(), "hunter2") {
		t.Error(e.Error())
	}
}

func TestParseMinimum(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Requested timestamp 1970-01-01T00:00:00Z less than minimum allowed timestamp 2026-11-22T10:41:36.557Z.":    "2026-11-22T10:41:36.557Z",
		"Requested timestamp 1970-01-01T00:00:00Z less than minimum allowed timestamp 2025-01-01T00:00:00Z.":        "2025-01-01T00:00:00Z",
		"Requested timestamp 1970-01-01T00:00:00Z less than minimum allowed timestamp 2025-01-01T00:00:00.123456Z.": "2025-01-01T00:00:00.123456Z",
		"Requested timestamp 1970-01-01T00:00:00Z less than minimum allowed timestamp 2025-01-01T00:00:00.0000001Z": "2025-01-01T00:00:00.000001Z",
	} {
		if got := formatTime(parseMinimum(text)); got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
	for _, text := range []string{"", "minimum allowed timestamp soon.", "less than"} {
		if got := parseMinimum(text); got != 0 {
			t.Errorf("%q: %d", text, got)
		}
	}
	e := classify(400, nil, []byte(`{"errors":[{"code":"bad request","description":"Requested timestamp 1970-01-01T00:00:00Z less than minimum allowed timestamp 2026-11-22T10:41:36.557Z."}]}`))
	if want := time.Date(2026, 11, 22, 10, 41, 36, 557e6, time.UTC).UnixMicro(); e.Minimum != want {
		t.Errorf("Minimum = %d, want %d", e.Minimum, want)
	}
}

func TestError_neverHoldsTheSecret(t *testing.T) {
	t.Parallel()
	s := NewSecret(secretText)
	for _, r := range readErrors(t) {
		for _, echoed := range []string{"fnNOTASECRET", "Cannot", "undefined"} {
			e := classify(r.Status, nil, []byte(strings.ReplaceAll(r.Response, echoed, secretText)))
			e.scrub(s)
			js, _ := json.Marshal(e)
			checkNoSecret(t, r.Name, e.Error()+e.Description+string(js))
		}
	}
	// A secret that is not the client's own.
	e := classify(400, nil, []byte(`{"errors":[{"position":[],"code":"instance not found","description":"No key found for secret `+secretText+`."}]}`))
	e.scrub(Secret{})
	checkNoSecret(t, "an unknown secret", e.Error())
	if !strings.Contains(e.Description, redacted) {
		t.Errorf("description %q", e.Description)
	}
}

func TestError_staysOnALine(t *testing.T) {
	t.Parallel()
	e := classify(400, nil, []byte(`{"errors":[{"position":["a\u001b[31m"],"code":"x\u0007y","description":"a\r\nb\u001b]0;title\u0007\u202e`+strings.Repeat("z", 1000)+`"}]}`))
	e.scrub(Secret{})
	for _, text := range []string{e.Error(), e.Code, e.Description} {
		if strings.ContainsFunc(text, unicode.IsControl) || strings.Contains(text, "\u202e") || len(text) > 500 {
			t.Errorf("%q", text)
		}
	}
}

func TestError_everyKindSaysWhatToDo(t *testing.T) {
	t.Parallel()
	for k := KindServer; k <= KindQuery; k++ {
		e := &Error{Kind: k, Op: "list collections", Endpoint: "localhost:8443", Status: 400, Code: "c", Description: "d"}
		if line := e.Error(); len(line) < 40 || k.String() == "" || strings.HasPrefix(k.String(), "kind ") {
			t.Errorf("%v: %q", k, line)
		}
	}
	if got := Kind(99).String(); got != "kind 99" {
		t.Errorf("Kind(99) is %q", got)
	}
}

func FuzzDecodeProblems(f *testing.F) {
	for _, r := range readErrors(f) {
		f.Add(r.Status, r.Response)
	}
	f.Add(400, `{"errors":[{"code":"a","position":[1,"b",null,[]],"failures":[{"field":[0]}]}]}`)
	f.Add(500, `{"error":"internal server error"}`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		e := classify(status, http.Header{}, []byte(body))
		e.Op, e.Endpoint = "read", "localhost"
		e.scrub(NewSecret(secretText))
		line := e.Error()
		if line == "" || strings.ContainsFunc(line, unicode.IsControl) || len(line) > 2000 {
			t.Errorf("status %d, %q: %q", status, body, line)
		}
		if strings.Contains(line, secretText) {
			t.Errorf("status %d: the line holds the secret", status)
		}
		e.splits(10)
	})
}
