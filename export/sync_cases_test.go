package export

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"fauna-export/export/archive"
	"fauna-export/fauna"
	"fauna-export/fauna/fql"
)

// smallPages reads the index and the events in small pages, and can call a
// function before each page of the index.
type smallPages struct {
	*fauna.Client
	size   int
	before func(page int)
	pages  int
}

func (p *smallPages) Pairs(ctx context.Context, page PairsRequest) ([]int64, []int64, int64, int64, error) {
	p.pages++
	if p.before != nil {
		p.before(p.pages)
	}
	return p.Client.Pairs(ctx, PairsRequest{Collection: page.Collection, Index: page.Index, At: page.At, FromTS: page.FromTS, FromID: page.FromID, Size: min(page.Size, p.size)})
}

func (p *smallPages) Events(ctx context.Context, page EventsRequest, each func(id, ts int64, removed bool) error) error {
	return p.Client.Events(ctx, EventsRequest{Collection: page.Collection, After: page.After, At: page.At, Size: min(page.Size, p.size)}, each)
}

func (s *syncServer) syncWith(src Source) (*archive.Manifest, error) {
	s.t.Helper()
	r, err := NewRun(s.spec(), src, OSEnv(s.dir))
	if err != nil {
		return nil, err
	}
	return r.Do(s.t.Context())
}

func last(m *archive.Manifest) archive.Entry { return m.Collections[len(m.Collections)-1] }

// back returns a time in FQL, d before now.
func (s *syncServer) back(d time.Duration) string {
	return fmt.Sprintf("Time(%q)", archive.FormatTime(s.now().Add(-d).UnixMicro()))
}

func insert(id int, at, action, data string) string {
	return fmt.Sprintf(`Insert(Ref(Collection("docs"), "%d"), %s, %q, {data: %s})`, id, at, action, data)
}

func TestSync_oneTimeAcrossPages(t *testing.T) {
	t.Parallel()
	s := startSyncServer(t)
	var all []string
	for id := 1; id <= 20; id++ {
		all = append(all, create(id, "{}"))
	}
	s.fql("Do(" + strings.Join(all, ", ") + ")")
	src := &smallPages{Client: s.client, size: 3}
	if m, err := s.syncWith(src); err != nil || m.LastSync() != 1 {
		t.Fatal(m, err)
	}
	all = nil
	for id := 5; id <= 15; id++ {
		all = append(all, update(id, "{a: 1}"))
	}
	s.fql("Do(" + strings.Join(all, ", ") + ", " + remove(16) + ", " + remove(17) + ")")
	m, err := s.syncWith(src)
	if err != nil || last(m).Rows != 13 || last(m).TimeUnknown != 0 {
		t.Fatalf("%+v, %v", last(m), err)
	}
	s.exact(m)
}

func TestSync_severalWritesInOneTransaction(t *testing.T) {
	t.Parallel()
	s := startSyncServer(t)
	s.createDocs(4)
	s.sync()
	s.fql("Do(" + strings.Join([]string{
		update(1, "{a: 1}"), update(1, "{a: 2}"), // twice
		remove(2), create(2, "{b: 1}"), // recreated
		create(8, "{}"), remove(8), // created and removed
		update(3, "{c: 1}"), remove(3),
	}, ", ") + ")")
	m := s.sync()
	s.exact(m)
	rows := s.rowsOf("docs@2.jsonl")
	if len(rows) != 3 || !strings.Contains(rows[0], `"data":{"a":2}`) || !strings.Contains(rows[1], `"data":{"b":1}`) || !strings.HasPrefix(rows[2], `{"ref":"3"`) || last(m).Removed != 1 {
		t.Errorf("%s", rows)
	}
}

func TestSync_removedAndRecreated(t *testing.T) {
	t.Parallel()
	s := startSyncServer(t)
	s.fql(create(1, "{n: 1}") + "\n" + create(2, "{n: 1}"))
	s.sync()
	s.fql(remove(1) + "\n" + create(1, "{n: 2}") + "\n" + remove(2))
	m := s.sync() // recreated within a sync
	s.exact(m)
	if e := last(m); e.Rows != 2 || e.Removed != 1 {
		t.Errorf("%+v", e)
	}
	s.fql(create(2, "{n: 3}"))
	m = s.sync() // after the sync with the removal
	s.exact(m)
	if e := last(m); e.Rows != 1 || e.Documents != 2 {
		t.Errorf("%+v", e)
	}
	s.fql(remove(2) + "\n" + remove(1))
	m = s.sync()
	s.exact(m)
	if e := last(m); e.Rows != 2 || e.Removed != 2 || e.Documents != 0 {
		t.Errorf("%+v", e)
	}
}

