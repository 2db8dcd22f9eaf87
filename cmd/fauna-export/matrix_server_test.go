package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"fauna-export/fauna/emulator"
	"fauna-export/fauna/fql"
)

// matrixNames are the collections of the matrix's database, in the order in which
// it lists them.
func matrixNames() []string { return []string{"users", "orders", "items", "none", "extra"} }

// matrixPage limits the elements of a page, whatever was requested, so that few
// documents need several pages.
const matrixPage = 25

// matrixEpoch is when the matrix's database is created: a day before the start time
// of a bubble.
func matrixEpoch() time.Time { return time.Date(1999, 12, 31, 0, 0, 0, 0, time.UTC) }

// matrixServer is a database of five small collections after some batches of
// writes, an hour apart. Two servers with the same seed are the same database at
// two times.
type matrixServer struct {
	*emulator.Server
	handler http.Handler
	now     int64  // microseconds; does not advance
	key     string // of a role that may read everything
	part    string // of a role that can't read orders
	names   string // of a role that can't read Collections()
}

func newMatrixServer(t *testing.T, batches int) *matrixServer {
	t.Helper()
	clock := matrixEpoch()
	s := &matrixServer{}
	s.Server = emulator.New(emulator.Options{Clock: func() time.Time { return clock }, Seed: 7, Wait: func(context.Context, time.Duration) {}})
	s.handler = s.Handler()
	for _, name := range matrixNames() {
		s.shell(t, fmt.Sprintf(`CreateCollection({ name: %q, history_days: 30 })`, name))
	}
	clock = clock.Add(time.Hour)
	ids := map[string][2]int64{"users": {100, 60}, "orders": {130, 60}, "items": {100, 7}, "extra": {100, 1}}
	for _, name := range matrixNames() {
		first, n := ids[name][0], ids[name][1]
		docs := func(yield func(emulator.Document) bool) {
			for i := range n {
				id := first + 3*i
				data := fmt.Sprintf(`{"n":%d,"name":"%s %d","of":{"@ref":{"id":"%d","collection":{"@ref":{"id":"users","collection":{"@ref":{"id":"collections"}}}}}}}`, i, name, id, first)
				if !yield(emulator.Document{ID: id, TS: clock.UnixMicro() + i/2, Data: []byte(data)}) {
					return
				}
			}
		}
		if err := s.Load(name, docs); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range matrixNames() {
		s.shell(t, fmt.Sprintf(`CreateIndex({ name: "%s-ts", source: Collection(%q), values: [{ field: "ts" }, { field: "ref" }] })`, name, name))
	}
	for _, name := range []string{"one", "two", "three"} {
		s.shell(t, fmt.Sprintf(`CreateFunction({ name: %q, body: Query(Lambda("x", Add(Var("x"), 1))) })`, name))
	}
	indexes := make([]string, len(matrixNames()))
	for i, name := range matrixNames() {
		indexes[i] = name + "-ts"
	}
	s.key = s.keyOf(t, fql.Setup{Role: "reads-all", Collections: matrixNames(), Indexes: indexes})
	s.part = s.keyOf(t, fql.Setup{Role: "reads-part", Collections: []string{"users", "items", "none", "extra"}})
	s.shell(t, `CreateRole({ name: "reads-named", privileges: [
		{ resource: Collection("users"), actions: { read: true } }, { resource: Collection("orders"), actions: { read: true } }] })`)
	s.names = secretIn(t, s.shell(t, `CreateKey({ role: Role("reads-named") })`))
	clock = clock.Add(23 * time.Hour) // the start time of a bubble
	for b := range batches {
		clock = clock.Add(time.Minute)
		for i := range 3 {
			id := 100 + 3*(7*i+b)
			s.shell(t, fmt.Sprintf(`Update(Ref(Collection("users"), "%d"), { data: { changed: %d } })`, id+30, b))
			clock = clock.Add(time.Second)
			s.shell(t, fmt.Sprintf(`Update(Ref(Collection("orders"), "%d"), { data: { changed: %d } })`, id+60, b))
			clock = clock.Add(time.Second)
			s.shell(t, fmt.Sprintf(`Create(Ref(Collection("users"), "%d"), { data: { made: %d } })`, id+1, b))
			clock = clock.Add(time.Second)
			s.shell(t, fmt.Sprintf(`Create(Ref(Collection("items"), "%d"), { data: { made: %d } })`, 1000+id, b))
			clock = clock.Add(time.Second)
		}
		for i := range 2 {
			s.shell(t, fmt.Sprintf(`Delete(Ref(Collection("users"), "%d"))`, 100+3*(40+2*b+i)))
			clock = clock.Add(time.Second)
			s.shell(t, fmt.Sprintf(`Delete(Ref(Collection("orders"), "%d"))`, 130+3*(40+2*b+i)))
			clock = clock.Add(time.Second)
		}
		clock = clock.Add(time.Hour)
	}
	s.now = clock.UnixMicro()
	return s
}

func (s *matrixServer) shell(t *testing.T, fql string) string {
	t.Helper()
	answer, err := s.Shell(t.Context(), s.Secret(), fql)
	if err != nil {
		t.Fatalf("run in the shell:\n%s\n%v", fql, err)
	}
	return answer
}

func (s *matrixServer) keyOf(t *testing.T, setup fql.Setup) string {
	t.Helper()
	s.shell(t, setup.RoleFQL())
	return secretIn(t, s.shell(t, setup.KeyFQL()))
}

func secretIn(t *testing.T, answer string) string {
	t.Helper()
	found := regexp.MustCompile(`secret: ['"](fn[\w-]+)['"]`).FindStringSubmatch(answer)
	if found == nil {
		t.Fatalf("the answer to CreateKey has no secret:\n%s", answer)
	}
	return found[1]
}

// exchange is one request and its correct answer.
type exchange struct {
	kind   string
	query  string
	header http.Header
	status int
	body   []byte // of the response
}

// lie says which answers to falsify, and how.
type lie struct {
	kind     string
	query    string // the request's exact text; "" means all of the kind
	always   bool   // not just the first time
	mutation mutation
}

// liar serves one run of the program over pipes, and falsifies answers.
type liar struct {
	truth, later *matrixServer
	lies         []lie

	mu        sync.Mutex
	seen      []exchange
	last      map[string]exchange // the latest correct answer by kind
	timesTold map[int]int         // how often each lie was told
	number    int                 // requests so far
	limit     int                 // requests after which enough is called
	enough    func()
	hook      func(e exchange) // called before each correct answer, without holding locks

	took time.Duration // how long the command took
}

func newLiar(truth, later *matrixServer, lies ...lie) *liar {
	return &liar{truth: truth, later: later, lies: lies, last: map[string]exchange{}, timesTold: map[int]int{}}
}

// ServeHTTP answers one request.
func (l *liar) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	x := exchange{kind: kindOf(body), query: string(body), header: r.Header.Clone()}
	l.mu.Lock()
	l.number++
	over := l.limit > 0 && l.number > l.limit
	l.mu.Unlock()
	if over {
		l.enough()
	}
	if seen, _ := strconv.ParseInt(r.Header.Get("X-Last-Seen-Txn"), 10, 64); seen > l.truth.now {
		// A real server waits for that time, while the emulator would poll.
		ms, _ := strconv.Atoi(r.Header.Get("X-Query-Timeout"))
		select {
		case <-time.After(time.Duration(ms) * time.Millisecond):
		case <-r.Context().Done():
		}
		reply{status: 503, body: errorBody("time out", "Read timed out.")}.write(w)
		return
	}
	if l.hook != nil {
		l.hook(x)
	}
	x.status, x.body = l.truth.answer(x.header, x.query)
	m, previous := l.choose(x)
	if m == nil {
		reply{status: x.status, body: x.body, txn: l.truth.now}.write(w)
		return
	}
	a, ok := m.make(l, x, previous)
	if !ok {
		a = reply{status: x.status, body: x.body}
	}
	if a.txn == 0 {
		a.txn = l.truth.now
	}
	a.write(w)
}

