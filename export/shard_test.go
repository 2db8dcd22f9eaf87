package export

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"fauna-export/export/archive"
	"fauna-export/export/store"
	"fauna-export/export/store/storetest"
)

// shardSpec returns the spec of one of four shards.
func shardSpec(shard int) Spec {
	return Spec{Collections: []string{"users", "none", "few"}, PageSize: 200, Shard: Shard{Index: shard, Of: 4}}
}

// doShard runs one shard.
func doShard(ctx context.Context, s Spec, src Source, st store.Store) error {
	r, err := NewShard(ctx, s, src, Env{Store: st})
	if err != nil {
		return err
	}
	_, err = r.Do(ctx)
	return err
}

// joinedIn returns the concatenated files of each collection of a finished run in a
// store.
func joinedIn(t *testing.T, s store.Store, m *archive.Manifest) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for _, e := range m.Collections {
		data, err := s.Read(e.File)
		if err != nil {
			t.Fatal(err)
		}
		out[e.Name] = append(out[e.Name], data...)
	}
	return out
}

func TestShards_sideBySideMakeTheFilesOfOneProcess(t *testing.T) {
	t.Parallel()
	src := crowdedSource()
	dir := exportDir(t)
	one := joined(t, dir, mustDo(t, Spec{Collections: shardSpec(0).Collections, PageSize: 200}, src, OSEnv(dir)))
	memory, folder := storetest.NewMemory(), exportDir(t)
	for name, of := range map[string]func() store.Shared{
		"memory": func() store.Shared { return memory },
		"folder": func() store.Shared { return store.NewFolder(folder) }, // separate per process
	} {
		st := of()
		var all sync.WaitGroup
		errs := make([]error, 4)
		for i := range errs {
			all.Go(func() { errs[i] = doShard(t.Context(), shardSpec(i), src, of()) })
		}
		all.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		if found, err := archive.Inspect(st); err != nil || found.Kind != archive.Sharded {
			t.Errorf("%s: before finish it is %q, %v", name, found.Kind, err)
		}
		rep, err := archive.Finish(t.Context(), st, nil)
		if err != nil || !rep.OK() {
			t.Fatalf("%s: %v %+v", name, err, rep)
		}
		found, err := archive.Inspect(st)
		if err != nil || found.Kind != archive.Finished || found.Manifest.Shards != 0 {
			t.Fatalf("%s: after finish it is %q, %v", name, found.Kind, err)
		}
		for collection, text := range joinedIn(t, st, found.Manifest) {
			if !bytes.Equal(text, one[collection]) {
				t.Errorf("%s: %s has %d bytes, the one file %d", name, collection, len(text), len(one[collection]))
			}
		}
		entries, err := st.List()
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if strings.HasPrefix(e.Name, store.WorkPrefix) {
				t.Errorf("%s: %s is left", name, e.Name)
			}
		}
		if rep, err := archive.Verify(t.Context(), st, nil); err != nil || !rep.OK() || len(rep.Others) > 0 {
			t.Errorf("%s: %v %+v", name, err, rep)
		}
		if err := doShard(t.Context(), shardSpec(0), src, st); !isError[*store.Error](err) {
			t.Errorf("%s: a shard of a finished run: %v", name, err)
		}
	}
}

