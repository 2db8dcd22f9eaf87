package export

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fauna-export/export/archive"
	"fauna-export/export/store"
	"fauna-export/fauna/emulator"
)

// stepClock is a server's clock that advances by a microsecond per reading, so
// that the effect of a ttl depends only on the model.
type stepClock struct {
	mu sync.Mutex
	at time.Time
}

func (c *stepClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(time.Microsecond)
	return c.at
}

func (c *stepClock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// crashSource ends the process, as far as the run can tell, at one of its
// requests.
type crashSource struct {
	*smallPages
	crash func() error
}

func (c *crashSource) Pairs(ctx context.Context, p PairsRequest) ([]int64, []int64, int64, int64, error) {
	if err := c.crash(); err != nil {
		return nil, nil, 0, -1, err
	}
	return c.smallPages.Pairs(ctx, p)
}

func (c *crashSource) DocumentsOf(ctx context.Context, p PageRequest, ids []int64) ([]byte, error) {
	if err := c.crash(); err != nil {
		return nil, err
	}
	return c.smallPages.DocumentsOf(ctx, p, ids)
}

// crashStore ends the process at one of its operations: later ones have no
// effect.
type crashStore struct {
	store.Store
	crash func() error
}

func (c *crashStore) Write(name string, data []byte) error {
	if err := c.crash(); err != nil {
		return err
	}
	return c.Store.Write(name, data)
}

func (c *crashStore) Append(name string, size int64) (store.Appender, error) {
	if err := c.crash(); err != nil {
		return nil, err
	}
	return c.Store.Append(name, size)
}

func (c *crashStore) Commit(from, to string) error {
	if err := c.crash(); err != nil {
		return err
	}
	return c.Store.Commit(from, to)
}

func (c *crashStore) Remove(name string) error {
	if err := c.crash(); err != nil {
		return err
	}
	return c.Store.Remove(name)
}

var errCrash = errors.New("the process was killed")

// model writes at random without tracking the outcome: the server does that.
type model struct {
	*syncServer
	clock  *stepClock
	random *rand.Rand
	ops    int
}

func newModel(t *testing.T, seed uint64, at time.Time) *model {
	t.Helper()
	m := &model{clock: &stepClock{at: at}, random: rand.New(rand.NewPCG(seed, 8))}
	m.syncServer = newSyncServer(t)
	m.serve(m.clock.now, int64(seed))
	return m
}

// write performs one random write; one that the server rejects does not count.
func (m *model) write() {
	id := m.random.IntN(60)
	ref := fmt.Sprintf(`Ref(Collection("docs"), "%d")`, id)
	data := fmt.Sprintf("{data: {v: %d}}", m.ops)
	at := func(d time.Duration) string {
		return fmt.Sprintf("Time(%q)", archive.FormatTime(m.clock.now().Add(d).Truncate(time.Microsecond).UnixMicro()))
	}
	// Half a second off, because time advances in whole seconds.
	ttl := at(time.Duration(m.random.IntN(5))*time.Second + 500*time.Millisecond)
	past := at(-time.Duration(m.random.IntN(3000)) * time.Millisecond)
	var text string
	switch m.random.IntN(12) {
	case 0, 1:
		text = fmt.Sprintf("Create(%s, %s)", ref, data)
	case 2, 3:
		text = fmt.Sprintf("Update(%s, %s)", ref, data)
	case 4:
		text = fmt.Sprintf("Replace(%s, %s)", ref, data)
	case 5, 6:
		text = fmt.Sprintf("Delete(%s)", ref)
	case 7:
		text = fmt.Sprintf("Do(Delete(%s), Create(%s, %s))", ref, ref, data)
	case 8:
		text = fmt.Sprintf("Update(%s, {ttl: %s})", ref, ttl)
	case 9:
		text = fmt.Sprintf("Update(%s, {ttl: null})", ref)
	case 10:
		action := []string{"create", "update", "delete"}[m.random.IntN(3)]
		text = fmt.Sprintf("Insert(%s, %s, %q, %s)", ref, past, action, data)
	case 11:
		text = fmt.Sprintf(`Remove(%s, Select("ts", Get(%s)), "create")`, ref, ref)
	}
	m.ops++
	_, err := m.Shell(m.t.Context(), m.Secret(), text)
	if _, refused := errors.AsType[*emulator.ShellError](err); err != nil && !refused {
		m.t.Fatalf("%s: %v", text, err)
	}
	if m.random.IntN(10) == 0 {
		m.clock.pass(time.Second)
	}
}

// syncOnce performs a sync that may crash.
func (m *model) syncOnce(crash bool) (*archive.Manifest, error) {
	var mu sync.Mutex
	left := -1
	if crash {
		left = m.random.IntN(25)
	}
	dead := func() error {
		mu.Lock()
		defer mu.Unlock()
		if left < 0 {
			return nil
		}
		if left == 0 {
			return errCrash
		}
		left--
		return nil
	}
	src := &crashSource{&smallPages{Client: m.client, size: 1 + m.random.IntN(20)}, dead}
	request := dead
	if m.random.IntN(4) == 0 {
		var once sync.Once
		after := new(atomic.Int64)
		after.Store(int64(m.random.IntN(12)))
		request = func() error {
			if after.Add(-1) < 0 {
				once.Do(func() { m.clock.pass(20 * time.Minute) }) // the sync's time expires
			}
			return dead()
		}
	}
	src.crash = request
	env := OSEnv(m.dir)
	env.Store = &crashStore{env.Store, dead}
	spec := m.spec()
	if m.random.IntN(2) == 0 {
		spec.PageSize = 1 + m.random.IntN(9)
	}
	r, err := NewRun(spec, src, env)
	if err != nil {
		return nil, err
	}
	return r.Do(m.t.Context())
}

// byID returns rows by their id.
func byID(rows string) map[string]string {
	out := make(map[string]string)
	for line := range strings.Lines(rows) {
		out[line[:strings.IndexByte(line, ',')]] = line
	}
	return out
}

// noRepeats checks that every row of the sync is new.
func (m *model) noRepeats(e archive.Entry, before, after map[string]string) {
	m.t.Helper()
	for _, line := range m.rowsOf(e.File) {
		id := line[:strings.IndexByte(line, ',')]
		live := strings.TrimSuffix(line, `,"deleted_at":null}`) + "}\n"
		switch {
		case !strings.HasSuffix(line, `,"deleted_at":null}`):
			if before[id] == "" || after[id] != "" {
				m.t.Fatalf("a removal of what was not there, or is: %s", line)
			}
		case before[id] == live:
			m.t.Fatalf("a row is written again: %s", line)
		case after[id] != live:
			m.t.Fatalf("a row is not the latest: %s", line)
		}
	}
}

// modelFor is for how long TestSync_model continues with random seeds.
var modelFor = flag.Duration("model", 0, "go on with the model of incremental syncs for so long")

func TestSync_model(t *testing.T) {
	t.Parallel()
	const rounds, writes = 14, 60
	seeds := []uint64{1, 2}
	if testing.Short() {
		seeds = seeds[:1]
	}
	ops, syncs, checked, crashes, windows := 0, 0, 0, 0, 0
	began := time.Now()
	for i := 0; i < len(seeds) || time.Since(began) < *modelFor; i++ {
		if i == len(seeds) {
			seeds = append(seeds, rand.Uint64())
		}
		seed := seeds[i]
		m := newModel(t, seed, time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))
		before, done := map[string]string{}, 0
		for range rounds {
			for range writes {
				m.write()
			}
			if m.random.IntN(4) == 0 {
				m.clock.pass(20 * time.Minute) // history expires
			}
			var got *archive.Manifest
			for {
				crash := m.random.IntN(3) == 0
				var err error
				got, err = m.syncOnce(crash)
				if err == nil {
					break
				}
				if !crash || !errors.Is(err, errCrash) && !strings.Contains(err.Error(), errCrash.Error()) {
					t.Fatalf("seed %d: %v", seed, err)
				}
				crashes++
				for range m.random.IntN(5) {
					m.write()
				}
			}
			syncs++
			rows := m.merged()
			if want := m.truth(got.Time()); rows != want {
				t.Fatalf("seed %d, sync %d: the rows are\n%s\nand must be\n%s", seed, got.LastSync(), rows, want)
			}
			after := byID(rows)
			// After a crash past the manifest, one sync's rows were not checked.
			if got.LastSync() == done+1 && done > 0 {
				m.noRepeats(last(got), before, after)
				checked++
			}
			before, done = after, got.LastSync()
		}
		final, err := archive.ReadManifest(store.NewFolder(m.dir))
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range final.Syncs {
			if one.Consistency == archive.ConsistencyWindow {
				windows++
			}
		}
		rep, err := archive.Verify(t.Context(), store.NewFolder(m.dir), nil)
		if err != nil || !rep.OK() || len(rep.Others) > 0 {
			t.Fatalf("seed %d: verify: %+v, %v", seed, rep, err)
		}
		ops += m.ops
	}
	t.Logf("seeds %v: %d writes, %d syncs compared, %d of them looked through for repeats, %d of more than one time, %d crashes", seeds, ops, syncs, checked, windows, crashes)
}