// choose records an exchange and returns the lie for it, if any.
func (l *liar) choose(x exchange) (*mutation, exchange) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen = append(l.seen, x)
	previous := l.last[x.kind]
	l.last[x.kind] = x
	for i, lie := range l.lies {
		if lie.kind != x.kind || lie.query != "" && lie.query != x.query || l.timesTold[i] > 0 && !lie.always {
			continue
		}
		l.timesTold[i]++
		return &l.lies[i].mutation, previous
	}
	return nil, previous
}

// answer returns the database's answer.
func (s *matrixServer) answer(header http.Header, query string) (int, []byte) {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, "http://fauna/", strings.NewReader(clamped(query)))
	maps.Copy(r.Header, header)
	r.Header.Del("X-Last-Seen-Txn")
	s.handler.ServeHTTP(w, r)
	return w.Code, w.Body.Bytes()
}

// clamped limits the page size of lists.
func clamped(query string) string {
	if strings.Contains(query, `{"get":{"var":"x"}}`) {
		return query // a page of documents, whose ids are planned
	}
	const mark = `"size":`
	i := strings.LastIndex(query, mark)
	if i < 0 {
		return query
	}
	i += len(mark)
	j := i
	for j < len(query) && '0' <= query[j] && query[j] <= '9' {
		j++
	}
	size := matrixPage
	if !strings.Contains(query, `"documents"`) && !strings.Contains(query, `"match"`) {
		size = 2
	}
	if n, err := strconv.Atoi(query[i:j]); err != nil || n <= size {
		return query
	}
	return query[:i] + strconv.Itoa(size) + query[j:]
}

