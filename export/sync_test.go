package export

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fauna-export/export/archive"
	"fauna-export/export/row"
	"fauna-export/export/store"
	"fauna-export/fauna"
	"fauna-export/fauna/emulator"
	"fauna-export/fauna/emulator/fault"
)

// syncServer is an embedded server with a collection docs and its index, and the
// folder of its syncs.
type syncServer struct {
	*testServer
	t      *testing.T
	client *fauna.Client
	dir    string
}

func startSyncServer(t *testing.T) *syncServer {
	t.Helper()
	s := newSyncServer(t)
	s.serve(s.now, 1)
	return s
}

func newSyncServer(t *testing.T) *syncServer {
	return &syncServer{testServer: &testServer{}, t: t, dir: filepath.Join(t.TempDir(), "out")}
}

// serve starts the server, with an empty collection.
func (s *syncServer) serve(clock func() time.Time, seed int64) {
	s.t.Helper()
	s.Server = fault.New(emulator.Options{Clock: clock, Seed: seed})
	address, stop, err := s.Start()
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(stop)
	s.endpoint = address
	endpoint, err := fauna.ParseEndpoint(address)
	if err != nil {
		s.t.Fatal(err)
	}
	s.client, err = fauna.NewClient(fauna.Options{Endpoint: endpoint, Secret: fauna.NewSecret(s.Secret()), Timeout: 30 * time.Second})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(s.client.Close)
	s.makeCollection()
}

func (s *syncServer) makeCollection() {
	s.t.Helper()
	s.fql(`CreateCollection({name: "docs", history_days: 0})`)
	s.fql(`CreateIndex({name: "docs-ts", source: Collection("docs"), terms: [], values: [{field: "ts"}, {field: "ref"}]})`)
}

// fql runs queries as an admin.
func (s *syncServer) fql(text string) string {
	s.t.Helper()
	printed, err := s.Shell(s.t.Context(), s.Secret(), text)
	if err != nil {
		s.t.Fatalf("%s: %v\n%s", text, err, printed)
	}
	return printed
}

func (s *syncServer) spec() Spec {
	return Spec{
		Endpoint: s.endpoint, Mode: Incremental, Collections: []string{"docs"}, Indexes: map[string]string{"docs": "docs-ts"},
		Format: row.JSONL, Dir: s.dir, Workers: 3, Tool: "test", RetryFor: time.Second,
	}
}

// sync performs a sync that must succeed.
func (s *syncServer) sync(change ...func(*Spec)) *archive.Manifest {
	s.t.Helper()
	m, err := s.trySync(change...)
	if err != nil {
		s.t.Fatalf("sync: %v", err)
	}
	return m
}

func (s *syncServer) trySync(change ...func(*Spec)) (*archive.Manifest, error) {
	s.t.Helper()
	spec := s.spec()
	for _, f := range change {
		f(&spec)
	}
	r, err := NewRun(spec, s.client, OSEnv(spec.Dir))
	if err != nil {
		return nil, err
	}
	return r.Do(s.t.Context())
}

// rowsOf returns the lines of a file in the folder, by id.
func (s *syncServer) rowsOf(file string) []string {
	s.t.Helper()
	data, err := os.ReadFile(filepath.Join(s.dir, file))
	if err != nil {
		s.t.Fatal(err)
	}
	lines := strings.Split(string(data), "\n")
	return lines[:len(lines)-1]
}

// truth returns the rows that a full export at a time has.
func (s *syncServer) truth(at int64) string {
	s.t.Helper()
	body, err := s.client.Documents(s.t.Context(), PageRequest{Collection: "docs", At: at, Size: 80_000})
	if err != nil {
		s.t.Fatal(err)
	}
	ser, err := row.NewSerializer(row.Layout{Collection: "docs", Format: row.JSONL})
	if err != nil {
		s.t.Fatal(err)
	}
	var b row.Batch
	if err := ser.Page(&b, body, nil); err != nil {
		s.t.Fatal(err)
	}
	return string(b.Bytes)
}

// merged returns the merged rows of all syncs.
func (s *syncServer) merged() string {
	s.t.Helper()
	if _, err := archive.Merge(s.t.Context(), store.NewFolder(s.dir)); err != nil {
		s.t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(s.dir, "merged", "docs.jsonl"))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(data)
}

// exact compares the merged rows with the server's at the last sync's time, and
// verifies the folder.
func (s *syncServer) exact(m *archive.Manifest) {
	s.t.Helper()
	if got, want := s.merged(), s.truth(m.Time()); got != want {
		s.t.Fatalf("after sync %d the rows are\n%s\nand must be\n%s", m.LastSync(), got, want)
	}
	rep, err := archive.Verify(context.Background(), store.NewFolder(s.dir), nil)
	if err != nil || !rep.OK() || len(rep.Others) > 0 {
		s.t.Fatalf("verify: %+v, %v", rep, err)
	}
}

