package export

import (
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"fauna-export/export/archive"
	"fauna-export/export/store"
	"fauna-export/export/store/storetest"
)

// A data file may be lost after its shard has finished. Running the shard again
// must read that file again, and no other.
func TestShards_aFinishedOneRemakesAFileThatIsLost(t *testing.T) {
	t.Parallel()
	for _, lost := range []string{"users-00002-of-00032.jsonl", "few.jsonl", ""} {
		src, st := crowdedSource(), storetest.NewMemory()
		for shard := range 4 {
			if err := doShard(t.Context(), shardSpec(shard), src, st); err != nil {
				t.Fatal(err)
			}
		}
		plan, err := archive.ReadPlan(st)
		if err != nil {
			t.Fatal(err)
		}
		shard := 1
		if lost == "" { // all of one shard
			for k, f := range plan.Files {
				if k%4 == shard {
					if err := st.Remove(f.File); err != nil {
						t.Fatal(err)
					}
				}
			}
		} else {
			k := slices.IndexFunc(plan.Files, func(f archive.PlanFile) bool { return f.File == lost })
			if k < 0 {
				t.Fatalf("%s is not one of %v", lost, plan.Files)
			}
			shard = k % 4
		}
		before := storeFiles(t, st)
		if lost != "" {
			if err := st.Remove(lost); err != nil {
				t.Fatal(err)
			}
		}
		if rep, err := archive.Finish(t.Context(), st, nil); err != nil || rep.OK() {
			t.Fatalf("%s: finish of a run without a file: %v %+v", lost, err, rep)
		}
		var pages atomic.Int64
		src.fault = func(c fakeCall) error {
			if c.what == "documents" {
				pages.Add(1)
			}
			return nil
		}
		if err := doShard(t.Context(), shardSpec(shard), src, st); err != nil {
			t.Fatalf("%s: the shard again: %v", lost, err)
		}
		if n := pages.Load(); lost != "" && n > 4 { // a part has two or three
			t.Errorf("%s: %d pages of documents were read", lost, n)
		}
		for name, text := range before {
			if now, err := st.Read(name); strings.HasSuffix(name, ".jsonl") && (err != nil || string(now) != text) {
				t.Errorf("%s: %s is not as it was: %v", lost, name, err)
			}
		}
		if rep, err := archive.Finish(t.Context(), st, nil); err != nil || !rep.OK() {
			t.Errorf("%s: finish: %v %+v", lost, err, rep)
		}
	}
}

// What a finished shard has stays if the file that it lost cannot be read again
// at once.
func TestShards_oneThatCannotRemakeALostFileKeepsTheOthers(t *testing.T) {
	t.Parallel()
	src, st := crowdedSource(), storetest.NewMemory()
	if err := doShard(t.Context(), shardSpec(1), src, st); err != nil {
		t.Fatal(err)
	}
	before := storeFiles(t, st)
	plan, err := archive.ReadPlan(st)
	if err != nil {
		t.Fatal(err)
	}
	lost := plan.Files[1].File
	if err := st.Remove(lost); err != nil {
		t.Fatal(err)
	}
	src.mu.Lock()
	src.fault = func(fakeCall) error { return errors.New("down") }
	src.mu.Unlock()
	if err := doShard(t.Context(), shardSpec(1), src, st); err == nil {
		t.Fatal("it was remade without a server")
	}
	src.mu.Lock()
	src.fault = nil
	src.mu.Unlock()
	for name, text := range before {
		if now, err := st.Read(name); name != lost && strings.HasSuffix(name, ".jsonl") && (err != nil || string(now) != text) {
			t.Errorf("%s is not as it was: %v", name, err)
		}
	}
	if err := doShard(t.Context(), shardSpec(1), src, st); err != nil {
		t.Fatal(err)
	}
	if now, err := st.Read(lost); err != nil || string(now) != before[lost] {
		t.Errorf("%s is not as it was: %v", lost, err)
	}
}

// storeFiles are the contents of all files in a store.
func storeFiles(t *testing.T, s store.Store) map[string]string {
	t.Helper()
	entries, err := s.List()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, e := range entries {
		data, err := s.Read(e.Name)
		if err != nil {
			t.Fatal(err)
		}
		all[e.Name] = string(data)
	}
	return all
}
