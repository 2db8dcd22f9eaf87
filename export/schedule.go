package export

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"fauna-export/export/archive"
)

// Limits on parallel work.
const (
	maxAhead  = 1 << 20         // planned ids that are not in a chunk
	headStart = 2 * time.Second // for documents, before ids are read further ahead, and counted meanwhile

	maxActive       = 4 // collections read in parallel
	maxActivePacked = 2
	maxEnding       = 12 // collections that only need to finish their file
)

// scheduler decides what a run's workers do next, holds the collections while
// they are read, and ends the reading.
type scheduler struct {
	clock  Clock
	pace   *pace
	memory *memory
	packed bool

	// all changes only before the workers start.
	all  []*collection
	wake sync.Cond // on mu: signalled when a worker or writer may have more to do

	// mu also guards the collections.
	mu struct {
		sync.Mutex
		// Status has what is counted while it happens; Run.Status fills in the rest.
		Status
		stopped     time.Time
		speed       meter
		rowsWritten int64                       // rows that Written contains
		found       map[string]*archive.Reading // files verified while they were written
		pass        *Run                        // the current sync, whose status the run shows

		times   []int64       // the times that the run reads at; new pages use the last one
		order   []*collection // all, by the expiry of their snapshots
		active  []*collection // being read, in the order they started
		maxRate int
		tuner   *tuner             // finds the number of workers; nil if the user set it
		hired   int                // workers started
		scans   int                // pages of ids being read
		begun   time.Time          // when reading of the first collection started
		distant bool               // a first page took little longer than a round trip
		ahead   int                // known ids that are not in a chunk
		cause   error              // what stops the run
		left    []*CollectionError // failures for the summary

		hire func() // starts one more worker
		stop context.CancelCauseFunc
	}
}

func newScheduler(spec Spec, env Env) *scheduler {
	s := &scheduler{clock: env.Clock, memory: newMemory(spec.packed()), packed: spec.packed()}
	s.wake.L = &s.mu
	s.mu.Free, s.mu.Need = -1, -1
	s.mu.maxRate, s.mu.Workers = spec.MaxRate, spec.Workers
	if spec.Workers == 0 {
		s.mu.tuner = newTuner(nearTuned)
		s.mu.Workers = s.mu.tuner.n
	}
	s.pace = newPace(env.Clock, rand.NewPCG(env.Rand.Uint64(), env.Rand.Uint64()), s.mu.Workers, spec.MaxRate)
	s.pace.told = env.Waiting
	return s
}

// A task is what a worker does next for a collection: read the documents of a
// chunk, read a page of ids, or get a new time if the collection needs one.
type task struct {
	c     *collection
	chunk *chunk
	scan  bool
	count bool  // request the number of documents
	from  int64 // first id of a page of ids
	size  int
	at    int64
	first bool // the first page of ids at this time: no cursor announced its first id
}

// work performs tasks until there are no more. Each task returns the memory of
// its body for reuse.
func (s *scheduler) work(ctx context.Context, do func(context.Context, task, []byte) []byte) {
	var body []byte
	for {
		t, ok := s.nextTask()
		if !ok {
			return
		}
		body = do(ctx, t, body)
		s.mu.Lock()
		s.mu.InFlight--
		t.c.inflight--
		s.wake.Broadcast()
		s.mu.Unlock()
	}
}

// nextTask waits for a task; false if the worker is no longer needed.
func (s *scheduler) nextTask() (task, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if s.mu.cause != nil {
			return task{}, false
		}
		if s.mu.hired > s.mu.Workers {
			s.mu.hired--
			return task{}, false
		}
		if !s.mu.Paused && s.mu.InFlight < min(s.mu.Workers, s.pace.inFlight()) {
			if t, ok := s.pickLocked(); ok {
				s.mu.InFlight++
				t.c.inflight++
				return t, true
			}
		}
		s.wake.Wait()
	}
}

