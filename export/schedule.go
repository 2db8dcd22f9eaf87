package export

import (
	"context"
	"slices"
)

// A task is what a worker does next for a collection: with a chunk it reads
// these documents; otherwise it reads a page of ids, or, when the collection
// waits for a new time, takes one.
type task struct {
	c     *collection
	chunk *chunk
	scan  bool
	from  int64 // of a page of ids
	size  int
	at    int64
	first bool // the first page of ids at this time: nobody named its first id
}

// work does tasks until there are no more.
func (r *Run) work(ctx context.Context) {
	var body []byte
	for {
		t, ok := r.nextTask()
		if !ok {
			return
		}
		switch {
		case t.chunk != nil:
			body = r.fetch(ctx, t.c, t.chunk, body)
			if cap(body) > 2*mostBytes {
				body = nil // one large page must not be kept by every worker
			}
		case t.scan:
			r.scan(ctx, t)
		default:
			r.renew(ctx, t.c)
		}
		r.mu.Lock()
		r.inflight--
		t.c.inflight--
		r.wake.Broadcast()
		r.mu.Unlock()
	}
}

// nextTask waits for something to do; false when the worker is not needed
// any more.
func (r *Run) nextTask() (task, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for {
		if r.cause != nil {
			return task{}, false
		}
		if r.hired > r.workers {
			r.hired--
			return task{}, false
		}
		if !r.paused && r.inflight < min(r.workers, r.pace.inFlight()) {
			if t, ok := r.pick(); ok {
				r.inflight++
				t.c.inflight++
				return t, true
			}
		}
		r.wake.Wait()
	}
}

// pick chooses the next task. The order is: a new time for a collection that
// needs one; documents that a writer waits for; ids where they run short, and
// one page of ids ahead at any time, for the totals; then documents in the
// order of the collections; then more ids. The caller holds mu.
func (r *Run) pick() (task, bool) {
	for _, c := range r.order {
		if c.renewing && c.inflight == 0 {
			return task{c: c}, true
		}
	}
	for _, c := range r.active {
		if !c.renewing && !c.scanning && c.scanFrom >= 0 && c.queue.len() < c.size.n {
			return r.scanTask(c), true
		}
	}
	if r.scans == 0 {
		if t, ok := r.pickAhead(); ok {
			return t, true
		}
	}
	for _, c := range r.active {
		if t, ok := r.pickChunk(c); ok {
			return t, true
		}
	}
	for _, c := range r.order {
		if !r.mayBegin() {
			break
		}
		if c.state != CollectionWaiting || c.renewing {
			continue
		}
		c.state = CollectionRunning
		c.begun = r.env.Clock.Now()
		r.active = append(r.active, c)
		r.wake.Broadcast()
		if !c.scanning && c.scanFrom >= 0 && c.queue.len() < c.size.n {
			return r.scanTask(c), true
		}
		if t, ok := r.pickChunk(c); ok {
			return t, true
		}
	}
	// Nobody has documents to ask for: small collections are begun sooner
	// when their ids are known.
	return r.pickAhead()
}

// pickAhead chooses a page of ids that nobody waits for yet. The caller holds
// mu.
func (r *Run) pickAhead() (task, bool) {
	if r.ahead >= mostAhead {
		return task{}, false
	}
	for _, c := range r.order {
		if c.state != CollectionDone && c.state != CollectionFailed && !c.renewing && !c.scanning && c.scanFrom >= 0 {
			return r.scanTask(c), true
		}
	}
	return task{}, false
}

// mayBegin tells whether one more collection can be read beside those that
// are. One of which only the end of the file is left takes no part in the
// reading: many small ones would wait for their disk. The caller holds mu.
func (r *Run) mayBegin() bool {
	most := mostActive
	if r.spec.packed() {
		most = mostActivePacked
	}
	if len(r.active) >= most+mostEnding {
		return false
	}
	for _, c := range r.active {
		if !c.asked() {
			most--
		}
	}
	return most > 0
}

// scanTask begins a page of ids. The caller holds mu.
func (r *Run) scanTask(c *collection) task {
	size := c.idPage
	if size == 0 {
		size = firstIDs
	}
	c.scanning = true
	r.scans++
	return task{c: c, scan: true, from: c.scanFrom, size: size, at: c.at, first: !c.scanned}
}

// pickChunk takes a chunk of a collection that nobody reads, or cuts a new
// one. The caller holds mu.
func (r *Run) pickChunk(c *collection) (task, bool) {
	if c.renewing {
		return task{}, false
	}
	if len(c.spare) > 0 {
		ch := c.spare[0]
		// The one that the writer waits for is always let through: all others
		// wait for it.
		if !r.memory.reserve(ch, c.size.reserve(len(ch.ids)), ch == c.pending[0]) {
			return task{}, false
		}
		c.spare = c.spare[1:]
		c.fetching++
		return task{c: c, chunk: ch}, true
	}
	n := min(c.size.n, c.queue.len())
	switch {
	case n == 0:
		return task{}, false
	case n < c.size.n && c.scanFrom >= 0:
		return task{}, false // more ids are coming
	case !c.size.seen && c.fetching > 0:
		return task{}, false // the first page shows how large documents are
	}
	if r.spec.MaxRate > 0 {
		n = min(n, max(1, r.spec.MaxRate))
	}
	ch := &chunk{at: c.at}
	if !r.memory.reserve(ch, c.size.reserve(n), len(c.pending) == 0) {
		return task{}, false
	}
	ch.ids = c.queue.take(make([]int64, 0, n), n)
	ch.next = c.nextPlanned()
	r.ahead -= n
	c.pending = append(c.pending, ch)
	c.fetching++
	return task{c: c, chunk: ch}, true
}

// split halves a chunk whose page is too large; the second half is read as a
// page of its own. False when there is nothing to halve.
func (r *Run) split(c *collection, ch *chunk) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := len(ch.ids)
	c.size.shrink(n)
	if n == 1 {
		return false
	}
	half := n / 2
	rest := &chunk{ids: ch.ids[half:], next: ch.next, at: ch.at}
	ch.ids, ch.next = ch.ids[:half:half], rest.ids[0]
	i := slices.Index(c.pending, ch)
	if i < 0 {
		return true // the collection was stopped meanwhile
	}
	c.pending = slices.Insert(c.pending, i+1, rest)
	c.spare = append(c.spare, rest)
	slices.SortFunc(c.spare, func(a, b *chunk) int {
		return slices.Index(c.pending, a) - slices.Index(c.pending, b)
	})
	r.memory.settle(ch, ch.reserved-ch.reserved/2)
	r.wake.Broadcast()
	return true
}