// createDocs creates the documents 1 to n.
func (s *syncServer) createDocs(n int) {
	s.t.Helper()
	for id := 1; id <= n; id++ {
		s.fql(create(id, "{}"))
	}
}

func create(id int, data string) string {
	return fmt.Sprintf(`Create(Ref(Collection("docs"), "%d"), {data: %s})`, id, data)
}
func update(id int, data string) string {
	return fmt.Sprintf(`Update(Ref(Collection("docs"), "%d"), {data: %s})`, id, data)
}
func remove(id int) string { return fmt.Sprintf(`Delete(Ref(Collection("docs"), "%d"))`, id) }

func TestSync_changesAndRemovals(t *testing.T) {
	t.Parallel()
	s := startSyncServer(t)
	for id := 1; id <= 6; id++ {
		s.fql(create(id, fmt.Sprintf("{n: %d}", id)))
	}
	first := s.sync()
	s.exact(first)
	if len(first.Collections) != 1 || first.Collections[0].Sync != 1 || first.Collections[0].File != "docs.jsonl" || first.Mode != Incremental {
		t.Fatalf("the first sync: %+v", first.Collections)
	}
	if got := s.rowsOf("docs.jsonl")[0]; !strings.HasSuffix(got, `,"deleted_at":null}`) {
		t.Errorf("a live row: %s", got)
	}
	s.fql(update(2, "{n: 22}"))
	s.fql(remove(3))
	removed := time.UnixMicro(s.now().UnixMicro())
	s.fql(create(7, "{n: 7}"))
	s.fql(create(8, "{n: 8}"))
	s.fql(remove(8)) // created and removed
	s.fql(remove(4))
	s.fql(create(4, "{n: 44}")) // removed and recreated
	second := s.sync()
	s.exact(second)
	e := second.Collections[1]
	if e.Sync != 2 || e.File != "docs@2.jsonl" || e.Rows != 4 || e.Removed != 1 || e.TimeUnknown != 0 || e.Documents != 6 {
		t.Fatalf("the second sync: %+v", e)
	}
	rows := s.rowsOf("docs@2.jsonl")
	if len(rows) != 4 || !strings.HasPrefix(rows[0], `{"ref":"2",`) || !strings.HasPrefix(rows[1], `{"ref":"3","ts":`) || !strings.HasPrefix(rows[2], `{"ref":"4",`) {
		t.Fatalf("rows %s", rows)
	}
	when := rows[1][strings.Index(rows[1], `"deleted_at":"`)+len(`"deleted_at":"`):]
	at, err := time.Parse(time.RFC3339Nano, strings.TrimSuffix(when, `"}`))
	if err != nil || at.After(removed) || removed.Sub(at) > time.Minute || !strings.Contains(rows[1], fmt.Sprintf(`"ts":%d,`, at.UnixMicro())) {
		t.Errorf("removed about %v: %s, %v", removed, rows[1], err)
	}
	third := s.sync()
	s.exact(third)
	if e := third.Collections[2]; e.Rows != 0 || e.Documents != 6 || len(third.Syncs) != 3 {
		t.Errorf("nothing changed: %+v", e)
	}
	if _, err := os.Stat(filepath.Join(s.dir, ".fauna-export", "docs@2.jsonl.pairs")); !os.IsNotExist(err) {
		t.Errorf("the state of an earlier sync is kept: %v", err)
	}
	all, err := filepath.Glob(filepath.Join(s.dir, ".fauna-export", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(all, filepath.Join(s.dir, "manifest.json")) {
		if data, err := os.ReadFile(path); err != nil || bytes.Contains(data, []byte(s.Secret())) {
			t.Errorf("%s holds the secret, or %v", path, err)
		}
	}
}

func TestSync_reservedDeletionColumn(t *testing.T) {
	t.Parallel()
	s := startSyncServer(t)
	for _, name := range []string{"ref", "ts", "data", "ttl"} {
		if _, err := s.trySync(func(p *Spec) { p.Deletions = name }); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s as the deletion column: %v", name, err)
		}
	}
}

func TestSync_removalsIgnored(t *testing.T) {
	t.Parallel()
	s := startSyncServer(t)
	s.fql(create(1, "{}") + "\n" + create(2, "{}"))
	ignore := func(p *Spec) { p.Deletions = IgnoreDeletions }
	s.sync(ignore)
	s.fql(remove(1) + "\n" + update(2, "{a: 1}"))
	m := s.sync(ignore)
	if rows := s.rowsOf("docs@2.jsonl"); len(rows) != 1 || strings.Contains(rows[0], "deleted_at") || !strings.HasPrefix(rows[0], `{"ref":"2"`) {
		t.Errorf("rows %s", rows)
	}
	if e := m.Collections[1]; e.Documents != 1 || e.Removed != 1 {
		t.Errorf("%+v", e)
	}
	if e := s.sync(ignore).Collections[2]; e.Rows != 0 || e.Removed != 0 {
		t.Errorf("the removal comes again: %+v", e)
	}
}
