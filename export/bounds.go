package export

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"
)

const (
	// dividedAtOnce is how many collections are counted and divided at once, and
	// boundsAtOnce how many pages of one are searched for bounds.
	dividedAtOnce = 4
	boundsAtOnce  = 8
	// exactness is the share of a part by which a bound may be off.
	exactness = 16
)

// findBounds counts the documents of the run's collections, for so many shards,
// and finds where their parts begin; parts returns how many a collection of n
// documents is to have, given the total of all.
func (r *Run) findBounds(ctx context.Context, shards int, parts func(n, total int64) int) (bounds map[string][]int64, counts map[string]int64, err error) {
	all := make([]*counted, len(r.all))
	err = eachOf(ctx, dividedAtOnce, r.all, func(ctx context.Context, i int, c *collection) (err error) {
		all[i], err = r.countToDivide(ctx, c, shards)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	bounds, counts = make(map[string][]int64), make(map[string]int64)
	total := int64(0)
	for i, c := range r.all {
		counts[c.name] = all[i].total
		total += all[i].total
	}
	found := make([][]int64, len(r.all))
	err = eachOf(ctx, dividedAtOnce, r.all, func(ctx context.Context, i int, c *collection) (err error) {
		if found[i], err = r.boundsOf(ctx, c, all[i], parts(all[i].total, total)); err != nil {
			return fmt.Errorf("divide %s into parts: %w", c.name, err)
		}
		return nil
	})
	for i, c := range r.all {
		bounds[c.name] = found[i]
	}
	return bounds, counts, err
}

// boundsOf returns where parts 2 to n of a collection begin, ascending, so that
// they have about the same number of documents. The parts cover all ids whatever
// was counted. If there are few documents there are fewer parts.
func (q *requester) boundsOf(ctx context.Context, c *collection, all *counted, n int) ([]int64, error) {
	if n < 2 || all.total < int64(n) {
		return nil, nil
	}
	size := float64(all.total) / float64(n)
	found := make([][]int64, len(all.pages)) // by page
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(boundsAtOnce)
	k, before := 1, int64(0)
	for i, p := range all.pages {
		var ranks []int64 // of the bounds in this page
		for ; k < n && int64(size*float64(k)) < before+p.n; k++ {
			ranks = append(ranks, int64(size*float64(k))-before)
		}
		before += p.n
		switch {
		case len(ranks) == 0:
		case float64(p.n)*exactness/2 > size:
			g.Go(func() (err error) {
				found[i], err = q.idsAtRanks(ctx, c, p.from, ranks)
				return err
			})
		case ranks[0] > p.n/2 && i+1 < len(all.pages):
			found[i] = []int64{all.pages[i+1].from}
		default:
			found[i] = []int64{p.from}
		}
	}
	err := g.Wait()
	var bounds []int64
	last := int64(0)
	for _, ids := range found {
		for _, id := range ids {
			if id > last {
				bounds, last = append(bounds, id), id
			}
		}
	}
	return bounds, err
}

// idsAtRanks returns the ids that have so many ids before them from one on.
func (q *requester) idsAtRanks(ctx context.Context, c *collection, from int64, ranks []int64) (ids []int64, err error) {
	n := int64(0)
	most := ranks[len(ranks)-1] + 1
	for id, err := range q.ids(ctx, task{c: c, at: c.at, from: from, size: int(min(most, laterIDs))}, -1) {
		if err != nil {
			return nil, err
		}
		for len(ranks) > 0 && ranks[0] == n {
			ids, ranks = append(ids, id), ranks[1:]
		}
		if n++; len(ranks) == 0 {
			break
		}
	}
	return ids, nil
}
