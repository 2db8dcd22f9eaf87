package pairs

import (
	"cmp"
	"iter"
	"slices"
)

// Change is a document in which two lists of pairs differ.
type Change struct {
	ID  int64
	Old int64 // its ts in the rows of the syncs so far, NoTime if absent
	New int64 // its ts in the index, NoTime if absent
}

// Join compares the pairs of the last sync with those of the index, two sequences
// in the same order, and returns the differences by id. Memory grows only with
// the number of differences.
func Join(state, index iter.Seq2[Pair, error]) ([]Change, error) {
	next, stop := iter.Pull2(state)
	defer stop()
	var old, new []Pair
	head, bad, more := next()
	for p, err := range index {
		if err != nil {
			return nil, err
		}
		same := false
		for more && bad == nil && !same {
			c := Compare(head, p)
			if c > 0 {
				break
			}
			if c < 0 {
				old = append(old, head)
			}
			same = c == 0
			head, bad, more = next()
		}
		if bad != nil {
			return nil, bad
		}
		if !same {
			new = append(new, p)
		}
	}
	for ; more && bad == nil; head, bad, more = next() {
		old = append(old, head)
	}
	if bad != nil {
		return nil, bad
	}
	return Changes(old, new), nil
}

// Merge merges several ordered sequences into one. Among equal elements those of
// later sequences come first. It ends with the first error.
func Merge[T any](compare func(a, b T) int, sources ...iter.Seq2[T, error]) iter.Seq2[T, error] {
	if len(sources) == 1 {
		return sources[0]
	}
	type head struct {
		value  T
		source int
		next   func() (T, error, bool)
	}
	order := func(a, b *head) int { return cmp.Or(compare(a.value, b.value), b.source-a.source) }
	return func(yield func(T, error) bool) {
		var heads []*head // ordered
		for i, source := range sources {
			next, stop := iter.Pull2(source)
			defer stop()
			value, err, more := next()
			if err != nil {
				yield(value, err)
				return
			}
			if more {
				heads = append(heads, &head{value, i, next})
			}
		}
		slices.SortFunc(heads, order)
		for len(heads) > 0 {
			h := heads[0]
			if !yield(h.value, nil) {
				return
			}
			var err error
			var more bool
			if h.value, err, more = h.next(); err != nil {
				yield(h.value, err)
				return
			}
			if !more {
				heads = heads[1:]
				continue
			}
			at, _ := slices.BinarySearchFunc(heads[1:], h, order)
			copy(heads, heads[1:1+at])
			heads[at] = h
		}
	}
}

// Changes matches the pairs of each document by id. A document listed twice on
// one side counts with its latest time.
func Changes(old, new []Pair) []Change {
	byID := func(a, b Pair) int { return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.TS, b.TS)) }
	slices.SortFunc(old, byID)
	slices.SortFunc(new, byID)
	out := make([]Change, 0, max(len(old), len(new)))
	for len(old) > 0 || len(new) > 0 {
		c := Change{Old: NoTime, New: NoTime}
		switch {
		case len(new) == 0 || len(old) > 0 && old[0].ID <= new[0].ID:
			c.ID = old[0].ID
		default:
			c.ID = new[0].ID
		}
		for len(old) > 0 && old[0].ID == c.ID {
			c.Old = old[0].TS
			old = old[1:]
		}
		for len(new) > 0 && new[0].ID == c.ID {
			c.New = new[0].TS
			new = new[1:]
		}
		out = append(out, c)
	}
	return out
}

// Applied iterates over the pairs of the last sync with a sync's changes applied,
// which is the result of the rows of all syncs. now is the ts of each change's
// row, NoTime for a removed document.
func Applied(state iter.Seq2[Pair, error], changes []Change, now []int64) iter.Seq2[Pair, error] {
	return func(yield func(Pair, error) bool) {
		var drop, put []Pair
		for i, c := range changes {
			if c.Old != NoTime {
				drop = append(drop, Pair{c.Old, c.ID})
			}
			if now[i] != NoTime {
				put = append(put, Pair{now[i], c.ID})
			}
		}
		slices.SortFunc(drop, Compare)
		slices.SortFunc(put, Compare)
		for p, err := range state {
			if err != nil {
				yield(Pair{}, err)
				return
			}
			for len(drop) > 0 && Compare(drop[0], p) < 0 {
				drop = drop[1:]
			}
			if len(drop) > 0 && drop[0] == p {
				continue
			}
			for len(put) > 0 && Compare(put[0], p) < 0 {
				if !yield(put[0], nil) {
					return
				}
				put = put[1:]
			}
			if !yield(p, nil) {
				return
			}
		}
		for _, p := range put {
			if !yield(p, nil) {
				return
			}
		}
	}
}
