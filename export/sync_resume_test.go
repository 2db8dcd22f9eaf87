package export

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fauna-export/export/archive"
	"fauna-export/export/store"
	"fauna-export/fauna/emulator/fault"
)

// twelveChanges creates a folder with a first sync of 30 documents, and then
// changes 11 of them and removes one.
func twelveChanges(t *testing.T) *syncServer {
	t.Helper()
	s := startSyncServer(t)
	s.createDocs(30)
	s.sync()
	for id := 10; id <= 20; id++ {
		s.fql(update(id, "{a: 1}"))
	}
	s.fql(remove(25))
	return s
}

func TestSync_interrupted(t *testing.T) {
	t.Parallel()
	s := twelveChanges(t)
	ctx, stop := context.WithCancel(t.Context())
	r, err := NewRun(s.spec(), &smallPages{Client: s.client, size: 7, before: func(page int) {
		if page == 3 {
			stop()
		}
	}}, OSEnv(s.dir))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Do(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("%v", err)
	}
	// Possible leftovers of a killed process.
	for _, name := range []string{".fauna-export/docs@2.jsonl.pairs", ".fauna-export/docs@2.jsonl.part"} {
		if err := os.WriteFile(filepath.Join(s.dir, filepath.FromSlash(name)), []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f, err := archive.Inspect(store.NewFolder(s.dir))
	if err != nil || f.Run == nil {
		t.Fatalf("%+v, %v", f, err)
	}
	again, err := OpenRun(s.client, OSEnv(s.dir))
	if err != nil {
		t.Fatal(err)
	}
	m, err := again.Do(t.Context())
	if err != nil || last(m).Rows != 12 || last(m).Removed != 1 || m.LastSync() != 2 {
		t.Fatalf("%+v, %v", last(m), err)
	}
	s.exact(m)
	if m = s.sync(); last(m).Rows != 0 {
		t.Errorf("rows are written twice: %+v", last(m))
	}
}

func TestSync_aFileThatTheStoreLostIsReadAgain(t *testing.T) {
	t.Parallel()
	s := twelveChanges(t)
	env := OSEnv(s.dir)
	env.Store = losesOnce(env.Store, "docs@2.jsonl")
	r, err := NewRun(s.spec(), &smallPages{Client: s.client, size: 7}, env)
	if err != nil {
		t.Fatal(err)
	}
	m, err := r.Do(t.Context())
	if err != nil || last(m).Rows != 12 || last(m).Removed != 1 {
		t.Fatalf("%+v, %v", last(m), err)
	}
	s.exact(m)
}

func TestSync_stateLostOrDamaged(t *testing.T) {
	t.Parallel()
	s := startSyncServer(t)
	s.createDocs(9)
	s.sync()
	s.fql(remove(1) + "\n" + update(2, "{a: 1}"))
	s.sync()
	state := filepath.Join(s.dir, ".fauna-export", "docs@2.jsonl.pairs")
	if err := os.WriteFile(state, []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.fql(remove(3))
	m := s.sync()
	s.exact(m)
	if last(m).Rows != 1 {
		t.Errorf("%+v", last(m))
	}
	if err := os.Remove(filepath.Join(s.dir, ".fauna-export", "docs@3.jsonl.pairs")); err != nil {
		t.Fatal(err)
	}
	m = s.sync()
	s.exact(m)
	// Damage after the header, which identifies the state.
	state = filepath.Join(s.dir, ".fauna-export", "docs@4.jsonl.pairs")
	data, err := os.ReadFile(state)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)-1] ^= 1
	if err := os.WriteFile(state, data, 0o600); err != nil {
		t.Fatal(err)
	}
	s.fql(remove(4))
	for _, fast := range []bool{false, true} {
		m = s.sync(func(p *Spec) { p.Fast = fast })
		s.exact(m)
		if want := map[bool]int64{false: 1, true: 0}[fast]; last(m).Rows != want {
			t.Errorf("%+v", last(m))
		}
	}
	if last(m).Rows != 0 {
		t.Errorf("%+v", last(m))
	}
}

func TestSync_goesOnWithAFullRun(t *testing.T) {
	t.Parallel()
	s := startSyncServer(t)
	s.fql(create(1, "{}") + "\n" + create(2, "{}"))
	spec := s.spec()
	spec.Mode = Full
	r, err := NewRun(spec, s.client, OSEnv(s.dir))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Do(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.fql(update(1, "{a: 1}") + "\n" + remove(2))
	m := s.sync()
	s.exact(m)
	if m.LastSync() != 2 || last(m).Rows != 2 {
		t.Errorf("%+v", last(m))
	}
	s.exact(s.sync())
}

func TestSync_collectionThatComesLater(t *testing.T) {
	t.Parallel()
	s := startSyncServer(t)
	s.fql(create(1, "{}"))
	s.sync()
	s.fql(`CreateCollection({name: "more"})`)
	s.fql(`CreateIndex({name: "more-ts", source: Collection("more"), terms: [], values: [{field: "ts"}, {field: "ref"}]})`)
	s.fql(`Create(Ref(Collection("more"), "5"), {})`)
	m := s.sync(func(p *Spec) {
		p.Collections = []string{"docs", "more"}
		p.Indexes = map[string]string{"docs": "docs-ts", "more": "more-ts"}
	})
	if e := last(m); e.Name != "more" || e.Sync != 2 || e.Rows != 1 || e.Documents != 1 {
		t.Errorf("%+v", e)
	}
	s.exact(m)
	m = s.sync() // without it again
	s.exact(m)
}

func TestSync_fast(t *testing.T) {
	t.Parallel()
	s := startSyncServer(t)
	s.createDocs(20)
	s.pass(10 * time.Second)
	fast := func(p *Spec) { p.Fast = true }
	s.sync(fast)
	s.fql(update(3, "{a: 1}") + "\n" + remove(4) + "\n" + remove(5) + "\n" + create(5, "{b: 1}") + "\n" + create(30, "{}") + "\n" + create(31, "{}") + "\n" + remove(31))
	m := s.sync(fast)
	s.exact(m)
	if e := last(m); e.Rows != 4 || e.Removed != 1 || e.TimeUnknown != 0 || len(e.Warnings) != 1 || !strings.Contains(e.Warnings[0], "fast") {
		t.Errorf("%+v", e)
	}
	// The manifest reports what it can't detect: here a write and a removal dated
	// before the last sync, and an expired ttl.
	s.fql(fmt.Sprintf(`Update(Ref(Collection("docs"), "7"), {ttl: Time(%q)})`, archive.FormatTime(s.now().Add(time.Minute).UnixMicro())))
	s.sync(fast)
	s.fql(insert(40, s.back(5*time.Second), "create", "{}") + "\n" + insert(8, s.back(5*time.Second), "delete", "{}"))
	s.pass(2 * time.Minute)
	m = s.sync(fast)
	if e := last(m); e.Rows != 0 || len(e.Warnings) != 2 || !strings.Contains(e.Warnings[0], "add up to 20 documents, but the server counts 19") || e.Warnings[1] != "--fast: backdated writes and removals, and expired documents, are not detected" {
		t.Errorf("%+v", e)
	}
	if n := len(m.Syncs); !m.Syncs[n-1].Fast {
		t.Errorf("%+v", m.Syncs)
	}
	m = s.sync() // this one detects them
	s.exact(m)
	if e := last(m); e.Rows != 3 || e.Removed != 2 || m.Syncs[len(m.Syncs)-1].Fast {
		t.Errorf("%+v", e)
	}
	s.fql(remove(6))
	s.pass(time.Hour) // the events have expired
	m = s.sync(fast)
	s.exact(m)
	if e := last(m); e.Rows != 1 || len(e.Warnings) != 1 || !strings.Contains(e.Warnings[0], "whole index") {
		t.Errorf("%+v", e)
	}
}

func TestSync_faultsOfTheServer(t *testing.T) {
	t.Parallel()
	s := startSyncServer(t)
	s.createDocs(20)
	s.sync()
	for id := 1; id <= 9; id++ {
		s.fql(update(id, "{a: 1}"))
	}
	s.fql(remove(12))
	s.Faults().Add(fault.When{Times: 3}, fault.Status(503))
	s.Faults().Add(fault.When{Match: fault.Contains("exists"), Times: 1}, fault.CutAt(fault.CutWithin, 20))
	m := s.sync(func(p *Spec) { p.RetryFor = time.Minute })
	s.exact(m)
	if last(m).Rows != 10 {
		t.Errorf("%+v", last(m))
	}
}

func TestSync_collectionThatFailedIsTriedAgain(t *testing.T) {
	t.Parallel()
	s := startSyncServer(t)
	s.fql(create(1, "{}") + "\n" + create(2, "{}"))
	s.sync()
	s.fql(update(1, "{a: 1}") + "\n" + remove(2))
	s.Faults().Add(fault.When{Match: fault.Contains("exists"), Times: -1}, fault.Status(410))
	m, err := s.trySync()
	if _, partial := errors.AsType[*Partial](err); !partial || len(m.Failed) != 1 || len(m.Chain("docs")) != 1 {
		t.Fatalf("%+v, %v", m, err)
	}
	s.Faults().Clear()
	again, err := OpenRun(s.client, OSEnv(s.dir))
	if err != nil {
		t.Fatal(err)
	}
	m, err = again.Do(t.Context())
	if err != nil || last(m).Rows != 2 || last(m).Sync != 3 {
		t.Fatalf("%+v, %v", last(m), err)
	}
	s.exact(m)
	if f, err := archive.Inspect(store.NewFolder(s.dir)); err != nil || f.Run != nil {
		t.Errorf("the run is not over: %+v, %v", f, err)
	}
}

func TestSync_indexThatGoesWhileItIsRead(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*syncServer){
		"inactive": func(s *syncServer) { s.SetIndexActive("docs-ts", false) },
		"deleted":  func(s *syncServer) { s.fql(`Delete(Index("docs-ts"))`) },
	} {
		t.Run(name, func(t *testing.T) {
			s := startSyncServer(t)
			for id := range 9 {
				s.fql(create(id, "{}"))
			}
			s.sync()
			s.fql(remove(3))
			m, err := s.syncWith(&smallPages{Client: s.client, size: 3, before: func(page int) {
				if page == 2 {
					change(s)
				}
			}})
			partial, ok := errors.AsType[*Partial](err)
			if !ok || len(partial.Failures) != 1 || !strings.Contains(err.Error(), "docs-ts") || len(m.Chain("docs")) != 1 {
				t.Fatalf("%v", err)
			}
		})
	}
}

// A document missing from an answer is not mistaken for a removed one.
func TestSync_answerThatLacksADocument(t *testing.T) {
	t.Parallel()
	s := startSyncServer(t)
	s.createDocs(9)
	s.sync()
	for id := 1; id <= 9; id++ {
		s.fql(update(id, "{a: 1}"))
	}
	s.Faults().Add(fault.When{Match: fault.Contains("exists"), Times: 2}, fault.Missing("3"))
	m := s.sync()
	s.exact(m)
	if e := last(m); e.Rows != 9 || e.Removed != 0 || e.Retries == 0 {
		t.Errorf("%+v", e)
	}
	s.fql(update(3, "{a: 2}"))
	s.fql(remove(4))
	s.Faults().Add(fault.When{Match: fault.Contains("exists"), Times: -1}, fault.Missing("3"))
	if _, err := s.trySync(); err == nil || !strings.Contains(err.Error(), "2 requested documents") {
		t.Errorf("%v", err)
	}
	s.Faults().Clear()
	m = s.sync()
	s.exact(m)
	if e := last(m); e.Rows != 2 || e.Removed != 1 {
		t.Errorf("%+v", e)
	}
}
