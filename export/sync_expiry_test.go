package export

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"fauna-export/export/archive"
	"fauna-export/export/store"
	"fauna-export/fauna/emulator/fault"
)

// manyChanges creates a folder with a first sync, and then changes and removes
// many of the documents.
func manyChanges(t *testing.T) *syncServer {
	t.Helper()
	s := startSyncServer(t)
	s.createDocs(200)
	s.sync()
	for id := 1; id <= 180; id++ {
		if id%9 == 0 {
			s.fql(remove(id))
		} else {
			s.fql(update(id, "{a: 1}"))
		}
	}
	return s
}

// onceOnly checks that no row of the chain is written twice.
func (s *syncServer) onceOnly(m *archive.Manifest) {
	s.t.Helper()
	seen := map[string]string{}
	for _, e := range m.Chain("docs") {
		for _, line := range s.rowsOf(e.File) {
			if at, again := seen[line]; again {
				s.t.Errorf("%s holds a row of %s again: %s", e.File, at, line)
			}
			seen[line] = e.File
		}
	}
}

// late writes after the time that a sync reads at, to documents that it has read
// and to some that it has not.
func (s *syncServer) late() {
	s.t.Helper()
	s.fql(update(2, "{late: 1}") + "\n" + remove(4) + "\n" + update(170, "{late: 1}") + "\n" + remove(175) + "\n" + create(9, "{late: 1}") + "\n" + create(300, "{late: 1}"))
	s.pass(20 * time.Minute)
}

func TestSync_timeExpiresWhileTheIndexIsCompared(t *testing.T) {
	t.Parallel()
	s := manyChanges(t)
	m, err := s.syncWith(&smallPages{Client: s.client, size: 50, before: func(page int) {
		if page == 3 {
			s.late()
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	// Nothing was written yet, so it is a single sync, at the later time.
	if m.LastSync() != 2 || m.Consistency != archive.ConsistencySnapshot || last(m).Rows != 183-2 {
		t.Errorf("%+v", last(m))
	}
	s.exact(m)
	s.onceOnly(m)
}

func TestSync_timeExpiresWhileTheChangesAreRead(t *testing.T) {
	t.Parallel()
	s := manyChanges(t)
	s.Faults().Add(fault.When{Match: fault.Contains("exists"), From: 3}, fault.Do("time passes", s.late))
	m := s.sync(func(p *Spec) { p.Workers, p.PageSize = 1, 30 })
	// What was read is kept, the rest is read at a new time, and another sync makes
	// the rows consistent.
	chain := m.Chain("docs")
	if m.LastSync() != 3 || m.Syncs[1].Consistency != archive.ConsistencyWindow || m.Consistency != archive.ConsistencySnapshot || len(m.Snapshots) > 0 {
		t.Fatalf("%+v", m)
	}
	if e := chain[1]; len(e.Snapshots) != 2 || e.Snapshots[0].FromID != "0" || e.Rows+chain[2].Rows > 186 {
		t.Errorf("%+v", e)
	}
	s.exact(m)
	s.onceOnly(m)
	s.exact(s.sync())
}

func TestSync_timeThatAlwaysExpires(t *testing.T) {
	t.Parallel()
	for name, query := range map[string]string{"index": "match", "changes": "exists"} {
		t.Run(name, func(t *testing.T) {
			s := manyChanges(t)
			n := 0
			s.Faults().Add(fault.When{Match: fault.Contains(query), Times: -1}, fault.Do("time passes", func() {
				n++
				s.fql(update(1, fmt.Sprintf("{n: %d}", n)))
				if query == "exists" && n%2 == 0 {
					return // let one page through
				}
				s.pass(20 * time.Minute)
			}))
			ctx, stop := context.WithTimeout(t.Context(), time.Minute)
			defer stop()
			spec := s.spec()
			spec.Workers, spec.PageSize = 1, 30
			r, err := NewRun(spec, s.client, OSEnv(s.dir))
			if err != nil {
				t.Fatal(err)
			}
			_, err = r.Do(ctx)
			partial, window := errors.AsType[*Partial](err)
			if name == "index" && (err == nil || !strings.Contains(err.Error(), "history_days")) || name == "changes" && (!window || len(partial.Window) != 1) {
				t.Fatalf("%v", err)
			}
			s.Faults().Clear()
			again, err := OpenRun(s.client, OSEnv(s.dir))
			if err != nil {
				t.Fatal(err)
			}
			m, err := again.Do(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			s.exact(m)
			s.onceOnly(m)
		})
	}
}

// A process that ends between the first sync and the comparison with the index
// leaves a run that can be resumed.
func TestSync_interruptedBeforeTheFirstIsCompared(t *testing.T) {
	t.Parallel()
	s := startSyncServer(t)
	s.createDocs(200)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	s.Faults().Add(fault.When{Match: fault.Fetches("docs"), From: 3}, fault.Do("time passes", func() {
		s.fql(update(2, "{late: 1}") + "\n" + remove(170))
		s.pass(20 * time.Minute)
	}))
	spec := s.spec()
	spec.Workers, spec.PageSize = 1, 30
	r, err := NewRun(spec, &smallPages{Client: s.client, size: 50, before: func(int) { stop() }}, OSEnv(s.dir))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Do(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("%v", err)
	}
	m, err := archive.ReadManifest(store.NewFolder(s.dir))
	if err != nil || m.LastSync() != 1 || m.Consistency != archive.ConsistencyWindow {
		t.Fatalf("%+v, %v", m, err)
	}
	again, err := OpenRun(s.client, OSEnv(s.dir))
	if err != nil {
		t.Fatal(err)
	}
	if m, err = again.Do(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.exact(m)
	if f, err := archive.Inspect(store.NewFolder(s.dir)); err != nil || f.Run != nil || m.LastSync() != 2 {
		t.Errorf("%+v, %v, %d syncs", f, err, m.LastSync())
	}
}
