package export

import (
	"context"
	"errors"
	"time"

	"fauna-export/export/row"
)

const (
	// sameSize is how often a page that may be too large is asked for again
	// before it is asked for smaller.
	sameSize = 2
	// longAnswer is what a failure may take that is not a time out: after one
	// a smaller page is asked for at once.
	longAnswer = 5 * time.Second
)

// mostBroken is how often an answer that is no page is asked for again.
const mostBroken = 5

// longestTry is longer than a request and the pause before it can take. What is
// longer was a machine that slept: it tries again before it gives up.
const longestTry = 2 * time.Minute

// call makes one request until it is answered, pausing after failures that
// may pass. With smaller it gives a failure back that asks for fewer
// documents. A failure that goes on for longer than the spec allows ends as
// *GaveUp.
func (r *Run) call(ctx context.Context, c *collection, smaller bool, f func() error) error {
	var last time.Time        // of the failure before
	var failing time.Duration // for how long it has failed
	for tries := 1; ; tries++ {
		if err := r.pace.wait(ctx); err != nil {
			return context.Cause(ctx)
		}
		r.count(c, tries > 1)
		asked := r.env.Clock.Now()
		err := f()
		if err == nil {
			r.pace.went()
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		fail := failureOf(err)
		broken := brokenPage(err)
		switch {
		case fail == nil && !broken:
			return err
		case broken:
			if tries >= mostBroken {
				return err
			}
		case fail.Expired() || fail.Refused() || fail.Missing():
			return err
		case smaller && fail.Smaller() && (!fail.Retry() || fail.Slow() || tries > sameSize || r.env.Clock.Now().Sub(asked) > longAnswer):
			if fail.Slow() {
				r.pace.slow(r.pace.backoff(0))
			}
			return err
		case !fail.Retry():
			return err
		}
		now := r.env.Clock.Now()
		if !last.IsZero() {
			failing += min(now.Sub(last), longestTry)
		}
		last = now
		// A document that always fails on the server's side shows at once;
		// what may pass (the network, a busy server) has its time.
		lasting := fail != nil && fail.Smaller() && !fail.Slow() && tries > 3*sameSize
		if failing >= r.spec.RetryFor || lasting {
			return &GaveUp{After: failing, Tries: tries, Err: err}
		}
		d := r.pace.backoff(tries - 1)
		if fail != nil && fail.Slow() {
			r.pace.slow(d)
		}
		if err := r.pace.pause(ctx, d, err.Error()); err != nil {
			return context.Cause(ctx)
		}
	}
}

// brokenPage tells whether an answer was cut or garbled on its way.
func brokenPage(err error) bool {
	_, ok := errors.AsType[*row.PageError](err)
	return ok
}

// count notes a request.
func (r *Run) count(c *collection, again bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests++
	if again {
		r.retries++
		if r.tuner != nil {
			r.tuner.disturbed()
		}
		if c != nil {
			c.retries++
		}
	}
}

// asks wrap the source's queries in call.

func (r *Run) askNow(ctx context.Context) (now int64, err error) {
	err = r.call(ctx, nil, false, func() (err error) {
		now, err = r.src.Now(ctx)
		return err
	})
	return now, err
}

// askMade asks for the ts of the collections' own settings at a time.
func (r *Run) askMade(ctx context.Context, c *collection, names []string, at int64) (made []int64, err error) {
	err = r.call(ctx, c, false, func() (err error) {
		made, err = r.src.CollectionTimes(ctx, names, at)
		return err
	})
	return made, err
}

// What askMade says in place of a time.
const (
	madeAbsent  = -1
	madeUnknown = 0
)

// absentOf names those of the collections that were not there.
func absentOf(names []string, made []int64) []string {
	var absent []string
	for i, ts := range made {
		if ts == madeAbsent {
			absent = append(absent, names[i])
		}
	}
	return absent
}

func (r *Run) askAbsent(ctx context.Context, c *collection, names []string, at int64) ([]string, error) {
	made, err := r.askMade(ctx, c, names, at)
	return absentOf(names, made), err
}

// askCount counts a collection's documents at a time.
func (r *Run) askCount(ctx context.Context, c *collection, at int64) (n int64, err error) {
	err = r.call(ctx, c, false, func() (err error) {
		n, err = r.src.Count(ctx, c.name, at)
		return err
	})
	return n, err
}

func (r *Run) askUnreadable(ctx context.Context, c *collection, names []string) (unreadable, missing []string, err error) {
	err = r.call(ctx, c, false, func() (err error) {
		unreadable, missing, err = r.src.Unreadable(ctx, names)
		return err
	})
	return unreadable, missing, err
}

func (r *Run) askMinimum(ctx context.Context, name string) (least int64, err error) {
	err = r.call(ctx, nil, false, func() (err error) {
		least, err = r.src.MinimumTime(ctx, name)
		return err
	})
	return least, err
}

// leastIDs is the smallest page of ids asked for when larger ones fail.
const leastIDs = 100

func (r *Run) askIDs(ctx context.Context, c *collection, at, from int64, size int) (ids []int64, next int64, err error) {
	for {
		err = r.call(ctx, c, size > leastIDs, func() (err error) {
			ids, next, err = r.src.IDs(ctx, c.name, at, from, size)
			return err
		})
		fail := failureOf(err)
		if fail == nil || !fail.Smaller() || size <= leastIDs {
			return ids, next, err
		}
		size = max(leastIDs, size/4)
	}
}

// mostPresence is how many documents are asked after in one query.
const mostPresence = 1000

func (r *Run) askPresence(ctx context.Context, c *collection, ids []int64) (alive, gone, hidden []int64, err error) {
	for len(ids) > 0 {
		n := min(len(ids), mostPresence)
		err := r.call(ctx, c, false, func() error {
			a, g, h, err := r.src.Presence(ctx, c.name, ids[:n])
			if err == nil {
				alive, gone, hidden = append(alive, a...), append(gone, g...), append(hidden, h...)
			}
			return err
		})
		if err != nil {
			return nil, nil, nil, err
		}
		ids = ids[n:]
	}
	return alive, gone, hidden, nil
}
