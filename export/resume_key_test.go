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

// Privileges of a role.
const (
	collectionsReadable = `{resource: Collections(), actions: {read: true}}`
	ordersReadable      = `{resource: Collection("orders"), actions: {read: true}}`
	usersReadable       = `{resource: Collection("users"), actions: {read: true}}`
	halfReadable        = collectionsReadable + ", " + ordersReadable +
		`, {resource: Collection("users"), actions: {read: Query(Lambda("ref", Equals(Select(["data", "name"], Get(Var("ref"))), "document 100")))}}`
)

// stoppedAt starts a run of users and orders and stops it at a page of documents.
func stoppedAt(t *testing.T, client *fauna.Client, spec Spec, page int) (dir string) {
	t.Helper()
	dir = exportDir(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	spec.Collections, spec.PageSize, spec.Workers, spec.RetryFor = []string{"users", "orders"}, 100, 1, patient
	r, err := NewRun(spec, &stopping{Client: client, at: page, stop: stop}, swiftEnv(dir, 5))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Do(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("the run ended with %v", err)
	}
	return dir
}

// stoppedLater stops runs at a page of documents until one has saved enough of users,
// which under load may not happen before the stop.
func stoppedLater(t *testing.T, client *fauna.Client, spec Spec, page int, enough func(*state) bool) (dir string, st *state) {
	t.Helper()
	for {
		dir, st = stoppedAt(t, client, spec, page), &state{}
		if archive.ReadState(store.NewFolder(dir), archive.StateName("users.jsonl"), st) == nil && enough(st) {
			return dir, st
		}
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
	child := s.client(t, fauna.NewSecret(s.child(t)))
	dir := stoppedAt(t, s.client(t, fauna.Secret{}), Spec{}, 6)
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
	dir := stoppedAt(t, s.client(t, fauna.Secret{}), Spec{}, 6)
	half := s.keyOf(t, s.Secret(), "half", halfReadable)
	var changed *Changed
	if err := resumed(t, s.client(t, half), dir); !errors.As(err, &changed) || !strings.Contains(err.Error(), "predicate") {
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
	client := s.client(t, s.restricted(t))
	dir := stoppedAt(t, client, Spec{}, 1) // before anything is finished
	grant := func(privileges string) {
		s.shell(t, `Update(Role("connect-readonly"), {privileges: [`+privileges+`]})`)
	}
	grant(collectionsReadable + ", " + ordersReadable)
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
	grant(collectionsReadable + ", " + ordersReadable + ", " + usersReadable)
	if err := resumed(t, client, dir); err != nil || len(idsOf(t, dir, "users.jsonl")) != 2000 {
		t.Errorf("with the privilege: %v", err)
	}
}

// Shards with keys of two databases are rejected.
func TestShards_mixNoDatabases(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	child, half := s.child(t), s.keyOf(t, s.Secret(), "half", halfReadable)
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

// A key that may not read Collections() can't tell when a collection was created.
func TestResume_refusesAnotherDatabaseWithoutAPrivilegeOnCollections(t *testing.T) {
	t.Parallel()
	const privileges = usersReadable + ", " + ordersReadable
	for _, at := range []int{3, 6} {
		for name, id := range map[string]string{"later ids": "90000", "the same ids": "id"} {
			s := startServer(t)
			child := s.child(t)
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
			dir := stoppedAt(t, s.client(t, own), Spec{}, at)
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
	dir, _ := stoppedLater(t, s.client(t, fauna.Secret{}), Spec{}, 6, func(st *state) bool { return st.Count == 2000 })
	hides := s.keyOf(t, s.Secret(), "hides", collectionsReadable+", "+ordersReadable+
		`, {resource: Collection("users"), actions: {read: Query(Lambda("ref", Not(Equals(Select("id", Var("ref")), "4000"))))}}`)
	r, err := OpenRun(s.client(t, hides), swiftEnv(dir, 6))
	if err != nil {
		t.Fatal(err)
	}
	m, err := r.Do(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	warnings := strings.Join(m.Last("users").Warnings, "; ")
	if n := len(idsOf(t, dir, "users.jsonl")); n != 1999 || !strings.Contains(warnings, "the file lacks 1 document that the server counted") {
		t.Errorf("%d users, %s", n, warnings)
	}
}

// No probe can tell that a role hides documents by their id, but the plan's counts do.
func TestShards_sayThatAKeySeesFewerDocuments(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	hides := s.keyOf(t, s.Secret(), "hides", collectionsReadable+", "+ordersReadable+
		`, {resource: Collection("users"), actions: {read: Query(Lambda("ref", LT(Select("id", Var("ref")), "5")))}}`)
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
