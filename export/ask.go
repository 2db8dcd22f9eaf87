package export

import (
	"context"
	"iter"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"fauna-export/export/row"
)

// requester sends the requests of a run: it counts them, retries them, and holds
// them back while the server is overloaded.
type requester struct {
	*scheduler
	src     Source
	allowed time.Duration // how long one request is retried
}

// call repeats one request until it succeeds, pausing after temporary failures.
// With smaller it returns failures that a request for fewer documents may
// avoid. If it keeps failing for longer than the spec allows, the error is a
// *GaveUp.
func (q *requester) call(ctx context.Context, c *collection, smaller bool, f func() error) error {
	a := attempts{allowed: q.allowed}
	for {
		if err := q.pace.wait(ctx); err != nil {
			return context.Cause(ctx)
		}
		q.count(c, a.tries > 0)
		asked := q.clock.Now()
		answered := q.pace.asked()
		err := f()
		answered(err)
		q.touch(c)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		fail := failureOf(err)
		slow := fail != nil && fail.Slow()
		if end := a.failed(err, asked, q.clock.Now(), smaller); end != nil {
			if slow && smaller {
				q.pace.tell(err)
				q.pace.slow(q.pace.backoff(0))
			}
			return end
		}
		d := q.pace.backoff(a.tries - 1)
		if slow {
			q.pace.slow(d)
		}
		if err := q.pace.pause(ctx, d, err); err != nil {
			return context.Cause(ctx)
		}
	}
}

// touch records that a request for a collection was answered.
func (q *requester) touch(c *collection) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if c != nil {
		c.answered = q.clock.Now()
	}
}

// count records that a request is sent, again if it failed before.
func (q *requester) count(c *collection, again bool) {
	q.touch(c)
	q.mu.Lock()
	defer q.mu.Unlock()
	q.mu.Requests++
	if again {
		q.mu.Retries++
		if q.mu.tuner != nil {
			q.mu.tuner.disturbed()
		}
		if c != nil {
			c.retries++
		}
	}
}

// ask is call for a request with one result; nothing smaller is asked for.
func ask[T any](ctx context.Context, q *requester, c *collection, f func() (T, error)) (got T, err error) {
	err = q.call(ctx, c, false, func() (err error) {
		got, err = f()
		return err
	})
	return got, err
}

// The ask methods wrap the source's queries in call.

func (q *requester) askNow(ctx context.Context) (int64, error) {
	return ask(ctx, q, nil, func() (int64, error) { return q.src.Now(ctx) })
}

// What askMade returns instead of a time.
const (
	madeAbsent  = -1
	madeUnknown = 0
)

// askMade returns the ts of the collections' own settings at a time.
func (q *requester) askMade(ctx context.Context, c *collection, names []string, at int64) ([]int64, error) {
	return ask(ctx, q, c, func() ([]int64, error) { return q.src.CollectionTimes(ctx, names, at) })
}

// absentOf returns the collections that did not exist.
func absentOf(names []string, made []int64) []string {
	var absent []string
	for i, ts := range made {
		if ts == madeAbsent {
			absent = append(absent, names[i])
		}
	}
	return absent
}

func (q *requester) askAbsent(ctx context.Context, c *collection, names []string, at int64) ([]string, error) {
	made, err := q.askMade(ctx, c, names, at)
	return absentOf(names, made), err
}

// askCount returns the number of a whole collection's documents at a time.
func (q *requester) askCount(ctx context.Context, c *collection, at int64) (int64, error) {
	return ask(ctx, q, c, func() (int64, error) { return q.src.Count(ctx, c.name, at) })
}

// access lists the collections that the key can't read now, those that do not exist,
// and those whose documents its role filters.
type access struct{ unreadable, missing, filtered []string }

func (q *requester) askAccess(ctx context.Context, c *collection, names ...string) (access, error) {
	return ask(ctx, q, c, func() (a access, err error) {
		a.unreadable, a.missing, a.filtered, err = q.src.Unreadable(ctx, names)
		return a, err
	})
}

func (q *requester) askMinimum(ctx context.Context, name string) (int64, error) {
	return ask(ctx, q, nil, func() (int64, error) { return q.src.MinimumTime(ctx, name) })
}

// askPage requests a page of documents outside the plan.
func (q *requester) askPage(ctx context.Context, c *collection, at, from int64, size int) (*row.Batch, error) {
	batch := &row.Batch{}
	err := q.call(ctx, c, size > 1, func() error {
		body, err := q.src.Documents(ctx, PageRequest{Collection: c.name, At: at, From: from, Size: size, Paths: c.paths})
		if err != nil {
			return err
		}
		batch.Reset()
		batch.From, batch.At = from, at
		return c.rows.Page(batch, body, nil)
	})
	return batch, err
}

// minIDs is the smallest page of ids requested when larger ones fail.
const minIDs = 100

// callSized is call for a page of some size, which shrinks to least while the
// page is too large.
func (q *requester) callSized(ctx context.Context, c *collection, size *int, least int, f func() error) error {
	for {
		err := q.call(ctx, c, *size > least, f)
		if fail := failureOf(err); fail == nil || !fail.Smaller() || *size <= least {
			return err
		}
		*size = max(least, *size/4)
	}
}

// askIDs requests a page of ids and checks their order.
func (q *requester) askIDs(ctx context.Context, t task) (ids []int64, next int64, err error) {
	err = q.callSized(ctx, t.c, &t.size, minIDs, func() (err error) {
		ids, next, err = q.src.IDs(ctx, PageRequest{Collection: t.c.name, At: t.at, From: t.from, Size: t.size})
		return err
	})
	if err == nil {
		err = checkIDs(t, ids, next)
	}
	return ids, next, err
}

// ids iterates over ids, read page by page, up to hi unless that is negative.
func (q *requester) ids(ctx context.Context, t task, hi int64) iter.Seq2[int64, error] {
	return func(yield func(int64, error) bool) {
		for t.from >= 0 {
			ids, next, err := q.askIDs(ctx, t)
			if err != nil {
				yield(0, err)
				return
			}
			ids, t.from = part{hi: hi}.within(ids, next)
			for _, id := range ids {
				if !yield(id, nil) {
					return
				}
			}
		}
	}
}

// collected returns all elements of a sequence.
func collected[T any](all iter.Seq2[T, error]) (list []T, err error) {
	for one, err := range all {
		if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, nil
}

// eachOf calls do for each element of all, so many at once. The first error ends
// them.
func eachOf[T any](ctx context.Context, atOnce int, all []T, do func(ctx context.Context, i int, one T) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for i, one := range all {
		g.Go(func() error { return do(ctx, i, one) })
	}
	return g.Wait()
}

// maxPresence is how many documents are looked up in one query.
const maxPresence = 1000

// presentOf returns which of the documents that left the snapshot exist now.
// One hidden by the role is an error.
func (q *requester) presentOf(ctx context.Context, c *collection, missing []int64) (alive []int64, err error) {
	var hidden []int64
	for ids := range slices.Chunk(missing, maxPresence) {
		err := q.call(ctx, c, false, func() error {
			a, _, h, err := q.src.Presence(ctx, c.name, ids)
			if err == nil {
				alive, hidden = append(alive, a...), append(hidden, h...)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if len(hidden) > 0 {
		return nil, &Hidden{IDs: hidden}
	}
	slices.Sort(alive)
	return alive, nil
}
