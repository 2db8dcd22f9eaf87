package export

import "context"

// call makes one request until it is answered, pausing after failures that
// may pass. With smaller it gives a failure back that asks for fewer
// documents. A failure that goes on for longer than the spec allows ends as
// *GaveUp.
func (r *Run) call(ctx context.Context, c *collection, smaller bool, f func() error) error {
	a := attempts{allowed: r.spec.RetryFor}
	for {
		if err := r.pace.wait(ctx); err != nil {
			return context.Cause(ctx)
		}
		r.count(c, a.tries > 0)
		asked := r.env.Clock.Now()
		answered := r.pace.asked()
		r.touch(c)
		err := f()
		answered(err)
		r.touch(c)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		slow := false
		if fail := failureOf(err); fail != nil {
			slow = fail.Slow()
		}
		if end := a.failed(err, asked, r.env.Clock.Now(), smaller); end != nil {
			if slow && smaller {
				r.pace.slow(r.pace.backoff(0))
			}
			return end
		}
		d := r.pace.backoff(a.tries - 1)
		if slow {
			r.pace.slow(d)
		}
		if err := r.pace.pause(ctx, d, err.Error()); err != nil {
			return context.Cause(ctx)
		}
	}
}

// touch notes that the server is asked about a collection, or has answered.
func (r *Run) touch(c *collection) {
	if c == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	c.answered = r.env.Clock.Now()
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

func (r *Run) askUnreadable(ctx context.Context, c *collection, names []string) (unreadable, missing, filtered []string, err error) {
	err = r.call(ctx, c, false, func() (err error) {
		unreadable, missing, filtered, err = r.src.Unreadable(ctx, names)
		return err
	})
	return unreadable, missing, filtered, err
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
