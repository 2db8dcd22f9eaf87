package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"fauna-export/fauna/emulator"
)

// benchServer is an embedded server whose connections have a given latency and
// bandwidth. Collections too large for memory are generated page by page.
type benchServer struct {
	*emulator.Server
	endpoint string

	mu        sync.Mutex
	latency   time.Duration     // added to each response
	generated map[string]madeUp // generated collections
	sizes     map[int]int       // number of pages requested, by page size
}

// madeUp is a generated collection with the ids 1 to n.
type madeUp struct {
	n    int64
	docs []benchDocument // repeated in order
}

// benchDocument is the JSON of a document before and after its id.
type benchDocument struct{ before, behind, data []byte }

// variedDocuments returns up to n documents (at most 10 000), each of size
// bytes as sent with an id of 7 digits. They compress to about a third, like
// typical data, and 10 000 of them exceed the window of any compressor.
func variedDocuments(collection string, n int64, size int) []benchDocument {
	const words = "time year people way day man thing woman life child world school state family student group country problem hand part " +
		"place case week company system program question work government number night point home water room mother area money story fact"
	list, random := strings.Fields(words), rand.New(rand.NewPCG(1, 2))
	docs := make([]benchDocument, max(1, min(n, 10_000)))
	for i := range docs {
		before := `{"ref":{"@ref":{"id":"`
		behind := `","collection":{"@ref":{"id":"` + collection + `","collection":{"@ref":{"id":"collections"}}}}}},"ts":1748649600000000,"data":`
		data := fmt.Sprintf(`{"n":1%05d`, random.IntN(1e5))
		if size > 400 {
			data += fmt.Sprintf(`,"email":"%s%04d@example.org","age":1%d,"score":%.3f,"active":true,"created":{"@ts":"20%02d-08-01T23:59:19.%03dZ"},"born":{"@date":"19%02d-02-28"},"note":"`,
				list[random.IntN(len(list))], random.IntN(1e4), random.IntN(10), random.Float64()*100, 10+random.IntN(15), random.IntN(1000), 10+random.IntN(90))
			for fill := size - len(before) - 7 - len(behind) - len(`"}}`); len(data) < fill; {
				word := " " + list[random.IntN(len(list))]
				data += word[:min(len(word), fill-len(data))]
			}
			data += `"`
		}
		data += "}"
		docs[i] = benchDocument{before: []byte(before), behind: []byte(behind + data + "}"), data: []byte(data)}
	}
	return docs
}

// serveBench starts a server that stops when the benchmark ends. bandwidth is
// in bytes per second for all connections together; 0 means unlimited.
func serveBench(b *testing.B, latency time.Duration, bandwidth int) *benchServer {
	b.Helper()
	s := &benchServer{
		Server: emulator.New(emulator.Options{Seed: 1}), latency: latency,
		generated: map[string]madeUp{}, sizes: map[int]int{},
	}
	var lc net.ListenConfig
	l, err := lc.Listen(b.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	s.endpoint = "http://" + l.Addr().String()
	if bandwidth > 0 {
		l = &slowListener{Listener: l, wire: &wire{perSecond: bandwidth}}
	}
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	server := &http.Server{Handler: s, Protocols: &protocols, IdleTimeout: 5 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	b.Cleanup(func() {
		server.Close()
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			b.Error(err)
		}
	})
	return s
}

// load adds the documents 1 to n to a collection.
func (s *benchServer) load(b *testing.B, name string, n int64, size int) {
	b.Helper()
	docs := variedDocuments(name, n, size)
	ts := time.Now().Add(-time.Hour).UnixMicro()
	if err := s.Load(name, func(yield func(emulator.Document) bool) {
		for id := int64(1); id <= n; id++ {
			if !yield(emulator.Document{ID: id, TS: ts + id, Data: docs[id%int64(len(docs))].data}) {
				return
			}
		}
	}); err != nil {
		b.Fatal(err)
	}
}

// makeUp adds a collection of n generated documents.
func (s *benchServer) makeUp(b *testing.B, name string, n int64, size int) {
	b.Helper()
	s.load(b, name, 0, 0)
	docs := variedDocuments(name, n, size)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.generated[name] = madeUp{n, docs}
}

var (
	pageSize   = regexp.MustCompile(`"size":(\d+)`)
	pageCursor = regexp.MustCompile(`"after":.*?"id":"(\d+)"`)
	countOf    = regexp.MustCompile(`"count":\{"documents":\{"collection":"([^"]*)"\}`)
	pageOf     = regexp.MustCompile(`"documents":\{"collection":"([^"]*)"\}`)
)

// ServeHTTP implements http.Handler.
func (s *benchServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	var made madeUp
	size, whole := 0, bytes.Contains(body, []byte(`"get":{"var"`))
	s.mu.Lock()
	latency := s.latency
	if m := pageSize.FindSubmatch(body); m != nil && bytes.Contains(body, []byte(`"map":`)) {
		size, _ = strconv.Atoi(string(m[1]))
		if whole {
			s.sizes[size]++
		}
		if m := pageOf.FindSubmatch(body); m != nil {
			made = s.generated[string(m[1])]
		}
	}
	counted := madeUp{}
	if m := countOf.FindSubmatch(body); m != nil {
		counted = s.generated[string(m[1])]
	}
	s.mu.Unlock()
	time.Sleep(latency)
	if counted.n > 0 {
		answer := fmt.Appendf(nil, `{"resource":%d}`, counted.n)
		w.Header().Set("Content-Type", "application/json;charset=utf-8")
		w.Header().Set("Content-Length", strconv.Itoa(len(answer)))
		w.Write(answer)
		return
	}
	if made.n == 0 {
		s.Handler().ServeHTTP(w, r)
		return
	}
	var from int64 = 1
	if m := pageCursor.FindSubmatch(body); m != nil {
		from, _ = strconv.ParseInt(string(m[1]), 10, 64)
	}
	buf, _ := pages.Get().(*[]byte)
	if buf == nil {
		buf = new([]byte)
	}
	*buf = made.page((*buf)[:0], from, size, whole)
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(*buf)))
	w.Write(*buf)
	pages.Put(buf)
}

