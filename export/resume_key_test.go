package export

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"fauna-export/export/archive"
	"fauna-export/export/store"
	"fauna-export/export/store/storetest"
	"fauna-export/fauna"
)

// stoppedRun starts a run and stops it when part of users has been read.
func stoppedRun(t *testing.T, s *testServer, client *fauna.Client, dir string) {
	t.Helper()
	stoppedAt(t, client, dir, 6)
}

// stoppedAt starts a run and stops it at a page of documents.
func stoppedAt(t *testing.T, client *fauna.Client, dir string, page int) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	spec := Spec{Collections: []string{"users", "orders"}, PageSize: 100, Workers: 1, RetryFor: patient}
	r, err := NewRun(spec, &stopping{Client: client, at: page, stop: stop}, swiftEnv(dir, 5))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Do(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("the run ended with %v", err)
	}
}

// stopping stops a run at a page of documents.
type stopping struct {
	*fauna.Client
	at   int
	stop func()
}

func (s *stopping) Documents(ctx context.Context, p PageRequest) ([]byte, error) {
	if s.at--; s.at == 0 {
		s.stop()
	}
	return s.Client.Documents(ctx, p)
}

// resumed resumes a run.
func resumed(t *testing.T, client *fauna.Client, dir string) error {
	t.Helper()
	r, err := OpenRun(client, swiftEnv(dir, 6))
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.Do(context.Background())
	return err
}

// A child database at the same endpoint has a collection with the same name.
func TestResume_refusesAnotherDatabase(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.shell(t, `CreateDatabase({name: "child"})`)
	secret := fauna.NewSecret(s.Secret() + ":child:admin")
	child := s.client(t, secret)
	for _, name := range []string{"users", "orders"} {
		if out, err := s.Shell(t.Context(), s.Secret()+":child:admin", `CreateCollection({name: "`+name+`"})`); err != nil {
			t.Fatal(out, err)
		}
	}
	dir := exportDir(t)
	stoppedRun(t, s, s.client(t, fauna.Secret{}), dir)
	var changed *Changed
	if err := resumed(t, child, dir); !errors.As(err, &changed) || !strings.Contains(err.Error(), "database") {
		t.Errorf("with the child's key: %v", err)
	}
	if err := resumed(t, s.client(t, fauna.Secret{}), dir); err != nil {
		t.Errorf("with its own key: %v", err)
	}
}

// A role that hides documents would silently omit them from the rest.
func TestResume_refusesAKeyThatSeesLess(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	dir := exportDir(t)
	stoppedRun(t, s, s.client(t, fauna.Secret{}), dir)
	s.shell(t, `CreateRole({name: "half", privileges: [{resource: Collections(), actions: {read: true}}, {resource: Collection("orders"), actions: {read: true}},
		{resource: Collection("users"), actions: {read: Query(Lambda("ref", Equals(Select(["data", "name"], Get(Var("ref"))), "document 100")))}}]})`)
	secret, note := fauna.FindSecret(s.shell(t, `CreateKey({role: Role("half")})`))
	if secret.IsZero() {
		t.Fatal(note)
	}
	var changed *Changed
	if err := resumed(t, s.client(t, secret), dir); !errors.As(err, &changed) || !strings.Contains(err.Error(), "predicate") {
		t.Errorf("with a key that sees half: %v", err)
	}
	if err := resumed(t, s.client(t, fauna.Secret{}), dir); err != nil {
		t.Errorf("with its own key: %v", err)
	}
}

