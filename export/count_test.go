package export

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// spaceSource counts and lists the ids of an idSpace.
type spaceSource struct {
	Source
	ids   *idSpace
	work  atomic.Int64 // time spent counting, in microseconds, if timed
	read  atomic.Int64 // ids
	timed bool
}

func (s *spaceSource) CountPage(_ context.Context, p PageRequest) (n, next int64, err error) {
	rank := s.ids.rank(p.From)
	n = min(int64(p.Size), s.ids.n-rank)
	if s.timed {
		took := corePage + time.Duration(n)*coreCounted
		s.work.Add(took.Microseconds())
		time.Sleep(took)
	}
	if rank+n < s.ids.n {
		return n, s.ids.at(rank + n), nil
	}
	return n, -1, nil
}

func (s *spaceSource) IDs(_ context.Context, p PageRequest) ([]int64, int64, error) {
	ids, next := s.ids.page(p.From, p.Size)
	s.read.Add(int64(len(ids)))
	return ids, next, nil
}

// countRun returns a run that can count the ids.
func countRun(t *testing.T, src Source) *Run {
	t.Helper()
	r, err := newRun(Spec{Collections: []string{"users"}}, src, Env{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestCount_largeCollectionsInRangesSideBySide(t *testing.T) {
	t.Parallel()
	for _, n := range []int64{1, 79_999, 80_000, 80_001, 100_000_000} {
		for name, ids := range largeSkews(n) {
			synctest.Test(t, func(t *testing.T) {
				src := &spaceSource{ids: ids, timed: true}
				r, start := countRun(t, src), time.Now()
				got, err := r.countToDivide(t.Context(), r.all[0], 8)
				if err != nil || got.total != ids.n {
					t.Errorf("%s: %d of %d, %v", name, got.total, ids.n, err)
				}
				if n < 100_000_000 {
					return
				}
				alone := time.Duration(n)*coreCounted + time.Duration(n/countPage)*corePage
				work := time.Duration(src.work.Load()) * time.Microsecond
				t.Logf("%-32s %s, one after the other %s; work %s", name, time.Since(start), alone, work)
				if time.Since(start) > alone/3 || work > alone*3/2 {
					t.Errorf("%s: it took %s and %s of work; one after the other it takes %s", name, time.Since(start), work, alone)
				}
			})
		}
	}
}

func TestCount_partsAreCountedExactly(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(7, 8))
	for name, ids := range largeSkews(300_000) {
		bounds := []int64{}
		for range 9 {
			bounds = append(bounds, ids.at(random.Int64N(ids.n))+random.Int64N(3)-1)
		}
		bounds = append(bounds, ids.at(ids.n-1)+5, ids.at(ids.n-1)+6)
		slices.Sort(bounds)
		bounds = slices.Compact(bounds)
		r := countRun(t, &spaceSource{ids: ids})
		for _, c := range r.collections(map[string][]int64{"users": bounds}) {
			want := ids.n - ids.rank(c.part.lo)
			if c.part.hi >= 0 {
				want = ids.rank(c.part.hi) - ids.rank(c.part.lo)
			}
			if got, err := r.countPart(t.Context(), c, 1); err != nil || got != want {
				t.Errorf("%s: part %d has %d of %d, %v", name, c.part.i, got, want, err)
			}
		}
	}
}
