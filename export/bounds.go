package export

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"golang.org/x/sync/errgroup"
)

// Ids are sampled with pages that cost a server hardly more than a page at all,
// several at a time, and with more of them the larger the collection is. A small
// one whose sample shows too little is read whole.
const (
	leastProbes  = 256
	mostProbes   = 4096
	probeShare   = 1000 // documents per page, if that is between the two
	probesAtOnce = 8
	leastProbe   = 250 // ids of a page
	mostProbe    = 1000
	readWhole    = 1 << 20
	// wideProbe is the cost of a page of laterIDs, in pages of a sample.
	wideProbe = 8

	// exactness is the largest error that is allowed, in a gap as a share of a
	// part and in all gaps as a share of all.
	exactness = 8
	// lopsided is how much denser one side of a gap must be to conclude that a
	// crowd ends somewhere in the gap.
	lopsided = 16
	// alike is how much the densities within a crowd differ at most.
	alike = 4
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
	most := int(min(max(total/probeShare, leastProbes), mostProbes))
	s := &sample{probe: probe, size: int(min(max(total/int64(most), leastProbe), mostProbe)), total: float64(total)}
	first, err := s.at(ctx, 0, s.size)
	if err != nil {
		return nil, err
	}
	if len(first.ids) == 0 {
		return nil, nil
	}
	first.end = math.MaxInt64
	s.stretches = []*stretch{first}
	for probes := 1; ; {
		s.measure()
		doubtful, size := s.doubtful(n, probesAtOnce)
		if len(doubtful) == 0 {
			break
		}
		if probes >= most {
			if total <= readWhole {
				err = s.readAll(ctx)
			}
			break
		}
		if err := s.split(ctx, doubtful, size); err != nil {
			return nil, err
		}
		if probes += len(doubtful); size > s.size {
			probes += (wideProbe - 1) * len(doubtful)
		}
	}
	return s.cut(n), err
}

// readAll replaces the sample with all ids.
func (s *sample) readAll(ctx context.Context) error {
	whole := &stretch{end: math.MaxInt64}
	for from := int64(0); from >= 0; {
		ids, next, err := s.probe(ctx, from, laterIDs)
		if err != nil {
			return fmt.Errorf("read the ids: %w", err)
		}
		if next >= 0 && next <= from {
			return fmt.Errorf("read the ids: the page from %d goes on at %d", from, next)
		}
		whole.ids, from = append(whole.ids, ids...), next
	}
	whole.reach = whole.end
	s.stretches = []*stretch{whole}
	return nil
}

// sample holds what is known about the ids: ascending, adjacent stretches of
// the id space.
type sample struct {
	probe     prober
	size      int
	total     float64
	stretches []*stretch
}

// stretch is a range of ids. All ids up to reach are known; between reach and
// end is a gap.
type stretch struct {
	start, end int64
	ids        []int64
	reach      int64

	// What measure found: how many ids the gap holds, how wrong that may be, and
	// where to look next.
	rest, doubt float64
	next        int64
	before      float64 // how far ids like the last ones go back
	after       float64 // how far ids like the first ones go on
}

// at reads the page of ids from an id on, and returns it as a stretch without
// an end.
func (s *sample) at(ctx context.Context, from int64, size int) (*stretch, error) {
	ids, next, err := s.probe(ctx, from, size)
	if err != nil {
		return nil, fmt.Errorf("sample the ids: %w", err)
	}
	st := &stretch{start: from, ids: ids, reach: math.MaxInt64}
	if next >= 0 {
		st.reach = next
	}
	return st, nil
}

// gap returns the width of a stretch's gap.
func (st *stretch) gap() float64 { return max(0, float64(st.end)-float64(st.reach)) }

// nearby is how many ids are used to measure the density at the head or tail of
// a page that may run into a crowd.
const nearby = 16

// head and tail are the density of the first and of the last of the known ids:
// that of all of them if they are evenly spread.
func (st *stretch) head() float64 { return st.even(density(st.ids[:min(nearby, len(st.ids))])) }
func (st *stretch) tail() float64 { return st.even(density(st.ids[max(0, len(st.ids)-nearby):])) }

func (st *stretch) even(some float64) float64 {
	if all := density(st.ids); similar(some, all) {
		return all
	}
	return some
}

func similar(a, b float64) bool { return a <= alike*b && b <= alike*a }

// density returns the share of the id space that consecutive ids use.
func density(ids []int64) float64 {
	if len(ids) < 2 {
		return 0
	}
	return float64(len(ids)-1) / max(1, width(ids))
}

// width returns how much of the id space ids span.
func width(ids []int64) float64 { return float64(ids[len(ids)-1]) - float64(ids[0]) }

