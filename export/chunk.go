package export

import (
	"slices"

	"fauna-export/export/row"
)

// chunk is a run of consecutive documents that one page must hold.
type chunk struct {
	ids            []int64
	from           int64 // where its page begins: its first id, or 0 for the collection's first chunk
	next           int64 // first id of the chunk after it, -1 for none
	unlisted       bool  // it holds only unlisted documents, which appear in no page
	at             int64
	done           bool
	contradictions int // answers that left out existing documents
	// reserved is its share of the memory budget, in bytes.
	reserved int64
	batch    *row.Batch
	outcome  outcome
}

// outcome records how the documents read differ from the plan.
type outcome struct {
	gone     []int64 // planned, but left the snapshot
	appeared int64   // in the snapshot, but not planned
	changed  int64   // left or entered, without a snapshot
	window   []int64 // alive, but read at the present
	pages    int64
	bytes    int64
	idle     int64 // planned but unchanged
}

// nextPlanned returns the first id that is not in a chunk yet, -1 for none.
func (c *collection) nextPlanned() int64 {
	if len(c.queue) > 0 {
		return c.queue[0]
	}
	return c.scanFrom
}

// pickChunkLocked takes an unassigned chunk of a collection, or cuts a new one.
//
// REQUIRES: s.mu is held.
func (s *scheduler) pickChunkLocked(c *collection) (task, bool) {
	if c.renewing {
		return task{}, false
	}
	if len(c.spare) > 0 {
		ch := c.spare[0]
		// The chunk that the writer waits for always gets memory, since all
		// others wait for it.
		if !s.memory.reserve(ch, c.size.reserve(len(ch.ids)), ch == c.pending[0]) {
			return task{}, false
		}
		c.spare = c.spare[1:]
		c.fetching++
		return task{c: c, chunk: ch}, true
	}
	n := min(c.size.n, len(c.queue))
	switch {
	case n == 0:
		return task{}, false
	case n < c.size.n*3/4 && c.scanFrom >= 0:
		return task{}, false // more ids are coming, and much smaller pages are less efficient
	case !c.size.seen && c.fetching > 0:
		return task{}, false // wait until the first page shows how large documents are
	}
	if s.mu.maxRate > 0 {
		n = min(n, max(1, s.mu.maxRate))
	}
	if n > minLast && c.scanFrom < 0 && !c.size.fixed && !s.mu.distant && s.lastOfLocked(c) {
		// Divide the rest so that all workers end at about the same time.
		n = min(n, max(minLast, len(c.queue)/s.mu.Workers))
	}
	ch := &chunk{at: c.at}
	n, ch.unlisted = c.alike(n)
	if !s.memory.reserve(ch, c.size.reserve(n), len(c.pending) == 0) {
		return task{}, false
	}
	ch.ids, c.queue = slices.Clone(c.queue[:n]), c.queue[n:]
	ch.from = c.part.lo
	if c.cut {
		ch.from = ch.ids[0]
	}
	c.cut = true
	c.chunks++
	if ch.next = c.nextPlanned(); ch.next < 0 {
		ch.next = c.part.hi
	}
	s.mu.ahead -= n
	c.pending = append(c.pending, ch)
	c.fetching++
	return task{c: c, chunk: ch}, true
}

// minLast is the smallest page size when the last documents of a run are divided
// among the workers.
const minLast = 256

// lastOfLocked reports whether only documents of this collection are left to request.
//
// REQUIRES: s.mu is held.
func (s *scheduler) lastOfLocked(c *collection) bool {
	for _, o := range s.mu.order {
		if o != c && o.state != CollectionDone && o.state != CollectionFailed && !o.allRequested() {
			return false
		}
	}
	return true
}

// split halves a chunk whose page is too large; the second half becomes a separate
// chunk. It returns false if there is nothing to halve.
func (s *scheduler) split(c *collection, ch *chunk) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(ch.ids)
	c.size.shrink(n)
	if n == 1 {
		return false
	}
	half := n / 2
	rest := &chunk{ids: ch.ids[half:], from: ch.ids[half], next: ch.next, at: ch.at, unlisted: ch.unlisted}
	ch.ids, ch.next = ch.ids[:half:half], rest.ids[0]
	i := slices.Index(c.pending, ch)
	if i < 0 {
		return true // the collection was stopped
	}
	c.pending = slices.Insert(c.pending, i+1, rest)
	c.chunks++
	c.spare = append(c.spare, rest)
	slices.SortFunc(c.spare, func(a, b *chunk) int {
		return slices.Index(c.pending, a) - slices.Index(c.pending, b)
	})
	s.memory.settle(ch, ch.reserved-ch.reserved/2)
	s.wake.Broadcast()
	return true
}

// alike returns how many of the first n planned ids are read in the same way, and
// whether these are unlisted.
//
// REQUIRES: the scheduler's mu is held.
func (c *collection) alike(n int) (int, bool) {
	if len(c.unlisted) == 0 {
		return n, false
	}
	isUnlisted := func(id int64) bool {
		_, is := slices.BinarySearch(c.unlisted, id)
		return is
	}
	unlisted := isUnlisted(c.queue[0])
	if k := slices.IndexFunc(c.queue[:n], func(id int64) bool { return isUnlisted(id) != unlisted }); k > 0 {
		n = k
	}
	return n, unlisted
}

// dropFromLocked drops the pending chunks from the ith on.
//
// REQUIRES: s.mu is held.
func (s *scheduler) dropFromLocked(c *collection, i int) {
	for _, ch := range c.pending[i:] {
		c.planned -= int64(len(ch.ids))
		if ch.done {
			c.countOutcome(ch, -1)
			s.memory.release(ch)
		}
	}
	clear(c.pending[i:])
	c.pending = c.pending[:i]
	c.spare = slices.DeleteFunc(c.spare, func(ch *chunk) bool { return !slices.Contains(c.pending, ch) })
}

// countOutcome counts a chunk that was read; with a sign of -1, one that was dropped
// again.
//
// REQUIRES: the scheduler's mu is held.
func (c *collection) countOutcome(ch *chunk, sign int64) {
	o := &ch.outcome
	c.read += sign * int64(len(ch.batch.IDs))
	c.gone += sign * int64(len(o.gone))
	c.appeared += sign * o.appeared
	c.planned -= sign * o.idle
	if sign > 0 {
		c.bytes += o.bytes
		c.pages += o.pages
	}
}
