package export

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"fauna-export/export/archive"
	"fauna-export/export/row"
	"fauna-export/export/store"
	"fauna-export/export/store/storetest"
)

var (
	seedCount = flag.Int("seeds", 200, "how many seeds TestSeeds runs")
	seedFirst = flag.Uint64("seed", 1, "the first of the seeds that TestSeeds runs")
)

// TestSeeds_endWholeOrNamed simulates what can happen to an export, once per seed:
// kills, power cuts, a full disk, a busy server, keys of another database or role,
// and damage to what a run keeps between processes. After each process every file
// under a final name must equal that of an undisturbed run, and a run that was not
// damaged must complete.
func TestSeeds_endWholeOrNamed(t *testing.T) {
	if *seedCount == 0 {
		t.Skip("only with -seeds")
	}
	t.Parallel()
	began := time.Now()
	sim := &seedSim{world: newSeedWorld(t), undisturbed: map[string]*seedWant{}}
	var next, processes, whole, named, wrong atomic.Uint64
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for {
				n := next.Add(1)
				if n > uint64(*seedCount) || wrong.Load() > 25 {
					return
				}
				seed := *seedFirst + n - 1
				var life *seedLife
				synctest.Test(t, func(t *testing.T) {
					life = &seedLife{seedSim: sim, random: rand.New(rand.NewPCG(seed, 42)), seed: seed}
					defer func() {
						if cause := recover(); cause != nil {
							life.fail("panic: %v", cause)
						}
					}()
					life.live(t.Context())
				})
				processes.Add(life.processes)
				if life.ended {
					named.Add(1)
				} else {
					whole.Add(1)
				}
				if life.problem != "" {
					wrong.Add(1)
					t.Errorf("%s\n%s\nrepeat it with: go test ./export -run TestSeeds -seeds 1 -seed %d", life.problem, strings.Join(life.story, "\n"), seed)
				}
			}
		})
	}
	workers.Wait()
	t.Logf("%d seeds, %d processes, in %s: %d ended whole, %d with a named error", *seedCount, processes.Load(), time.Since(began).Round(time.Second), whole.Load(), named.Load())
}

// seedSim is shared by all seeds.
type seedSim struct {
	world *seedWorld

	mu          sync.Mutex
	undisturbed map[string]*seedWant
}

// seedLife simulates one export.
type seedLife struct {
	*seedSim
	seed   uint64
	random *rand.Rand

	spec      Spec
	remote    bool // the disk is an object store's
	shards    int  // number of shards, each with its own processes; 0 for none
	done      []bool
	page      int // most ids per page of the server, if parts depend on them; 0 for any
	disk      *storetest.Memory
	old       []*storetest.Memory // earlier states of the disk
	damaged   bool
	processes uint64
	ended     bool // stopped with a named error
	story     []string
	problem   string
}

func (l *seedLife) tell(format string, args ...any) {
	l.story = append(l.story, "  "+fmt.Sprintf(format, args...))
}

func (l *seedLife) fail(format string, args ...any) {
	if l.problem == "" {
		l.problem = fmt.Sprintf("seed %d: ", l.seed) + fmt.Sprintf(format, args...)
	}
}

// live simulates everything: one full run, or a chain of syncs.
func (l *seedLife) live(ctx context.Context) {
	// Parquet's library keeps decoders with channels for the whole process, which
	// synctest bubbles can't share.
	forms := slices.DeleteFunc(formats(), func(s Spec) bool { return s.Format == row.Parquet })
	l.spec = forms[l.random.IntN(len(forms))]
	l.spec.Collections = seedCollections()
	l.spec.Endpoint = "http://localhost:8443"
	if l.random.IntN(3) == 0 && l.spec.Format != row.Wire {
		l.spec.Columns = map[string][]row.Column{"users": {{Name: "n", Path: []any{"data", "n"}}}}
	}
	epochs := 1
	switch l.random.IntN(6) {
	case 0:
		l.spec.Parts, l.page = 2+l.random.IntN(4), 5+l.random.IntN(60)
		if l.random.IntN(3) == 0 {
			l.shards = 1 + l.random.IntN(3)
			l.done = make([]bool, l.shards)
		}
	case 1, 2:
		l.spec.Mode = Incremental
		l.spec.Fast = l.random.IntN(4) == 0
		epochs = seedEpochs
	}
	want, err := l.want(ctx)
	if err != nil {
		l.fail("an undisturbed run: %v", err)
		return
	}
	l.remote = l.random.IntN(4) == 0
	l.spec.PageSize = 3 + l.random.IntN(40)
	l.spec.Workers = 1 + l.random.IntN(4)
	l.disk = storetest.NewMemory()
	l.tell("%s, %s, columns %d, fast %v, parts %d, shards %d, objects %v, pages of %d, %d workers",
		l.spec.Mode, l.spec.formName(), len(l.spec.Columns), l.spec.Fast, l.spec.Parts, l.shards, l.remote, l.spec.PageSize, l.spec.Workers)
	for epoch := range epochs {
		if !l.reach(ctx, epoch, want) {
			return
		}
	}
	l.confirm(ctx, want)
}

