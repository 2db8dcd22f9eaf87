package tui

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"fauna-export/export"
	"fauna-export/export/row"
)

const (
	sampleSize     = 200 // documents of a collection that are read to measure their size and rate
	parallelCounts = 2   // collections counted in parallel
)

// A tally counts collections, a few in parallel, while the user reads. If samples, it
// also reads some documents of each, and times them.
type tally struct {
	s       *session
	samples bool

	asking  [parallelCounts]wait
	at      int64
	names   []string
	next    int
	found   map[string]counted
	sampled int64 // documents
	took    time.Duration
	fastest time.Duration // count, about the time of a request
}

type counted struct {
	rows    int64
	average float64 // bytes per document as the server sends it, 0 if unknown
	err     error

	sampled int64
	took    time.Duration
	asked   time.Duration // time of counting
}

// reset drops earlier counts and starts none.
func (t *tally) reset(names []string, at int64) {
	t.stop()
	*t = tally{s: t.s, samples: t.samples, asking: t.asking, at: at, names: names, found: map[string]counted{}}
}

// start counts collections as of at (0: now), dropping earlier counts.
func (t *tally) start(names []string, at int64) {
	t.reset(names, at)
	for i := range t.asking {
		t.more(&t.asking[i])
	}
}

// stop ignores the answers still to come.
func (t *tally) stop() {
	for i := range t.asking {
		t.asking[i].drop()
	}
}

func (t *tally) done() bool { return len(t.found) >= len(t.names) }

func (t *tally) more(w *wait) {
	if t.next >= len(t.names) || t.s.server == nil {
		return
	}
	name := t.names[t.next]
	t.next++
	srv, at, samples, now := t.s.server, t.at, t.samples, t.s.now
	await(t.s, w, func(ctx context.Context) (counted, error) { return count(ctx, srv, name, at, samples, now), nil }, func(c counted, _ error) {
		t.add(name, c)
		t.more(w)
	})
}

func (t *tally) add(name string, c counted) {
	t.found[name] = c
	t.sampled += c.sampled
	t.took += c.took
	if c.err == nil {
		if t.fastest == 0 || c.asked < t.fastest {
			t.fastest = c.asked
		}
		if t.s.counts == nil {
			t.s.counts = map[string]int64{}
		}
		t.s.counts[name] = c.rows
	}
}

func count(ctx context.Context, srv server, name string, at int64, samples bool, now func() time.Time) (c counted) {
	began := now()
	c.rows, c.err = srv.Count(ctx, name, at)
	if c.asked = now().Sub(began); c.err != nil || !samples || c.rows == 0 {
		return c
	}
	began = now()
	var body []byte
	if body, c.err = export.Sample(ctx, srv, name, at, sampleSize, row.Layout{}.Paths()); c.err != nil {
		return c
	}
	c.took = now().Sub(began)
	var page struct {
		Resource struct{ Data []json.RawMessage }
	}
	if err := json.Unmarshal(body, &page); err != nil {
		c.err = fmt.Errorf("read a page: %w", err)
		return c
	}
	if c.sampled = int64(len(page.Resource.Data)); c.sampled > 0 {
		c.average = float64(len(body)) / float64(c.sampled)
	}
	return c
}

func (t *tally) totals() (rows int64, bytes float64) {
	for _, name := range t.names {
		c := t.found[name]
		rows += c.rows
		bytes += float64(c.rows) * c.average
	}
	return rows, bytes
}

// forecast returns how long an export of rows documents takes at the measured rate, and
// that rate; 0 if unknown. The sample requests one page after another; an export
// requests several in parallel, which is about four times as fast.
func (t *tally) forecast(rows int64, maxRate int) (time.Duration, float64) {
	if t.sampled == 0 || t.took <= 0 {
		return 0, 0
	}
	rate := 4 * float64(t.sampled) / t.took.Seconds()
	if maxRate > 0 {
		rate = min(rate, float64(maxRate))
	}
	return time.Duration(float64(rows)/rate*float64(time.Second)) + t.opening(), rate
}

// opening returns how long an export takes for its collections, even if they are empty:
// each needs about three requests, and about eight are in flight.
func (t *tally) opening() time.Duration { return time.Duration(len(t.names)) * t.fastest * 3 / 8 }