func TestShards_oneThatIsStoppedAnywhereIsRunAgain(t *testing.T) {
	t.Parallel()
	src := crowdedSource()
	src.set["users"].docs = src.set["users"].docs[:800]
	dir := exportDir(t)
	one := joined(t, dir, mustDo(t, Spec{Collections: shardSpec(0).Collections, PageSize: 200}, src, OSEnv(dir)))
	for calls := 1; ; calls += 3 {
		st := storetest.NewMemory()
		ctx, stop := context.WithCancel(t.Context())
		asked := 0
		src.mu.Lock()
		src.fault = func(fakeCall) error {
			if asked++; asked == calls {
				stop()
			}
			return nil
		}
		src.mu.Unlock()
		err := doShard(ctx, shardSpec(1), src, st)
		src.mu.Lock()
		src.fault = nil
		src.mu.Unlock()
		stop()
		for _, shard := range []int{3, 1, 0, 2} {
			if err := doShard(t.Context(), shardSpec(shard), src, st); err != nil {
				t.Fatalf("shard %d after %d calls: %v", shard, calls, err)
			}
		}
		rep, ferr := archive.Finish(t.Context(), st, nil)
		if ferr != nil || !rep.OK() {
			t.Fatalf("after %d calls: %v %+v", calls, ferr, rep)
		}
		for collection, text := range joinedIn(t, st, rep.Manifest) {
			if !bytes.Equal(text, one[collection]) {
				t.Errorf("after %d calls: %s differs", calls, collection)
			}
		}
		if err == nil {
			if calls < 10 {
				t.Fatal("it was never stopped")
			}
			return
		}
	}
}

func TestShards_whatDoesNotFitIsNamed(t *testing.T) {
	t.Parallel()
	src := crowdedSource()
	st := storetest.NewMemory()
	if err := doShard(t.Context(), Spec{Collections: []string{"users"}, Shard: Shard{Of: ShardsOfPlan}}, src, st); !isError[*SpecError](err) {
		t.Errorf("the first without a number of shards: %v", err)
	}
	for _, shard := range []int{0, 2} {
		if err := doShard(t.Context(), shardSpec(shard), src, st); err != nil {
			t.Fatal(err)
		}
	}
	_, err := archive.Finish(t.Context(), st, nil)
	if missing, ok := errors.AsType[*archive.ShardsMissing](err); !ok || !slices.Equal(missing.Shards, []int{1, 3}) {
		t.Errorf("finish without two shards: %v", err)
	}
	other := shardSpec(1)
	other.Collections = other.Collections[:1]
	if err := doShard(t.Context(), other, src, st); !isError[*Changed](err) {
		t.Errorf("another plan: %v", err)
	}
	other = shardSpec(1)
	other.At = src.now - 5_000_000
	if err := doShard(t.Context(), other, src, st); !isError[*Changed](err) {
		t.Errorf("another time: %v", err)
	}
	other = shardSpec(1)
	other.Shard.Of = 5
	if err := doShard(t.Context(), other, src, st); !isError[*Changed](err) {
		t.Errorf("another number of shards: %v", err)
	}
	other.Shard = Shard{Index: 4, Of: ShardsOfPlan}
	if err := doShard(t.Context(), other, src, st); !isError[*SpecError](err) {
		t.Errorf("a shard that there is not: %v", err)
	}
	release, err := st.LockFor("shard-00001")
	if err != nil {
		t.Fatal(err)
	}
	if err := doShard(t.Context(), shardSpec(1), src, st); !isError[*store.Error](err) {
		t.Errorf("two processes as one shard: %v", err)
	}
	release()
	src.least = src.now + 1
	if err := doShard(t.Context(), shardSpec(1), src, st); !isError[*AtError](err) {
		t.Errorf("a shard that begins after the time has expired: %v", err)
	}
	src.least = 0
	if _, err := NewRun(Spec{Collections: []string{"users"}}, src, Env{Store: st}); !isError[*store.Error](err) {
		t.Errorf("another run in the same store: %v", err)
	}
	// A shard may take the number from the plan.
	for _, shard := range []int{1, 3} {
		spec := shardSpec(shard)
		spec.Shard.Of = ShardsOfPlan
		if err := doShard(t.Context(), spec, src, st); err != nil {
			t.Fatal(err)
		}
	}
	data, err := st.Read("few.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	if err := st.Write("few.jsonl", append(data, data...)); err != nil {
		t.Fatal(err)
	}
	rep, err := archive.Finish(t.Context(), st, nil)
	if err != nil || rep.OK() {
		t.Errorf("a damaged file: %v %+v", err, rep)
	}
	if _, err := st.Read(archive.ManifestName); err == nil {
		t.Error("a manifest was published over a damaged file")
	}
}

