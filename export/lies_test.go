package export

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"fauna-export/export/row"
	"fauna-export/fauna"
)

// liar is a proxy that changes requests to a server or its answers.
type liar struct {
	server string // "host:port"

	mu     sync.Mutex
	ask    func(query string) string
	answer func(query, answer string) string
	lies   int
}

// lie starts lying; each function may be nil.
func (l *liar) lie(ask func(query string) string, answer func(query, answer string) string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ask, l.answer, l.lies = ask, answer, 0
}

func (l *liar) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query, _ := io.ReadAll(r.Body)
	l.mu.Lock()
	asked := string(query)
	if l.ask != nil {
		asked = l.ask(asked)
	}
	l.mu.Unlock()
	req, err := http.NewRequestWithContext(r.Context(), r.Method, "http://"+l.server+"/", strings.NewReader(asked))
	if err != nil {
		panic(err)
	}
	req.Header = r.Header.Clone()
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	text := string(body)
	l.mu.Lock()
	if l.answer != nil && resp.StatusCode == http.StatusOK {
		text = l.answer(string(query), text)
	}
	if text != string(body) || asked != string(query) {
		l.lies++
	}
	l.mu.Unlock()
	for name, values := range resp.Header {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(resp.StatusCode)
	_, _ = io.WriteString(w, text)
}

// told reports whether it has lied.
func (l *liar) told() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lies > 0
}

// startLiar puts a liar in front of a server, and returns a client that uses it.
func startLiar(t *testing.T, s *testServer) (*liar, *fauna.Client) {
	t.Helper()
	_, address, _ := strings.Cut(s.endpoint, "://")
	l := &liar{server: address}
	front := httptest.NewServer(l)
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	t.Cleanup(front.Close)
	return l, (&testServer{Server: s.Server, endpoint: front.URL}).client(t, fauna.Secret{})
}

// The kinds of queries, recognized by their text.
func asksIDs(query, collection string) bool {
	return strings.Contains(query, `"documents":{"collection":"`+collection+`"}`) && strings.Contains(query, `"select":"id"`)
}

func asksDocuments(query, collection string) bool {
	return strings.Contains(query, `"documents":{"collection":"`+collection+`"}`) && strings.Contains(query, `"get":{"var"`)
}

func asksCount(query, collection string) bool {
	return strings.Contains(query, `"count":{"documents":{"collection":"`+collection+`"}}`)
}

// firstOf applies do to the first text whose query is chosen.
func firstOf(chosen func(query string) bool, do func(text string) string) func(query, text string) string {
	done := false
	return func(query, text string) string {
		if done || !chosen(query) {
			return text
		}
		done = true
		return do(text)
	}
}

// always applies do to every text whose query is chosen.
func always(chosen func(query string) bool, do func(text string) string) func(query, text string) string {
	return func(query, text string) string {
		if !chosen(query) {
			return text
		}
		return do(text)
	}
}

func becomes(text string) func(string) string { return func(string) string { return text } }

func swap(old, new string) func(string) string {
	return func(text string) string { return strings.ReplaceAll(text, old, new) }
}

// omits leaves one of serverDocs, but not the last, out of the pages of a collection.
func omits(collection string, id int) func(query, text string) string {
	return func(query, text string) string {
		switch {
		case asksIDs(query, collection):
			return strings.Replace(text, fmt.Sprintf(`"%d",`, id), ``, 1)
		case asksDocuments(query, collection):
			const begin = `{"ref":{"@ref":{"id":"%d"`
			i, end := strings.Index(text, fmt.Sprintf(begin, id)), strings.Index(text, fmt.Sprintf(begin, id+3))
			if i >= 0 && end > i {
				return text[:i] + text[end:]
			}
		}
		return text
	}
}

