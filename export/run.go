package export

import (
	"context"
	"errors"
	"sync"

	"fauna-export/export/archive"
	"fauna-export/export/store"
)

// Run is one export. Its methods are safe for concurrent use; call Do only
// once.
type Run struct {
	spec   Spec
	env    Env
	resume bool // the store holds the files of an earlier process
	chain  bool // the store holds earlier syncs, and this is the next one
	sync   int  // number of the sync, unless it is the first

	*requester
	*planner
	*reader

	made      map[string]int64   // the ts of each collection's own settings at the first time
	shared    *archive.Plan      // the plan, for a shard
	bounds    map[string][]int64 // where the second and later parts begin, by collection
	began     string             // when the first process started, as text
	finished  *archive.Manifest
	published bool            // the manifest is written, and nothing but tidying up is left
	doubted   map[string]bool // collections about which a sync's answers contradicted each other
	doubtful  bool            // a contradiction restarts the sync
}

func newRun(s Spec, src Source, env Env) (*Run, error) {
	s, env = s.withDefaults(), env.withDefaults()
	if err := s.Validate(); err != nil {
		return nil, err
	}
	r := &Run{spec: s, env: env, requester: &requester{scheduler: newScheduler(s, env), src: src, allowed: s.RetryFor}}
	r.planner = &planner{requester: r.requester, noSnapshot: s.NoSnapshot}
	r.reader = &reader{requester: r.requester, noSnapshot: s.NoSnapshot, filtered: s.Filtered}
	r.mu.Phase, r.mu.found = Preparing, map[string]*archive.Reading{}
	r.all = r.collections(nil)
	r.mu.order = r.all
	return r, nil
}

// NewRun prepares a new run. It sends no requests. The error is a *SpecError
// for an invalid Spec or a *store.Error for an unusable store.
func NewRun(s Spec, src Source, env Env) (*Run, error) {
	r, err := newRun(s, src, env)
	if err != nil {
		return nil, err
	}
	_, stream := env.Store.(*store.Stream)
	switch {
	case stream && r.spec.Mode == Incremental:
		return nil, &SpecError{Problem: "an incremental sync needs a folder for its state"}
	case stream && r.spec.Parts != 1:
		return nil, &SpecError{Problem: "a stream has only one part"}
	case stream && len(r.all) != 1:
		return nil, &SpecError{Problem: "only one collection can be written to a stream"}
	case r.spec.Mode == Incremental:
		return r, r.openFolder()
	}
	return r, archive.CheckNew(env.Store)
}

// Do runs the export to its end. The error is nil if everything was read at one
// time and written; *Partial if the run finished otherwise, with a manifest
// that describes what was written; *Missing, *Unreadable or *AtError before any
// file was written. After any other error, including the end of ctx, every file
// under a final name is complete, and OpenRun can resume.
func (r *Run) Do(ctx context.Context) (*archive.Manifest, error) {
	m, err := r.do(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mu.stopped = r.env.Clock.Now()
	r.mu.Phase = Stopped
	if m != nil {
		r.mu.Phase = Done
	}
	return m, err
}

func (r *Run) do(ctx context.Context) (*archive.Manifest, error) {
	r.mu.Lock()
	r.mu.Started = r.env.Clock.Now()
	r.began = archive.FormatMoment(r.mu.Started)
	r.mu.Unlock()
	if r.finished != nil {
		return r.finished, archive.Sweep(r.env.Store, r.finished)
	}
	if r.spec.Mode == Incremental {
		return r.doSyncs(ctx)
	}
	return r.doFull(ctx)
}

// doFull reads all documents of the collections.
func (r *Run) doFull(ctx context.Context) (*archive.Manifest, error) {
	begin := r.reopen
	if !r.resume {
		if err := r.prepare(ctx); err != nil {
			return nil, err
		}
		begin = r.begin
	}
	release, err := r.env.Store.Lock()
	if err != nil {
		return nil, diskError("lock the folder", err)
	}
	defer release()
	if err := begin(ctx); err != nil {
		return nil, err
	}
	m, err := r.readAll(ctx)
	if m == nil && !r.published {
		_ = r.saveRun() // to record how long it took; the error that ended the run is returned
	}
	return m, err
}

// begin divides the collections of a new run, and records it.
func (r *Run) begin(ctx context.Context) error {
	// Another process may have started here since NewRun checked.
	if err := archive.CheckNew(r.env.Store); err != nil {
		return err
	}
	if err := r.divide(ctx); err != nil {
		return err
	}
	return r.saveRun()
}

// readAll reads the rest of the collections, and finishes their files.
func (r *Run) readAll(ctx context.Context) (*archive.Manifest, error) {
	if err := r.findUnlisted(ctx); err != nil {
		return nil, err
	}
	if err := r.transfer(ctx, r.write); err != nil {
		return nil, err
	}
	if err := r.failDivided(); err != nil {
		return nil, err
	}
	return r.finish()
}

// transfer reads all collections, each with its own writer. It returns when
// every goroutine that it started has ended.
func (r *Run) transfer(ctx context.Context, write func(context.Context, *collection) error) error {
	outer := ctx
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var done sync.WaitGroup
	unhook := context.AfterFunc(ctx, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.mu.cause == nil {
			r.mu.cause = context.Cause(ctx)
		}
		r.wake.Broadcast()
	})
	defer unhook()

	r.mu.Lock()
	r.mu.Phase = Running
	r.mu.stop = stop
	r.mu.hire = func() { done.Go(func() { r.work(ctx, r.perform) }) }
	r.fillWorkersLocked()
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
	r.mu.hire = nil
	r.mu.Unlock()
	stop(errFinished)
	done.Wait()

	r.mu.Lock()
	defer r.mu.Unlock()
	if !errors.Is(r.mu.cause, errFinished) {
		return r.mu.cause
	}
	return nil
}

// perform does one task of a worker.
func (r *Run) perform(ctx context.Context, t task, body []byte) []byte {
	switch {
	case t.chunk != nil:
		body = r.fetch(ctx, t.c, t.chunk, body)
		if cap(body) > 2*maxBytes {
			return nil // don't keep a large page in every worker
		}
	case t.scan:
		r.scan(ctx, t)
	case t.count:
		r.countDocuments(ctx, t)
	default:
		r.renew(ctx, t.c)
	}
	return body
}

// errFinished stops the workers when everything has been read.
var errFinished = errors.New("all collections are finished")
