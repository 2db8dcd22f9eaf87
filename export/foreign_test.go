package export

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"fauna-export/export/archive"
	"fauna-export/export/store"
	"fauna-export/export/store/storetest"
)

// stays checks that an error names a file of the user's, which is as it was, and
// removes the file.
func stays(t *testing.T, s store.Store, name, text string, err error) {
	t.Helper()
	if !isError[*store.Error](err) || !strings.Contains(err.Error(), name) {
		t.Errorf("%s: %v", name, err)
	}
	if got, err := s.Read(name); err != nil || string(got) != text {
		t.Fatalf("%s holds %q, %v", name, got, err)
	}
	must(t, s.Remove(name))
}

// A file that gets a name of ours while the run is interrupted is the user's.
func TestResume_replacesNoFileThatIsNotItsOwn(t *testing.T) {
	t.Parallel()
	spec := Spec{Collections: []string{"users", "orders"}, PageSize: 100, DDL: DuckDB}
	want := wanted(t, spec, twoCollections())
	for _, name := range []string{"users.jsonl", "orders.jsonl", archive.ManifestName, archive.SumsName, DuckDB.ScriptName()} {
		for _, text := range []string{"mine", `{"mine": 1}`} {
			src := twoCollections()
			disk := cutRun(t, spec, src)
			must(t, disk.Write(name, []byte(text)))
			stays(t, disk, name, text, resumedIn(t, src, disk))
			must(t, resumedIn(t, src, disk))
			if n := whole(t, disk, want); n != len(want) {
				t.Errorf("%d files of %d", n, len(want))
			}
		}
	}
}

func TestMerge_replacesNoFileThatIsNotItsOwn(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"merged/users.jsonl", "merged/SHA256SUMS"} {
		dir := exportDir(t)
		mustDo(t, Spec{Collections: []string{"users", "orders"}}, twoCollections(), OSEnv(dir))
		s := store.NewFolder(dir)
		must(t, s.Write(name, []byte("mine")))
		merge := func(ctx context.Context) error {
			_, err := archive.Merge(ctx, s)
			return err
		}
		stays(t, s, name, "mine", merge(t.Context()))
		must(t, errors.Join(merge(t.Context()), merge(t.Context())))
	}
}

func TestShards_finishReplacesNoFileThatIsNotItsOwn(t *testing.T) {
	t.Parallel()
	for _, name := range []string{archive.ManifestName, archive.SumsName} {
		disk := storetest.NewMemory()
		for shard := range 2 {
			spec := Spec{Collections: []string{"users", "orders"}, Shard: Shard{Index: shard, Of: 2}}
			must(t, doShard(t.Context(), spec, twoCollections(), disk))
		}
		must(t, disk.Write(name, []byte("mine")))
		_, err := archive.Finish(t.Context(), disk, nil)
		stays(t, disk, name, "mine", err)
		if rep, err := archive.Finish(t.Context(), disk, nil); err != nil || !rep.OK() {
			t.Errorf("%v, %+v", err, rep)
		}
	}
}

// Once the manifest is there the run is finished, even if what only an unfinished one
// needs can't be removed.
func TestRun_isFinishedOnceItsManifestIsWritten(t *testing.T) {
	t.Parallel()
	spec := Spec{Collections: []string{"users", "orders"}}
	disk := storetest.NewMemory()
	broken := errors.New("input/output error")
	faulty := &storetest.Faults{Store: disk, Fail: func(_ int, op storetest.Op, name string) error {
		if op == storetest.OpRemove && name == archive.StateName("users.jsonl") {
			return broken
		}
		return nil
	}}
	r, err := NewRun(spec, twoCollections(), Env{Store: faulty, Clock: newSwiftClock(1000)})
	must(t, err)
	if _, err := r.Do(t.Context()); !errors.Is(err, broken) {
		t.Fatal(err)
	}
	if f, err := archive.Inspect(disk); err != nil || f.Kind != archive.Finished {
		t.Errorf("%+v, %v", f, err)
	}
	r, err = OpenRun(nil, Env{Store: disk})
	must(t, err)
	if _, err := r.Do(t.Context()); err != nil {
		t.Error(err)
	}
	entries, err := disk.List()
	must(t, err)
	for _, e := range entries {
		if strings.HasPrefix(e.Name, store.WorkPrefix) {
			t.Errorf("%s is left", e.Name)
		}
	}
}

