package export

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fauna-export/export/archive"
	"fauna-export/export/row"
	"fauna-export/export/store"
)

func TestPrepare_refusesBeforeAnyFile(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		spec Spec
		with func(*fakeSource)
		is   func(error) bool
		says string
	}{
		{"no such collection", Spec{Collections: []string{"users", "userz"}}, nil, isError[*Missing], "userz"},
		{"unreadable", Spec{Collections: []string{"users", "orders"}}, func(s *fakeSource) { s.set["orders"].unreadable = true }, isError[*Unreadable], "orders"},
		{"in the future", Spec{Collections: []string{"users"}, At: 1_900_000_000_000_000}, nil, func(err error) bool {
			e, ok := errors.AsType[*AtError](err)
			return ok && e.Future
		}, "future"},
		{"too old", Spec{Collections: []string{"users"}, At: 1_700_000_000_000_000}, nil, func(err error) bool {
			e, ok := errors.AsType[*AtError](err)
			return ok && !e.Future && e.Minimum > 0
		}, "too old"},
		{"before the collection", Spec{Collections: []string{"users"}, At: 1_799_999_999_000_000}, func(s *fakeSource) { s.set["users"].recreated = true }, isError[*AtError], "users"},
		{"secret refused", Spec{Collections: []string{"users"}}, func(s *fakeSource) {
			s.fault = func(fakeCall) error { return errFakeSecret }
		}, isError[*fakeFailure], "unauthorized"},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := twoCollections()
			if c.with != nil {
				c.with(src)
			}
			dir := exportDir(t)
			// At the present nothing is absent.
			absent := src.fault
			src.fault = func(call fakeCall) error {
				if call.what == "absent" && call.at >= 1_800_000_000_000_000 {
					src.set["users"].recreated = false
				}
				if absent != nil {
					return absent(call)
				}
				return nil
			}
			r, err := NewRun(c.spec, src, swiftEnv(dir, 1))
			if err != nil {
				t.Fatal(err)
			}
			m, err := r.Do(context.Background())
			if m != nil || !c.is(err) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v", err)
			}
			if _, err := os.Stat(dir); err == nil {
				t.Error("the folder was made")
			}
		})
	}
}

func TestRun_atATimeIsEchoedToTheMicrosecond(t *testing.T) {
	t.Parallel()
	src := twoCollections()
	at := src.now - 60_000_001
	src.fault = func(c fakeCall) error {
		if (c.what == "ids" || c.what == "documents") && c.at != at {
			t.Errorf("%s read at %d", c.what, c.at)
		}
		return nil
	}
	m := mustDo(t, Spec{Collections: []string{"users"}, At: at}, src, swiftEnv(exportDir(t), 1))
	if m.Snapshot != archive.FormatTime(at) || !strings.HasSuffix(m.Snapshot, "999999Z") {
		t.Errorf("snapshot %s", m.Snapshot)
	}
}

func TestRun_withoutASnapshotCountsWhatChanged(t *testing.T) {
	t.Parallel()
	src := twoCollections()
	users := src.set["users"]
	src.fault = func(c fakeCall) error {
		if c.at != 0 && c.what != "absent" {
			t.Errorf("%s at %d", c.what, c.at)
		}
		if c.what == "documents" && c.collection == "users" && c.from > 8000 {
			users.remove(8503, 8506, 9097)
			users.insert(8504, 8507, 9099, 9101)
		}
		return nil
	}
	dir := exportDir(t)
	m := mustDo(t, Spec{Collections: []string{"users", "orders"}, NoSnapshot: true, PageSize: 100, Workers: 1}, src, swiftEnv(dir, 1))
	e := m.Collections[0]
	if m.Consistency != archive.ConsistencyNone || m.Snapshot != "" || e.Gone != 3 || e.Appeared != 4 || e.Changed != 7 {
		t.Errorf("manifest %+v", m)
	}
	if !bytes.Equal(mustRead(t, dir, "users.jsonl"), jsonl(users, users.docs)) {
		t.Error("the rows differ")
	}
}

