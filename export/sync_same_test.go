package export

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fauna-export/export/archive"
	"fauna-export/export/row"
	"fauna-export/fauna"
)

// A state belongs to a server, a database, a collection, a role, and the columns
// of the files.

func TestSync_refusesOtherOptions(t *testing.T) {
	t.Parallel()
	s := startSyncServer(t)
	s.fql(create(1, "{}"))
	s.sync()
	tests := []struct {
		name   string
		change func(*Spec)
		says   string
	}{
		{"server", func(p *Spec) { p.Endpoint = "http://elsewhere:8443" }, "server"},
		{"format", func(p *Spec) { p.Format = row.CSV }, "format"},
		{"columns", func(p *Spec) { p.NoData = true }, "columns"},
		{"deletion column", func(p *Spec) { p.Deletions = "gone_at" }, "deletions"},
		{"way with removals", func(p *Spec) { p.Deletions = IgnoreDeletions }, "deletions"},
		{"compression", func(p *Spec) { p.Compress = row.Zstd }, "compression"},
		{"role", func(p *Spec) { p.Filtered = []string{"docs"} }, "predicate"},
	}
	for _, test := range tests {
		_, err := s.trySync(test.change)
		changed, ok := errors.AsType[*Changed](err)
		if !ok || !strings.Contains(strings.Join(changed.Differences, ";"), test.says) {
			t.Errorf("another %s: %v", test.name, err)
		}
	}
	s.exact(s.sync())
}

func TestSync_refusesAnotherColumn(t *testing.T) {
	t.Parallel()
	s := startSyncServer(t)
	s.fql(create(1, "{a: 1, b: \"x\"}"))
	column := func(typ row.Type, path ...any) func(*Spec) {
		return func(p *Spec) {
			p.Columns = map[string][]row.Column{"docs": {{Name: "c", Path: path, Type: typ}}}
		}
	}
	s.sync(column("", "data", "a"))
	tests := []struct {
		name   string
		change func(*Spec)
		says   string
	}{
		{"path", column("", "data", "b"), "the path of docs:c: was data.a, is data.b"},
		{"path of the same text", column("", "data.a"), "the path of docs:c"},
		{"type", column(row.TypeString, "data", "a"), "the type of docs:c: was json, is string"},
		{"number of columns", func(*Spec) {}, "columns of docs"},
	}
	for _, test := range tests {
		_, err := s.trySync(test.change)
		if _, ok := errors.AsType[*Changed](err); !ok || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), "choose another folder") {
			t.Errorf("another %s: %v", test.name, err)
		}
	}
	s.sync(column(row.TypeJSON, "data", "a")) // the same column, written differently
}

func TestSync_anotherDatabase(t *testing.T) {
	t.Parallel()
	s, other := startSyncServer(t), startSyncServer(t)
	s.fql(create(1, "{}"))
	other.fql(create(1, "{}"))
	other.pass(time.Second)
	s.pass(time.Minute)
	s.sync()
	other.pass(2 * time.Minute)
	spec := s.spec() // as if the other server answered at the same address
	r, err := NewRun(spec, other.client, OSEnv(spec.Dir))
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.Do(t.Context())
	if _, ok := errors.AsType[*Changed](err); !ok {
		t.Fatalf("another database was taken for this one: %v", err)
	}
	s.exact(s.sync())
}

func TestSync_serverOfAnEarlierTime(t *testing.T) {
	t.Parallel()
	s := startSyncServer(t)
	s.pass(time.Hour)
	s.sync()
	s.pass(-time.Minute * 30)
	endpoint, err := fauna.ParseEndpoint(s.endpoint)
	if err != nil {
		t.Fatal(err)
	}
	client, err := fauna.NewClient(fauna.Options{Endpoint: endpoint, Secret: fauna.NewSecret(s.Secret())})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	_, err = s.syncWith(client)
	if _, ok := errors.AsType[*Changed](err); !ok {
		t.Errorf("%v", err)
	}
}

// otherDatabase returns a server in place of s, with a collection and an index of
// the same names.
func otherDatabase(t *testing.T) *syncServer {
	other := startSyncServer(t)
	other.fql(create(1, "{other: 1}") + "\n" + create(3, "{other: 3}"))
	return other
}

// at performs a sync of s with another server at its address.
func (s *syncServer) at(other *syncServer) (*archive.Manifest, error) {
	s.t.Helper()
	r, err := NewRun(s.spec(), other.client, OSEnv(s.dir))
	if err != nil {
		return nil, err
	}
	return r.Do(s.t.Context())
}

