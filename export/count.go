package export

import (
	"cmp"
	"context"
	"math"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"
)

const (
	// countPage is the number of documents counted per request.
	countPage = 80_000
	// minCounters and maxCounters limit how many ranges of a large collection
	// are counted in parallel: two per shard.
	minCounters = 8
	maxCounters = 64
	// longCount is the minimum length, in pages, of the nearer part of a split range.
	longCount = 4
)

// counter counts the documents of a range of ids, page by page. A page that
// reaches past the end of the range is counted again with a smaller one.
type counter struct {
	from, hi int64 // from is a document's id; hi -1 means no end
	size     int
	span     float64 // of the last page
	halve    bool    // split the next range in the middle of its ids
}

// take processes a page of n documents and the cursor after it. It returns how
// many of them belong to the range, and whether the range is done.
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
	t.size = max(1, min(t.size, int(n))/5)
	return 0, false
}

// newCounter returns the counter of a range, nil if the range is empty.
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
	err = q.callSized(ctx, c, &t.size, 1, func() (err error) {
		n, next, err = q.src.CountPage(ctx, PageRequest{Collection: c.name, At: at, From: t.from, Size: t.size})
		return err
	})
	if err != nil {
		return 0, false, err
	}
	own, done = t.take(n, next)
	return own, done, nil
}

// countPart counts the documents of a collection or part.
func (q *requester) countPart(ctx context.Context, c *collection, at int64) (total int64, err error) {
	if c.part.of == 1 {
		return q.askCount(ctx, c, at)
	}
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

// counted is the documents of a collection, and where each page of them begins.
type counted struct {
	total int64
	pages []countedPage // ascending
}

// countedPage is n documents from an id on.
type countedPage struct{ from, n int64 }

// countToDivide counts the documents of a whole collection that will be divided. A
// large one is split into ranges while it is counted: while other workers are idle,
// half of what is left of a range goes to them.
func (q *requester) countToDivide(ctx context.Context, c *collection, shards int) (*counted, error) {
	var mu struct {
		sync.Mutex
		all counted
	}
	first, err := q.newCounter(ctx, c, c.at, 0, -1)
	if err != nil || first == nil {
		return &mu.all, err
	}
	free := make(chan struct{}, min(max(2*shards, minCounters), maxCounters))
	g, ctx := errgroup.WithContext(ctx)
	var count func(t *counter) error
	begin := func(t *counter) {
		g.Go(func() error {
			defer func() { <-free }()
			return count(t)
		})
	}
	count = func(t *counter) error {
		for {
			from := t.from
			n, done, err := q.countPage(ctx, c, c.at, t)
			if err != nil {
				return err
			}
			if n > 0 {
				mu.Lock()
				mu.all.total += n
				mu.all.pages = append(mu.all.pages, countedPage{from, n})
				mu.Unlock()
			}
			if done {
				return nil
			}
			select {
			case free <- struct{}{}:
			default:
				continue
			}
			other, err := q.divideCounter(ctx, c, t)
			if err != nil {
				return err
			}
			if other == nil {
				<-free
				continue
			}
			begin(other)
		}
	}
	free <- struct{}{}
	begin(first)
	err = g.Wait()
	slices.SortFunc(mu.all.pages, func(a, b countedPage) int { return cmp.Compare(a.from, b.from) })
	return &mu.all, err
}

// divideCounter takes the second part of what is left of a range off it; nil if
// that is not worth it, or has no documents.
func (q *requester) divideCounter(ctx context.Context, c *collection, t *counter) (*counter, error) {
	middle := t.middle()
	if middle < 0 {
		return nil, nil
	}
	other, err := q.newCounter(ctx, c, c.at, middle, t.hi)
	if err != nil {
		return nil, err
	}
	t.hi = middle
	if other != nil {
		t.hi = other.from
	}
	return other, nil
}

// middle returns where to split what is left of a range, -1 if that is not worth
// it. It alternates between the geometric middle, since any number of pages may
// be left, and the middle of the ids, so that many clusters are not split off one
// by one.
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