func TestSync_emptyCollectionAndEmptySync(t *testing.T) {
	t.Parallel()
	s := startSyncServer(t)
	s.exact(s.sync())
	m := s.sync()
	s.exact(m)
	if last(m).Rows != 0 || last(m).Documents != 0 {
		t.Errorf("%+v", last(m))
	}
	s.fql(create(1, "{}"))
	m = s.sync()
	s.exact(m)
	s.fql(remove(1))
	m = s.sync()
	s.exact(m)
	if last(m).Removed != 1 || last(m).Rows != 1 || last(m).Documents != 0 {
		t.Errorf("%+v", last(m))
	}
	if m = s.sync(); last(m).Rows != 0 {
		t.Errorf("the removal is written again: %+v", last(m))
	}
}

func TestSync_ttls(t *testing.T) {
	t.Parallel()
	s := startSyncServer(t)
	soon := func() string {
		return fmt.Sprintf("Time(%q)", archive.FormatTime(s.now().Add(time.Minute).UnixMicro()))
	}
	s.createDocs(6)
	ttl := func(id int, at string) string {
		return fmt.Sprintf(`Update(Ref(Collection("docs"), "%d"), {ttl: %s})`, id, at)
	}
	s.fql(ttl(1, soon()) + "\n" + ttl(2, soon()) + "\n" + ttl(5, soon()) + "\n" + ttl(6, fmt.Sprintf("Time(%q)", archive.FormatTime(s.now().Add(time.Hour).UnixMicro()))))
	s.sync()
	s.fql(ttl(2, "null")) // cleared: it stays
	s.fql(ttl(3, soon())) // set and expired
	later := fmt.Sprintf("Time(%q)", archive.FormatTime(s.now().Add(time.Hour).UnixMicro()))
	s.fql(ttl(5, later))  // changed to later
	s.fql(ttl(6, soon())) // changed to sooner
	s.pass(2 * time.Minute)
	m := s.sync()
	s.exact(m)
	if e := last(m); e.Removed != 3 || e.TimeUnknown != 3 || e.Rows != 5 || e.Documents != 3 {
		t.Errorf("%+v", e)
	}
	when := archive.FormatTime(m.Time())
	if rows := s.rowsOf("docs@2.jsonl"); !strings.Contains(rows[0], `"deleted_at":"`+when+`"`) {
		t.Errorf("a removal of which nobody knows when: %s, the sync is of %s", rows[0], when)
	}
}

func TestSync_writesIntoThePast(t *testing.T) {
	t.Parallel()
	s := startSyncServer(t)
	for id := 10; id <= 60; id += 10 {
		s.fql(create(id, "{}"))
	}
	s.pass(10 * time.Second)
	s.sync()
	s.fql(insert(15, s.back(time.Second*5), "create", "{a: 1}"))
	s.fql(insert(16, s.back(time.Hour), "create", "{a: 2}"))
	s.fql(insert(20, s.back(time.Second*5), "update", "{a: 3}"))
	s.fql(insert(30, s.back(time.Second*5), "delete", "{}"))
	ts := s.fql(`Select("ts", Get(Ref(Collection("docs"), "60")))`)
	s.fql(fmt.Sprintf(`Remove(Ref(Collection("docs"), "60"), %s, "create")`, strings.TrimSpace(ts)))
	m := s.sync()
	s.exact(m)
	if e := last(m); e.Rows != 5 || e.Removed != 2 {
		t.Errorf("%+v: %s", e, s.rowsOf("docs@2.jsonl"))
	}
}

func TestSync_historyLongExpired(t *testing.T) {
	t.Parallel()
	s := startSyncServer(t)
	s.fql(create(1, "{}") + "\n" + create(2, "{}"))
	s.sync()
	s.fql(remove(1))
	s.pass(48 * time.Hour)
	m := s.sync()
	s.exact(m)
	if e := last(m); e.Removed != 1 || e.TimeUnknown != 1 {
		t.Errorf("%+v", e)
	}
}

func TestSync_collectionRecreated(t *testing.T) {
	t.Parallel()
	s := startSyncServer(t)
	s.createDocs(4)
	s.sync()
	s.fql(`Delete(Collection("docs"))`)
	s.pass(2 * time.Minute) // names are cached
	s.makeCollection()
	s.fql(create(3, "{again: 1}") + "\n" + create(9, "{}"))
	m := s.sync()
	s.exact(m)
	e := last(m)
	if e.Rows != 5 || e.Removed != 3 || len(e.Warnings) == 0 || !strings.Contains(e.Warnings[0], "recreated") {
		t.Errorf("%+v", e)
	}
	s.exact(s.sync())
}

func TestSync_indexRecreatedOrRenamed(t *testing.T) {
	t.Parallel()
	s := startSyncServer(t)
	s.fql(create(1, "{}") + "\n" + create(2, "{}"))
	s.sync()
	s.fql(update(1, "{a: 1}"))
	s.fql(`Delete(Index("docs-ts"))`)
	s.fql(`CreateIndex({name: "other", source: Collection("docs"), values: [{field: ["ts"]}, {field: ["ref"]}]})`)
	other := func(p *Spec) { p.Indexes = map[string]string{"docs": "other"} }
	m := s.sync(other)
	s.exact(m)
	if last(m).Rows != 1 {
		t.Errorf("%+v", last(m))
	}
	s.fql(`Update(Index("other"), {name: "third"})`)
	m = s.sync(func(p *Spec) { p.Indexes = map[string]string{"docs": "third"} })
	s.exact(m)
	if _, err := s.trySync(other); err == nil {
		t.Error("an index that is not there was read")
	}
}

