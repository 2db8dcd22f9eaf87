package emulator

import (
	"bufio"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// started serves an empty server whose admin secret is fnADMIN.
func started(t testing.TB) (s *Server, endpoint string) {
	t.Helper()
	s = New(Options{Secret: "fnADMIN"})
	endpoint, stop, err := s.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return s, endpoint
}

// clientOf returns a client that speaks HTTP/1.1, or HTTP/2 from its first byte.
func clientOf(t testing.TB, two bool) *http.Client {
	t.Helper()
	var protocols http.Protocols
	protocols.SetHTTP1(!two)
	protocols.SetUnencryptedHTTP2(two)
	transport := &http.Transport{Protocols: &protocols}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 20 * time.Second}
}

// sendTo sends one request and returns the answer with its body.
func sendTo(t testing.TB, client *http.Client, method, url, body string, headers ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer fnADMIN")
	r.Header.Set("X-FaunaDB-API-Version", "4")
	for i := 0; i < len(headers); i += 2 {
		if headers[i+1] == "" {
			r.Header.Del(headers[i])
			continue
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(text)
}

func TestServer_speaksBothProtocolsOnOnePort(t *testing.T) {
	t.Parallel()
	_, endpoint := started(t)
	for _, two := range []bool{false, true} {
		answer, body := sendTo(t, clientOf(t, two), "POST", endpoint, `{"object":{"a":[1,2]}}`)
		if want := map[bool]int{false: 1, true: 2}[two]; answer.ProtoMajor != want {
			t.Errorf("answered by HTTP/%d, want %d", answer.ProtoMajor, want)
		}
		if answer.StatusCode != 200 || body != `{"resource":{"a":[1,2]}}` {
			t.Errorf("%d %s", answer.StatusCode, body)
		}
		if answer.ContentLength != int64(len(body)) {
			t.Errorf("Content-Length is %d for %d bytes", answer.ContentLength, len(body))
		}
		for _, name := range []string{"X-Txn-Time", "X-Compute-Ops", "X-Byte-Read-Ops", "X-Byte-Write-Ops", "X-Query-Time",
			"X-Query-Bytes-In", "X-Query-Bytes-Out", "X-Storage-Bytes-Read", "X-Storage-Bytes-Write", "X-Txn-Retries"} {
			if answer.Header.Get(name) == "" {
				t.Errorf("no header %s", name)
			}
		}
		if got := answer.Header.Get("Content-Type"); got != "application/json;charset=utf-8" {
			t.Errorf("Content-Type is %q", got)
		}
	}
}

func TestServer_checksInARealServersOrder(t *testing.T) {
	t.Parallel()
	_, endpoint := started(t)
	const unauthorized = `{"errors":[{"code":"unauthorized","description":"Unauthorized"}]}`
	header := func(problem string) string {
		return `{"errors":[{"code":"bad request","description":"Invalid header ` + problem + `"}]}`
	}
	for _, c := range []struct {
		name, method, path, body string
		headers                  []string
		status                   int
		want                     string
	}{
		{"a bad header before an unknown path", "GET", "/nope", "", []string{"X-FaunaDB-API-Version", "4.0"}, 400, header(`'x-faunadb-api-version': Unsupported or invalid API version '4.0'.`)},
		{"an unknown path before the secret", "POST", "/nope/x", "1", []string{"Authorization", "Bearer wrong"}, 404, `{"errors":[{"code":"not found","description":"Not Found"}]}`},
		{"the secret before the method", "DELETE", "/", "", []string{"Authorization", "Bearer wrong"}, 401, unauthorized},
		{"the method before the body", "PUT", "/", "{", nil, 405, `{"errors":[{"code":"method not allowed","description":"Allowed methods are GET, POST."}]}`},
		{"a body that is not JSON", "POST", "/", "{", nil, 400, `{"errors":[{"position":[],"code":"invalid expression","description":"Request body is not valid JSON."}]}`},
		{"no secret", "POST", "/", "1", []string{"Authorization", ""}, 401, unauthorized},
		{"a scheme in small letters", "POST", "/", "1", []string{"Authorization", "bearer fnADMIN"}, 401, unauthorized},
		{"another scheme", "POST", "/", "1", []string{"Authorization", "Digest fnADMIN"}, 401, unauthorized},
		{"basic", "POST", "/", "1", []string{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte("fnADMIN:"))}, 200, `{"resource":1}`},
		{"a timeout that is no number", "POST", "/", "1", []string{"X-Query-Timeout", "abc"}, 400, header(`'x-query-timeout': Invalid number 'abc'.`)},
		{"a timeout of nothing", "POST", "/", "1", []string{"X-Query-Timeout", "0"}, 400, header(`'x-query-timeout': Must be greater than 0.`)},
		{"a timeout too long", "POST", "/", "1", []string{"X-Query-Timeout", "600001"}, 400, header(`'x-query-timeout': Must be less than or equal to 600000.`)},
		{"a time that is no number", "POST", "/", "1", []string{"X-Last-Seen-Txn", "x"}, 400, header(`'x-last-seen-txn': Invalid timestamp 'x'.`)},
		{"bad tags", "POST", "/", "1", []string{"X-Fauna-Tags", "a b"}, 400, header(`'x-fauna-tags': invalid tags`)},
		{"a read by GET", "GET", "/?q=" + url.QueryEscape(`{"add":[1,2]}`), "", nil, 200, `{"resource":3}`},
		{"linearized", "POST", "/linearized", "1", nil, 200, `{"resource":1}`},
		{"ping", "GET", "/ping", "", []string{"Authorization", ""}, 200, `{"resource":"Scope write is OK"}`},
		{"ping of another scope", "GET", "/ping?scope=wide", "", nil, 200, `{"resource":"Scope node is OK"}`},
		{"authorized without a secret", "GET", "/authorized", "", []string{"Authorization", ""}, 401, unauthorized},
	} {
		for _, two := range []bool{false, true} {
			answer, body := sendTo(t, clientOf(t, two), c.method, endpoint+c.path, c.body, c.headers...)
			if answer.StatusCode != c.status || body != c.want {
				t.Errorf("%s: %d %s\nwant %d %s", c.name, answer.StatusCode, body, c.status, c.want)
			}
			if c.status == 401 && answer.Header.Get("WWW-Authenticate") != `Basic realm="Unauthorized"` {
				t.Errorf("%s: WWW-Authenticate is %q", c.name, answer.Header.Get("WWW-Authenticate"))
			}
			if c.status == 405 && answer.Header.Get("Allow") != "GET, POST" {
				t.Errorf("%s: Allow is %q", c.name, answer.Header.Get("Allow"))
			}
			refused := strings.Contains(body, "Invalid header")
			if dated := answer.Header.Get("X-Txn-Time") != ""; dated == refused && c.path != "/ping" && !strings.HasPrefix(c.path, "/ping?") {
				t.Errorf("%s: X-Txn-Time sent: %v", c.name, dated)
			}
			if (c.status == 401 || refused) && answer.Header.Get("X-Compute-Ops") != "" {
				t.Errorf("%s: told what it cost", c.name)
			}
		}
	}
}

func TestServer_authorizedNamesTheDatabase(t *testing.T) {
	t.Parallel()
	_, endpoint := started(t)
	answer, body := sendTo(t, clientOf(t, false), "GET", endpoint+"/authorized", "")
	if answer.StatusCode != 200 || !strings.HasPrefix(body, `{"account":"0","global_id":"y`) {
		t.Errorf("%d %s", answer.StatusCode, body)
	}
}

func TestServer_indentsForPeople(t *testing.T) {
	t.Parallel()
	_, endpoint := started(t)
	const want = "{\n  \"resource\": {\n    \"a\": [\n      1,\n      \"x\\\"{,\"\n    ],\n    \"b\": { },\n    \"c\": [ ]\n  }\n}\n"
	query := `{"object":{"a":[1,"x\"{,"],"b":{"object":{}},"c":[]}}`
	for _, header := range [][]string{
		{"User-Agent", "curl/8.5.0"}, {"User-Agent", "HTTPie/3.2"}, {"X-FaunaDB-Formatted-JSON", "true"},
	} {
		answer, body := sendTo(t, clientOf(t, false), "POST", endpoint, query, header...)
		if body != want || answer.ContentLength != int64(len(want)) {
			t.Errorf("%s:\n%s", header, body)
		}
	}
}

func TestServer_indentsSomeErrorsAlways(t *testing.T) {
	t.Parallel()
	_, endpoint := started(t)
	answer, body := sendTo(t, clientOf(t, false), "POST", endpoint, `{"now":null}`, "X-Query-Timeout", "1")
	const want = "{\n  \"errors\": [\n    {\n      \"code\": \"time out\",\n      \"description\": \"Read timed out (Query eval has timed out.)\"\n    }\n  ]\n}\n"
	if answer.StatusCode != 503 || body != want {
		t.Errorf("%d %s", answer.StatusCode, body)
	}
	if answer, body = sendTo(t, clientOf(t, false), "GET", endpoint+"/error", ""); answer.StatusCode != 500 || !strings.HasPrefix(body, "{\n  \"errors\": [\n") {
		t.Errorf("%d %s", answer.StatusCode, body)
	}
}

func TestServer_answersWhatGoesWrongInIt(t *testing.T) {
	t.Parallel()
	s, endpoint := started(t)
	s.root = nil // listing anything fails without it
	answer, body := sendTo(t, clientOf(t, false), "POST", endpoint, `{"paginate":{"collections":null}}`)
	if answer.StatusCode != 500 || !strings.HasPrefix(body, "{\n  \"errors\": [\n    {\n      \"code\": \"internal server error\",") {
		t.Errorf("%d %s", answer.StatusCode, body)
	}
	if answer.Header.Get("X-Compute-Ops") != "" {
		t.Error("it tells what that cost")
	}
}

func TestServer_echoesTags(t *testing.T) {
	t.Parallel()
	_, endpoint := started(t)
	answer, _ := sendTo(t, clientOf(t, false), "POST", endpoint, "1", "X-Fauna-Tags", "run=7,who=me")
	if got := answer.Header.Get("X-Fauna-Tags"); got != "run=7,who=me" {
		t.Errorf("tags are %q", got)
	}
}

func TestServer_refusesLargeBodiesAndGoesOn(t *testing.T) {
	t.Parallel()
	_, endpoint := started(t)
	for _, two := range []bool{false, true} {
		client := clientOf(t, two)
		fits := `"` + strings.Repeat("x", maxBody-2) + `"`
		if answer, _ := sendTo(t, client, "POST", endpoint, fits); answer.StatusCode != 200 {
			t.Errorf("a body of 8 MiB: %d", answer.StatusCode)
		}
		for _, over := range []int{1, 1 << 20} {
			answer, body := sendTo(t, client, "POST", endpoint, fits+strings.Repeat(" ", over))
			if answer.StatusCode != 413 || !strings.Contains(body, `"description": "Request entity is too large"`) {
				t.Errorf("a body of 8 MiB and %d: %d %.80s", over, answer.StatusCode, body)
			}
		}
		if answer, _ := sendTo(t, client, "POST", endpoint, "1"); answer.StatusCode != 200 {
			t.Errorf("after them: %d", answer.StatusCode)
		}
	}
}

// dialed opens a connection to the server.
func dialed(t *testing.T, endpoint string) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(endpoint, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return conn, bufio.NewReader(conn)
}

func TestServer_says100ContinueBeforeAnything(t *testing.T) {
	t.Parallel()
	_, endpoint := started(t)
	conn, lines := dialed(t, endpoint)
	fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer wrong\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n")
	first, err := lines.ReadString('\n')
	if err != nil || !strings.HasPrefix(first, "HTTP/1.1 100") {
		t.Fatalf("%q, %v", first, err)
	}
	fmt.Fprint(conn, "1")
	if _, err := lines.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(lines, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != 401 {
		t.Errorf("status %d", answer.StatusCode)
	}
}

func TestServer_closesIdleConnections(t *testing.T) {
	t.Parallel() // along with other slow tests
	_, endpoint := started(t)
	conn, lines := dialed(t, endpoint)
	fmt.Fprintf(conn, "GET /ping HTTP/1.1\r\nHost: x\r\n\r\n")
	answer, err := http.ReadResponse(lines, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	begin := time.Now()
	if _, err := lines.ReadByte(); err != io.EOF {
		t.Fatalf("the idle connection ended with %v", err)
	}
	if idle := time.Since(begin); idle < 4*time.Second || idle > 15*time.Second {
		t.Errorf("closed after %s", idle)
	}
}

func TestServe_endsWithItsContext(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, ln) }()
	client := clientOf(t, false)
	if answer, _ := sendTo(t, client, "GET", "http://"+ln.Addr().String()+"/ping", ""); answer.StatusCode != 200 {
		t.Fatalf("status %d", answer.StatusCode)
	}
	cancel()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("still serving")
	}
	if _, err := client.Get("http://" + ln.Addr().String() + "/ping"); err == nil {
		t.Error("it still answers")
	}
}

func TestServe_saysWhyItCannot(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	if err := New(Options{}).Serve(context.Background(), ln); err == nil {
		t.Error("served a closed listener")
	}
}

func FuzzReadHeaders(f *testing.F) {
	f.Add("Bearer x", "4", "100", "1", "7", "a=b")
	f.Add("Basic !!", "4.0", "-1", "x", "8", "a=b,c")
	f.Fuzz(func(t *testing.T, authorization, version, timeout, seen, retries, tags string) {
		h := http.Header{
			"Authorization":               {authorization},
			"X-Faunadb-Api-Version":       {version},
			"X-Query-Timeout":             {timeout},
			"X-Last-Seen-Txn":             {seen},
			"X-Max-Retries-On-Contention": {retries},
			"X-Fauna-Tags":                {tags},
		}
		q, problem := readHeaders(h)
		if problem != "" {
			if !strings.HasPrefix(problem, "Invalid header '") {
				t.Error(problem)
			}
			return
		}
		if q.Timeout < time.Millisecond || q.Timeout > 10*time.Minute || len(q.Tags) > maxTagsLength {
			t.Errorf("%+v", q)
		}
	})
}
