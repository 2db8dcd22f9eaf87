package export

import (
	"context"
	"errors"
	"flag"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sync/errgroup"

	"fauna-export/export/archive"
	"fauna-export/export/row"
	"fauna-export/export/store/storetest"
)

// simulated is the number of documents in TestCluster; the README's table is for
// 1,000,000,000.
var simulated = flag.Int64("simulated", 10_000_000, "documents of the simulated cluster")

// clusterSource is a cluster of nodes with two processors each, which share all
// requests. It lists and counts the ids of collections; its pages of documents
// depend only on their numbers.
type clusterSource struct {
	*instantSource
	ids map[string]*idSpace
}

func (s *clusterSource) MinimumTime(context.Context, string) (int64, error) { return 1, nil }

func (s *clusterSource) IDs(_ context.Context, p PageRequest) ([]int64, int64, error) {
	ids, next := s.ids[p.Collection].page(p.From, p.Size)
	return ids, next, nil
}

func (s *clusterSource) CountPage(ctx context.Context, p PageRequest) (n, next int64, err error) {
	return (&spaceSource{ids: s.ids[p.Collection]}).CountPage(ctx, p)
}

// clusterRun runs a shard like Run.Do, but without rows: a page of documents only
// takes the server's time and is counted, and no file is written.
type clusterRun struct {
	*Run
	src         *coreSource
	rows        int64
	held, ahead int64 // peak bytes of pages, and peak number of ids, in memory
}

func (r *clusterRun) do(ctx context.Context) error {
	if err := r.prepare(ctx); err != nil {
		return err
	}
	if err := r.divide(ctx); err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var done sync.WaitGroup
	unhook := context.AfterFunc(ctx, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.mu.cause = context.Cause(ctx)
		r.wake.Broadcast()
	})
	defer unhook()
	r.mu.Lock()
	r.mu.Phase, r.mu.stop = Running, stop
	r.mu.hire = func() { done.Go(func() { r.work(ctx, r.one) }) }
	r.fillWorkersLocked()
	r.mu.Unlock()
	for c := r.nextToWrite(); c != nil; c = r.nextToWrite() {
		done.Go(func() { r.wrote(c, r.count(c)) })
	}
	r.mu.Lock()
	r.mu.hire = nil
	r.mu.Unlock()
	stop(errFinished)
	done.Wait()
	if !errors.Is(r.mu.cause, errFinished) {
		return r.mu.cause
	}
	return nil
}

// one performs one task of a worker.
func (r *clusterRun) one(ctx context.Context, t task, body []byte) []byte {
	if t.chunk == nil {
		return r.perform(ctx, t, body)
	}
	n, start := len(t.chunk.ids), r.clock.Now()
	answered := r.pace.asked()
	r.src.serve(corePage+time.Duration(n)*r.src.document(), n)
	answered(nil)
	r.observe(t.c, n, int64(n*r.src.size), r.clock.Now().Sub(start))
	r.mu.Lock()
	defer r.mu.Unlock()
	t.c.fetching--
	t.chunk.batch = &row.Batch{IDs: t.chunk.ids}
	r.memory.settle(t.chunk, int64(n*r.src.size))
	r.memory.mu.Lock()
	r.held = max(r.held, r.memory.mu.held)
	r.memory.mu.Unlock()
	r.ahead = max(r.ahead, int64(r.mu.ahead))
	t.chunk.done = true
	t.c.countOutcome(t.chunk, 1)
	r.wake.Broadcast()
	return body
}

