package export

import (
	"context"
	"math"
	"sync"

	"golang.org/x/sync/errgroup"
)

const (
	// countPage is how many documents of a range are counted by one request.
	countPage = 80_000
	// leastCounters and mostCounters limit how many ranges of a large collection
	// are counted at once: two for each shard that the server is to serve.
	leastCounters = 8
	mostCounters  = 64
	// longCount is how many pages the nearer part of a divided range has at least.
	longCount = 4
)

// counter counts the documents of a range of ids, page by page. Pages that reach
// past the end of the range are counted again in smaller ones.
type counter struct {
	from, hi int64 // from is a document's id; hi -1 means no end
	size     int
	span     float64 // of the last page
	halve    bool    // how the range is to be divided next
}

// take learns from a page of n documents and the cursor after it. It returns how
// many of them belong to the range, and whether that was the end.
func (t *counter) take(n, next int64) (own int64, done bool) {
	switch {
	case n == 0:
		return 0, true
	case next < 0 && t.hi < 0:
		return n, true
	case next >= 0 && (t.hi < 0 || next <= t.hi):
		t.span, t.from = float64(next)-float64(t.from), next
		return n, next == t.hi
	case t.size == 1:
		return 1, true
	}
	t.size = max(1, min(t.size, int(n))/2)
	if next > t.hi { // as many as fit if they are evenly spread
		share := (float64(t.hi) - float64(t.from)) / (float64(next) - float64(t.from))
		t.size = max(1, int(n)/4, min(t.size, int(float64(n)*share)))
	}
	return 0, false
}

// newCounter returns the counter of a range, nil if nothing is in it.
func (q *requester) newCounter(ctx context.Context, c *collection, at, lo, hi int64) (*counter, error) {
	ids, _, err := q.askIDs(ctx, task{c: c, at: at, from: lo, size: 1})
	if err != nil || len(ids) == 0 || hi >= 0 && ids[0] >= hi {
		return nil, err
	}
	return &counter{from: ids[0], hi: hi, size: countPage}, nil
}

// countPage counts one page of a counter.
func (q *requester) countPage(ctx context.Context, c *collection, at int64, t *counter) (own int64, done bool, err error) {
	var n, next int64
	err = q.call(ctx, c, t.size > 1, func() (err error) {
		n, next, err = q.src.CountPage(ctx, PageRequest{Collection: c.name, At: at, From: t.from, Size: t.size})
		return err
	})
	if fail := failureOf(err); fail != nil && fail.Smaller() && t.size > 1 {
		t.size = max(1, t.size/4)
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	own, done = t.take(n, next)
	return own, done, nil
}

// countPart counts the documents of a part.
func (q *requester) countPart(ctx context.Context, c *collection, at int64) (total int64, err error) {
	t, err := q.newCounter(ctx, c, at, c.part.lo, c.part.hi)
	if err != nil || t == nil {
		return 0, err
	}
	for {
		n, done, err := q.countPage(ctx, c, at, t)
		if total += n; err != nil || done {
			return total, err
		}
	}
}

// counters count the ranges of one collection side by side.
type counters struct {
	most  int // at once
	mu    sync.Mutex
	wake  sync.Cond
	todo  []*counter
	busy  int
	total int64
	err   error
}

// countToDivide counts the documents of a whole collection that is to be divided.
// A large one is counted in ranges that are made on the way.
func (q *requester) countToDivide(ctx context.Context, c *collection, shards int) (int64, error) {
	first, err := q.newCounter(ctx, c, c.at, 0, -1)
	if err != nil || first == nil {
		return 0, err
	}
	all := &counters{todo: []*counter{first}, most: min(max(2*shards, leastCounters), mostCounters)}
	all.wake.L = &all.mu
	var done sync.WaitGroup
	for range all.most {
		done.Go(func() {
			for t := all.next(); t != nil; t = all.next() {
				all.ended(q.countRange(ctx, c, t, all))
			}
		})
	}
	done.Wait()
	return all.total, all.err
}

// dividedAtOnce is how many collections are counted and sampled at once.
const dividedAtOnce = 4

// countAll counts the documents of all collections, before they are divided.
func (r *Run) countAll(ctx context.Context, shards int) (map[string]int64, error) {
	counts := make([]int64, len(r.all))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(dividedAtOnce)
	for i, c := range r.all {
		g.Go(func() (err error) {
			counts[i], err = r.countToDivide(gctx, c, shards)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	all := make(map[string]int64)
	for i, c := range r.all {
		all[c.name] = counts[i]
	}
	return all, nil
}

// next waits for a range to count; nil if there will be none.
func (a *counters) next() *counter {
	a.mu.Lock()
	defer a.mu.Unlock()
	for len(a.todo) == 0 && a.busy > 0 && a.err == nil {
		a.wake.Wait()
	}
	if len(a.todo) == 0 || a.err != nil {
		return nil
	}
	t := a.todo[0]
	a.todo = a.todo[1:]
	a.busy++
	return t
}

func (a *counters) ended(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.busy--; a.err == nil {
		a.err = err
	}
	a.wake.Broadcast()
}

// countRange counts a range, and leaves half of what is left to others as long as
// they have nothing to do.
func (q *requester) countRange(ctx context.Context, c *collection, t *counter, all *counters) error {
	for {
		n, done, err := q.countPage(ctx, c, c.at, t)
		all.mu.Lock()
		all.total += n
		idle := all.err == nil && all.busy+len(all.todo) < all.most
		all.mu.Unlock()
		if err != nil || done {
			return err
		}
		if !idle {
			continue
		}
		middle := t.middle()
		if middle < 0 {
			continue
		}
		other, err := q.newCounter(ctx, c, c.at, middle, t.hi)
		if err != nil {
			return err
		}
		t.hi = middle
		if other != nil {
			t.hi = other.from
			all.mu.Lock()
			all.todo = append(all.todo, other)
			all.wake.Signal()
			all.mu.Unlock()
		}
	}
}

// middle returns where to divide what is left of a range, -1 if that is not worth
// it. By turns it is the middle of their order of magnitude, as what is left may
// be any number of pages, and the middle of the ids, so that many crowds aren't
// taken off one by one.
func (t *counter) middle() int64 {
	end := float64(math.MaxInt64)
	if t.hi >= 0 {
		end = float64(t.hi)
	}
	left := end - float64(t.from)
	near := math.Sqrt(left * max(1, t.span))
	if t.span == 0 || t.size < countPage || near < longCount*t.span || near >= left {
		return -1
	}
	if t.halve = !t.halve; !t.halve {
		near = left / 2
	}
	return t.from + int64(near)
}
