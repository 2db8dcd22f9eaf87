package export

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"
)

// prepare gets the time to read at and checks that all collections exist and
// are readable, before any file is written.
func (r *Run) prepare(ctx context.Context) error {
	now, err := r.askNow(ctx)
	if err != nil {
		return err
	}
	at := now
	switch {
	case r.spec.NoSnapshot:
		at = 0
	case r.spec.At > now:
		return &AtError{At: r.spec.At, Now: now, Future: true}
	case r.spec.At != 0:
		at = r.spec.At
	}
	names := r.spec.Collections
	// In parallel, to save a round trip.
	var probed access
	var failed error
	var asked sync.WaitGroup
	asked.Go(func() { probed, failed = r.askAccess(ctx, nil, names...) })
	made, err := r.askMade(ctx, nil, names, cmp.Or(at, now))
	asked.Wait()
	if err != nil {
		return err
	}
	absent := absentOf(names, made)
	if len(absent) > 0 && r.spec.At != 0 {
		missing, err := r.askAbsent(ctx, nil, absent, now)
		if err != nil {
			return err
		}
		if len(missing) == 0 {
			return &AtError{At: at, Now: now, Absent: absent}
		}
		absent = missing
	}
	if len(absent) > 0 {
		return &Missing{Collections: absent}
	}
	if failed != nil {
		return failed
	}
	if err := r.admit(ctx, r.all, at, probed); err != nil {
		return err
	}
	r.mu.Lock()
	r.mu.times, r.made = []int64{at}, knownTimes(names, made)
	for _, c := range r.all {
		c.at = at
		c.segments = []segment{{From: 0, At: at}}
	}
	r.mu.Unlock()
	if err := r.checkShard(); err != nil {
		return err
	}
	return r.fitsPlan(probed.filtered)
}

// admit returns an error for collections that cannot be read, and finds out how
// long a snapshot of each stays readable.
func (r *Run) admit(ctx context.Context, of []*collection, at int64, a access) error {
	switch {
	case len(a.missing) > 0:
		slices.Sort(a.missing)
		return &Missing{Collections: a.missing}
	case len(a.unreadable) > 0:
		slices.Sort(a.unreadable)
		return &Unreadable{Collections: a.unreadable}
	}
	if at != 0 {
		if err := r.lives(ctx, of, at); err != nil {
			return err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sortByLifeLocked()
	if at != 0 {
		r.mu.SnapshotEnds = r.env.Clock.Now().Add(slices.MinFunc(of, byLife).life)
	}
	return nil
}

// sortByLifeLocked puts the collections in the order in which their snapshots expire.
//
// REQUIRES: r.mu is held.
func (r *Run) sortByLifeLocked() {
	r.mu.order = slices.Clone(r.all)
	slices.SortStableFunc(r.mu.order, byLife)
}

func byLife(a, b *collection) int { return cmp.Compare(a.life, b.life) }

// requestsAtOnce is how many collections are asked about in parallel, where each needs
// its own request.
const requestsAtOnce = 8

// lives requests the oldest readable time of each collection, unless the caller
// provided how long its snapshots stay readable.
func (r *Run) lives(ctx context.Context, of []*collection, at int64) error {
	of = slices.DeleteFunc(slices.Clone(of), func(c *collection) bool { return c.life != 0 && r.spec.At == 0 })
	return eachOf(ctx, requestsAtOnce, of, func(ctx context.Context, _ int, c *collection) error {
		least, err := r.askMinimum(ctx, c.name)
		if err == nil && at < least && !r.resume {
			err = &AtError{At: at, Minimum: least, Collection: c.name}
		}
		c.life = time.Duration(at-least) * time.Microsecond
		return err
	})
}