// Collections that the key can no longer read don't hold up the rest.
func TestResume_goesOnWithoutWhatTheKeyMayNoLongerRead(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	dir := exportDir(t)
	client := s.client(t, s.restricted(t))
	stoppedAt(t, client, dir, 1) // before anything is finished
	s.shell(t, `Update(Role("connect-readonly"), {privileges: [{resource: Collections(), actions: {read: true}}, {resource: Collection("orders"), actions: {read: true}}]})`)
	err := resumed(t, client, dir)
	partial, ok := errors.AsType[*Partial](err)
	if !ok || len(partial.Failures) != 1 || partial.Failures[0].Collection != "users" || !isError[*PrivilegeLost](err) {
		t.Fatalf("without users: %v", err)
	}
	if n := len(idsOf(t, dir, "orders.jsonl")); n != 150 {
		t.Errorf("%d orders", n)
	}
	// Only users is left.
	var unreadable *Unreadable
	if err := resumed(t, client, dir); !errors.As(err, &unreadable) {
		t.Errorf("again: %v", err)
	}
	s.shell(t, `Update(Role("connect-readonly"), {privileges: [{resource: Collections(), actions: {read: true}}, {resource: Collection("orders"), actions: {read: true}}, {resource: Collection("users"), actions: {read: true}}]})`)
	if err := resumed(t, client, dir); err != nil || len(idsOf(t, dir, "users.jsonl")) != 2000 {
		t.Errorf("with the privilege: %v", err)
	}
}

// Shards with keys of two databases are rejected.
func TestShards_mixNoDatabases(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.shell(t, `CreateDatabase({name: "child"})`)
	child := s.Secret() + ":child:admin"
	for _, name := range []string{"users", "orders"} {
		if out, err := s.Shell(t.Context(), child, `CreateCollection({name: "`+name+`"})`); err != nil {
			t.Fatal(out, err)
		}
	}
	s.shell(t, `CreateRole({name: "half", privileges: [{resource: Collections(), actions: {read: true}}, {resource: Collection("orders"), actions: {read: true}},
		{resource: Collection("users"), actions: {read: Query(Lambda("ref", Equals(Select(["data", "name"], Get(Var("ref"))), "document 100")))}}]})`)
	half, note := fauna.FindSecret(s.shell(t, `CreateKey({role: Role("half")})`))
	if half.IsZero() {
		t.Fatal(note)
	}
	s.pass(time.Minute)
	st := storetest.NewMemory()
	spec := Spec{Collections: []string{"users", "orders"}, RetryFor: patient, Shard: Shard{Index: 0, Of: 2}}
	if err := doShard(t.Context(), spec, s.client(t, fauna.Secret{}), st); err != nil {
		t.Fatal(err)
	}
	spec.Shard.Index = 1
	for why, secret := range map[string]fauna.Secret{"database": fauna.NewSecret(child), "predicate": half} {
		if err := doShard(t.Context(), spec, s.client(t, secret), st); !isError[*Changed](err) || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v", why, err)
		}
	}
	if err := doShard(t.Context(), spec, s.client(t, fauna.Secret{}), st); err != nil {
		t.Fatal(err)
	}
	if rep, err := archive.Finish(t.Context(), st, nil); err != nil || !rep.OK() {
		t.Errorf("finish: %v, %+v", err, rep)
	}
}

// keyOf returns a key of a new role in the database of an admin's secret.
func (s *testServer) keyOf(t *testing.T, admin, role, privileges string) fauna.Secret {
	t.Helper()
	out, err := s.Shell(t.Context(), admin, `CreateRole({name: "`+role+`", privileges: [`+privileges+`]})`)
	if err == nil {
		out, err = s.Shell(t.Context(), admin, `CreateKey({role: Role("`+role+`")})`)
	}
	secret, note := fauna.FindSecret(out)
	if err != nil || secret.IsZero() {
		t.Fatal(out, note, err)
	}
	return secret
}

