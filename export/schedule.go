package export

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// Limits on what a run works on at once.
const (
	mostAhead = 1 << 20         // planned ids that are not in a chunk
	headStart = 2 * time.Second // for documents, before ids are read far ahead

	mostActive       = 4 // collections read at once
	mostActivePacked = 2
	mostEnding       = 12 // collections that only have to finish their file
)

// scheduler decides what a run's workers do next, holds the collections while
// they are read, and ends the reading.
type scheduler struct {
	clock   Clock
	pace    *pace
	memory  *memory
	packed  bool
	maxRate int

	mu       sync.Mutex
	wake     sync.Cond // whenever a worker or a writer may find more to do
	all      []*collection
	order    []*collection // all, in the order in which their snapshots expire
	active   []*collection // being read, in the order they started
	paused   bool
	workers  int
	tuner    *tuner // finds the number of workers; nil if the user set it
	hired    int    // workers started
	inflight int
	scans    int                // pages of ids being read
	begun    time.Time          // when the first collection was
	distant  bool               // most of a first page's time was on the way
	ahead    int                // known ids that are not in a chunk
	cause    error              // what stops the run
	left     []*CollectionError // failures for the summary

	requests int
	retries  int
	speed    meter

	hire func() // starts one more worker
	stop context.CancelCauseFunc
}

func newScheduler(spec Spec, env Env) *scheduler {
	s := &scheduler{clock: env.Clock, memory: newMemory(spec.packed()), packed: spec.packed(), maxRate: spec.MaxRate, workers: spec.Workers}
	if s.workers == 0 {
		s.tuner = newTuner(nearTuned)
		s.workers = s.tuner.n
	}
	s.wake.L = &s.mu
	s.pace = newPace(env.Clock, rand.NewPCG(env.Rand.Uint64(), env.Rand.Uint64()), s.workers, spec.MaxRate)
	return s
}

// A task is what a worker does next for a collection: read the documents of a
// chunk, read a page of ids, or get a new time if the collection needs one.
type task struct {
	c     *collection
	chunk *chunk
	scan  bool
	count bool  // get the number of documents
	from  int64 // of a page of ids
	size  int
	at    int64
	first bool // the first page of ids at this time: no earlier page announced its first id
}

// work does tasks until there are no more. Tasks pass on the memory of their
// bodies for reuse.
func (s *scheduler) work(ctx context.Context, do func(context.Context, task, []byte) []byte) {
	var body []byte
	for {
		t, ok := s.nextTask()
		if !ok {
			return
		}
		body = do(ctx, t, body)
		s.mu.Lock()
		s.inflight--
		t.c.inflight--
		s.wake.Broadcast()
		s.mu.Unlock()
	}
}

// nextTask waits for something to do; false if the worker is no longer needed.
func (s *scheduler) nextTask() (task, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if s.cause != nil {
			return task{}, false
		}
		if s.hired > s.workers {
			s.hired--
			return task{}, false
		}
		if !s.paused && s.inflight < min(s.workers, s.pace.inFlight()) {
			if t, ok := s.pick(); ok {
				s.inflight++
				t.c.inflight++
				return t, true
			}
		}
		s.wake.Wait()
	}
}