var pages sync.Pool

// page returns the page that starts at an id, of documents or of ids.
func (m *madeUp) page(b []byte, from int64, size int, whole bool) []byte {
	end := min(m.n, from+int64(size)-1)
	b = append(b, `{"resource":{`...)
	if end < m.n {
		d := m.docs[0]
		b = fmt.Appendf(b, `"after":[%s%d%s],`, d.before[len(`{"ref":`):], end+1, d.behind[:bytes.Index(d.behind, []byte(`,"ts"`))])
	}
	b = append(b, `"data":[`...)
	for id := from; id <= end; id++ {
		if id > from {
			b = append(b, ',')
		}
		if !whole {
			b = append(strconv.AppendInt(append(b, '"'), id, 10), '"')
			continue
		}
		d := &m.docs[id%int64(len(m.docs))]
		b = strconv.AppendInt(append(b, d.before...), id, 10)
		b = append(b, d.behind...)
	}
	return append(b, `]}}`...)
}

// usualSize returns the most frequent page size.
func (s *benchServer) usualSize() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	best := 0
	for size, n := range s.sizes {
		if n > s.sizes[best] || n == s.sizes[best] && size > best {
			best = size
		}
	}
	return best
}

// wire limits the bandwidth.
type wire struct {
	perSecond int
	mu        sync.Mutex
	free      time.Time // when everything written so far will have been sent
}

// slowListener accepts connections that share one wire.
type slowListener struct {
	net.Listener
	wire *wire
}

func (l *slowListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &slowConn{c, l.wire}, nil
}

type slowConn struct {
	net.Conn
	wire *wire
}

// Write sends bytes at the wire's speed, alternating with other connections.
func (c *slowConn) Write(p []byte) (int, error) {
	sent := 0
	for sent < len(p) {
		piece := p[sent:min(len(p), sent+8<<10)]
		c.wire.mu.Lock()
		now := time.Now()
		if c.wire.free.Before(now) {
			c.wire.free = now
		}
		c.wire.free = c.wire.free.Add(time.Duration(len(piece)) * time.Second / time.Duration(c.wire.perSecond))
		wait := c.wire.free.Sub(now)
		c.wire.mu.Unlock()
		time.Sleep(wait)
		n, err := c.Conn.Write(piece)
		sent += n
		if err != nil {
			return sent, err
		}
	}
	return sent, nil
}

// fetchPlan tells the child process what to fetch: all documents of a
// collection in pages of one size, 8 at a time, discarding them.
type fetchPlan struct {
	Endpoint, Secret, Collection string
	Last                         int64 // the largest id; the first is 1
	Size                         int
	H2C                          bool
}

// fetched is the child's result.
type fetched struct {
	Seconds float64
	Bytes   int64
}

// fetchVariable turns the test binary into the child that executes a fetchPlan.
const fetchVariable = "FAUNA_EXPORT_FETCH_BENCHMARK"

// fetchersAtOnce is how many pages a fetch has in flight as a run.
const fetchersAtOnce = 8

// fetchPages is the child's work: the minimum that any client does for those
// pages.
func fetchPages(plan fetchPlan) (fetched, error) {
	transport := &http.Transport{MaxIdleConnsPerHost: fetchersAtOnce, Protocols: new(http.Protocols), DisableCompression: true}
	transport.Protocols.SetHTTP1(!plan.H2C)
	transport.Protocols.SetUnencryptedHTTP2(plan.H2C)
	client := &http.Client{Transport: transport}
	defer client.CloseIdleConnections()
	froms := make(chan int64)
	ctx, stop := context.WithCancelCause(context.Background())
	defer stop(nil)
	var done sync.WaitGroup
	var mu sync.Mutex
	var out fetched
	start := time.Now()
	for range fetchersAtOnce {
		done.Go(func() {
			for from := range froms {
				n, err := fetchPage(ctx, client, plan, from)
				if err != nil {
					stop(err)
				}
				mu.Lock()
				out.Bytes += n
				mu.Unlock()
			}
		})
	}
	for from := int64(1); from <= plan.Last && ctx.Err() == nil; from += int64(plan.Size) {
		froms <- from
	}
	close(froms)
	done.Wait()
	out.Seconds = time.Since(start).Seconds()
	return out, context.Cause(ctx)
}

func fetchPage(ctx context.Context, client *http.Client, plan fetchPlan, from int64) (int64, error) {
	query := fmt.Sprintf(`{"map":{"lambda":"x","expr":{"get":{"var":"x"}}},"collection":{"paginate":{"documents":{"collection":%q}},`+
		`"after":[{"ref":{"collection":%[1]q},"id":"%[2]d"}],"size":%[3]d}}`, plan.Collection, from, plan.Size)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, plan.Endpoint, strings.NewReader(query))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", "Bearer "+plan.Secret)
	req.Header.Set("X-FaunaDB-API-Version", "4")
	resp, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	n, err := io.Copy(io.Discard, resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = errors.New(resp.Status)
	}
	return n, err
}

// fetchChild executes the plan in text and prints the result.
func fetchChild(text string, out io.Writer) error {
	var plan fetchPlan
	if err := json.Unmarshal([]byte(text), &plan); err != nil {
		return err
	}
	done, err := fetchPages(plan)
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(done)
}