func TestRun_replacesNoFileThatAppearedMeanwhile(t *testing.T) {
	t.Parallel()
	spec := Spec{Collections: []string{"users", "orders"}, DDL: DuckDB}
	want := wanted(t, spec, twoCollections())
	for _, name := range []string{"orders.jsonl", archive.ManifestName, archive.SumsName, DuckDB.ScriptName()} {
		disk := storetest.NewMemory()
		src := twoCollections()
		once := sync.OnceFunc(func() { must(t, disk.Write(name, []byte("mine"))) })
		seen := &storetest.Faults{Store: disk, Fail: func(_ int, op storetest.Op, _ string) error {
			if op == storetest.OpAppend {
				once()
			}
			return nil
		}}
		r, err := NewRun(spec, src, Env{Store: seen, Clock: newSwiftClock(1000)})
		must(t, err)
		_, err = r.Do(t.Context())
		stays(t, disk, name, "mine", err)
		if err := resumedIn(t, src, disk); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if n := whole(t, disk, want); n != len(want) {
			t.Errorf("%d files of %d", n, len(want))
		}
	}
}

func TestSync_leavesAFileThatIsNotItsOwn(t *testing.T) {
	t.Parallel()
	s := startSyncServer(t)
	s.fql(create(1, "{}"))
	s.sync()
	for _, name := range []string{"docs@2.jsonl", archive.SumsName} {
		must(t, os.WriteFile(filepath.Join(s.dir, name), []byte("mine"), 0o600))
		_, err := s.syncWith(s.client)
		stays(t, store.NewFolder(s.dir), name, "mine", err)
	}
	s.exact(s.sync())
}

// unreadable is a store that cannot read a file once err is set.
type unreadable struct {
	store.Store
	name string
	err  error
}

func (s *unreadable) Read(name string) ([]byte, error) {
	if name == s.name && s.err != nil {
		return nil, s.err
	}
	return s.Store.Read(name)
}

// Whether an interrupted sync wrote the file is unknown.
func TestSync_leavesAFileIfItsStateCannotBeRead(t *testing.T) {
	t.Parallel()
	s := startSyncServer(t)
	s.createDocs(1)
	s.sync()
	path := filepath.Join(s.dir, "docs@2.jsonl")
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := OSEnv(s.dir)
	broken := &unreadable{Store: env.Store, name: archive.StateName("docs@2.jsonl")}
	env.Store = broken
	r, err := NewRun(s.spec(), s.client, env)
	if err != nil {
		t.Fatal(err)
	}
	broken.err = errors.New("the disk does not answer")
	if _, err := r.Do(t.Context()); !errors.Is(err, broken.err) {
		t.Errorf("%v", err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "mine" {
		t.Errorf("%q, %v", text, err)
	}
}

// After an interruption, only what the state calls complete is the sync's own.
func TestSync_interruptedLeavesAFileThatIsNotItsOwn(t *testing.T) {
	t.Parallel()
	s := twelveChanges(t)
	env := OSEnv(s.dir)
	broken := errors.New("the disk does not answer")
	env.Store = &storetest.Faults{Store: env.Store, Fail: func(_ int, op storetest.Op, name string) error {
		if op == storetest.OpWrite && name == archive.ManifestName {
			return broken
		}
		return nil
	}}
	r, err := NewRun(s.spec(), s.client, env)
	must(t, err)
	if _, err := r.Do(t.Context()); !errors.Is(err, broken) {
		t.Fatal(err)
	}
	path := filepath.Join(s.dir, "docs@2.jsonl")
	own, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(path, []byte("mine"), 0o600))
	_, err = s.syncWith(s.client)
	stays(t, store.NewFolder(s.dir), "docs@2.jsonl", "mine", err)
	must(t, os.WriteFile(path, own, 0o600))
	m := s.sync()
	if last(m).Rows != 12 || m.LastSync() != 2 {
		t.Errorf("%+v", last(m))
	}
	s.exact(m)
}