// agingSource is a slow server whose minimum time advances.
type agingSource struct {
	*farSource
	life time.Duration
}

func (a *agingSource) MinimumTime(ctx context.Context, name string) (int64, error) {
	now, err := a.Now(ctx)
	return now - a.life.Microseconds(), err
}

// 100,000 documents at 20 per second take longer than a snapshot kept for 1,000 s.
func TestShards_theTimeThatTheyNeedIsComparedWithTheSnapshots(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		src := &agingSource{life: 1000 * time.Second, farSource: &farSource{Source: newInstantSource(100_000, 640), cores: make(chan struct{}, 2), document: 100 * time.Millisecond}}
		shard := func(of int, st store.Store, warn func(string)) error {
			s := Spec{Collections: []string{"users"}, Shard: Shard{Index: 1, Of: of}}
			r, err := NewShard(t.Context(), s, src, Env{Store: st, Warn: warn})
			if err == nil {
				_, err = r.Do(t.Context())
			}
			return err
		}
		st, said := storetest.NewMemory(), ""
		refused, ok := errors.AsType[*TooLong](shard(4, st, nil))
		if !ok || refused.Shards != 4 || refused.Documents != 100_000 || refused.Rate < 15 || refused.Rate > 25 {
			t.Fatalf("four shards: %+v", refused)
		}
		if text := refused.Error(); !strings.Contains(text, "4 shards would need 21 min or more") || !strings.Contains(text, "readable for 17 min") {
			t.Error(text)
		}
		if entries, err := st.List(); err != nil || len(entries) > 0 {
			t.Errorf("it left %v, %v", entries, err)
		}
		// Eight shards would finish in time if the server served each as fast as one.
		st = storetest.NewMemory()
		plan := Spec{Collections: []string{"users"}, Shard: Shard{Index: 0, Of: 8}}
		if _, err := NewShard(t.Context(), plan, src, Env{Store: st, Warn: func(text string) { said = text }}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(said, "one process needs about 1.4 h") {
			t.Errorf("it warns: %q", said)
		}
		src.life = 100 * time.Second // and this one starts late
		late, ok := errors.AsType[*TooLong](shard(8, st, nil))
		if !ok || late.Shards != 1 || late.Left > 100*time.Second || !strings.Contains(late.Error(), "this shard would need 10 min") {
			t.Fatalf("a late shard: %+v", late)
		}
		entries, err := st.List()
		if err != nil || len(entries) != 1 {
			t.Errorf("beside the plan there is %v, %v", entries, err)
		}
	})
}

// A finish may be killed after it has published the manifest and removed that of
// a shard. Nothing is left for the shard to do.
func TestShards_afterAFinishThatWasKilledOneNamesFinish(t *testing.T) {
	t.Parallel()
	src, st := crowdedSource(), storetest.NewMemory()
	for shard := range 4 {
		if err := doShard(t.Context(), shardSpec(shard), src, st); err != nil {
			t.Fatal(err)
		}
	}
	plan, err := st.Read(archive.PlanName)
	if err != nil {
		t.Fatal(err)
	}
	if rep, err := archive.Finish(t.Context(), st, nil); err != nil || !rep.OK() {
		t.Fatal(err, rep)
	}
	if err := st.Write(archive.PlanName, plan); err != nil {
		t.Fatal(err)
	}
	err = doShard(t.Context(), shardSpec(1), src, st)
	if !isError[*store.Error](err) || !strings.Contains(err.Error(), "run finish again") {
		t.Errorf("a shard: %v", err)
	}
	if err := archive.SweepShards(st); err != nil {
		t.Fatal(err)
	}
}