// pickLocked chooses the next task. Priorities: a new time for a collection that
// needs one; ids where they run short, plus one page of ids ahead, for the totals;
// counts; documents in the order of the collections; more ids.
//
// REQUIRES: s.mu is held.
func (s *scheduler) pickLocked() (task, bool) {
	for _, c := range s.mu.order {
		if c.renewing && c.inflight == 0 {
			return task{c: c}, true
		}
	}
	for _, c := range s.mu.active {
		if !c.renewing && !c.scanning && c.scanFrom >= 0 && len(c.queue) < c.size.n {
			return s.scanTaskLocked(c), true
		}
	}
	// At the start documents come before all but the next ids, and before the count of
	// a collection with more ids to come, so that rows arrive from the start.
	starting := !s.mu.begun.IsZero() && s.clock.Now().Sub(s.mu.begun) < headStart
	if s.mu.scans == 0 {
		if t, ok := s.pickAheadLocked(starting); ok {
			return t, true
		}
	}
	for _, c := range s.mu.active {
		// One worker counts page by page, so it begins before all ids are known. A
		// part's count does not delay the end: other parts are read meanwhile.
		if c.uncounted() && !c.counting && (c.scanFrom < 0 || c.part.of == 1 && c.chunks > 1 && !starting) {
			c.counting = true
			return task{c: c, count: true, at: c.at}, true
		}
	}
	for _, c := range s.mu.active {
		if t, ok := s.pickChunkLocked(c); ok {
			return t, true
		}
	}
	for _, c := range s.mu.order {
		if !s.mayBeginLocked() {
			break
		}
		if c.state != CollectionWaiting || c.renewing {
			continue
		}
		c.state = CollectionRunning
		c.begun = s.clock.Now()
		if s.mu.begun.IsZero() {
			s.mu.begun = c.begun
		}
		s.mu.active = append(s.mu.active, c)
		s.wake.Broadcast()
		return s.pickLocked()
	}
	// No documents to request yet: small collections can start sooner once
	// their ids are known.
	return s.pickAheadLocked(false)
}

// pickAheadLocked chooses a page of ids that is not needed yet; with soon, only for
// a collection that will need it soon.
//
// REQUIRES: s.mu is held.
func (s *scheduler) pickAheadLocked(soon bool) (task, bool) {
	if s.mu.ahead >= maxAhead {
		return task{}, false
	}
	for _, c := range s.mu.order {
		if soon && len(c.queue) > s.mu.Workers*c.size.n {
			continue
		}
		if c.state != CollectionDone && c.state != CollectionFailed && !c.renewing && !c.scanning && c.scanFrom >= 0 {
			return s.scanTaskLocked(c), true
		}
	}
	return task{}, false
}

// mayBeginLocked reports whether another collection can be read now. Collections
// that only need to finish their file do not count, so that many small ones need not
// wait for the disk.
//
// REQUIRES: s.mu is held.
func (s *scheduler) mayBeginLocked() bool {
	most := maxActive
	if s.packed {
		most = maxActivePacked
	}
	if len(s.mu.active) >= most+maxEnding {
		return false
	}
	for _, c := range s.mu.active {
		if !c.allRequested() {
			most--
		}
	}
	return most > 0
}

// scanTaskLocked starts a page of ids.
//
// REQUIRES: s.mu is held.
func (s *scheduler) scanTaskLocked(c *collection) task {
	c.scanning = true
	s.mu.scans++
	return task{c: c, scan: true, from: c.scanFrom, size: cmp.Or(c.idPage, firstIDs), at: c.at, first: !c.scanned}
}

// nextToWrite waits for a collection that has started and has no writer yet;
// nil if there will be none.
func (s *scheduler) nextToWrite() *collection {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if s.mu.cause != nil {
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
		s.deactivateLocked(c)
	case c.state == CollectionFailed || s.mu.cause != nil:
	default:
		if failed, ok := errors.AsType[*CollectionError](err); ok {
			s.failLocked(c, failed.Err)
		} else {
			s.haltLocked(err)
		}
	}
	s.wake.Broadcast()
}

// deactivateLocked removes a collection from those being read.
//
// REQUIRES: s.mu is held.
func (s *scheduler) deactivateLocked(c *collection) {
	s.mu.active = slices.DeleteFunc(s.mu.active, func(a *collection) bool { return a == c })
}

// halt stops the whole run.
func (s *scheduler) halt(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.haltLocked(err)
}

func (s *scheduler) haltLocked(err error) {
	if s.mu.cause == nil {
		s.mu.cause = err
		s.mu.stop(err)
	}
	s.wake.Broadcast()
}

// failLocked stops one collection; the others continue.
//
// REQUIRES: s.mu is held.
func (s *scheduler) failLocked(c *collection, err error) {
	if c.state == CollectionFailed || c.state == CollectionDone {
		return
	}
	c.state, c.err = CollectionFailed, err
	c.ended = s.clock.Now()
	s.mu.left = append(s.mu.left, &CollectionError{Collection: c.name, Err: err})
	s.mu.ahead -= len(c.queue)
	c.queue, c.scanFrom = nil, -1
	s.dropFromLocked(c, 0)
	s.deactivateLocked(c)
	s.wake.Broadcast()
}

// fillWorkersLocked starts workers until there are enough.
//
// REQUIRES: s.mu is held.
func (s *scheduler) fillWorkersLocked() {
	for s.mu.hire != nil && s.mu.hired < s.mu.Workers {
		s.mu.hired++
		s.mu.hire()
	}
}

// employLocked changes the number of requests in flight.
//
// REQUIRES: s.mu is held.
func (s *scheduler) employLocked(n int) {
	if n == s.mu.Workers {
		return
	}
	s.mu.Workers = n
	s.pace.setWorkers(n)
	s.fillWorkersLocked()
	s.wake.Broadcast()
}
