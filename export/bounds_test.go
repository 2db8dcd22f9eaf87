package export

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"
)

// crowd is a cluster of ids, spread about evenly over a range of the id space.
type crowd struct{ start, width, n int64 }

// id returns the kth id.
func (c crowd) id(k int64) int64 {
	step := float64(c.width) / float64(c.n)
	return c.start + int64((float64(k)+float64(uint64(k)*2654435761%1000)/1001)*step)
}

// idSpace is the ids of a collection of any size, computed on demand.
type idSpace struct {
	crowds []crowd
	before []int64 // number of ids before each crowd
	n      int64
}

func newIDSpace(crowds ...crowd) *idSpace {
	slices.SortFunc(crowds, func(a, b crowd) int { return cmp.Compare(a.start, b.start) })
	s := &idSpace{crowds: crowds}
	for _, c := range crowds {
		s.before = append(s.before, s.n)
		s.n += c.n
	}
	return s
}

// rank returns the number of ids below id.
func (s *idSpace) rank(id int64) int64 {
	i := sort.Search(len(s.crowds), func(i int) bool { return s.crowds[i].start >= id }) - 1
	if i < 0 {
		return 0
	}
	c := s.crowds[i]
	return s.before[i] + int64(sort.Search(int(c.n), func(k int) bool { return c.id(int64(k)) >= id }))
}

// at returns the id with that rank.
func (s *idSpace) at(rank int64) int64 {
	i := sort.Search(len(s.before), func(i int) bool { return s.before[i] > rank }) - 1
	return s.crowds[i].id(rank - s.before[i])
}

// page returns the ids starting at from.
func (s *idSpace) page(from int64, size int) (ids []int64, next int64) {
	rank := s.rank(from)
	if rank == s.n {
		return nil, -1
	}
	i := sort.Search(len(s.before), func(i int) bool { return s.before[i] > rank }) - 1
	ids = make([]int64, 0, min(int64(size), s.n-rank))
	for k := rank - s.before[i]; i < len(s.crowds); i, k = i+1, 0 {
		for c := s.crowds[i]; k < c.n; k++ {
			if len(ids) == size {
				return ids, c.id(k)
			}
			ids = append(ids, c.id(k))
		}
	}
	return ids, -1
}

// largeSkews returns distributions of a very large number of ids.
func largeSkews(n int64) map[string]*idSpace {
	random := rand.New(rand.NewPCG(1, 2))
	const start, hour = int64(300_000_000_000_000_000), int64(3_600_000_000) << 7
	var minutes, others []crowd
	for i := range int64(300) {
		// Earlier crowds are larger, as in skews.
		of := n * (300 - i) / (300 * 301 / 2)
		minutes = append(minutes, crowd{start + i*24*hour, hour / 60, of})
		others = append(others, crowd{start + i*24*hour + random.Int64N(20*hour), hour / 60 / (1 + random.Int64N(100)), of})
	}
	return map[string]*idSpace{
		"one after the other":             newIDSpace(crowd{1, n, n}),
		"a year at a steady rate":         newIDSpace(crowd{start, 365 * 24 * hour, n}),
		"99 of 100 in one hour of a year": newIDSpace(crowd{start, 200 * 24 * hour, n / 200}, crowd{start + 200*24*hour, hour, n * 99 / 100}, crowd{start + 201*24*hour, 164 * 24 * hour, n / 200}),
		"300 bursts of a minute":          newIDSpace(minutes...),
		"300 bursts of any length":        newIDSpace(others...),
		"old small ones and new ones":     newIDSpace(crowd{1, n / 3, n / 3}, crowd{start, 30 * 24 * hour, n - n/3}),
	}
}

