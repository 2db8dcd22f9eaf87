package export

import (
	"context"
	"fmt"
	"math"
	"slices"
)

const (
	// mostProbes is how many pages of ids are read to find where parts begin.
	mostProbes = 1024
	// probeShare limits the size of these pages to a twentieth of all ids in
	// total.
	probeShare = 20
	leastProbe = 100
	// fineness is the least number of gaps between known ids per part, because
	// the ids in a gap are only estimated.
	fineness = 16
)

// prober reads a page of ids from an id on, and returns the first id after it,
// -1 for none.
type prober func(ctx context.Context, from int64, size int) (ids []int64, next int64, err error)

// bounds returns where parts 2 to n of a collection with about total documents
// begin, ascending. The parts are balanced as well as a sample of ids allows:
// ids may be dense, or crowd in one hour of several years. Together they cover
// all ids whatever the sample showed. If there are few ids there are fewer
// parts.
func bounds(ctx context.Context, probe prober, total int64, n int) ([]int64, error) {
	if n < 2 || total < int64(n) {
		return nil, nil
	}
	s := sample{probe: probe, size: int(min(max(total/(probeShare*mostProbes), leastProbe), laterIDs))}
	first, err := s.at(ctx, 0)
	if err != nil {
		return nil, err
	}
	if len(first.ids) == 0 {
		return nil, nil
	}
	first.end = math.MaxInt64
	s.stretches = []*stretch{first}
	enough := float64(total) / float64(n*fineness)
	for probes := 1; probes < mostProbes; probes++ {
		known := 0.0
		for i, st := range s.stretches {
			known += float64(len(st.ids)) + s.rest(i)
		}
		// If fewer ids than expected were found, a gap hides a crowd: split the
		// widest.
		i, most := s.most(s.upper)
		at := s.edge(i)
		if most <= enough {
			if known > float64(total)*(1-1/float64(8*n)) {
				break
			}
			if i, most = s.most(s.gap); most < 2 {
				break
			}
			at = s.middle(i)
		}
		if err := s.split(ctx, i, at); err != nil {
			return nil, err
		}
	}
	return s.cut(n), nil
}

// sample holds what is known about the ids: ascending, adjacent stretches of
// the id space.
type sample struct {
	probe     prober
	size      int
	stretches []*stretch
}

// stretch is a range of ids. All ids up to reach are known; between reach and
// end is a gap.
type stretch struct {
	start, end int64
	ids        []int64
	reach      int64
}

// at reads the page of ids from an id on, and returns it as a stretch without
// an end.
func (s *sample) at(ctx context.Context, from int64) (*stretch, error) {
	ids, next, err := s.probe(ctx, from, s.size)
	if err != nil {
		return nil, fmt.Errorf("sample the ids: %w", err)
	}
	st := &stretch{start: from, ids: ids, reach: math.MaxInt64}
	if next >= 0 {
		st.reach = next
	}
	return st, nil
}

// gap returns the width of the ith stretch's gap.
func (s *sample) gap(i int) float64 {
	st := s.stretches[i]
	return max(0, float64(st.end)-float64(st.reach))
}

// sides returns how dense the ids are before and after a gap, and how wide the
// known ids on the denser side are.
func (s *sample) sides(i int) (before, after, crowd float64) {
	st := s.stretches[i]
	before, crowd = st.tail().density(), st.tail().width()
	if i+1 < len(s.stretches) {
		next := s.stretches[i+1]
		// The ids after the gap start where that page was read from, if it has
		// any.
		if empty := float64(next.first()) - float64(next.start); empty*next.head().density() < 8 {
			after = next.head().density()
		}
		if after > before {
			crowd = next.head().width()
		}
	}
	return before, after, crowd
}

// lopsided is how much denser one side of a gap must be to conclude that a
// crowd ends somewhere in the gap.
const lopsided = 16

