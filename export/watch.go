package export

import (
	"context"
	"time"
)

const (
	diskEvery = time.Second      // between checks of the disk's free space
	lifeEvery = 30 * time.Second // between checks of the snapshot's expiry

	// spareSpace is how many bytes to leave free on a disk.
	spareSpace = 32 << 20
)

// watch monitors the disk and the snapshot while the run reads.
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
		r.checkOverdue(ctx)
		if now := r.env.Clock.Now(); now.Sub(asked) >= lifeEvery {
			asked = now
			r.updateLife(ctx)
		}
	}
}

// checkSpace compares the disk's free space with the expected size of the rest.
func (r *Run) checkSpace() error {
	free, err := r.env.Store.Free()
	if err != nil || free < 0 {
		return nil // not every file system reports it
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	first := r.mu.Need < 0
	r.mu.Free = free
	_, expected, final := r.totalsLocked()
	if r.mu.rowsWritten == 0 || r.mu.Written == 0 {
		return nil
	}
	need := int64(float64(expected-r.mu.rowsWritten) * float64(r.mu.Written) / float64(r.mu.rowsWritten))
	if final || !first {
		r.mu.Need = need
	}
	if final && first && need > free || need > free && free < spareSpace {
		return &NoSpace{Need: need, Free: free}
	}
	return nil
}

// A page of a collection that the key can no longer read takes the server very
// long, because it skips every document.
const (
	longPage  = 2 * time.Second
	lookEvery = 15 * time.Second
)

// checkOverdue checks whether collections with overdue pages may still be read, and
// stops those that may not.
func (r *Run) checkOverdue(ctx context.Context) {
	r.mu.Lock()
	var late []*collection
	now := r.env.Clock.Now()
	for _, c := range r.all {
		if c.state == CollectionRunning && c.inflight > 0 && !c.renewing && now.Sub(c.answered) > longPage && now.Sub(c.lastChecked) > lookEvery {
			c.lastChecked = now
			r.mu.Requests++
			late = append(late, c)
		}
	}
	r.mu.Unlock()
	for _, c := range late {
		unreadable, _, _, err := r.src.Unreadable(ctx, []string{c.name})
		if err != nil || len(unreadable) == 0 {
			continue // the page itself will report the error
		}
		r.mu.Lock()
		r.failLocked(c, &PrivilegeLost{})
		r.mu.Unlock()
	}
}

// updateLife finds out when the snapshot expires, for the collection whose snapshot
// expires first. The oldest readable time need not advance with the clock: an admin
// may have raised history_days, or the collection keeps all of its history.
func (r *Run) updateLife(ctx context.Context) {
	r.mu.Lock()
	var c *collection
	for _, o := range r.mu.order {
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
	r.mu.Requests++
	r.mu.Unlock()
	least, err := r.src.MinimumTime(ctx, c.name)
	if err != nil {
		return // keep the last known value
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mu.SnapshotEnds = r.env.Clock.Now().Add(time.Duration(at-least) * time.Microsecond)
}