// TestLies_noWrongAnswerLosesDocuments changes one answer, or all of a kind. Either
// the files equal those of an honest server, or the collection fails by name.
func TestLies_noWrongAnswerLosesDocuments(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	// With the same ids as users.
	if err := s.Load("others", serverDocs(2000)); err != nil {
		t.Fatal(err)
	}
	l, client := startLiar(t, s)
	ids := func(q string) bool { return asksIDs(q, "users") }
	firstIDs := func(q string) bool { return ids(q) && !strings.Contains(q, `"after"`) }
	documents := func(q string) bool { return asksDocuments(q, "users") }
	count := func(q string) bool { return asksCount(q, "users") }
	cut := func(a string) string { // removes the first 50 ids
		i := strings.Index(a, `"data":[`) + len(`"data":[`)
		parts := strings.SplitN(a[i:], ",", 51)
		return a[:i] + parts[50]
	}
	const set = `"paginate":{"documents":{"collection":"users"}}`
	for _, c := range []struct {
		name  string
		query bool                                             // the lie changes the query
		lie   func() func(query, text string) (changed string) // created for each run
		fails bool
	}{
		{"the first page of ids begins late", true, func() func(q, a string) string {
			return firstOf(firstIDs, swap(set, set+`,"after":[{"ref":{"collection":"users"},"id":"400"}]`))
		}, false},
		{"every first page of ids does", true, func() func(q, a string) string {
			return always(firstIDs, swap(set, set+`,"after":[{"ref":{"collection":"users"},"id":"400"}]`))
		}, true},
		{"the first ids are left out", false, func() func(q, a string) string { return firstOf(firstIDs, cut) }, false},
		{"the ids of another collection", true, func() func(q, a string) string { return firstOf(firstIDs, swap(`"users"`, `"orders"`)) }, false},
		{"no ids", false, func() func(q, a string) string { return firstOf(firstIDs, becomes(`{"resource":{"data":[]}}`)) }, false},
		{"the first two ids and no more", false, func() func(q, a string) string {
			return firstOf(firstIDs, becomes(`{"resource":{"data":["100","103"]}}`))
		}, false},
		{"ids as numbers", false, func() func(q, a string) string { return firstOf(ids, becomes(`{"resource":{"data":[100,103]}}`)) }, false},
		{"the documents of another collection", true, func() func(q, a string) string { return firstOf(documents, swap(`"users"`, `"others"`)) }, false},
		{"for ever those of another", true, func() func(q, a string) string { return always(documents, swap(`"users"`, `"others"`)) }, true},
		{"a time after the snapshot", false, func() func(q, a string) string { return firstOf(documents, swap(`"ts":1`, `"ts":9`)) }, false},
		{"a time before all time", false, func() func(q, a string) string { return firstOf(documents, swap(`"ts":1`, `"ts":-1`)) }, false},
		{"a document that no page has", false, func() func(q, a string) string { return omits("users", 1003) }, true},
		{"a wrong count", false, func() func(q, a string) string { return firstOf(count, becomes(`{"resource":1999}`)) }, false},
		{"always a count too small", false, func() func(q, a string) string { return always(count, becomes(`{"resource":1999}`)) }, false},
		{"always a count too large", false, func() func(q, a string) string { return always(count, becomes(`{"resource":2001}`)) }, true},
		{"no ids, and none counted", false, func() func(q, a string) string {
			return func(q, a string) string {
				switch {
				case firstIDs(q):
					return `{"resource":{"data":[]}}`
				case count(q):
					return `{"resource":0}`
				}
				return a
			}
		}, true},
		{"a second list", false, func() func(q, a string) string { return firstOf(ids, swap(`"data":[`, `"data":[],"data":[`)) }, false},
		{"an error in a success", false, func() func(q, a string) string {
			return firstOf(documents, becomes(`{"errors":[{"code":"x","description":"y"}]}`))
		}, false},
	} {
		for _, format := range []row.Format{row.JSONL, row.CSV, row.Wire, row.Parquet} {
			if testing.Short() && format != row.JSONL {
				continue
			}
			spec := Spec{Format: format}
			l.lie(nil, nil)
			want := serverFiles(t, client, spec)
			lie := c.lie()
			if c.query {
				l.lie(func(q string) string { return lie(q, q) }, nil)
			} else {
				l.lie(nil, lie)
			}
			dir := exportDir(t)
			m, err := serverRun(t, client, dir, spec)
			if !l.told() {
				t.Errorf("%s, %s: there was no lie", c.name, format)
			}
			if c.fails {
				partial, failed := errors.AsType[*Partial](err)
				if !failed || len(partial.Failures) != 1 || partial.Failures[0].Collection != "users" || len(m.Collections) != 1 {
					t.Errorf("%s, %s: %v", c.name, format, err)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s, %s: %v", c.name, format, err)
				continue
			}
			for _, e := range m.Collections {
				if !bytes.Equal(mustRead(t, dir, e.File), want[e.File]) {
					t.Errorf("%s, %s: %s is not that of an honest server: %d rows, gone %d, appeared %d", c.name, format, e.File, e.Rows, e.Gone, e.Appeared)
				}
				if e.Gone+e.Appeared > 0 && len(e.Warnings) == 0 {
					t.Errorf("%s, %s: gone %d, appeared %d, and no word of it", c.name, format, e.Gone, e.Appeared)
				}
			}
		}
	}
}

// A collection that fits on one page is counted too, unless there are very many.
func TestLies_noPageHasADocumentOfASmallCollection(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	if err := s.Load("few", serverDocs(9)); err != nil {
		t.Fatal(err)
	}
	l, client := startLiar(t, s)
	l.lie(nil, omits("few", 103))
	spec := Spec{Collections: []string{"few", "orders"}}
	r, err := NewRun(spec, client, swiftEnv(exportDir(t), 5))
	must(t, err)
	m, err := r.Do(t.Context())
	partial, failed := errors.AsType[*Partial](err)
	if !l.told() || !failed || len(partial.Failures) != 1 || partial.Failures[0].Collection != "few" || len(m.Collections) != 1 {
		t.Errorf("%v", err)
	}
}

// One wrong answer about the index, or every answer wrong.
func TestLies_noWrongIndexLosesChanges(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		lie   func() func(query, text string) string
		fails bool
	}{
		{"an empty first page", func() func(q, a string) string { return firstOf(asksPairs, becomes(`{"resource":{"data":[]}}`)) }, false},
		{"always an empty page", func() func(q, a string) string { return always(asksPairs, becomes(`{"resource":{"data":[]}}`)) }, true},
		{"a page without its end", func() func(q, a string) string {
			return firstOf(asksPairs, func(a string) string { return a[:strings.LastIndex(a, ",[")] + "]}}" })
		}, false},
		{"a document that is none in place of a new one", func() func(q, a string) string { return firstOf(asksPairs, swap(`"8"]`, `"81"]`)) }, false},
		{"always that", func() func(q, a string) string { return always(asksPairs, swap(`"8"]`, `"81"]`)) }, true},
		{"an old document at the time of a new one", func() func(q, a string) string { return firstOf(asksPairs, swap(`"8"]`, `"100"]`)) }, false},
		{"an old document at that time always", func() func(q, a string) string { return always(asksPairs, swap(`"8"]`, `"100"]`)) }, true},
	} {
		for _, fast := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, fast %v", c.name, fast), func(t *testing.T) {
				missesNoChange(t, fast, c.lie(), c.fails)
			})
		}
	}
}

