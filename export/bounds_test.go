package export

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
)

// probeOf reads pages of sorted ids, and counts them.
func probeOf(all []int64, probes *int) prober {
	return func(_ context.Context, from int64, size int) ([]int64, int64, error) {
		*probes++
		i, _ := slices.BinarySearch(all, from)
		end := min(len(all), i+size)
		next := int64(-1)
		if end < len(all) {
			next = all[end]
		}
		return all[i:end], next, nil
	}
}

// skews are ways in which the ids of a collection lie.
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
			probes := 0
			got, err := bounds(t.Context(), probeOf(all, &probes), int64(len(all)), n)
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != n-1 || !slices.IsSorted(got) || slices.Contains(got, 0) {
				t.Errorf("%s: %d bounds of %d parts: %d", name, len(got), n, got)
			}
			last, worst := 0, 0.0
			for _, b := range append(got, 1<<63-1) {
				i, _ := slices.BinarySearch(all, b)
				if share := float64(i-last) * float64(n) / float64(len(all)); share-1 > worst || 1-share > worst {
					worst = max(share-1, 1-share)
				}
				last = i
			}
			t.Logf("%-36s %2d parts, %4d probes: the worst is %.1f %% off", name, n, probes, 100*worst)
			most := 0.25
			if name == "in bursts" && n == 64 {
				most = 1 // 300 bursts of a minute are more than 1 024 probes can tell apart
			}
			if worst > most || probes > mostProbes {
				t.Errorf("%s: %d parts are %.0f %% off after %d probes", name, n, 100*worst, probes)
			}
		}
	}
}

func TestBounds_ofFewIDs(t *testing.T) {
	t.Parallel()
	for _, all := range [][]int64{{}, {0}, {5}, {0, 1, 2}, {1, 1<<63 - 1}} {
		for _, n := range []int{1, 2, 5} {
			probes := 0
			got, err := bounds(t.Context(), probeOf(all, &probes), int64(len(all)), n)
			if err != nil || len(got) >= n || !slices.IsSorted(got) {
				t.Errorf("%d in %d parts: %d, %v", all, n, got, err)
			}
		}
	}
}
