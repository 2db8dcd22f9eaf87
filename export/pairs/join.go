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
	var old, new []Pair
	for p, err := range Align(Compare, state, index) {
		switch {
		case err != nil:
			return nil, err
		case !p.InB:
			old = append(old, p.A)
		case !p.InA:
			new = append(new, p.B)
		}
	}
	return Changes(old, new), nil
}

// Aligned is an element of two sequences, or of one of them; the other is not valid
// then.
type Aligned[A, B any] struct {
	A        A
	B        B
	InA, InB bool
}

// Align iterates over two ascending sequences side by side: elements that compare
// as equal come together, the others alone. It ends with the first error.
func Align[A, B any](compare func(A, B) int, as iter.Seq2[A, error], bs iter.Seq2[B, error]) iter.Seq2[Aligned[A, B], error] {
	return func(yield func(Aligned[A, B], error) bool) {
		nextA, stopA := iter.Pull2(as)
		defer stopA()
		nextB, stopB := iter.Pull2(bs)
		defer stopB()
		a, errA, moreA := nextA()
		b, errB, moreB := nextB()
		for moreA || moreB {
			if err := cmp.Or(errA, errB); err != nil {
				yield(Aligned[A, B]{}, err)
				return
			}
			inA, inB := moreA, moreB
			if moreA && moreB {
				c := compare(a, b)
				inA, inB = c <= 0, c >= 0
			}
			if !yield(Aligned[A, B]{a, b, inA, inB}, nil) {
				return
			}
			if inA {
				a, errA, moreA = nextA()
			}
			if inB {
				b, errB, moreB = nextB()
			}
		}
	}
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
	byID := func(a, b Pair) int { return cmp.Compare(a.ID, b.ID) }
	latest := func(all []Pair) iter.Seq2[Pair, error] {
		slices.SortFunc(all, func(a, b Pair) int { return cmp.Or(byID(a, b), cmp.Compare(b.TS, a.TS)) })
		return Slice(slices.CompactFunc(all, func(a, b Pair) bool { return a.ID == b.ID }))
	}
	out := make([]Change, 0, max(len(old), len(new)))
	for p := range Align(byID, latest(old), latest(new)) {
		c := Change{ID: p.A.ID, Old: p.A.TS, New: p.B.TS}
		if !p.InA {
			c.ID, c.Old = p.B.ID, NoTime
		}
		if !p.InB {
			c.New = NoTime
		}
		out = append(out, c)
	}
	return out
}

// Applied iterates over the pairs of the last sync with a sync's changes applied,
// which is the result of the rows of all syncs. now is the ts of each change's
// row, NoTime for a removed document.
func Applied(state iter.Seq2[Pair, error], changes []Change, now []int64) iter.Seq2[Pair, error] {
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
	kept := func(yield func(Pair, error) bool) {
		for p, err := range Align(Compare, state, Slice(drop)) {
			if (err != nil || !p.InB) && !yield(p.A, err) {
				return
			}
		}
	}
	return Merge(Compare, kept, Slice(put))
}