// A key that may not read Collections() can't tell when a collection was created.
func TestResume_refusesAnotherDatabaseWithoutAPrivilegeOnCollections(t *testing.T) {
	t.Parallel()
	const privileges = `{resource: Collection("users"), actions: {read: true}}, {resource: Collection("orders"), actions: {read: true}}`
	for _, at := range []int{3, 6} {
		for name, id := range map[string]string{"later ids": "90000", "the same ids": "id"} {
			s := startServer(t)
			s.shell(t, `CreateDatabase({name: "child"})`)
			child := s.Secret() + ":child:admin"
			for _, name := range []string{"users", "orders"} {
				if out, err := s.Shell(t.Context(), child, `CreateCollection({name: "`+name+`"})`); err != nil {
					t.Fatal(out, err)
				}
			}
			ids := `["` + id + `"]`
			if id == "id" {
				var all []string
				for i := range 2000 {
					all = append(all, strconv.Itoa(i*3+100))
				}
				ids = `["` + strings.Join(all, `","`) + `"]`
			}
			if out, err := s.Shell(t.Context(), child, `Foreach(`+ids+`, Lambda("id", Create(Ref(Collection("users"), Var("id")), {data: {other: true}})))`); err != nil {
				t.Fatal(out, err)
			}
			own, other := s.keyOf(t, s.Secret(), "plain", privileges), s.keyOf(t, child, "plain", privileges)
			dir := exportDir(t)
			stoppedAt(t, s.client(t, own), dir, at)
			var changed *Changed
			if err := resumed(t, s.client(t, other), dir); !errors.As(err, &changed) || !strings.Contains(err.Error(), "database") {
				t.Errorf("%s, stopped at page %d: %v", name, at, err)
			}
			if err := resumed(t, s.client(t, own), dir); err != nil {
				t.Errorf("with its own key: %v", err)
			}
		}
	}
}

// No probe can tell that a role hides documents by their id.
func TestResume_saysThatAKeySeesFewerDocuments(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	var dir string
	for counted := false; !counted; { // under load nothing may be saved before the stop
		dir = exportDir(t)
		stoppedRun(t, s, s.client(t, fauna.Secret{}), dir)
		var st state
		err := archive.ReadState(store.NewFolder(dir), archive.StateName("users.jsonl"), &st)
		counted = err == nil && st.Count == 2000
	}
	hides := s.keyOf(t, s.Secret(), "hides", `{resource: Collections(), actions: {read: true}}, {resource: Collection("orders"), actions: {read: true}},
		{resource: Collection("users"), actions: {read: Query(Lambda("ref", Not(Equals(Select("id", Var("ref")), "4000"))))}}`)
	r, err := OpenRun(s.client(t, hides), swiftEnv(dir, 6))
	if err != nil {
		t.Fatal(err)
	}
	m, err := r.Do(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	warnings := strings.Join(m.Last("users").Warnings, "; ")
	if n := len(idsOf(t, dir, "users.jsonl")); n != 1999 || !strings.Contains(warnings, "1 document that the server counted") {
		t.Errorf("%d users, %s", n, warnings)
	}
}

// No probe can tell that a role hides documents by their id, but the plan's counts do.
func TestShards_sayThatAKeySeesFewerDocuments(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	hides := s.keyOf(t, s.Secret(), "hides", `{resource: Collections(), actions: {read: true}}, {resource: Collection("orders"), actions: {read: true}},
		{resource: Collection("users"), actions: {read: Query(Lambda("ref", LT(Select("id", Var("ref")), "5")))}}`)
	st := storetest.NewMemory()
	spec := Spec{Collections: []string{"users", "orders"}, RetryFor: patient, Shard: Shard{Index: 0, Of: 2}}
	if err := doShard(t.Context(), spec, s.client(t, fauna.Secret{}), st); err != nil {
		t.Fatal(err)
	}
	spec.Shard.Index = 1
	if err := doShard(t.Context(), spec, s.client(t, hides), st); err != nil {
		t.Fatal(err)
	}
	rep, err := archive.Finish(t.Context(), st, nil)
	if err != nil || !rep.OK() {
		t.Fatalf("%v, %+v", err, rep)
	}
	if e := rep.Manifest.Last("users"); rep.Manifest.Rows() < 2150 && (len(e.Warnings) == 0 || !strings.Contains(e.Warnings[0], "counted")) || rep.Manifest.Rows() == 2150 {
		t.Errorf("%d rows, %q", rep.Manifest.Rows(), e.Warnings)
	}
}
