package export

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"fauna-export/export/row"
)

// Run is one export on its way. Its methods may be called by any goroutine;
// Do or Stream only once.
type Run struct {
	spec   Spec
	src    Source
	env    Env
	resume bool // the store holds what an earlier process did
	chain  bool // the store holds earlier syncs, and this is the next
	sync   int  // the number of the sync, of those behind the first
	pace   *pace
	memory *memory

	mu       sync.Mutex
	wake     sync.Cond // whenever a worker or a writer may find more to do
	phase    Phase
	all      []*collection
	order    []*collection // all, those whose snapshots end first before the others
	active   []*collection // being read, in the order they began
	times    []int64       // the times read at; the last one is for what begins now
	ends     time.Time     // when the last of times expires
	began    string        // when the first process began, as text
	started  time.Time     // by this machine's clock
	stopped  time.Time
	paused   bool
	workers  int
	tuner    *tuner // finds workers; nil when the number is the user's
	hired    int    // workers started
	inflight int
	scans    int   // pages of ids being read
	ahead    int   // ids known that are in no chunk
	cause    error // what stops the run
	requests int
	retries  int
	renewed  int
	written  int64 // bytes of files
	laid     int64 // rows in these
	speed    meter
	free     int64
	need     int64
	left     []*CollectionError // failures that are kept for the summary
	finished *Manifest
	found    map[string]*reading // files that were read again while they were written
	pass     *Run                // the sync that this run is doing, whose status it shows

	hire func() // starts one more worker
	stop context.CancelCauseFunc
}

// Bounds on what a run works on at once.
const (
	mostAhead = 1 << 20 // ids planned and in no chunk

	mostActive       = 4 // collections read at once
	mostActivePacked = 2
	mostEnding       = 12 // collections of which only the file has to be ended
)

func newRun(s Spec, src Source, env Env) (*Run, error) {
	s, env = s.withDefaults(), env.withDefaults()
	if err := s.Validate(); err != nil {
		return nil, err
	}
	r := &Run{spec: s, src: src, env: env, phase: Preparing, workers: s.Workers, memory: newMemory(s.packed()), free: -1, need: -1, found: map[string]*reading{}}
	if s.Workers == 0 {
		r.tuner = newTuner(firstTuned)
		r.workers = r.tuner.n
	}
	r.wake.L = &r.mu
	r.pace = newPace(env.Clock, rand.NewPCG(env.Rand.Uint64(), env.Rand.Uint64()), r.workers, s.MaxRate)
	names := FileNames(s.Collections)
	for _, name := range s.Collections {
		l := s.layout(name)
		ser, err := row.NewSerializer(l)
		if err != nil {
			return nil, fmt.Errorf("collection %s: %w", name, err)
		}
		r.all = append(r.all, &collection{
			name:   name,
			file:   names[name] + "." + l.Extension(),
			layout: l,
			paths:  l.Paths(),
			rows:   ser,
			state:  CollectionWaiting,
			size:   newSizer(s.PageSize),
			life:   s.Lives[name],
		})
	}
	r.order = r.all
	return r, nil
}

