package tui

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"fauna-export/export"
	"fauna-export/export/archive"
	"fauna-export/export/load"
	"fauna-export/fauna"
	"fauna-export/fauna/fql"
)

// fakeServer answers like a database with the given collections.
type fakeServer struct {
	names  []string                // what Collections returns
	docs   map[string]int          // documents by collection
	access map[string]fauna.Access // overrides the default: readable and existing
	err    error                   // error of everything except Reach
	reach  error
	list   error // error of Collections
	apply  error
	body   string                      // what Documents returns, "" for generated documents
	hangs  bool                        // no request is answered until ctx ends
	index  map[string]fauna.IndexCheck // what CheckIndexes finds, by collection
	closed int
	spent  *atomic.Int64 // the test's clock
	made   []fql.Setup   // what Apply created

	counting time.Duration // time that a count takes
}

func (f *fakeServer) wait(ctx context.Context) error {
	if f.hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	return f.err
}

func (f *fakeServer) Reach(context.Context) error { return f.reach }

func (f *fakeServer) Now(ctx context.Context) (int64, error) {
	return testNow.UnixMicro(), f.wait(ctx)
}

func (f *fakeServer) Collections(ctx context.Context) ([]string, error) {
	if f.list != nil {
		return nil, f.list
	}
	return f.names, f.wait(ctx)
}

// CheckIndexes reports all indexes as correct, except those in f.index.
func (f *fakeServer) CheckIndexes(ctx context.Context, collections, indexes []string) ([]fauna.IndexCheck, error) {
	checks := make([]fauna.IndexCheck, len(collections))
	for i := range checks {
		checks[i] = fauna.IndexCheck{Exists: true}
		if x, ok := f.index[collections[i]]; ok {
			checks[i] = x
		}
		checks[i].Collection, checks[i].Index = collections[i], indexes[i]
	}
	return checks, f.wait(ctx)
}

func (f *fakeServer) Access(ctx context.Context, names []string) ([]fauna.Access, error) {
	var out []fauna.Access
	for _, name := range names {
		a, ok := f.access[name]
		if !ok {
			_, exists := f.docs[name]
			a = fauna.Access{Exists: exists, Readable: exists, Minimum: testNow.Add(-15 * time.Minute).UnixMicro()}
		}
		a.Collection = name
		out = append(out, a)
	}
	return out, f.wait(ctx)
}

func (f *fakeServer) Apply(ctx context.Context, s fql.Setup) (fauna.Secret, error) {
	f.made = append(f.made, s)
	if f.apply != nil {
		return fauna.Secret{}, f.apply
	}
	return fauna.NewSecret(testSecret), f.wait(ctx)
}

func (f *fakeServer) Close() { f.closed++ }

func (f *fakeServer) CollectionTimes(_ context.Context, names []string, _ int64) ([]int64, error) {
	return make([]int64, len(names)), nil
}
func (f *fakeServer) CountPage(context.Context, fauna.PageRequest) (n, next int64, err error) {
	return 0, -1, nil
}

func (f *fakeServer) Count(_ context.Context, name string, _ int64) (int64, error) {
	if f.counting > 0 {
		f.spent.Add(int64(f.counting))
	}
	return int64(f.docs[name]), f.err
}
func (f *fakeServer) Unreadable(context.Context, []string) (unreadable, missing, filtered []string, err error) {
	return nil, nil, nil, nil
}
func (f *fakeServer) MinimumTime(context.Context, string) (int64, error) { return 0, nil }
func (f *fakeServer) Presence(context.Context, string, []int64) (alive, gone, hidden []int64, err error) {
	return nil, nil, nil, nil
}

func (f *fakeServer) IDs(ctx context.Context, p export.PageRequest) ([]int64, int64, error) {
	var ids []int64
	for i := p.From; i < int64(f.docs[p.Collection]) && len(ids) < p.Size; i++ {
		ids = append(ids, i)
	}
	next := p.From + int64(len(ids))
	if next >= int64(f.docs[p.Collection]) {
		next = -1
	}
	return ids, next, f.wait(ctx)
}