func TestBounds_partsOfABillionAreBalancedOnSkewedIDs(t *testing.T) {
	t.Parallel()
	for name, s := range largeSkews(1_000_000_000) {
		for _, n := range []int{64, 512} {
			src := &spaceSource{ids: s}
			got := boundsIn(t, src, n)
			if len(got) != n-1 || !slices.IsSorted(got) {
				t.Fatalf("%s: %d bounds", name, len(got))
			}
			last, least, largest := int64(0), 1.0, 1.0
			for _, b := range append(got, 1<<63-1) {
				r := s.rank(b)
				share := float64(r-last) * float64(n) / float64(s.n)
				least, largest, last = min(least, share), max(largest, share), r
			}
			t.Logf("%-32s %3d parts, %7d ids read: of %.2f to %.2f of a part", name, n, src.read.Load(), least, largest)
			if largest > 1.1 || least < 0.9 || src.read.Load() > s.n/100_000 {
				t.Errorf("%s: %d parts are of %.2f to %.2f of a part, after reading %d ids", name, n, least, largest, src.read.Load())
			}
		}
	}
}

// boundsIn divides the documents of a source into parts.
func boundsIn(t *testing.T, src Source, n int) []int64 {
	t.Helper()
	r := countRun(t, src)
	found, _, err := r.findBounds(t.Context(), 8, func(int64, int64) int { return n })
	if err != nil {
		t.Fatal(err)
	}
	return found["users"]
}

// listSource lists and counts sorted ids.
type listSource struct {
	Source
	all []int64
}

func (s listSource) IDs(_ context.Context, p PageRequest) ([]int64, int64, error) {
	i, _ := slices.BinarySearch(s.all, p.From)
	if end := i + p.Size; end < len(s.all) {
		return s.all[i:end], s.all[end], nil
	}
	return s.all[i:], -1, nil
}

func (s listSource) CountPage(ctx context.Context, p PageRequest) (n, next int64, err error) {
	ids, next, err := s.IDs(ctx, p)
	return int64(len(ids)), next, err
}

// skews returns distributions of a collection's ids.
func skews(n int) map[string][]int64 {
	random := rand.New(rand.NewPCG(1, 2))
	const start, hour = int64(300_000_000_000_000_000), int64(3_600_000_000) << 7
	all := map[string][]int64{}
	sorted := func(name string, id func(i int) int64) {
		ids := make([]int64, n)
		for i := range ids {
			ids[i] = id(i)
		}
		slices.Sort(ids)
		all[name] = slices.Compact(ids)
	}
	sorted("one after the other", func(i int) int64 { return int64(i + 1) })
	sorted("a year at a steady rate", func(int) int64 { return start + random.Int64N(365*24*hour) })
	sorted("99 of 100 in one hour of a year", func(i int) int64 {
		if i%100 == 0 {
			return start + random.Int64N(365*24*hour)
		}
		return start + 200*24*hour + random.Int64N(hour)
	})
	sorted("in bursts", func(i int) int64 {
		burst := random.Int64N(random.Int64N(300) + 1)
		return start + burst*24*hour + random.Int64N(hour/60)
	})
	sorted("old small ones and new large ones", func(i int) int64 {
		if i%3 == 0 {
			return int64(i + 1)
		}
		return start + random.Int64N(30*24*hour)
	})
	return all
}

func TestBounds_partsAreBalancedOnSkewedIDs(t *testing.T) {
	t.Parallel()
	for name, all := range skews(400_000) {
		for _, n := range []int{2, 8, 64} {
			got := boundsIn(t, listSource{all: all}, n)
			if len(got) != n-1 || !slices.IsSorted(got) || slices.Contains(got, 0) {
				t.Errorf("%s: %d bounds of %d parts: %d", name, len(got), n, got)
			}
			last, worst := 0, 0.0
			for _, b := range append(got, 1<<63-1) {
				i, _ := slices.BinarySearch(all, b)
				worst = max(worst, math.Abs(float64(i-last)*float64(n)/float64(len(all))-1))
				last = i
			}
			if worst > 0.05 {
				t.Errorf("%s: %d parts are %.1f %% off", name, n, 100*worst)
			}
		}
	}
}

func TestBounds_ofFewIDs(t *testing.T) {
	t.Parallel()
	for _, all := range [][]int64{{}, {0}, {5}, {0, 1, 2}, {1, 1<<63 - 1}} {
		for _, n := range []int{1, 2, 5} {
			if got := boundsIn(t, listSource{all: all}, n); len(got) >= n || !slices.IsSorted(got) {
				t.Errorf("%d in %d parts: %d", all, n, got)
			}
		}
	}
}