// NewRun prepares a new run. It asks nothing of the server, and refuses with
// a *SpecError or a *DirError what cannot be run.
func NewRun(s Spec, src Source, env Env) (*Run, error) {
	r, err := newRun(s, src, env)
	if err != nil {
		return nil, err
	}
	if r.spec.Mode == Incremental {
		err = r.openFolder()
	} else {
		err = r.emptyStore()
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

// Do runs to the end. Its error is nil when everything was read at one time
// and written; *Partial when the run finished otherwise, with a manifest that
// says what there is; *Missing, *Unreadable or *AtError before any file was
// made. After any other error, the end of ctx among them, the store holds
// nothing under a final name that is not whole, and OpenRun goes on from
// there.
func (r *Run) Do(ctx context.Context) (*Manifest, error) {
	m, err := r.do(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopped = r.env.Clock.Now()
	r.phase = Stopped
	if m != nil {
		r.phase = Done
	}
	return m, err
}

func (r *Run) do(ctx context.Context) (*Manifest, error) {
	r.mu.Lock()
	r.started = r.env.Clock.Now()
	r.began = FormatMoment(r.started.Truncate(time.Millisecond))
	r.mu.Unlock()
	if r.finished != nil {
		return r.finished, nil
	}
	if r.spec.Mode == Incremental {
		return r.doSyncs(ctx)
	}
	return r.doFull(ctx)
}

// doFull reads all documents of the collections.
func (r *Run) doFull(ctx context.Context) (*Manifest, error) {
	if r.resume {
		release, err := r.reopen(ctx)
		if err != nil {
			return nil, err
		}
		defer release()
	} else {
		if err := r.prepare(ctx); err != nil {
			return nil, err
		}
		release, err := r.env.Store.Lock()
		if err != nil {
			return nil, r.diskError("lock the folder", err)
		}
		defer release()
		// Another process may have begun here since NewRun looked.
		if err := r.emptyStore(); err != nil {
			return nil, err
		}
		if err := r.saveRun(); err != nil {
			return nil, err
		}
	}
	if err := r.transfer(ctx, r.write); err != nil {
		return nil, err
	}
	return r.finish()
}

// transfer reads all collections and hands each to one writer; it returns
// when every goroutine that it started has ended.
func (r *Run) transfer(ctx context.Context, write func(context.Context, *collection) error) error {
	outer := ctx
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var done sync.WaitGroup
	unhook := context.AfterFunc(ctx, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.cause == nil {
			r.cause = context.Cause(ctx)
		}
		r.wake.Broadcast()
	})
	defer unhook()

	r.mu.Lock()
	r.phase = Running
	r.stop = stop
	r.hire = func() { done.Go(func() { r.work(ctx) }) }
	r.fillWorkers()
	r.mu.Unlock()

	done.Go(func() { r.watch(ctx) })
	for c := r.nextToWrite(); c != nil; c = r.nextToWrite() {
		done.Go(func() {
			err := write(ctx, c)
			r.wrote(c, err)
			r.awaitProof(outer, c)
		})
	}
	r.mu.Lock()
	r.hire = nil
	r.mu.Unlock()
	stop(errFinished)
	done.Wait()

	r.mu.Lock()
	defer r.mu.Unlock()
	if !errors.Is(r.cause, errFinished) {
		return r.cause
	}
	return nil
}

// errFinished ends the workers of a run that has read everything.
var errFinished = errors.New("all collections are finished")

// fillWorkers starts workers up to the number wanted. The caller holds mu.
func (r *Run) fillWorkers() {
	for r.hire != nil && r.hired < r.workers {
		r.hired++
		r.hire()
	}
}

// nextToWrite waits for a collection that has begun and has no writer yet;
// nil when there will be none.
func (r *Run) nextToWrite() *collection {
	r.mu.Lock()
	defer r.mu.Unlock()
	for {
		if r.cause != nil {
			return nil
		}
		over := true
		for _, c := range r.all {
			if c.state == CollectionRunning && !c.writing {
				c.writing = true
				return c
			}
			over = over && (c.state == CollectionDone || c.state == CollectionFailed)
		}
		if over {
			return nil
		}
		r.wake.Wait()
	}
}

// wrote notes the end of a collection's writer.
func (r *Run) wrote(c *collection, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case err == nil:
		c.state = CollectionDone
		c.ended = r.env.Clock.Now()
		r.deactivate(c)
	case c.state == CollectionFailed || r.cause != nil:
	default:
		if failed, ok := errors.AsType[*CollectionError](err); ok {
			r.failLocked(c, failed.Err)
		} else {
			r.haltLocked(err)
		}
	}
	r.wake.Broadcast()
}

// deactivate takes a collection out of those being read. The caller holds mu.
func (r *Run) deactivate(c *collection) {
	for i, a := range r.active {
		if a == c {
			r.active = append(r.active[:i:i], r.active[i+1:]...)
			return
		}
	}
}

// halt stops the whole run.
func (r *Run) halt(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.haltLocked(err)
}

func (r *Run) haltLocked(err error) {
	if r.cause == nil {
		r.cause = err
		r.stop(err)
	}
	r.wake.Broadcast()
}

// failLocked stops one collection; the others go on. The caller holds mu.
func (r *Run) failLocked(c *collection, err error) {
	if c.state == CollectionFailed || c.state == CollectionDone {
		return
	}
	c.state, c.err = CollectionFailed, err
	c.ended = r.env.Clock.Now()
	r.left = append(r.left, &CollectionError{Collection: c.name, Err: err})
	r.ahead -= c.queue.clear()
	c.scanFrom = -1
	r.dropFrom(c, 0)
	r.deactivate(c)
	r.wake.Broadcast()
}

// dropFrom forgets the pending chunks from the ith on. The caller holds mu.
func (r *Run) dropFrom(c *collection, i int) {
	for _, ch := range c.pending[i:] {
		c.planned -= int64(len(ch.ids))
		if ch.done {
			c.unread(ch)
			r.memory.release(ch)
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