// pick chooses the next task. Priorities: a new time for a collection that
// needs one; documents that a writer is waiting for; ids where they run short,
// plus one page of ids ahead, for the totals; documents in the order of the
// collections; more ids. The caller holds mu.
func (s *scheduler) pick() (task, bool) {
	for _, c := range s.order {
		if c.renewing && c.inflight == 0 {
			return task{c: c}, true
		}
	}
	for _, c := range s.active {
		if !c.renewing && !c.scanning && c.scanFrom >= 0 && c.queue.len() < c.size.n {
			return s.scanTask(c), true
		}
	}
	if s.scans == 0 {
		if t, ok := s.pickAhead(s.starting()); ok {
			return t, true
		}
	}
	for _, c := range s.active {
		if t, ok := s.countTask(c); ok {
			return t, true
		}
	}
	for _, c := range s.active {
		if t, ok := s.pickChunk(c); ok {
			return t, true
		}
	}
	for _, c := range s.order {
		if !s.mayBegin() {
			break
		}
		if c.state != CollectionWaiting || c.renewing {
			continue
		}
		c.state = CollectionRunning
		c.begun = s.clock.Now()
		if s.begun.IsZero() {
			s.begun = c.begun
		}
		s.active = append(s.active, c)
		s.wake.Broadcast()
		if !c.scanning && c.scanFrom >= 0 && c.queue.len() < c.size.n {
			return s.scanTask(c), true
		}
		if t, ok := s.pickChunk(c); ok {
			return t, true
		}
		if t, ok := s.countTask(c); ok { // all of it was planned by an earlier process
			return t, true
		}
	}
	// No documents to request yet: small collections can start sooner once
	// their ids are known.
	return s.pickAhead(false)
}

// starting reports whether documents go before all but the next ids, so that
// they arrive from the beginning. The caller holds mu.
func (s *scheduler) starting() bool {
	return !s.begun.IsZero() && s.clock.Now().Sub(s.begun) < headStart
}

// pickAhead chooses a page of ids that is not needed yet, with soon only of a
// collection that will need it soon. The caller holds mu.
func (s *scheduler) pickAhead(soon bool) (task, bool) {
	if s.ahead >= mostAhead {
		return task{}, false
	}
	for _, c := range s.order {
		if soon && c.queue.len() > s.workers*c.size.n {
			continue
		}
		if c.state != CollectionDone && c.state != CollectionFailed && !c.renewing && !c.scanning && c.scanFrom >= 0 {
			return s.scanTask(c), true
		}
	}
	return task{}, false
}

// mayBegin reports whether one more collection can be read now. Collections
// that only have to finish their file do not count, so that many small ones
// need not wait for the disk. The caller holds mu.
func (s *scheduler) mayBegin() bool {
	most := mostActive
	if s.packed {
		most = mostActivePacked
	}
	if len(s.active) >= most+mostEnding {
		return false
	}
	for _, c := range s.active {
		if !c.asked() {
			most--
		}
	}
	return most > 0
}

// countTask counts a collection that has to be counted. The caller holds mu.
func (s *scheduler) countTask(c *collection) (task, bool) {
	if !c.uncounted() || c.counting {
		return task{}, false
	}
	c.counting = true
	return task{c: c, count: true, at: c.at}, true
}

// scanTask starts a page of ids. The caller holds mu.
func (s *scheduler) scanTask(c *collection) task {
	size := c.idPage
	if size == 0 {
		size = firstIDs
	}
	c.scanning = true
	s.scans++
	return task{c: c, scan: true, from: c.scanFrom, size: size, at: c.at, first: !c.scanned}
}

// pickChunk takes an unassigned chunk of a collection, or cuts a new one. The
// caller holds mu.
func (s *scheduler) pickChunk(c *collection) (task, bool) {
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
	n := min(c.size.n, c.queue.len())
	switch {
	case n == 0:
		return task{}, false
	case n < c.size.n*3/4 && c.scanFrom >= 0:
		return task{}, false // more ids are coming, and much smaller pages cost more
	case !c.size.seen && c.fetching > 0:
		return task{}, false // the first page shows how large documents are
	}
	if s.maxRate > 0 {
		n = min(n, max(1, s.maxRate))
	}
	if n > leastLast && c.scanFrom < 0 && !c.size.fixed && !s.distant && s.lastOf(c) {
		// So that all workers end at about the same time.
		n = min(n, max(leastLast, c.queue.len()/s.workers))
	}
	ch := &chunk{at: c.at}
	n, ch.unlisted = c.alike(n)
	if !s.memory.reserve(ch, c.size.reserve(n), len(c.pending) == 0) {
		return task{}, false
	}
	ch.ids = c.queue.take(make([]int64, 0, n), n)
	ch.from = c.part.lo
	if c.cut {
		ch.from = ch.ids[0]
	}
	c.cut = true
	c.chunks++
	if ch.next = c.nextPlanned(); ch.next < 0 {
		ch.next = c.part.hi
	}
	s.ahead -= n
	c.pending = append(c.pending, ch)
	c.fetching++
	return task{c: c, chunk: ch}, true
}