// count replaces the writer.
func (r *clusterRun) count(c *collection) error {
	last, rows := c.part.lo-1, int64(0)
	for ch, more := r.nextChunk(c); more; ch, more = r.nextChunk(c) {
		for _, id := range ch.ids {
			if id <= last || c.part.hi >= 0 && id >= c.part.hi {
				return errors.New("ids in disorder")
			}
			last = id
		}
		rows += int64(len(ch.ids))
		r.mu.Lock()
		ch.batch = nil
		r.memory.release(ch)
		r.wake.Broadcast()
		r.mu.Unlock()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	c.entry = &archive.Entry{Rows: rows}
	r.rows += rows
	return nil
}

// cluster exports all documents with that many shards from as many nodes.
func cluster(t *testing.T, n int64, shards int) (took time.Duration) {
	t.Helper()
	skews := largeSkews(n / 2)
	ids := map[string]*idSpace{"bursts": skews["300 bursts of any length"], "hour": skews["99 of 100 in one hour of a year"]}
	src := newCoreSource(&clusterSource{newInstantSource(n, 640), ids}, 640)
	src.cores = float64(2 * shards)
	st := storetest.NewMemory()
	all := make([]*clusterRun, shards)
	start := time.Now()
	g, ctx := errgroup.WithContext(t.Context())
	shard := func(i int) error {
		s := Spec{Collections: []string{"bursts", "hour"}, Shard: Shard{Index: i, Of: shards}}
		r, err := NewShard(ctx, s, src, Env{Store: st})
		if err != nil {
			return err
		}
		all[i] = &clusterRun{Run: r, src: src}
		return all[i].do(ctx)
	}
	planned := time.Duration(0)
	g.Go(func() error {
		s := Spec{Collections: []string{"bursts", "hour"}, Shard: Shard{Index: 0, Of: shards}}
		if _, err := NewShard(ctx, s, src, Env{Store: st}); err != nil { // writes the plan
			return err
		}
		planned = time.Since(start)
		for i := range shards {
			g.Go(func() error { return shard(i) })
		}
		return nil
	})
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	took = time.Since(start)
	rows, held, ahead := int64(0), int64(0), int64(0)
	for _, r := range all {
		rows, held, ahead = rows+r.rows, max(held, r.held), max(ahead, r.ahead)
		if len(r.mu.left) > 0 {
			t.Error(r.mu.left)
		}
	}
	t.Logf("%2d shards: %s, of which the plan %s; at most %.1f MB of pages and %d ids ahead", shards, took.Round(time.Second), planned.Round(time.Second), float64(held)/1e6, ahead)
	if want := ids["bursts"].n + ids["hour"].n; rows != want {
		t.Errorf("%d rows of %d", rows, want)
	}
	if held > plainBudget*5/4 || ahead > maxAhead+laterIDs {
		t.Errorf("%d bytes of pages and %d ids were in memory", held, ahead)
	}
	return took
}

// Plan, bounds, scheduler, page sizes, requests in flight, scans and counts are
// real; the server's time and the rows are simulated.
//
//	go test ./export -run TestCluster -v -simulated 1000000000 -timeout 60m
func TestCluster_timeFallsWithTheNumberOfShards(t *testing.T) {
	t.Parallel()
	var one time.Duration
	sizes := []int{1, 4}
	if *simulated >= 1_000_000_000 {
		sizes = []int{1, 4, 16, 64}
	}
	for _, shards := range sizes {
		synctest.Test(t, func(t *testing.T) {
			took := cluster(t, *simulated, shards)
			if shards == 1 {
				one = took
			}
			share := one.Seconds() / took.Seconds() / float64(shards)
			t.Logf("%2d shards: %.2f of the speed of so many alone", shards, share)
			// The time falls as 1/N within 15 %. One process makes the plan, which
			// takes a large share of the time if there are few documents.
			least := 1 / 1.15
			if *simulated < 1_000_000_000 {
				least = 0.8
			}
			if share < least {
				t.Errorf("%d shards: %.2f of the speed of so many alone", shards, share)
			}
		})
	}
}

// A cluster of 32 nodes serves documents to one process faster than one scanner
// delivers ids, so parts have their own scanners.
func TestCluster_partsScanSideBySide(t *testing.T) {
	t.Parallel()
	const documents = 20_000_000
	speed := map[int]float64{}
	for _, parts := range []int{1, 8} {
		synctest.Test(t, func(t *testing.T) {
			ids := map[string]*idSpace{"users": largeSkews(documents)["a year at a steady rate"]}
			src := newCoreSource(&clusterSource{newInstantSource(documents, 90), ids}, 90)
			src.cores = 64
			run, err := NewRun(Spec{Collections: []string{"users"}, Parts: parts, Workers: MaxWorkers}, src, Env{Store: storetest.NewMemory()})
			if err != nil {
				t.Fatal(err)
			}
			r := &clusterRun{Run: run, src: src}
			if err := r.do(t.Context()); err != nil || r.rows != documents {
				t.Fatalf("%d rows, %v", r.rows, err)
			}
			speed[parts] = documents / time.Since(src.began).Seconds()
			t.Logf("%d parts: %.0f documents/s", parts, speed[parts])
		})
	}
	if speed[8] < 2*speed[1] {
		t.Errorf("%.0f documents/s with 8 parts, %.0f with one", speed[8], speed[1])
	}
}