// reach runs processes until the run, or the sync of an epoch, is finished; it
// reports whether the simulation continues.
func (l *seedLife) reach(ctx context.Context, epoch int, want *seedWant) bool {
	for left := l.random.IntN(5); ; left-- {
		l.old = append(l.old, l.disk.Crash(func(unsynced []byte) []byte { return unsynced }))
		if left > 0 && l.random.IntN(4) == 0 {
			l.damage()
		}
		if l.remote && l.random.IntN(6) == 0 {
			l.dropUploads()
		}
		err := l.process(ctx, epoch, left <= 0)
		if !l.sound(want) {
			return false
		}
		if err == nil && slices.Contains(l.done, false) {
			left++ // for the next shard
			continue
		}
		if err == nil && l.shards > 0 {
			var rep *archive.Report
			if rep, err = archive.Finish(ctx, l.disk, nil); err == nil && !rep.OK() {
				err = fmt.Errorf("finish: %q", rep.Problems)
			}
			l.tell("finish: %v", err)
			left = 0 // another process can't fix what it rejects
		}
		if err == nil {
			break
		}
		for _, word := range []string{"panic", "runtime error", "unexpected", "nil pointer"} {
			if strings.Contains(err.Error(), word) && !errors.Is(err, errKilled) {
				l.fail("the error is not a named one: %v", err)
				return false
			}
		}
		if left <= 0 {
			l.ended = true
			if !l.damaged {
				l.fail("an undamaged run does not end: %v", err)
			}
			return false
		}
	}
	if l.spec.Mode == Incremental && !l.mergesTo(ctx, want.merged[epoch]) {
		return false
	}
	return true
}

// process runs one process, without faults if calm.
func (l *seedLife) process(ctx context.Context, epoch int, calm bool) error {
	l.processes++
	ctx, cancel := context.WithTimeoutCause(ctx, 24*time.Hour, errors.New("it does not end"))
	defer cancel()
	var killed atomic.Bool
	server := &seedServer{handler: l.world.handlers[epoch], seed: l.random.Uint64(), page: 5 + l.random.IntN(60)}
	if l.page > 0 {
		server.page = l.page
	}
	server.kill = func() { killed.Store(true); cancel() }
	key, fails := l.world.right, storetest.PowerCut(0)
	what, powerless := "calm", false
	if !calm {
		server.chance = []float64{0, 0, 0.02, 0.2}[l.random.IntN(4)]
		at := 1 + l.random.IntN(60)
		switch l.random.IntN(6) {
		case 0:
			what, server.killAt = fmt.Sprintf("killed at request %d", at), at
		case 1:
			what = fmt.Sprintf("killed at operation %d", at)
			fails = func(n int, _ storetest.Op, _ string) error {
				if n >= at {
					server.kill()
					return errKilled
				}
				return nil
			}
		case 2:
			what, powerless, fails = fmt.Sprintf("power cut at operation %d", at), true, storetest.PowerCut(at)
		case 3:
			what, powerless, server.killAt = fmt.Sprintf("power cut at request %d", at), true, at
		case 4:
			what = fmt.Sprintf("no space at operation %d", at)
			fails = func(n int, op storetest.Op, name string) error {
				if n >= at && n < at+3 && op != storetest.OpRemove {
					return syscall.ENOSPC
				}
				return nil
			}
		case 5:
			what = "only the server's moods"
		}
	}
	disk := &storetest.Faults{Store: l.disk}
	if l.remote {
		disk.Store = objects{l.disk}
	}
	disk.Fail = func(n int, op storetest.Op, name string) error {
		if killed.Load() {
			return errKilled
		}
		return fails(n, op, name)
	}
	found, err := archive.Inspect(l.disk)
	begun := err == nil && (found.Run != nil || found.Manifest != nil || found.Kind == archive.Sharded)
	if begun && !calm && l.random.IntN(4) == 0 {
		names := []string{"a role that hides documents", "a role without users", "another database", "no key"}
		name := names[l.random.IntN(len(names))]
		key = l.world.wrong[name]
		what += " with the key of " + name
	}
	client, stop, err := server.seedClient(key)
	if err != nil {
		return err
	}
	defer stop()
	env := Env{Store: disk, Rand: rand.NewPCG(l.seed, l.processes)}
	var r *Run
	shard := l.random.IntN(max(1, l.shards))
	if l.shards > 0 {
		for ; l.done[shard]; shard = (shard + 1) % l.shards {
		}
		what += fmt.Sprintf(", shard %d", shard)
		spec := l.spec
		spec.Shard = Shard{Index: shard, Of: l.shards}
		r, err = NewShard(ctx, spec, client, env)
	} else if found.Run != nil || found.Manifest != nil && l.spec.Mode != Incremental {
		r, err = OpenRun(client, env)
	} else {
		r, err = NewRun(l.spec, client, env)
	}
	if err == nil {
		_, err = r.Do(ctx)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		l.fail("%s: it lasts for a day: %v", what, context.Cause(ctx))
	}
	l.tell("epoch %d, %s: %v", epoch, what, err)
	if err == nil && l.shards > 0 {
		l.done[shard] = true
	}
	if killed.Load() && err != nil {
		err = fmt.Errorf("%w: %w", errKilled, err)
	}
	switch {
	case l.remote:
		l.disk = l.disk.Crash(func([]byte) []byte { return nil }) // unsent bytes are lost with the process
	case powerless:
		l.disk = l.disk.Crash(storetest.Torn(l.random.IntN))
	default:
		l.disk = l.disk.Crash(func(unsynced []byte) []byte { return unsynced }) // its locks end with it
	}
	return err
}

