package export

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"fauna-export/export/archive"
)

// How a plan measures the rate of one process: with a small page, then several
// pages of a usual size in parallel.
const (
	ratePages = 8
	rateMost  = 500   // documents per page
	rateLeast = 2_000 // smallest collection measured, in documents
)

// TooLong is the error of shards that would not finish before the snapshot
// expires, even if the server served every one as fast as it now serves one.
type TooLong struct {
	At         int64
	Need, Left time.Duration
	// Shards processes share Documents, and the server gives each Rate documents
	// per second.
	Shards    int
	Documents int64
	Rate      float64
}

// Error reports how much time is needed and what to do.
func (e *TooLong) Error() string {
	who := fmt.Sprintf("%d shards", e.Shards)
	if e.Shards == 1 {
		who = "this shard"
	}
	return fmt.Sprintf("the snapshot of %s stays readable for %s, but %s would need %s or more for %d documents at %.0f a second each: "+
		"keep history longer ('fauna-export fql history' prints how), or use more shards", archive.FormatTime(e.At), minutes(e.Left), who, minutes(e.Need), e.Documents, e.Rate)
}

func minutes(d time.Duration) string {
	if d < time.Hour {
		return fmt.Sprintf("%.0f min", d.Minutes())
	}
	return fmt.Sprintf("%.1f h", d.Hours())
}

// measureRate returns how many documents per second the server gives one process,
// 0 if there are too few to measure. It reads pages from the start of several
// parts.
func (r *Run) measureRate(ctx context.Context, plan *archive.Plan) (float64, error) {
	parts := slices.DeleteFunc(r.collections(plan.Bounds), func(c *collection) bool { return plan.Counts[c.name] < rateLeast })
	if len(parts) == 0 {
		return 0, nil
	}
	ask := func(ctx context.Context, c *collection, n int) (bytes int, err error) {
		err = r.call(ctx, nil, true, func() error {
			body, err := r.src.Documents(ctx, PageRequest{Collection: c.name, At: plan.Time, From: c.part.lo, Size: n, Paths: c.paths})
			bytes = len(body)
			return err
		})
		if fail := failureOf(err); fail != nil && fail.Smaller() {
			return 0, nil // too large to measure this way
		}
		return bytes, err
	}
	start := r.clock.Now()
	bytes, err := ask(ctx, parts[0], firstPage)
	if err != nil || bytes == 0 {
		return 0, err
	}
	took := max(r.clock.Now().Sub(start), time.Millisecond)
	n := max(1, min(rateMost, aimBytes/(bytes/firstPage+1), int(firstPage*firstLatency/took)))
	start = r.clock.Now()
	g, gctx := errgroup.WithContext(ctx)
	for i := range ratePages {
		g.Go(func() error {
			_, err := ask(gctx, parts[i*len(parts)/ratePages], n)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return 0, err
	}
	return float64(n*ratePages) / max(r.clock.Now().Sub(start), time.Millisecond).Seconds(), nil
}

// checkTime returns an error if that many shards cannot read their documents
// before the snapshot expires. alone is how long one process would take.
func (r *Run) checkTime(shards int, documents int64, rate float64) (alone time.Duration, err error) {
	at, ends := r.snapshot()
	if rate == 0 || ends.IsZero() {
		return 0, nil
	}
	alone = time.Duration(min(float64(documents)/rate, 1e9) * float64(time.Second))
	if need, left := alone/time.Duration(shards), ends.Sub(r.clock.Now()); need > left {
		return alone, &TooLong{At: at, Need: need, Left: left, Shards: shards, Documents: documents, Rate: rate}
	}
	return alone, nil
}

// checkShard returns an error if the shard cannot read its share before the
// snapshot expires; it may have started late.
func (r *Run) checkShard() error {
	if r.shared == nil {
		return nil
	}
	_, err := r.checkTime(1, totalOf(r.shared)/int64(r.shared.Shards), r.shared.Rate)
	return err
}

// totalOf returns the number of documents in a plan.
func totalOf(plan *archive.Plan) (total int64) {
	for _, n := range plan.Counts {
		total += n
	}
	return total
}