func (f *fakeServer) Documents(ctx context.Context, p export.PageRequest) ([]byte, error) {
	if err := f.wait(ctx); err != nil {
		return nil, err
	}
	if f.spent != nil {
		f.spent.Add(int64(50 * time.Millisecond))
	}
	if f.body != "" {
		return append(p.Buf[:0], f.body...), nil
	}
	p.Buf = append(p.Buf[:0], `{"resource":{"data":[`...)
	for i := range min(p.Size, f.docs[p.Collection]) {
		if i > 0 {
			p.Buf = append(p.Buf, ',')
		}
		collection, err := json.Marshal(p.Collection)
		if err != nil {
			return nil, err
		}
		doc := fmt.Sprintf(`{"ref":{"@ref":{"id":"%d","collection":{"@ref":{"id":%s,"collection":{"@ref":{"id":"collections"}}}}}},"ts":1795342079040000,"data":{"name":"user %d","age":%d,"parent":{"@ref":{"id":"7","collection":{"@ref":{"id":"users","collection":{"@ref":{"id":"collections"}}}}}},"at":{"@ts":"2026-01-02T03:04:05Z"},"address":{"city":"Oslo"}}}`, i+1, collection, i+1, 20+i)
		if p.Paths != nil {
			doc = "[" + doc + strings.Repeat(`,"x"`, len(p.Paths)-1) + "]"
		}
		p.Buf = append(p.Buf, doc...)
	}
	return append(p.Buf, `]}}`...), nil
}

// fakeRun is an export that ends when told to.
type fakeRun struct {
	manifest *archive.Manifest
	err      error
	report   *archive.Report
	status   export.Status
	hold     chan struct{} // Do returns when it is closed or ctx ends
	panics   bool
	paused   []bool
	workers  int
	limits   []int
}

func (r *fakeRun) Do(ctx context.Context) (*archive.Manifest, error) {
	if r.panics {
		panic("boom")
	}
	if r.hold != nil {
		select {
		case <-r.hold:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return r.manifest, r.err
}
func (r *fakeRun) Verify(context.Context, func(archive.VerifyStatus)) (*archive.Report, error) {
	return r.report, nil
}
func (r *fakeRun) Status() export.Status { return r.status }
func (r *fakeRun) Pause()                { r.paused = append(r.paused, true) }
func (r *fakeRun) Continue()             { r.paused = append(r.paused, false) }
func (r *fakeRun) SetWorkers(n int)      { r.workers = n }
func (r *fakeRun) SetMaxRate(n int)      { r.limits = append(r.limits, n) }

// shop returns a server with three collections.
func shop() *fakeServer {
	return &fakeServer{
		names: []string{"users", "products", "line-items"},
		docs:  map[string]int{"users": 20_000, "products": 12, "line-items": 992},
	}
}

// shopRun returns a finished export of shop.
func shopRun() *fakeRun {
	entry := func(name string, rows, bytes int64, sum string) archive.Entry {
		return archive.Entry{Name: name, File: name + ".jsonl", Format: "jsonl", Compress: "none", Columns: []string{"ref", "ts", "data", "ttl"}, Rows: rows, ExpectedRows: rows, Bytes: bytes, SHA256: strings.Repeat(sum, 8)}
	}
	m := &archive.Manifest{
		Tool:    "fauna-export v1",
		Version: 1, Snapshot: "2026-11-22T10:31:02.399Z", Consistency: archive.ConsistencySnapshot,
		Collections: []archive.Entry{
			entry("users", 20_000, 12_800_000, "3f1c09aa"), entry("products", 12, 2_048, "77aa11bb"), entry("line-items", 992, 601_000, "0badcafe"),
		},
	}
	return &fakeRun{report: &archive.Report{}, manifest: m, status: export.Status{Phase: export.Done, Elapsed: 2100 * time.Millisecond, Rows: 21_004}}
}

// fakeLoad is a load of users into a table.
type fakeLoad struct {
	err    error // of Do
	closed bool
}

func (f *fakeLoad) Plan() *load.Plan {
	return &load.Plan{Target: "shop.db", Tables: []*load.Table{
		{Collection: "users", Name: "users", Action: load.Create, Rows: 20_000, Columns: []*load.Column{
			{Field: "name", Name: "name", Type: load.Text}, {Field: "age", Name: "age", Type: load.Int}, {Field: "parent", Name: "parent", Type: load.Ref, Collection: "users"},
		}, Notes: []string{"2 values of age are no integers: they stay in data"}},
		{Collection: "products", Name: "products", Action: load.Skip, Rows: 0},
	}}
}
func (f *fakeLoad) DDL() string { return "CREATE TABLE \"users\" (\n  \"ref\" TEXT PRIMARY KEY\n);" }
func (f *fakeLoad) Do(context.Context) (*load.Result, error) {
	if f.err != nil {
		return &load.Result{}, f.err
	}
	return &load.Result{Target: "shop.db", Skipped: 1, Keys: []string{"users.parent → users"}, Proofs: []load.Proof{{Collection: "users", Table: "users", Action: load.Create, Sent: 20_000, Rows: 20_000, Documents: 20_000, Hash: "9f86d081884c7d65", Seconds: 1.2}}}, nil
}
func (f *fakeLoad) Close() error { f.closed = true; return nil }
