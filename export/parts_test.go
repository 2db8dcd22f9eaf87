package export

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"fauna-export/export/archive"
	"fauna-export/export/row"
	"fauna-export/export/store"
	"fauna-export/export/store/storetest"
)

// crowdedSource returns collections whose ids form clusters.
func crowdedSource() *fakeSource {
	f := newFakeSource(map[string]int{"users": 0, "none": 0, "few": 3})
	random := rand.New(rand.NewPCG(3, 4))
	ids := []int64{0, 1, 1<<63 - 1}
	for range 6_000 {
		ids = append(ids, 1<<58+random.Int64N(1<<20), random.Int64N(1<<62))
	}
	slices.Sort(ids)
	f.set["users"].docs = slices.Compact(ids)
	return f
}

// joined returns the concatenated files of each collection of a run.
func joined(t *testing.T, dir string, m *archive.Manifest) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for _, e := range m.Collections {
		out[e.Name] = append(out[e.Name], mustRead(t, dir, e.File)...)
	}
	return out
}

func TestParts_togetherAreTheOneFile(t *testing.T) {
	t.Parallel()
	src := crowdedSource()
	for _, format := range []row.Format{row.JSONL, row.Wire} {
		spec := Spec{Collections: []string{"users", "none", "few"}, Format: format, PageSize: 500}
		dir := exportDir(t)
		one := joined(t, dir, mustDo(t, spec, src, OSEnv(dir)))
		for _, parts := range []int{2, 7, 64, AutoParts} {
			spec.Parts, spec.Workers = parts, 1+parts&7
			dir := exportDir(t)
			m := mustDo(t, spec, src, OSEnv(dir))
			for name, text := range joined(t, dir, m) {
				if !bytes.Equal(text, one[name]) {
					t.Errorf("%s, %d parts: %s has %d bytes, the one file %d", format, parts, name, len(text), len(one[name]))
				}
			}
			if files, want := len(m.Chain("users")), max(parts, 1); files != want {
				t.Errorf("%d files of %d parts", files, want)
			}
			if rep, err := archive.Verify(t.Context(), store.NewFolder(dir), nil); err != nil || !rep.OK() {
				t.Errorf("%s, %d parts: %v %+v", format, parts, err, rep)
			}
		}
	}
}

func TestParts_areNamedAndBalanced(t *testing.T) {
	t.Parallel()
	dir := exportDir(t)
	m := mustDo(t, Spec{Collections: []string{"users"}, Compress: row.Zstd, Parts: 4}, crowdedSource(), OSEnv(dir))
	rows := m.Rows()
	for i, e := range m.Collections {
		if want := fmt.Sprintf("users-%05d-of-00004.jsonl.zst", i); e.File != want || e.Part != i || e.Parts != 4 {
			t.Errorf("part %d: %s, %d of %d", i, e.File, e.Part, e.Parts)
		}
		if e.Rows < rows/4*3/4 || e.Rows > rows/4*5/4 {
			t.Errorf("part %d has %d rows of %d", i, e.Rows, rows)
		}
	}
}

func TestParts_anyFailingOperationCanBeResumedToTheSameBytes(t *testing.T) {
	t.Parallel()
	src := crowdedSource()
	src.set["users"].docs = src.set["users"].docs[:900]
	spec := Spec{Collections: []string{"users", "none"}, Parts: 5, PageSize: 60}
	want := wanted(t, spec, src)
	if len(want) != 6 {
		t.Fatalf("%d files", len(want))
	}
	for n := 1; ; n++ {
		disk := storetest.NewMemory()
		faulty := &storetest.Faults{Store: disk, Fail: func(at int, _ storetest.Op, _ string) error {
			if at == n {
				return syscall.EIO
			}
			return nil
		}}
		env := Env{Store: faulty, Clock: newSwiftClock(1000), Rand: rand.NewPCG(uint64(n), 1)}
		r, err := NewRun(spec, src, env)
		if err != nil {
			t.Fatal(err)
		}
		_, err = r.Do(context.Background())
		if faulty.Ops() < n {
			if err != nil || n < 20 {
				t.Fatalf("after %d operations: %v", n, err)
			}
			return
		}
		whole(t, disk, want)
		env.Store = disk
		if r, err = OpenRun(src, env); isError[*archive.NotARun](err) {
			r, err = NewRun(spec, src, env)
		}
		if err != nil {
			t.Fatalf("operation %d: %v", n, err)
		}
		if _, err := r.Do(context.Background()); err != nil {
			t.Fatalf("operation %d: %v", n, err)
		}
		if whole(t, disk, want) != len(want) {
			t.Fatalf("operation %d: not all files are there after it was resumed", n)
		}
	}
}