func TestRun_cancelledStopsAtOnceAndGoesOn(t *testing.T) {
	for _, when := range []string{"now", "absent", "readable", "ids", "documents"} {
		t.Run(when, func(t *testing.T) {
			src := twoCollections()
			ctx, cancel := context.WithCancelCause(context.Background())
			why := errors.New("ctrl+c")
			n := 0
			src.fault = func(c fakeCall) error {
				if c.what == when {
					if n++; n == 2 || when == "now" || when == "absent" || when == "readable" {
						cancel(why)
						return context.Canceled
					}
				}
				return nil
			}
			dir := exportDir(t)
			spec := Spec{Collections: []string{"users", "orders"}, PageSize: 100}
			r, err := NewRun(spec, src, OSEnv(dir))
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			_, err = r.Do(ctx)
			if !errors.Is(err, why) {
				t.Errorf("error %v", err)
			}
			if took := time.Since(start); took > 5*time.Second { // about 10 ms on an idle machine
				t.Errorf("it took %s", took)
			}
			if r.Status().Phase != Stopped {
				t.Errorf("phase %s", r.Status().Phase)
			}
			src.fault = nil
			env := swiftEnv(dir, 1)
			if r, err = OpenRun(src, env); isError[*archive.NotARun](err) {
				r, err = NewRun(spec, src, env)
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, err := r.Do(context.Background()); err != nil {
				t.Fatal(err)
			}
			if c := src.set["users"]; !bytes.Equal(mustRead(t, dir, "users.jsonl"), jsonl(c, c.docs)) {
				t.Error("the rows differ")
			}
		})
	}
}

// interrupted returns a folder with an unfinished run.
func interrupted(t *testing.T, spec Spec, src *fakeSource) string {
	t.Helper()
	dir := exportDir(t)
	ctx, cancel := context.WithCancel(context.Background())
	src.fault = func(c fakeCall) error {
		if c.what == "documents" && c.from > 5000 {
			cancel()
			return context.Canceled
		}
		return nil
	}
	r, err := NewRun(spec, src, swiftEnv(dir, 1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Do(ctx); err == nil {
		t.Fatal("the run was not stopped")
	}
	src.fault = nil
	return dir
}

func TestResume_refusesAnotherServerCollectionOrOption(t *testing.T) {
	t.Parallel()
	src := twoCollections()
	spec := Spec{Endpoint: "http://localhost:8443", Collections: []string{"users", "orders"}, PageSize: 100,
		Columns: map[string][]row.Column{"users": {{Name: "a", Path: []any{"data", "list", int64(0)}, Type: row.TypeInt}}}}
	dir := interrupted(t, spec, src)
	run, err := archive.ReadRun(store.NewFolder(dir))
	must(t, err)
	saved, err := SpecOf(store.NewFolder(dir), run)
	if err != nil || saved.Endpoint != spec.Endpoint {
		t.Fatalf("%+v %v", saved, err)
	}
	if diff := saved.Differences(spec); len(diff) > 0 {
		t.Errorf("the same differs: %v", diff)
	}
	for _, c := range []struct {
		says   string
		change func(*Spec)
	}{
		{"server", func(s *Spec) { s.Endpoint = "http://elsewhere:8443" }},
		{"collections", func(s *Spec) { s.Collections = []string{"users"} }},
		{"format", func(s *Spec) { s.Format = row.CSV }},
		{"compression", func(s *Spec) { s.Compress = row.Zstd }},
		{"columns", func(s *Spec) { s.Columns = nil }},
		{"no data", func(s *Spec) { s.NoData = true }},
	} {
		other := spec
		c.change(&other)
		if diff := saved.Differences(other); len(diff) != 1 || !strings.HasPrefix(diff[0], c.says+": was ") {
			t.Errorf("%s: %v", c.says, diff)
		}
	}
	// Another database at the same address.
	other := twoCollections()
	other.set["users"].recreated, other.set["orders"].recreated = true, true
	r, err := OpenRun(other, swiftEnv(dir, 1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Do(context.Background()); !isError[*Changed](err) || !strings.Contains(err.Error(), "server") {
		t.Errorf("another database: %v", err)
	}
	other = twoCollections()
	other.now -= 1_000_000_000
	if r, err = OpenRun(other, swiftEnv(dir, 1)); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Do(context.Background()); !isError[*Changed](err) {
		t.Errorf("a server whose time is earlier: %v", err)
	}
}

// recreatedSource has collections of the same names that were created later.
type recreatedSource struct{ *fakeSource }

func (o recreatedSource) CollectionTimes(ctx context.Context, names []string, at int64) ([]int64, error) {
	made, err := o.fakeSource.CollectionTimes(ctx, names, at)
	for i := range made {
		made[i]++
	}
	return made, err
}

func TestResume_withoutASnapshotRefusesARecreatedSource(t *testing.T) {
	t.Parallel()
	src := twoCollections()
	dir := interrupted(t, Spec{Collections: []string{"users", "orders"}, PageSize: 100, Workers: 2, NoSnapshot: true}, src)
	without := twoCollections()
	without.set["users"].recreated, without.set["orders"].recreated = true, true
	for name, other := range map[string]Source{"others of these names": recreatedSource{twoCollections()}, "none of these names": without} {
		r, err := OpenRun(other, swiftEnv(dir, 1))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Do(t.Context()); !isError[*Changed](err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	r, err := OpenRun(src, swiftEnv(dir, 1))
	if err != nil {
		t.Fatal(err)
	}
	if m, err := r.Do(t.Context()); err != nil || m.Consistency != archive.ConsistencyNone {
		t.Errorf("the same database: %v", err)
	}
}

func TestResume_afterTheSnapshotExpiredReadsTheRestAtANewTime(t *testing.T) {
	t.Parallel()
	src := twoCollections()
	dir := interrupted(t, Spec{Collections: []string{"users", "orders"}, PageSize: 100, Workers: 2}, src)
	users := src.set["users"]
	old := slices.Clone(users.docs)
	src.least = src.now
	users.remove(9097)
	r, err := OpenRun(src, swiftEnv(dir, 1))
	if err != nil {
		t.Fatal(err)
	}
	m, err := r.Do(context.Background())
	if !isError[*Partial](err) || m.Consistency != archive.ConsistencyWindow {
		t.Fatalf("error %v, %+v", err, m)
	}
	if !bytes.Equal(mustRead(t, dir, "users.jsonl"), jsonl(users, old[:len(old)-1])) {
		t.Error("the rows differ")
	}
	if len(m.Snapshots) != 2 {
		t.Errorf("snapshots %v", m.Snapshots)
	}
}

func TestMaxRate_isHeld(t *testing.T) {
	t.Parallel()
	src := twoCollections()
	clock := newSwiftClock(100)
	env := swiftEnv(exportDir(t), 1)
	env.Clock = clock
	start := clock.Now()
	mustDo(t, Spec{Collections: []string{"users"}, MaxRate: 500}, src, env)
	// 3 000 documents; the last page need not be waited for.
	if took := clock.Now().Sub(start); took < 4*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestFault_mixesFromASeed(t *testing.T) {
	t.Parallel()
	seed := testSeed(t)
	for i := range uint64(10) {
		random := rand.New(rand.NewPCG(seed, i))
		src := newFakeSource(map[string]int{"users": 6000, "orders": 400, "none": 0})
		faults := []error{errFakeDown, errFakeBusy, errFakeTimeout, errFakeServer, errFakeLarge, errFakeGone}
		src.fault = func(c fakeCall) error {
			if random.IntN(6) > 0 {
				return nil
			}
			f := faults[random.IntN(len(faults))]
			if (f == errFakeLarge || f == errFakeGone || f == errFakeServer) && (c.what != "documents" || c.size < 20) {
				return nil
			}
			return f
		}
		src.bend = func(c fakeCall, body []byte) []byte {
			if random.IntN(20) == 0 {
				return body[:random.IntN(len(body))] // the connection was cut
			}
			return body
		}
		spec := Spec{Collections: []string{"users", "orders", "none"}, Workers: 1 + random.IntN(8), RetryFor: patient}
		dir := exportDir(t)
		m := mustDo(t, spec, src, swiftEnv(dir, i))
		for _, e := range m.Collections {
			if c := src.set[e.Name]; !bytes.Equal(mustRead(t, dir, e.File), jsonl(c, c.docs)) {
				t.Errorf("mix %d: %s differs", i, e.File)
			}
		}
		if _, err := os.Stat(filepath.Join(dir, archive.ManifestName)); err != nil {
			t.Error(err)
		}
	}
}