func TestSync_privilegeLost(t *testing.T) {
	t.Parallel()
	s := startSyncServer(t)
	s.createDocs(9)
	setup := fql.Setup{Role: "reader", Collections: []string{"docs"}, Indexes: []string{"docs-ts"}}
	s.fql(setup.RoleFQL())
	secret, _ := fauna.FindSecret(s.fql(setup.KeyFQL()))
	endpoint, err := fauna.ParseEndpoint(s.endpoint)
	if err != nil {
		t.Fatal(err)
	}
	client, err := fauna.NewClient(fauna.Options{Endpoint: endpoint, Secret: secret})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := s.syncWith(client); err != nil {
		t.Fatal(err)
	}
	s.fql(remove(9))
	src := &smallPages{Client: client, size: 3, before: func(page int) {
		if page == 2 {
			s.fql(`Update(Role("reader"), {privileges: [{resource: Collections(), actions: {read: true}}, {resource: Index("docs-ts"), actions: {read: true}}]})`)
		}
	}}
	_, err = s.syncWith(src)
	partial, ok := errors.AsType[*Partial](err)
	if !ok || !partial.Denied() {
		t.Fatalf("a lost privilege: %v", err)
	}
	s.fql(setup.RoleUpdateFQL())
	m, err := s.syncWith(client)
	if err != nil || last(m).Removed != 1 || last(m).Rows != 1 {
		t.Fatalf("%+v, %v", last(m), err)
	}
	s.exact(m)
}

func TestSync_wholeAgainAfterAWindow(t *testing.T) {
	t.Parallel()
	s := startSyncServer(t)
	s.createDocs(200)
	src := &passingTime{Client: s.client, at: 2, do: func() {
		s.fql(update(1, "{late: 1}") + "\n" + remove(2) + "\n" + create(0, "{}"))
		s.pass(20 * time.Minute)
	}}
	spec := s.spec()
	spec.PageSize = 30
	r, err := NewRun(spec, src, OSEnv(s.dir))
	if err != nil {
		t.Fatal(err)
	}
	m, err := r.Do(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if m.LastSync() != 2 || m.Syncs[0].Consistency != archive.ConsistencyWindow || m.Consistency != archive.ConsistencySnapshot {
		t.Errorf("%+v", m)
	}
	s.exact(m)
}

func TestSync_wholeAgainAfterAFullRunOfTwoTimes(t *testing.T) {
	t.Parallel()
	s := startSyncServer(t)
	s.createDocs(200)
	spec := s.spec()
	spec.Mode, spec.PageSize = Full, 30
	r, err := NewRun(spec, &passingTime{Client: s.client, at: 3, do: func() {
		s.fql(update(1, "{late: 1}") + "\n" + remove(2) + "\n" + create(0, "{}"))
		s.pass(20 * time.Minute)
	}}, OSEnv(s.dir))
	if err != nil {
		t.Fatal(err)
	}
	m, err := r.Do(t.Context())
	if partial, ok := errors.AsType[*Partial](err); !ok || len(partial.Window) != 1 || m.Consistency != archive.ConsistencyWindow {
		t.Fatalf("%+v, %v", m, err)
	}
	m = s.sync()
	s.exact(m)
	if m.Syncs[0].Consistency != archive.ConsistencyWindow || m.Consistency != archive.ConsistencySnapshot || last(m).Rows != 3 {
		t.Errorf("%+v", m.Syncs)
	}
}

// passingTime calls a function before one of the pages of documents.
type passingTime struct {
	*fauna.Client
	pages atomic.Int64 // several workers send requests
	at    int64
	do    func()
}

func (p *passingTime) Documents(ctx context.Context, page PageRequest) ([]byte, error) {
	if p.pages.Add(1) == p.at {
		p.do()
	}
	return p.Client.Documents(ctx, PageRequest{Collection: page.Collection, At: page.At, From: page.From, Size: min(page.Size, 80_000), Paths: page.Paths, Buf: page.Buf})
}

func TestSync_rowsOfThePastThatChangeDuringTheFirst(t *testing.T) {
	t.Parallel()
	s := startSyncServer(t)
	s.createDocs(40)
	s.pass(time.Minute)
	src := &smallPages{Client: s.client, size: 100, before: func(page int) {
		if page == 1 { // after the documents, before the index is compared
			s.fql(insert(20, s.back(30*time.Second), "update", "{a: 3}"))
			s.fql(insert(99, s.back(30*time.Second), "create", "{}"))
		}
	}}
	m, err := s.syncWith(src)
	if err != nil || m.LastSync() != 2 || last(m).Rows != 2 {
		t.Fatalf("%+v, %v", last(m), err)
	}
	s.exact(m)
}