func TestParts_verifyNamesOneThatIsMissingOrTwice(t *testing.T) {
	t.Parallel()
	dir := exportDir(t)
	m := mustDo(t, Spec{Collections: []string{"users"}, Parts: 4}, crowdedSource(), OSEnv(dir))
	for name, change := range map[string]func(m *archive.Manifest){
		"found part 2 of 4 where part 1 was expected": func(m *archive.Manifest) { m.Collections = slices.Delete(m.Collections, 1, 2) },
		"parts are missing from part 3 of 4 on":       func(m *archive.Manifest) { m.Collections = m.Collections[:3] },
		"files of 4 and of 5 parts":                   func(m *archive.Manifest) { m.Collections[2].Parts = 5 },
	} {
		wrong := *m
		wrong.Collections = slices.Clone(m.Collections)
		change(&wrong)
		data, err := wrong.Encode()
		if err != nil {
			t.Fatal(err)
		}
		for file, text := range map[string][]byte{archive.ManifestName: data, archive.SumsName: wrong.Sums()} {
			if err := os.WriteFile(filepath.Join(dir, file), text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		rep, err := archive.Verify(t.Context(), store.NewFolder(dir), nil)
		if err != nil || !strings.Contains(strings.Join(rep.Problems, "; "), name) {
			t.Errorf("%s: %v, %q", name, err, rep.Problems)
		}
		if _, err := archive.Merge(t.Context(), store.NewFolder(dir)); !isError[*archive.Damaged](err) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: merge: %v", name, err)
		}
	}
}

func TestParts_areRefusedWhereOneFileIsNeeded(t *testing.T) {
	t.Parallel()
	for _, s := range []Spec{
		{Collections: []string{"a"}, Parts: 2, Mode: Incremental},
		{Collections: []string{"a"}, Parts: maxParts + 1},
		{Collections: []string{"a"}, Parts: -2},
	} {
		if err := s.Validate(); !isError[*SpecError](err) {
			t.Errorf("%+v: %v", s, err)
		}
	}
}

// hidingSource omits a document from every page, but counts it.
type hidingSource struct {
	*fakeSource
	all *fakeSource
}

func newHidingSource() hidingSource {
	h := hidingSource{crowdedSource(), crowdedSource()}
	h.all.set["users"].insert(1<<58 + 1<<21)
	return h
}

func (h hidingSource) CountPage(ctx context.Context, p PageRequest) (n, next int64, err error) {
	return h.all.CountPage(ctx, p)
}

func TestParts_documentsThatNoPageHasFailTheirCollection(t *testing.T) {
	t.Parallel()
	lying := newHidingSource()
	src := lying.fakeSource
	dir := exportDir(t)
	spec := Spec{Collections: []string{"users"}, Parts: 3, PageSize: 500}
	r, err := NewRun(spec, lying, OSEnv(dir))
	if err != nil {
		t.Fatal(err)
	}
	m, err := r.Do(t.Context())
	if !isError[*Partial](err) || m == nil || len(m.Failed) != 1 || !strings.Contains(m.Failed[0].Why, "were read, but the server counts") {
		t.Fatalf("%v, %+v", err, m)
	}
	if files, _ := filepath.Glob(filepath.Join(dir, "users*")); len(files) > 0 {
		t.Errorf("%q are left under their final names", files)
	}
	// The same server, now honest.
	r, err = OpenRun(src, OSEnv(dir))
	if err != nil {
		t.Fatal(err)
	}
	if m, err = r.Do(t.Context()); err != nil || m.Rows() != int64(len(src.set["users"].docs)) {
		t.Errorf("resumed: %v", err)
	}
	st, partial := storetest.NewMemory(), 0
	for shard := range 4 {
		switch err := doShard(t.Context(), shardSpec(shard), lying, st); {
		case isError[*Partial](err):
			partial++
		case err != nil:
			t.Fatal(err)
		}
	}
	rep, err := archive.Finish(t.Context(), st, nil)
	if err != nil || partial != 1 || len(rep.Manifest.Failed) != 1 {
		t.Errorf("%d shards were not whole; finish: %v %+v", partial, err, rep)
	}
}

// expiredCount is a server that can no longer count at the run's time.
type expiredCount struct {
	*fakeSource
	asked atomic.Int64
}

func (e *expiredCount) CountPage(ctx context.Context, p PageRequest) (n, next int64, err error) {
	if e.asked.Add(1) > 1 { // the first call is for dividing into parts
		return 0, -1, errFakeExpired
	}
	return e.fakeSource.CountPage(ctx, p)
}

func TestParts_aCountThatExpiredIsNotOneOfNone(t *testing.T) {
	t.Parallel()
	m := mustDo(t, Spec{Collections: []string{"users"}, Parts: 3, PageSize: 500}, &expiredCount{fakeSource: crowdedSource()}, OSEnv(exportDir(t)))
	if got := m.Collections[0].Warnings; !slices.Equal(got, []string{countUnknown}) {
		t.Errorf("warnings %q", got)
	}
}

// A store that loses a file when it is closed, as an object store does whose
// rule removed the upload, makes the run write that file again: the same one.
func TestWrite_aFileThatTheStoreLostIsReadAgain(t *testing.T) {
	t.Parallel()
	src := crowdedSource()
	for name, parts := range map[string]int{"one file": 1, "parts": 4} {
		spec := Spec{Collections: []string{"users"}, Parts: parts, PageSize: 500}
		want := wanted(t, spec, src)
		for lost := range want {
			disk := storetest.NewMemory()
			m := mustDo(t, spec, src, Env{Store: losesOnce(disk, lost), Clock: newSwiftClock(1), Rand: rand.NewPCG(1, 1)})
			if whole(t, disk, want) != len(want) || m.Consistency != archive.ConsistencySnapshot {
				t.Errorf("%s without %s: %+v", name, lost, m)
			}
		}
	}
}

// After the time expired, a file that the store loses is read again wholly at the
// new time. The manifest must not give it the time that expired.
func TestWrite_aFileReadAgainAtALaterTimeIsNotFromTheFirst(t *testing.T) {
	t.Parallel()
	src := twoCollections()
	users := src.set["users"]
	src.fault = once(documentsOf("users", 5000), func() {
		src.least = src.now
		users.remove(103)
	})
	disk := storetest.NewMemory()
	r, err := NewRun(Spec{Collections: []string{"users"}, PageSize: 100}, src, Env{Store: losesOnce(disk, "users.jsonl"), Clock: newSwiftClock(1000), Rand: rand.NewPCG(1, 1)})
	if err != nil {
		t.Fatal(err)
	}
	m, err := r.Do(t.Context())
	partial, ok := errors.AsType[*Partial](err)
	if !ok || len(partial.Failures) != 0 || !slices.Equal(partial.Window, []string{"users"}) {
		t.Fatalf("error %v", err)
	}
	if m.Consistency != archive.ConsistencyWindow || len(m.Snapshots) != 1 || m.Snapshots[0] == m.Snapshot || len(m.Collections[0].Snapshots) != 0 {
		t.Errorf("manifest %+v", m)
	}
	if data, err := disk.Read("users.jsonl"); err != nil || !bytes.Equal(data, jsonl(users, users.docs)) {
		t.Errorf("the rows are not those of the later time: %v", err)
	}
}

// What the server counted at the time that expired says nothing about a later one.
func TestWrite_aFileReadAgainAtALaterTimeIsNotComparedWithAnEarlierCount(t *testing.T) {
	t.Parallel()
	spec := Spec{Collections: []string{"users", "orders"}, PageSize: 100}
	src := twoCollections()
	users := src.set["users"]
	disk := cutRun(t, spec, src)
	counted := len(users.docs)
	restate(t, disk, archive.StateName("users.jsonl"), func(st map[string]any) { st["count"] = counted })
	src.fault = once(documentsOf("users", 5000), func() {
		src.least = src.now
		users.remove(9097)
	})
	r, err := OpenRun(src, Env{Store: losesOnce(disk, "users.jsonl"), Clock: newSwiftClock(1000)})
	must(t, err)
	m, err := r.Do(t.Context())
	if !isError[*Partial](err) {
		t.Fatal(err)
	}
	e := m.Last("users")
	if e.Rows != int64(counted-1) || len(e.Snapshots) != 0 {
		t.Errorf("%+v", e)
	}
	if len(e.Warnings) != 1 || !strings.Contains(e.Warnings[0], "the server deleted the upload") {
		t.Errorf("%q", e.Warnings)
	}
}

// losesOnce is a store that loses the first file of that final name.
func losesOnce(s store.Store, file string) store.Store {
	lost := false
	return &storetest.Faults{Store: s, Fail: func(_ int, op storetest.Op, name string) error {
		if op != storetest.OpCloseFile || name != archive.PartName(file) || lost {
			return nil
		}
		lost = true
		return &store.UploadLost{Store: "objects", Name: file}
	}}
}
