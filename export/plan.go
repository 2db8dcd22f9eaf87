package export

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Page sizes for ids. On a real server a page of 50 000 ids takes half a second,
// longer than the documents of a first page of 1 000. So pages grow slowly enough
// that each arrives before the documents of the previous one have been read.
const (
	firstIDs = 1_000 // ids of a collection's first page
	nearIDs  = 2     // growth factor from page to page
	farIDs   = 5     // the same if the page takes little longer than a round trip
	laterIDs = 50_000
)

// planner finds out which documents exist, and at which time they are read: it
// requests pages of ids, the server's count, and a new time when one expires.
type planner struct {
	*requester
	noSnapshot bool
}

// snapshot returns the first of the times read at, and when the last expires, the
// zero time if that is unknown.
func (s *scheduler) snapshot() (at int64, ends time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mu.times[0], s.mu.SnapshotEnds
}

// scan reads one page of ids.
func (p *planner) scan(ctx context.Context, t task) {
	asked, grow := p.clock.Now(), nearIDs
	ids, next, err := p.askPlan(ctx, t)
	if p.pace.far(p.clock.Now().Sub(asked)) {
		grow = farIDs
	}
	err = p.refine(ctx, t.c, nil, err)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mu.scans--
	t.c.scanning = false
	if p.overLocked(ctx, t.c) {
		return
	}
	if err != nil {
		p.judgeLocked(t.c, err)
		return
	}
	if t.c.renewing {
		return // read at a time that was dropped
	}
	t.c.scanned = true
	t.c.idPage = min(grow*t.size, laterIDs)
	ids, t.c.scanFrom = t.c.part.within(ids, next)
	ids = merged(ids, between(t.c.unlisted, t.from, next))
	t.c.queue = append(t.c.queue, ids...)
	t.c.planned += int64(len(ids))
	p.mu.ahead += len(ids)
	p.wake.Broadcast()
}

// askPlan reads one page of ids and checks suspicious answers: a revoked
// privilege or a recreated collection looks like an empty last page. A page
// that starts with the id announced by the previous page is trustworthy, since
// each query reads at one time.
func (p *planner) askPlan(ctx context.Context, t task) ([]int64, int64, error) {
	for try := 0; ; try++ {
		ids, next, err := p.askIDs(ctx, t)
		if err != nil {
			return nil, -1, err
		}
		sure := len(ids) > 0 && (t.first || ids[0] == t.from)
		if sure || try > 0 {
			return ids, next, nil
		}
		// Something seems to be missing. Check that the collection may be read at
		// all, then ask again.
		if err := p.checkAccess(ctx, t.c, t.at); err != nil {
			return nil, -1, err
		}
		if !t.first && p.noSnapshot {
			return ids, next, nil // the document was deleted between two pages
		}
	}
}

// checkIDs returns an error for a page of ids that is not ascending, or whose
// cursor goes back.
func checkIDs(t task, ids []int64, next int64) error {
	wrong := func(format string, args ...any) error {
		return &Unexplained{From: t.from, Planned: len(ids), Got: len(ids), Why: fmt.Sprintf(format, args...)}
	}
	last := t.from - 1
	for _, id := range ids {
		if id <= last {
			return wrong("the page of ids holds %d after %d", id, last)
		}
		last = id
	}
	if next >= 0 && (next <= last || len(ids) == 0) {
		return wrong("the page of ids continues at %d", next)
	}
	return nil
}

// checkAccess returns an error unless the collection is still the one that
// existed at that time and may be read.
func (q *requester) checkAccess(ctx context.Context, c *collection, at int64) error {
	if at != 0 {
		absent, err := q.askAbsent(ctx, c, []string{c.name}, at)
		if err != nil {
			return err
		}
		if len(absent) > 0 {
			return &Recreated{At: at}
		}
	}
	return q.checkReadable(ctx, c, at)
}

// checkReadable returns an error unless the collection exists now and may be read.
func (q *requester) checkReadable(ctx context.Context, c *collection, at int64) error {
	now, err := q.askAccess(ctx, c, c.name)
	switch {
	case err != nil:
		return err
	case len(now.missing) > 0:
		return &Recreated{At: at}
	case len(now.unreadable) > 0:
		return &PrivilegeLost{}
	}
	return nil
}

// maxRenewals is how often a new time may expire before anything is read at it.
const maxRenewals = 5

// renew takes a new time for the rest of a collection whose time expired.
func (p *planner) renew(ctx context.Context, c *collection) {
	p.mu.Lock()
	old, latest := c.at, p.mu.times[len(p.mu.times)-1]
	c.renewals++
	again := c.renewals - 1 // times that expired since anything was last read
	p.mu.Unlock()
	at, err := latest, error(nil)
	switch {
	case again >= maxRenewals:
		err = fmt.Errorf("the server rejects every time as too old: %d new ones expired before anything was read; check its clock and history_days", again)
	case again > 0:
		err = p.pace.pause(ctx, p.pace.backoff(again), errors.New("the snapshot expired before anything was read at it"))
	}
	if err == nil && latest <= old {
		at, err = p.askNow(ctx)
	}
	if err == nil {
		// The history of the collection's settings outlives that of its
		// documents, so this still detects a recreated collection.
		err = p.checkAccess(ctx, c, old)
	}
	err = p.refine(ctx, c, nil, err)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.overLocked(ctx, c) {
		return
	}
	c.renewing = false
	if err != nil {
		p.judgeLocked(c, err)
		return
	}
	switch latest = p.mu.times[len(p.mu.times)-1]; {
	case latest > old:
		at = latest // another collection's, which expired meanwhile too
	case at > latest:
		p.mu.times = append(p.mu.times, at)
		p.mu.Renewed++
		if !p.mu.SnapshotEnds.IsZero() {
			// The new time stays readable at least as long as the first one
			// did.
			p.mu.SnapshotEnds = p.clock.Now().Add(c.life)
		}
	}
	from := p.replanLocked(c)
	if from > c.renewedFrom {
		c.renewals, c.renewedFrom = 0, from
	}
	c.at = at
	c.segments = append(c.segments, segment{From: from, At: at})
	p.wake.Broadcast()
}

// overLocked reports whether a worker's result is no longer needed.
//
// REQUIRES: s.mu is held.
func (s *scheduler) overLocked(ctx context.Context, c *collection) bool {
	return s.mu.cause != nil || ctx.Err() != nil || c.state == CollectionFailed
}

// expireLocked abandons the collection's time: once its workers are done, the
// rest is planned again at a new time.
//
// REQUIRES: s.mu is held.
func (s *scheduler) expireLocked(c *collection) {
	if c.renewing {
		return
	}
	c.renewing = true
	s.wake.Broadcast()
}

// replanLocked drops the plan from the first unread chunk on, and returns its first
// id. A sync knows what is left to read; a full run plans it again.
//
// REQUIRES: p.mu is held, and no worker has the collection.
func (p *planner) replanLocked(c *collection) int64 {
	from := c.nextPlanned()
	for i, ch := range c.pending {
		if !ch.done {
			if from = ch.from; from != ch.ids[0] {
				c.cut = false // it is still the collection's first chunk
			}
			p.dropFromLocked(c, i)
			break
		}
	}
	p.mu.ahead -= len(c.queue)
	c.planned -= int64(len(c.queue))
	c.queue = nil
	if c.changes != nil {
		p.planChangesLocked(c, from)
		return from
	}
	c.scanFrom, c.scanned, c.tallied = from, false, false
	c.earlierCount = 0 // it was made at the time that expired
	return from
}
