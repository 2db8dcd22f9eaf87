package export

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"fauna-export/export/archive"
	"fauna-export/export/row"
	"fauna-export/export/store"
	"fauna-export/export/store/storetest"
	"fauna-export/fauna"
)

// tear hides existing documents of users by writing a delete and an update at the
// same time. It creates an index of users that finds them.
func tear(t *testing.T, s *testServer, ids ...int) Spec {
	t.Helper()
	s.shell(t, `CreateIndex({name: "users-ts", source: Collection("users"), values: [{field: "ts"}, {field: "ref"}]})`)
	s.pass(time.Minute) // until it is built
	for _, id := range ids {
		at := s.now().UnixMicro()
		s.pass(time.Second)
		for _, insert := range []string{`"delete", {}`, `"update", {data: {n: 9}}`} {
			s.shell(t, fmt.Sprintf(`Insert(Ref(Collection("users"), "%d"), %d, %s)`, id, at, insert))
		}
	}
	s.pass(time.Second)
	return Spec{Indexes: map[string]string{"users": "users-ts"}}
}

func TestUnlisted_documentsThatOnlyAnIndexHasAreRead(t *testing.T) {
	t.Parallel()
	for _, torn := range [][]int{{1003}, {100}, {6097}, {100, 103, 3001, 6094, 6097}} {
		t.Run(fmt.Sprint(torn), func(t *testing.T) {
			s := startServer(t)
			client := s.client(t, fauna.Secret{})
			spec := tear(t, s, torn...)
			for _, format := range []row.Format{row.JSONL, row.Parquet} {
				spec.Format = format
				dir := exportDir(t)
				m, err := serverRun(t, client, dir, spec)
				if err != nil {
					t.Fatalf("%v: %v", torn, err)
				}
				e := *m.Last("users")
				if e.Rows != 2000 || e.Unlisted != int64(len(torn)) || e.Gone+e.Appeared != 0 || m.Consistency != archive.ConsistencySnapshot {
					t.Errorf("%v: %d rows, %d unlisted, %d gone, %d appeared", torn, e.Rows, e.Unlisted, e.Gone, e.Appeared)
				}
				if !slices.ContainsFunc(e.Warnings, func(w string) bool { return strings.Contains(w, "missing from the server's list") }) {
					t.Errorf("%v: warnings %q", torn, e.Warnings)
				}
				if format != row.JSONL {
					continue
				}
				if got := strings.Count(string(mustRead(t, dir, e.File)), `"n":9`); got != len(torn) {
					t.Errorf("%v: %d of them are in the file", torn, got)
				}
				if ids := idsOf(t, dir, e.File); !slices.IsSorted(ids) || len(ids) != 2000 {
					t.Errorf("%v: %d ids", torn, len(ids))
				}
			}
		})
	}
}

// unlistedRows returns the rows of users in all parts, and how many are unlisted.
func unlistedRows(entries []archive.Entry) (rows, unlisted int64) {
	for _, e := range entries {
		if e.Name == "users" {
			rows, unlisted = rows+e.Rows, unlisted+e.Unlisted
		}
	}
	return rows, unlisted
}

func TestUnlisted_partsAndShardsHaveThemToo(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	client := s.client(t, fauna.Secret{})
	spec := tear(t, s, 100, 106, 3001, 6097)
	spec.Collections, spec.PageSize, spec.Workers, spec.RetryFor, spec.Parts = []string{"users", "orders"}, 100, 1, patient, 3
	for at := 1; at < 30; at += 7 {
		dir := exportDir(t)
		ctx, stop := context.WithCancel(t.Context())
		r, err := NewRun(spec, &stopping{Client: client, at: at, stop: stop}, swiftEnv(dir, 5))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Do(ctx); err == nil && at < 20 {
			t.Fatal("it was not stopped")
		}
		stop()
		if err := resumed(t, client, dir); err != nil {
			t.Fatal(err)
		}
		m, err := archive.ReadManifest(store.NewFolder(dir))
		if err != nil {
			t.Fatal(err)
		}
		if rows, unlisted := unlistedRows(m.Collections); rows != 2000 || unlisted != 4 || len(m.Failed) > 0 {
			t.Errorf("stopped at page %d: %d rows, %d unlisted, %v", at, rows, unlisted, m.Failed)
		}
		if e := m.Latest()[0]; e.Documents != 2000 || e.Unlisted != 4 {
			t.Errorf("the parts come to %d documents, %d unlisted", e.Documents, e.Unlisted)
		}
	}
	st := storetest.NewMemory()
	spec.Parts = 0
	for shard := range 2 {
		spec.Shard = Shard{Index: shard, Of: 2}
		if err := doShard(t.Context(), spec, client, st); err != nil {
			t.Fatal(err)
		}
	}
	rep, err := archive.Finish(t.Context(), st, nil)
	if err != nil || !rep.OK() {
		t.Fatalf("finish: %v, %+v", err, rep)
	}
	m, err := archive.ReadManifest(st)
	if err != nil {
		t.Fatal(err)
	}
	if rows, unlisted := unlistedRows(m.Collections); rows != 2000 || unlisted != 4 {
		t.Errorf("shards: %d rows, %d unlisted", rows, unlisted)
	}
}

func TestUnlisted_aRunThatIsResumedHasThemToo(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	client := s.client(t, fauna.Secret{})
	spec := tear(t, s, 106, 3001, 6097)
	spec.Collections, spec.PageSize, spec.Workers, spec.RetryFor = []string{"users", "orders"}, 100, 1, patient
	for at := 1; at < 20; at += 6 {
		dir := exportDir(t)
		ctx, stop := context.WithCancel(t.Context())
		r, err := NewRun(spec, &stopping{Client: client, at: at, stop: stop}, swiftEnv(dir, 5))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Do(ctx); err == nil {
			t.Fatal("it was not stopped")
		}
		stop()
		if err := resumed(t, client, dir); err != nil {
			t.Fatal(err)
		}
		if ids := idsOf(t, dir, "users.jsonl"); len(ids) != 2000 || !slices.IsSorted(ids) {
			t.Errorf("stopped at page %d: %d ids", at, len(ids))
		}
	}
}

// Without a readable index a full run contains what the server lists.
func TestUnlisted_anIndexThatCannotBeReadIsNotNeeded(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	tear(t, s, 1003)
	m, err := serverRun(t, s.client(t, s.restricted(t)), exportDir(t), Spec{Indexes: map[string]string{"users": "users-ts", "orders": "none"}})
	if err != nil || m.Last("users").Rows != 1999 {
		t.Errorf("%v, %+v", err, m)
	}
}