// leastLast is the smallest page that the last documents of a run are divided
// into.
const leastLast = 256

// lastOf reports whether only documents of this collection are left to request.
// The caller holds mu.
func (s *scheduler) lastOf(c *collection) bool {
	for _, o := range s.order {
		if o != c && o.state != CollectionDone && o.state != CollectionFailed && !o.asked() {
			return false
		}
	}
	return true
}

// split halves a chunk whose page is too large; the second half becomes a
// separate page. False if there is nothing to halve.
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
		return true // the collection has been stopped
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

// nextToWrite waits for a collection that has started and has no writer yet;
// nil if there will be none.
func (s *scheduler) nextToWrite() *collection {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if s.cause != nil {
			return nil
		}
		over := true
		for _, c := range s.all {
			if c.state == CollectionRunning && !c.writing {
				c.writing = true
				return c
			}
			over = over && (c.state == CollectionDone || c.state == CollectionFailed)
		}
		if over {
			return nil
		}
		s.wake.Wait()
	}
}

// wrote records the end of a collection's writer.
func (s *scheduler) wrote(c *collection, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err == nil:
		c.state = CollectionDone
		c.ended = s.clock.Now()
		s.deactivate(c)
	case c.state == CollectionFailed || s.cause != nil:
	default:
		if failed, ok := errors.AsType[*CollectionError](err); ok {
			s.failLocked(c, failed.Err)
		} else {
			s.haltLocked(err)
		}
	}
	s.wake.Broadcast()
}

// deactivate removes a collection from those being read. The caller holds mu.
func (s *scheduler) deactivate(c *collection) {
	for i, a := range s.active {
		if a == c {
			s.active = append(s.active[:i:i], s.active[i+1:]...)
			return
		}
	}
}

// halt stops the whole run.
func (s *scheduler) halt(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.haltLocked(err)
}

func (s *scheduler) haltLocked(err error) {
	if s.cause == nil {
		s.cause = err
		s.stop(err)
	}
	s.wake.Broadcast()
}

// failLocked stops one collection; the others continue. The caller holds mu.
func (s *scheduler) failLocked(c *collection, err error) {
	if c.state == CollectionFailed || c.state == CollectionDone {
		return
	}
	c.state, c.err = CollectionFailed, err
	c.ended = s.clock.Now()
	s.left = append(s.left, &CollectionError{Collection: c.name, Err: err})
	s.ahead -= c.queue.clear()
	c.scanFrom = -1
	s.dropFrom(c, 0)
	s.deactivate(c)
	s.wake.Broadcast()
}

// dropFrom drops the pending chunks from the ith on. The caller holds mu.
func (s *scheduler) dropFrom(c *collection, i int) {
	for _, ch := range c.pending[i:] {
		c.planned -= int64(len(ch.ids))
		if ch.done {
			c.unread(ch)
			s.memory.release(ch)
		}
	}
	clear(c.pending[i:])
	c.pending = c.pending[:i]
	kept := c.spare[:0]
	for _, ch := range c.spare {
		for _, p := range c.pending {
			if p == ch {
				kept = append(kept, ch)
			}
		}
	}
	clear(c.spare[len(kept):])
	c.spare = kept
}

// fillWorkers starts workers up to the number wanted. The caller holds mu.
func (s *scheduler) fillWorkers() {
	for s.hire != nil && s.hired < s.workers {
		s.hired++
		s.hire()
	}
}

// employ changes the number of requests in flight. The caller holds mu.
func (s *scheduler) employ(n int) {
	if n == s.workers {
		return
	}
	s.workers = n
	s.pace.setWorkers(n)
	s.fillWorkers()
	s.wake.Broadcast()
}
