package export

import (
	"context"
	"slices"
	"sync"
)

// comparedAtOnce is of how many collections the documents are counted by their
// indexes side by side.
const comparedAtOnce = 8

// findUnlisted looks for documents that the server does not list. One with a delete
// and an update at the same time, which Insert can write, lives and is in the
// indexes, and is in no page of the collection's documents nor counted with them.
// Where the spec names a collection's index and that has more documents at the time
// read at, those that only it has are planned beside the others.
func (r *Run) findUnlisted(ctx context.Context) error {
	src, ok := r.src.(SyncSource)
	if !ok || r.spec.Mode == Incremental { // a first sync is compared with the index anyway
		return nil
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	todo := make(chan *collection)
	var done sync.WaitGroup
	for range comparedAtOnce {
		done.Go(func() {
			for c := range todo {
				if ctx.Err() != nil {
					continue
				}
				if err := r.compareListed(ctx, src, c); err != nil {
					stop(err)
				}
			}
		})
	}
	for _, c := range r.all {
		if r.spec.Indexes[c.name] == "" || c.at == 0 || c.part.of != 1 || c.saved != nil && c.saved.Finished || slices.Contains(r.spec.Filtered, c.name) {
			continue
		}
		todo <- c
	}
	close(todo)
	done.Wait()
	return context.Cause(ctx)
}

// compareListed finds what is unlisted of one collection. An index that cannot be
// read says nothing; a full run does not need it.
func (r *Run) compareListed(ctx context.Context, src SyncSource, c *collection) error {
	ids, err := r.onlyIndexed(ctx, src, c, r.spec.Indexes[c.name])
	if fail := failureOf(err); fail != nil && (fail.Expired() || fail.Refused() || fail.Missing()) {
		return nil
	}
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	c.unlisted = ids
	return nil
}

// onlyIndexed are the ids that an index has and the server's list has not. Both are
// read only where their numbers differ.
func (r *Run) onlyIndexed(ctx context.Context, src SyncSource, c *collection, index string) ([]int64, error) {
	listed, err := r.askCount(ctx, c, c.at)
	if err != nil {
		return nil, err
	}
	var indexed int64
	err = r.call(ctx, c, false, func() (err error) {
		indexed, err = src.CountPairs(ctx, index, c.at, 0)
		return err
	})
	if err != nil || indexed <= listed {
		return nil, err
	}
	var all, page []int64
	for ts, id := int64(0), int64(-1); ; {
		fromTS, fromID := ts, id
		err := r.call(ctx, c, false, func() (err error) {
			_, page, ts, id, err = src.Pairs(ctx, c.name, index, c.at, fromTS, fromID, pairsPage)
			return err
		})
		if err != nil {
			return nil, err
		}
		if all = append(all, page...); id < 0 {
			break
		}
	}
	slices.Sort(all)
	var only []int64
	for from := int64(0); from >= 0; {
		t := task{c: c, at: c.at, from: from, size: laterIDs}
		ids, next, err := r.askIDs(ctx, t)
		if err != nil {
			return nil, err
		}
		if err := checkIDs(t, ids, next); err != nil {
			return nil, err
		}
		end := len(all)
		if next >= 0 {
			end, _ = slices.BinarySearch(all, next)
		}
		only, all, from = append(only, without(all[:end], ids)...), all[end:], next
	}
	return only, nil
}

// unlistedFrom are the unlisted ids from one up to another; to all of them, where
// that is negative.
func (c *collection) unlistedFrom(from, to int64) []int64 {
	i, _ := slices.BinarySearch(c.unlisted, from)
	if to < 0 {
		return c.unlisted[i:]
	}
	j, _ := slices.BinarySearch(c.unlisted, to)
	return c.unlisted[i:max(i, j)]
}

// alike is how many of the first n ids that are planned are read in the same way,
// and whether they are unlisted. The caller holds the scheduler's mu.
func (c *collection) alike(n int) (int, bool) {
	if len(c.unlisted) == 0 {
		return n, false
	}
	k, unlisted := 0, false
	for _, page := range c.queue.pages {
		for _, id := range page {
			_, is := slices.BinarySearch(c.unlisted, id)
			if k == n || k > 0 && is != unlisted {
				return k, unlisted
			}
			unlisted = is
			k++
		}
	}
	return k, unlisted
}

// unlisted reads the documents of the chunk by their refs.
func (p *reading) unlisted(ctx context.Context) error {
	err := p.pageOf(ctx)
	if fail := failureOf(err); err != nil && (fail == nil || !fail.Missing()) {
		return err
	}
	gone := without(p.ch.ids, p.batch.IDs)
	if err != nil || len(gone) > 0 {
		if lost := p.checkAccess(ctx, p.c, p.ch.at); lost != nil {
			return lost
		}
	}
	p.ch.outcome.gone = gone
	return err
}