// upper returns how many ids the gap of the ith stretch holds if all of it is
// as dense as its denser side.
func (s *sample) upper(i int) float64 {
	before, after, _ := s.sides(i)
	return max(before, after) * s.gap(i)
}

// rest estimates how many ids the gap of the ith stretch holds, assuming the
// density of the denser side as far as its crowd extends.
func (s *sample) rest(i int) float64 {
	before, after, crowd := s.sides(i)
	gap, most := s.gap(i), max(before, after)
	if most > lopsided*min(before, after) && crowd < gap {
		return most * math.Sqrt(gap*crowd)
	}
	return most * gap
}

// middle is the middle of a gap.
func (s *sample) middle(i int) int64 {
	st := s.stretches[i]
	return st.reach + (st.end-st.reach)/2
}

// edge returns where a crowd probably ends within a gap: near its own side, or
// the middle if there is no crowd.
func (s *sample) edge(i int) int64 {
	st := s.stretches[i]
	before, after, crowd := s.sides(i)
	gap := s.gap(i)
	if max(before, after) <= lopsided*min(before, after) || crowd >= gap {
		return s.middle(i)
	}
	near := max(1, int64(min(gap/2, math.Sqrt(gap*crowd))))
	if after > before {
		return st.end - near
	}
	return st.reach + near
}

// nearby is how many ids are used to measure the density at the head or tail of
// a page, since a page may run into a crowd.
const nearby = 16

// head and tail are the first and the last of the known ids.
func (st *stretch) head() ids { return st.ids[:min(nearby, len(st.ids))] }
func (st *stretch) tail() ids { return st.ids[max(0, len(st.ids)-nearby):] }

// ids are consecutive known ids.
type ids []int64

// width returns how much of the id space they span.
func (s ids) width() float64 {
	if len(s) == 0 {
		return 0
	}
	return float64(s[len(s)-1] - s[0])
}

// density returns the share of the id space that is in use.
func (s ids) density() float64 {
	if len(s) < 2 {
		return 0
	}
	return float64(len(s)-1) / max(1, s.width())
}

// most returns the stretch with the largest value.
func (s *sample) most(of func(i int) float64) (at int, most float64) {
	for i := range s.stretches {
		if v := of(i); v > most {
			at, most = i, v
		}
	}
	return at, most
}

// first returns the first id of a stretch, or its end.
func (st *stretch) first() int64 {
	if len(st.ids) == 0 {
		return st.end
	}
	return st.ids[0]
}

// split reads the ids from a position in a gap on.
func (s *sample) split(ctx context.Context, i int, middle int64) error {
	st := s.stretches[i]
	part, err := s.at(ctx, middle)
	if err != nil {
		return err
	}
	part.end = st.end
	if k, _ := slices.BinarySearch(part.ids, st.end); k < len(part.ids) || part.reach > st.end {
		part.ids, part.reach = part.ids[:k], st.end
	}
	if len(part.ids) == 0 {
		st.end = middle // and there are none from there to the old end
		part.start, part.reach = middle, part.end
	}
	st.end = middle
	s.stretches = slices.Insert(s.stretches, i+1, part)
	return nil
}

// cut returns the bounds of n parts with about the same number of ids.
func (s *sample) cut(n int) []int64 {
	all := 0.0
	for i, st := range s.stretches {
		all += float64(len(st.ids)) + s.rest(i)
	}
	var out []int64
	add := func(id int64) {
		if id > 0 && (len(out) == 0 || id > out[len(out)-1]) {
			out = append(out, id)
		}
	}
	before, next := 0.0, all/float64(n)
	for i, st := range s.stretches {
		for k, id := range st.ids {
			if before+float64(k) >= next && len(out) < n-1 {
				add(id)
				next += all / float64(n)
			}
		}
		before += float64(len(st.ids))
		rest := s.rest(i)
		for rest > 0 && before+rest >= next && len(out) < n-1 {
			add(st.reach + int64((next-before)/rest*s.gap(i)))
			next += all / float64(n)
		}
		before += rest
	}
	return out
}
