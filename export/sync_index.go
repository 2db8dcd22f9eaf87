package export

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"fauna-export/export/pairs"
)

const (
	pairsPage  = 50_000 // pairs per page of the index
	eventsPage = 10_000 // events per page
)

// indexPairs iterates over the pairs of a collection's index from a ts on,
// ascending, at the collection's time.
func (q *requester) indexPairs(ctx context.Context, src SyncSource, c *collection, index string, fromTS int64) iter.Seq2[pairs.Pair, error] {
	return func(yield func(pairs.Pair, error) bool) {
		last := pairs.Pair{TS: pairs.NoTime}
		p := PairsRequest{Collection: c.name, Index: index, At: c.at, FromTS: fromTS, FromID: -1, Size: pairsPage}
		for {
			var ts, ids []int64
			var next pairs.Pair
			err := q.callSized(ctx, c, &p.Size, minIDs, func() (err error) {
				ts, ids, next.TS, next.ID, err = src.Pairs(ctx, p)
				return err
			})
			if err != nil {
				yield(last, err)
				return
			}
			disorder := func(does string, one pairs.Pair) {
				yield(last, &Unexplained{From: one.ID, Planned: len(ids), Got: len(ids),
					Why: fmt.Sprintf("the index %s document %d at %d after %d at %d", does, one.ID, one.TS, last.ID, last.TS)})
			}
			for i := range ids {
				one := pairs.Pair{TS: ts[i], ID: ids[i]}
				if pairs.Compare(last, one) >= 0 || one.TS < p.FromTS || p.FromID >= 0 && i == 0 && one.TS == p.FromTS && one.ID < p.FromID {
					disorder("lists", one)
					return
				}
				if !yield(one, nil) {
					return
				}
				last = one
			}
			if next.ID < 0 {
				return
			}
			if pairs.Compare(last, next) >= 0 {
				disorder("continues at", next)
				return
			}
			p.FromTS, p.FromID = next.TS, next.ID
		}
	}
}

// askPairCount returns how many documents an index lists at the collection's time,
// from a ts on.
func (q *requester) askPairCount(ctx context.Context, src SyncSource, c *collection, index string, fromTS int64) (int64, error) {
	return ask(ctx, q, c, func() (int64, error) { return src.CountPairs(ctx, index, c.at, fromTS) })
}

// listed iterates over the pairs of the collection's index from a time on. It
// ends well only after checking that the collection is still readable, and that
// the index lists no fewer documents than there are.
func (r *comparison) listed(ctx context.Context, since int64) iter.Seq2[pairs.Pair, error] {
	return func(yield func(pairs.Pair, error) bool) {
		n := int64(0)
		for p, err := range r.indexPairs(ctx, r.index, r.c, r.c.changes.index, since) {
			if !yield(p, err) || err != nil {
				return
			}
			n++
		}
		err := r.checkAccess(ctx, r.c, r.c.at)
		if err == nil {
			err = r.confirmPairs(ctx, since, n)
		}
		if err != nil {
			yield(pairs.Pair{}, err)
		}
	}
}

// confirmPairs compares the documents found at the collection's time with the
// server's own counts. Finding more is fine: some may have left since, for
// instance because their ttl passed.
func (r *comparison) confirmPairs(ctx context.Context, since, found int64) error {
	if since == 0 {
		n, err := r.askCount(ctx, r.c, r.c.at)
		if err != nil {
			return err
		}
		if n > found {
			return &miscounted{listed: found, count: n, of: "the collection"}
		}
	}
	n, err := r.askPairCount(ctx, r.index, r.c, r.c.changes.index, since)
	if err == nil && n > found {
		err = &miscounted{listed: found, count: n, of: "the index"}
	}
	return err
}

// miscounted is the error of an index that lists fewer documents than exist.
type miscounted struct {
	listed, count int64
	of            string // what has the higher count
}

func (e *miscounted) Error() string {
	return fmt.Sprintf("the index has %d documents, but the server counts %d in %s; check that it is the index of this collection, and any proxy between you and the server", e.listed, e.count, e.of)
}

// removals returns the documents whose last event since the last sync is a
// removal, with its time.
func (r *comparison) removals(ctx context.Context) (map[int64]int64, error) {
	var gone map[int64]int64
	p := EventsRequest{Collection: r.c.name, After: r.c.changes.at, At: r.c.at, Size: eventsPage}
	err := r.callSized(ctx, r.c, &p.Size, minIDs, func() error {
		gone = make(map[int64]int64)
		return r.index.Events(ctx, p, func(id, ts int64, removed bool) error {
			if removed {
				gone[id] = ts
			} else {
				delete(gone, id)
			}
			return nil
		})
	})
	return gone, err
}

// dateRemovals finds when documents were removed, if the server still knows.
func (r *comparison) dateRemovals(ctx context.Context) error {
	d := r.c.changes
	if d.times != nil || d.last == nil || d.recreated || r.c.layout.Deletion == "" {
		return nil
	}
	if !slices.ContainsFunc(d.all, func(ch pairs.Change) bool { return ch.New == pairs.NoTime }) {
		return nil
	}
	least, err := r.askMinimum(ctx, r.c.name)
	if err != nil || d.at < least {
		return err
	}
	gone, err := r.removals(ctx)
	if err != nil {
		return err
	}
	d.times = make(map[int64]int64)
	for _, ch := range d.all {
		if ts, ok := gone[ch.ID]; ok && ch.New == pairs.NoTime {
			d.times[ch.ID] = ts
		}
	}
	return nil
}