// swapped returns the query for another collection.
func swapped(query string) string {
	names := matrixNames()
	var pairs []string
	for i, name := range names {
		other := names[(i+1)%len(names)]
		pairs = append(pairs, `"`+name+`"`, `"`+other+`"`, `"`+name+`-ts"`, `"`+other+`-ts"`)
	}
	return strings.NewReplacer(pairs...).Replace(query)
}

// otherCollection returns the answer to the same query for another collection, and
// laterAnswer the answer after some more writes.
func (l *liar) otherCollection(x exchange) (int, []byte) {
	return l.truth.answer(x.header, swapped(x.query))
}

func (l *liar) laterAnswer(x exchange) (int, []byte) {
	now := strconv.FormatInt(l.truth.now, 10)
	return l.later.answer(x.header, strings.ReplaceAll(x.query, now, strconv.FormatInt(l.later.now, 10)))
}

// reply is an answer as transmitted, complete or not.
type reply struct {
	status  int
	body    []byte
	kind    string // Content-Type; Fauna's own if empty
	txn     int64
	header  map[string]string
	length  int  // Content-Length; 0: the body's, -1: chunked
	cut     int  // bytes after which the connection is cut; 0: never, -1: before the first
	slow    bool // one byte per second
	endless bool // the body never ends
}

func errorBody(code, description string) []byte {
	text, _ := json.Marshal(map[string]any{"errors": []any{map[string]any{"code": code, "description": description}}})
	return text
}

func (a reply) write(w http.ResponseWriter) {
	if a.cut < 0 {
		panic(http.ErrAbortHandler)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json;charset=utf-8")
	if a.kind != "" {
		h.Set("Content-Type", a.kind)
	}
	h.Set("X-Txn-Time", strconv.FormatInt(a.txn, 10))
	for name, value := range a.header {
		h.Set(name, value)
	}
	switch {
	case a.length > 0:
		h.Set("Content-Length", strconv.Itoa(a.length))
	case a.length == 0 && !a.endless:
		h.Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	w.WriteHeader(a.status)
	flush := func() {
		if err := http.NewResponseController(w).Flush(); err != nil {
			panic(http.ErrAbortHandler)
		}
	}
	switch {
	case a.cut > 0:
		_, _ = w.Write(a.body[:min(a.cut, len(a.body))])
		flush()
		panic(http.ErrAbortHandler)
	case a.slow:
		for i := range a.body {
			if _, err := w.Write(a.body[i : i+1]); err != nil {
				panic(http.ErrAbortHandler)
			}
			flush()
			time.Sleep(time.Second)
		}
	case a.endless:
		_, _ = w.Write(a.body)
		blank := bytes.Repeat([]byte(" "), 1<<20)
		for {
			if _, err := w.Write(blank); err != nil {
				panic(http.ErrAbortHandler)
			}
		}
	case a.length > len(a.body):
		_, _ = w.Write(a.body)
		flush()
		panic(http.ErrAbortHandler)
	case a.length > 0:
		_, _ = w.Write(a.body[:a.length])
	default:
		_, _ = w.Write(a.body)
	}
}

// kindsSeen returns the kinds of the requests, in order.
func (l *liar) kindsSeen() []string {
	var kinds []string
	for _, x := range l.seen {
		if !slices.Contains(kinds, x.kind) {
			kinds = append(kinds, x.kind)
		}
	}
	return kinds
}
