package export

import (
	"cmp"
	"context"
	"time"
)

const (
	diskEvery = time.Second      // the disk's free space is looked at
	lifeEvery = 30 * time.Second // the snapshot's life is asked for again

	// spareSpace is what is left free on a disk.
	spareSpace = 32 << 20
)

// watch looks after the disk and the snapshot while the run reads.
func (r *Run) watch(ctx context.Context) {
	asked := r.env.Clock.Now()
	for {
		if err := r.checkSpace(); err != nil {
			r.halt(err)
			return
		}
		if err := r.env.Clock.Wait(ctx, diskEvery); err != nil {
			return
		}
		r.lookWhy(ctx)
		if now := r.env.Clock.Now(); now.Sub(asked) >= lifeEvery {
			asked = now
			r.updateLife(ctx)
		}
	}
}

// checkSpace compares the disk's free space with what the rest will take.
func (r *Run) checkSpace() error {
	free, err := r.env.Store.Free()
	if err != nil || free < 0 {
		return nil // not every file system tells
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	first := r.need < 0
	r.free = free
	_, expected, final := r.totals()
	if r.laid == 0 || r.written == 0 {
		return nil
	}
	need := int64(float64(expected-r.laid) * float64(r.written) / float64(r.laid))
	if final || !first {
		r.need = need
	}
	if final && first && need > free || need > free && free < spareSpace {
		return &NoSpace{Need: need, Free: free}
	}
	return nil
}

// A page of a collection that the key may not read any more takes the server very
// long: it steps over every document.
const (
	longPage  = 2 * time.Second
	lookEvery = 15 * time.Second
)

// lookWhy asks, of collections of which a page is overdue, whether they may still be
// read, and stops those that may not.
func (r *Run) lookWhy(ctx context.Context) {
	r.mu.Lock()
	var late []*collection
	now := r.env.Clock.Now()
	for _, c := range r.all {
		if c.state == CollectionRunning && c.inflight > 0 && !c.renewing && now.Sub(c.answered) > longPage && now.Sub(c.looked) > lookEvery {
			c.looked = now
			r.requests++
			late = append(late, c)
		}
	}
	r.mu.Unlock()
	for _, c := range late {
		unreadable, _, _, err := r.src.Unreadable(ctx, []string{c.name})
		if err != nil || len(unreadable) == 0 {
			continue // the page itself will say what is wrong
		}
		r.mu.Lock()
		r.failLocked(c, &PrivilegeLost{Collection: c.name})
		r.mu.Unlock()
	}
}

// updateLife asks when the snapshot ends for the collection whose comes
// first. The minimum need not move with the clock: an admin may have raised
// history_days, or a collection keeps all of its history.
func (r *Run) updateLife(ctx context.Context) {
	r.mu.Lock()
	var c *collection
	for _, o := range r.order {
		if o.state == CollectionWaiting || o.state == CollectionRunning {
			c = o
			break
		}
	}
	if c == nil || c.at == 0 {
		r.mu.Unlock()
		return
	}
	at := c.at
	r.requests++
	r.mu.Unlock()
	least, err := r.src.MinimumTime(ctx, c.name)
	if err != nil {
		return // what is known stays
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ends = r.env.Clock.Now().Add(time.Duration(at-least) * time.Microsecond)
}

// totals are the rows read and expected over all collections; final when the
// expected ones are all known. The caller holds mu.
func (r *Run) totals() (read, expected int64, final bool) {
	final = true
	for _, c := range r.all {
		read += c.read
		expected += c.expected()
		final = final && c.counted()
	}
	return read, expected, final
}

// expected is the number of rows known of so far.
func (c *collection) expected() int64 { return c.planned - c.gone + c.appeared }

// counted tells whether expected will not grow.
func (c *collection) counted() bool {
	return c.state == CollectionDone || c.state == CollectionFailed || (c.scanFrom < 0 && !c.renewing)
}

// Status is the progress now. It is cheap enough to be asked for many times a
// second.
func (r *Run) Status() Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.env.Clock.Now()
	if r.pass != nil {
		s := r.pass.Status()
		if !r.stopped.IsZero() {
			s.Phase, s.Elapsed = r.phase, r.stopped.Sub(r.started)
		}
		return s
	}
	s := Status{
		Phase: r.phase, SnapshotEnds: r.ends, Renewed: r.renewed, Started: r.started,
		Written: r.written, Requests: r.requests, Retries: r.retries,
		InFlight: r.inflight, Workers: r.workers, Paused: r.paused, Free: r.free, Need: r.need, ETA: -1,
	}
	if !r.started.IsZero() {
		end := now
		if !r.stopped.IsZero() {
			end = r.stopped
		}
		s.Elapsed = end.Sub(r.started)
	}
	if n := len(r.times); n > 0 {
		s.Snapshot = r.times[n-1]
	}
	s.Waiting, s.NextTry = r.pace.state()
	s.Rows, s.Expected, s.ExpectedFinal = r.totals()
	for _, c := range r.all {
		cs := c.status(now)
		s.Bytes += c.bytes
		if n := len(s.Collections); n > 0 && s.Collections[n-1].Name == c.name {
			s.Collections[n-1].join(cs)
		} else {
			s.Collections = append(s.Collections, cs)
		}
	}
	if r.phase == Running {
		s.Rate, s.BytesRate = r.speed.rates(now)
	}
	if s.ExpectedFinal && !r.paused {
		s.ETA = eta(s.Expected-s.Rows, s.Rate)
	}
	return s
}

// status is the progress of a collection, or of a part of one.
func (c *collection) status(now time.Time) CollectionStatus {
	s := CollectionStatus{
		Name: c.name, State: c.state, Rows: c.read, Expected: c.expected(), ExpectedFinal: c.counted(),
		Bytes: c.bytes, Retries: int(c.retries), File: c.file, Err: c.err, ETA: -1,
	}
	if c.state == CollectionRunning {
		s.Rate, _ = c.speed.rates(now)
	}
	s.estimate()
	return s
}

// join adds the progress of the next part.
func (s *CollectionStatus) join(p CollectionStatus) {
	switch {
	case s.State == p.State:
	case s.State == CollectionFailed || p.State == CollectionFailed:
		s.State = CollectionFailed
	default:
		s.State = CollectionRunning
	}
	s.Rows += p.Rows
	s.Expected += p.Expected
	s.ExpectedFinal = s.ExpectedFinal && p.ExpectedFinal
	s.Bytes += p.Bytes
	s.Retries += p.Retries
	s.Rate += p.Rate
	s.Err = cmp.Or(s.Err, p.Err)
	s.estimate()
}

// estimate sets the time to the end.
func (s *CollectionStatus) estimate() {
	s.ETA = -1
	if s.ExpectedFinal {
		s.ETA = eta(s.Expected-s.Rows, s.Rate)
	}
}

// eta is how long the rest takes; negative when nothing moves.
func eta(left int64, rate float64) time.Duration {
	switch {
	case left <= 0:
		return 0
	case rate <= 0:
		return -1
	}
	seconds := float64(left) / rate
	if seconds > 1e8 {
		return -1
	}
	return time.Duration(seconds * float64(time.Second)).Round(time.Second)
}
