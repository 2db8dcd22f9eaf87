package export

import (
	"cmp"
	"time"
)

// totalsLocked returns the rows read and expected over all collections, and whether
// the expected number is final.
//
// REQUIRES: r.mu is held.
func (r *Run) totalsLocked() (read, expected int64, final bool) {
	final = true
	for _, c := range r.all {
		read += c.read
		expected += c.expected()
		final = final && c.counted()
	}
	return read, expected, final
}

// expected returns the number of rows known so far.
func (c *collection) expected() int64 { return c.planned - c.gone + c.appeared }

// counted reports whether expected is final.
func (c *collection) counted() bool {
	return c.state == CollectionDone || c.state == CollectionFailed || (c.scanFrom < 0 && !c.renewing)
}

// Status returns the current progress. It is cheap enough to call many times a
// second.
func (r *Run) Status() Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.env.Clock.Now()
	if r.mu.pass != nil {
		s := r.mu.pass.Status()
		if !r.mu.stopped.IsZero() {
			s.Phase, s.Elapsed = r.mu.Phase, r.mu.stopped.Sub(r.mu.Started)
			s.NextTry, s.Waiting = time.Time{}, nil
		}
		return s
	}
	s := r.mu.Status
	s.ETA = -1
	if !r.mu.Started.IsZero() {
		end := now
		if !r.mu.stopped.IsZero() {
			end = r.mu.stopped
		}
		s.Elapsed = end.Sub(r.mu.Started)
	}
	if n := len(r.mu.times); n > 0 {
		s.Snapshot = r.mu.times[n-1]
	}
	if r.mu.stopped.IsZero() && s.Phase != Finishing { // a failure that ended it, or a collection, is waited out no more
		s.NextTry, s.Waiting = r.pace.state()
	}
	s.Rows, s.Expected, s.ExpectedFinal = r.totalsLocked()
	for _, c := range r.all {
		cs := c.status(now)
		s.Bytes += c.bytes
		if n := len(s.Collections); n > 0 && s.Collections[n-1].Name == c.name {
			s.Collections[n-1].join(cs)
		} else {
			s.Collections = append(s.Collections, cs)
		}
	}
	if r.mu.Phase == Running {
		s.Rate, s.BytesRate = r.mu.speed.rates(now)
	}
	if s.ExpectedFinal && !r.mu.Paused {
		s.ETA = eta(s.Expected-s.Rows, s.Rate)
	}
	return s
}

// status returns the progress of a collection or part.
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

// join adds the progress of another part.
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

// estimate sets the remaining time.
func (s *CollectionStatus) estimate() {
	s.ETA = -1
	if s.ExpectedFinal {
		s.ETA = eta(s.Expected-s.Rows, s.Rate)
	}
}

// eta returns the remaining time, negative if there is no progress.
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