// files returns the names on the disk, either work files or final ones.
func (l *seedLife) files(work bool) []string {
	var names []string
	entries, _ := l.disk.List() // Memory never fails
	for _, e := range entries {
		if strings.HasPrefix(e.Name, store.WorkPrefix) == work {
			names = append(names, e.Name)
		}
	}
	return names
}

// damage modifies what a run keeps between processes.
func (l *seedLife) damage() {
	names := l.files(true)
	if len(names) == 0 {
		return
	}
	name := names[l.random.IntN(len(names))]
	if l.remote && strings.HasSuffix(name, store.PartEnd) {
		return // an object store verifies its parts by hash
	}
	data, err := l.disk.Read(name)
	if err != nil {
		l.fail("read %s: %v", name, err)
		return
	}
	what := ""
	switch kind := l.random.IntN(9); {
	case kind == 0:
		what = "is gone"
		_ = l.disk.Remove(name)
		data = nil
	case len(data) == 0:
		return
	case kind == 1:
		what = "has a bit flipped"
		data[l.random.IntN(len(data))] ^= 1 << l.random.IntN(8)
	case kind == 2 || kind == 3:
		what = "has another digit"
		i := l.random.IntN(len(data))
		for range len(data) {
			if i = (i + 1) % len(data); '0' <= data[i] && data[i] <= '9' {
				data[i] = '0' + (data[i]-'0'+byte(1+l.random.IntN(9)))%10
				break
			}
		}
	case kind == 4:
		what = "is cut"
		data = data[:l.random.IntN(len(data))]
	case kind == 5:
		what = "is as it was before"
		for _, old := range l.old[:l.random.IntN(len(l.old))] {
			if was, err := old.Read(name); err == nil {
				data = was
			}
		}
	case kind == 6:
		other := names[l.random.IntN(len(names))]
		what = "is swapped with " + other
		was, err := l.disk.Read(other)
		if err != nil {
			return
		}
		_ = l.disk.Write(other, data)
		data = was
	case kind == 7:
		what = "is longer"
		data = append(data, data[len(data)/2:]...)
	default:
		what = "is zeroed in part"
		i := l.random.IntN(len(data))
		clear(data[i:min(len(data), i+16)])
	}
	if data != nil {
		_ = l.disk.Write(name, data)
	}
	l.damaged = true
	l.tell("damage: %s %s", name, what)
}

// dropUploads deletes an object store's unfinished uploads, as a lifecycle rule
// might.
func (l *seedLife) dropUploads() {
	for _, name := range l.files(true) {
		if strings.HasSuffix(name, store.PartEnd) {
			_ = l.disk.Remove(name)
		}
	}
	l.tell("the server drops the uploads")
}