func TestSync_anotherDatabaseWithoutTheCollectionThen(t *testing.T) {
	t.Parallel()
	s := startSyncServer(t)
	s.fql(create(1, "{}") + "\n" + create(2, "{}"))
	s.sync()
	other := otherDatabase(t) // created after the sync
	other.pass(time.Minute)
	m, err := s.at(other)
	if err != nil || len(last(m).Warnings) == 0 || !strings.Contains(last(m).Warnings[0], "another database") {
		t.Fatalf("%+v, %v", m, err)
	}
	if got, want := s.merged(), other.truth(m.Time()); got != want || last(m).Rows != 3 || last(m).Removed != 1 {
		t.Errorf("%+v: the rows are\n%s\nand must be\n%s", last(m), got, want)
	}
}

func TestSync_anotherDatabaseAndNoState(t *testing.T) {
	t.Parallel()
	other := otherDatabase(t)
	other.pass(time.Second)
	s := startSyncServer(t)
	s.fql(create(1, "{}") + "\n" + create(2, "{}"))
	s.pass(time.Minute)
	s.sync()
	other.pass(2 * time.Minute)
	if err := os.Remove(filepath.Join(s.dir, ".fauna-export", "docs.jsonl.pairs")); err != nil {
		t.Fatal(err)
	}
	// The state names the database; without it the manifest does.
	if _, err := s.at(other); !isError[*Changed](err) || !strings.Contains(err.Error(), "database") {
		t.Fatalf("%v", err)
	}
	s.exact(s.sync()) // with its own server again
}

// clientOf returns a client with a key of a role that can read the documents
// allowed by a predicate, "true" for all.
func (s *syncServer) clientOf(role, predicate string) *fauna.Client {
	s.t.Helper()
	s.fql(`CreateRole({name: "` + role + `", privileges: [{resource: Collections(), actions: {read: true}}, {resource: Index("docs-ts"), actions: {read: true}}, {resource: Collection("docs"), actions: {read: ` + predicate + `}}]})`)
	secret, _ := fauna.FindSecret(s.fql(`CreateKey({role: Role("` + role + `")})`))
	endpoint, err := fauna.ParseEndpoint(s.endpoint)
	if err != nil {
		s.t.Fatal(err)
	}
	client, err := fauna.NewClient(fauna.Options{Endpoint: endpoint, Secret: secret})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(client.Close)
	return client
}

func TestSync_stateOfAnotherRole(t *testing.T) {
	t.Parallel()
	const public = `Query(Lambda("ref", Select(["data", "public"], Get(Var("ref")))))`
	const notTwo = `Query(Lambda("ref", Not(Equals(Select("id", Var("ref")), "2"))))`
	s := startSyncServer(t)
	for id, data := range []string{"{public: true}", "{public: false}", "{public: false}", "{public: true}"} {
		s.fql(create(id, data))
	}
	first := s.sync()
	s.fql(update(0, "{public: true, n: 1}"))
	hides, hidesOne := s.clientOf("hides", public), s.clientOf("hidesone", notTwo)
	run := func(client *fauna.Client, filtered bool) (*archive.Manifest, error) {
		spec := s.spec()
		if filtered {
			spec.Filtered = []string{"docs"}
		}
		r, err := NewRun(spec, client, OSEnv(s.dir))
		if err != nil {
			t.Fatal(err)
		}
		return r.Do(t.Context())
	}
	// The command detects such a predicate by itself.
	if _, err := run(hides, true); err == nil || !strings.Contains(err.Error(), "the role: it hides documents of docs") {
		t.Errorf("a role with a predicate: %v", err)
	}
	// Without that, or if the probe can't detect it, the documents reveal it.
	for name, client := range map[string]*fauna.Client{"data": hides, "id": hidesOne} {
		_, err := run(client, false)
		if partial, ok := errors.AsType[*Partial](err); !ok || !partial.Denied() {
			t.Errorf("a role with a predicate on %s: %v", name, err)
		}
	}
	m := s.sync()
	s.exact(m)
	if e := last(m); e.Removed != 0 || e.Rows != 1 || first.Collections[0].Filtered {
		t.Errorf("%+v", e)
	}

	// From a role that hides documents to one that shows all: they count as new.
	s.dir = filepath.Join(t.TempDir(), "hidden")
	if m, err := run(hides, true); err != nil || last(m).Rows != 2 || !last(m).Filtered {
		t.Fatalf("%+v, %v", m, err)
	}
	m = s.sync()
	s.exact(m)
	if e := last(m); e.Rows != 2 || e.Documents != 4 || e.Filtered {
		t.Errorf("%+v", e)
	}
}