func missesNoChange(t *testing.T, fast bool, lie func(query, text string) string, fails bool) {
	s := startServer(t)
	for _, name := range []string{"users", "orders"} {
		s.shell(t, `CreateIndex({name: "`+name+`-ts", source: Collection("`+name+`"), values: [{field: "ts"}, {field: "ref"}]})`)
	}
	s.pass(time.Minute) // until the indexes are built
	l, client := startLiar(t, s)
	dir := exportDir(t)
	spec := Spec{Mode: Incremental, Fast: fast}
	if _, err := serverRun(t, client, dir, spec); err != nil {
		t.Fatal(err)
	}
	s.shell(t, `Create(Ref(Collection("users"), "7"), {data: {new: 1}})`)
	s.shell(t, `Create(Ref(Collection("users"), "8"), {data: {new: 2}})`)
	l.lie(nil, lie)
	m, err := serverRun(t, client, dir, spec)
	switch {
	case !l.told():
		t.Error("there was no lie")
	case fails:
		if err == nil {
			t.Error("no error")
		}
		if _, err := os.Stat(filepath.Join(dir, "users@2.jsonl")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("users has a file of the sync: %v", err)
		}
	case err != nil:
		t.Error(err)
	default:
		if last := m.Last("users"); last.Rows != 2 || last.Documents != 2002 {
			t.Errorf("%d rows, %d documents", last.Rows, last.Documents)
		}
	}
}

func asksPairs(query string) bool {
	return strings.Contains(query, `"match":{"index":"users-ts"}`) && strings.Contains(query, `"lambda":["t","r"]`)
}