// measure estimates what lies in the gaps.
func (s *sample) measure() {
	last := len(s.stretches) - 1
	for i, st := range s.stretches {
		if len(st.ids) == 0 {
			st.before = 0
			continue
		}
		st.before = width(st.ids[max(0, len(st.ids)-nearby):])
		if similar(st.tail(), density(st.ids)) {
			st.before = width(st.ids)
			if i > 0 && len(s.stretches[i-1].ids) > 0 && similar(s.stretches[i-1].tail(), st.head()) {
				st.before += s.stretches[i-1].before + float64(st.ids[0]) - float64(s.stretches[i-1].reach)
			}
		}
	}
	for i := last; i >= 0; i-- {
		st := s.stretches[i]
		st.after = 0
		if len(st.ids) > 0 {
			st.after = width(st.ids[:min(nearby, len(st.ids))])
			if similar(st.head(), density(st.ids)) {
				st.after = width(st.ids)
				if i < last && len(s.stretches[i+1].ids) > 0 && similar(st.tail(), s.stretches[i+1].head()) {
					st.after += s.stretches[i+1].after + st.gap()
				}
			}
		}
		var following *stretch
		if i < last {
			following = s.stretches[i+1]
		}
		st.estimate(following, s.total)
	}
}

// estimate sets what the gap holds, from what is known before and after it.
func (st *stretch) estimate(following *stretch, total float64) {
	gap, before, after := st.gap(), st.tail(), 0.0
	crowd := st.before
	// The ids after the gap start where that page was read from, if it has any.
	if following != nil && len(following.ids) > 0 {
		after = following.head()
		if float64(following.ids[0]-following.start)*after >= nearby/2 {
			after = 0
		}
	}
	most := max(before, after)
	if after == most {
		crowd = 0
		if following != nil {
			crowd = following.after
		}
	}
	middle := st.reach + (st.end-st.reach)/2
	switch {
	case gap < 2 || most == 0:
		st.rest, st.doubt, st.next = 0, 0, middle
	case most <= lopsided*min(before, after):
		st.rest = (before + after) / 2 * gap
		st.doubt = max(most-(before+after)/2, (before+after)/8) * gap
		st.next = middle
	case crowd < gap:
		// The crowd ends somewhere: its width may grow by any factor.
		near := math.Sqrt(gap * max(crowd, 1))
		st.rest, st.doubt = most*near, min(most*gap, total)
		st.next = st.reach + max(1, int64(min(gap/2, near)))
		if after == most {
			st.next = st.end - max(1, int64(min(gap/2, near)))
		}
	default:
		st.rest, st.doubt, st.next = most*gap/2, most*gap/2, middle
	}
}

// doubtful returns at most n stretches whose gaps should be read next for so
// many parts, and with pages of which size: those with the largest errors, until
// they are small enough. If the sum is wrong then, gaps hide crowds or holes.
func (s *sample) doubtful(parts, n int) (at []int, size int) {
	enough := s.total / float64(exactness*parts)
	known, doubt, largest := 0.0, 0.0, 0.0
	for _, st := range s.stretches {
		known += float64(len(st.ids)) + st.rest
		if st.doubt >= st.rest { // errors of even gaps cancel each other out
			doubt += st.doubt
		}
		largest = max(largest, st.doubt)
	}
	by, size := func(st *stretch) float64 { return st.doubt }, s.size
	if largest <= enough && doubt <= s.total/exactness {
		switch {
		case known > s.total+enough:
			by = func(st *stretch) float64 { return st.rest }
		case known < s.total-enough:
			by, size = (*stretch).gap, laterIDs
		default:
			return nil, size
		}
		for _, st := range s.stretches {
			st.next = st.reach + (st.end-st.reach)/2
		}
	}
	for i, st := range s.stretches {
		if st.gap() >= 2 && by(st) > 0 {
			at = append(at, i)
		}
	}
	slices.SortFunc(at, func(a, b int) int { return cmp.Compare(by(s.stretches[b]), by(s.stretches[a])) })
	return at[:min(n, len(at))], size
}

// split reads a page of ids in the gap of each of some stretches.
func (s *sample) split(ctx context.Context, at []int, size int) error {
	parts := make([]*stretch, len(at))
	g, ctx := errgroup.WithContext(ctx)
	for k, i := range at {
		g.Go(func() (err error) {
			parts[k], err = s.at(ctx, s.stretches[i].next, size)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for k, i := range at {
		st, part := s.stretches[i], parts[k]
		part.end = st.end
		if k, _ := slices.BinarySearch(part.ids, st.end); k < len(part.ids) || part.reach > st.end {
			part.ids, part.reach = part.ids[:k], st.end
		}
		if st.end = part.start; len(part.ids) == 0 {
			part.reach = part.end // and there are none from there to the old end
		}
		s.stretches = append(s.stretches, part)
	}
	slices.SortFunc(s.stretches, func(a, b *stretch) int { return cmp.Compare(a.start, b.start) })
	return nil
}

// cut returns the bounds of n parts with about the same number of ids.
func (s *sample) cut(n int) []int64 {
	all := 0.0
	for _, st := range s.stretches {
		all += float64(len(st.ids)) + st.rest
	}
	var out []int64
	add := func(id int64) {
		if id > 0 && (len(out) == 0 || id > out[len(out)-1]) {
			out = append(out, id)
		}
	}
	before, next := 0.0, all/float64(n)
	for _, st := range s.stretches {
		for k, id := range st.ids {
			if before+float64(k) >= next && len(out) < n-1 {
				add(id)
				next += all / float64(n)
			}
		}
		before += float64(len(st.ids))
		for st.rest > 0 && before+st.rest >= next && len(out) < n-1 {
			add(st.reach + int64((next-before)/st.rest*st.gap()))
			next += all / float64(n)
		}
		before += st.rest
	}
	return out
}
