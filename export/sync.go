package export

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"fauna-export/export/archive"
	"fauna-export/export/pairs"
	"fauna-export/export/store"
)

// SyncSource is what incremental syncs need from a server in addition to
// Source.
type SyncSource interface {
	Source
	// Pairs returns a page of the collection's index: the ts and id of every
	// document, ascending by ts and then id, from fromTS and fromID on. A
	// negative fromID starts at the first pair of fromTS. nextID is -1 if there
	// is no next page.
	Pairs(ctx context.Context, p PairsRequest) (ts, ids []int64, nextTS, nextID int64, err error)
	// DocumentsOf returns the raw body of a page of the documents ids, ascending,
	// with null for missing ones; otherwise it is like Documents.
	DocumentsOf(ctx context.Context, p PageRequest, ids []int64) ([]byte, error)
	// Events calls each for every creation and removal after a time and up to at,
	// in order. Events that the server no longer keeps are left out.
	Events(ctx context.Context, p EventsRequest, each func(id, ts int64, removed bool) error) error
	// CountPairs returns how many documents an index lists at a time, starting at
	// a ts (0: all of them), determined without reading it.
	CountPairs(ctx context.Context, index string, at, fromTS int64) (int64, error)
}

// A PairsRequest asks for a page of an index of ts and ref. Like PageRequest it is
// an alias.
type PairsRequest = struct {
	Collection, Index string
	At                int64
	FromTS, FromID    int64
	Size              int
}

// An EventsRequest asks for the events of a collection's documents after one time
// and up to another. Like PageRequest it is an alias.
type EventsRequest = struct {
	Collection string
	After, At  int64
	Size       int // per page
}

// DefaultDeletion is the default name of the deletion column.
const DefaultDeletion = "deleted_at"

// IgnoreDeletions, as Spec.Deletions, leaves removals out.
const IgnoreDeletions = "ignore"

// deletion returns the name of the files' deletion column, "" for none.
func (s Spec) deletion() string {
	if s.Mode != Incremental || s.Deletions == IgnoreDeletions {
		return ""
	}
	return cmp.Or(s.Deletions, DefaultDeletion)
}

// maxSyncTries is the number of attempts before a sync gives up. If the time
// expires while the index is compared, the attempt leaves nothing; if it expires
// while changes are read, the sync covers several times, and the next one makes
// the rows consistent.
const maxSyncTries = 5

// syncExpired ends an attempt of a sync whose time expired.
type syncExpired struct{ err error }

func (e *syncExpired) Error() string { return "the sync's time expired: " + e.err.Error() }
func (e *syncExpired) Unwrap() error { return e.err }

// doSyncs performs an incremental run: the first, full sync, or the next one in
// its folder. After it the rows of all syncs are from a single point in time.
func (r *Run) doSyncs(ctx context.Context) (*archive.Manifest, error) {
	src, ok := r.src.(SyncSource)
	if !ok {
		return nil, &SpecError{Problem: "this source has no incremental sync"}
	}
	if !r.chain {
		m, err := r.doFull(ctx)
		partial, finished := errors.AsType[*Partial](err)
		if err != nil && !finished {
			return nil, err
		}
		if finished && len(partial.Failures) > 0 {
			return m, err // resume that before anything is added
		}
		whole, cerr := r.confirm(ctx, src, m)
		if cerr != nil {
			return nil, cerr
		}
		if whole {
			return m, err
		}
	}
	r.doubted = make(map[string]bool)
	for try, doubts := 1, 0; ; try++ {
		r.doubtful = doubts+1 < maxReadings
		m, err := r.doSync(ctx, src)
		expired, yes := errors.AsType[*syncExpired](err)
		partial, _ := errors.AsType[*Partial](err)
		_, doubtful := errors.AsType[*contradiction](err)
		switch {
		case doubtful && m == nil:
			doubts++
			try--
		case yes && try == maxSyncTries:
			return nil, fmt.Errorf("the snapshot expired %d times before the index was compared; an admin can keep history longer (history_days): %w", try, expired.err)
		case yes:
		case partial != nil && len(partial.Window) > 0 && len(partial.Failures) == 0 && try < maxSyncTries:
		default:
			return m, err
		}
	}
}

// newPass returns the Run that performs one sync; if shown, r reports its status.
func (r *Run) newPass(shown bool) (*Run, error) {
	p, err := newRun(r.spec, r.src, r.env)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	p.mu.Started, p.began, p.mu.Paused = r.mu.Started, r.began, r.mu.Paused
	p.mu.Earlier, p.mu.EarlierRetries = r.mu.Earlier, r.mu.EarlierRetries
	p.mu.tuner = nil
	if r.mu.tuner != nil {
		p.mu.tuner = newTuner(r.mu.Workers)
	}
	p.mu.maxRate = r.mu.maxRate
	p.pace.setMaxRate(r.mu.maxRate)
	p.doubted, p.doubtful = r.doubted, r.doubtful
	p.employLocked(r.mu.Workers)
	p.mu.times = slices.Clone(r.mu.times)
	if shown {
		r.mu.pass = p
	}
	return p, nil
}

// confirm ends a first sync: it compares the rows with the index at the same
// time. If they differ, or were read at several times, a second sync fixes them.
func (r *Run) confirm(ctx context.Context, src SyncSource, m *archive.Manifest) (whole bool, err error) {
	release, err := r.env.Store.Lock()
	if err != nil {
		return false, diskError("lock the folder", err)
	}
	defer release()
	p, err := r.newPass(false)
	if err != nil {
		return false, err
	}
	r.setPhase(Comparing)
	whole = m.Consistency == archive.ConsistencySnapshot
	for _, c := range p.all {
		last := m.Last(c.name)
		if last == nil {
			continue
		}
		c.changes = &changes{index: r.spec.index(c.name), last: last, at: m.SnapshotOf(*last)}
		if err := p.rebuild(ctx, c, m); err != nil {
			return false, err
		}
		if !whole {
			continue
		}
		c.at = c.changes.at
		err := (&comparison{p, src, c}).compareConfirmed(ctx, false)
		if fail := failureOf(err); fail != nil && fail.Expired() {
			whole = false
			continue
		}
		if err != nil {
			return false, err
		}
		whole = len(c.changes.all) == 0
	}
	if whole {
		return true, r.remove(archive.RunName)
	}
	return false, nil
}

// doSync runs the next sync in the folder.
func (r *Run) doSync(ctx context.Context, src SyncSource) (*archive.Manifest, error) {
	p, err := r.newPass(true)
	if err != nil {
		return nil, err
	}
	p.setPhase(Preparing)
	if err := p.prepare(ctx); err != nil {
		return nil, err
	}
	release, err := p.env.Store.Lock()
	if err != nil {
		return nil, diskError("lock the folder", err)
	}
	defer release()
	m, err := archive.ReadManifest(p.env.Store)
	if err != nil {
		return nil, err
	}
	p.sync = m.LastSync() + 1
	if err := p.sameChain(m); err != nil {
		return nil, err
	}
	if err := p.ownFiles(m); err != nil {
		return nil, err
	}
	if err := p.clean(m); err != nil {
		return nil, err
	}
	if err := p.saveRun(); err != nil {
		return nil, err
	}
	p.setPhase(Comparing)
	for _, c := range p.all {
		c.file = c.syncFile(p.sync)
		c.changes = &changes{index: r.spec.index(c.name), last: m.Last(c.name)}
		if c.changes.last != nil {
			c.changes.at = m.SnapshotOf(*c.changes.last)
		}
		c.changes.asOf = c.at
		err := p.refine(ctx, c, nil, p.find(ctx, src, c, m))
		switch {
		case err == nil:
			p.plan(c)
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		default:
			if err := p.judgeSync(c, err); err != nil {
				return nil, err
			}
		}
	}
	if err := p.transfer(ctx, p.write); err != nil {
		return nil, err
	}
	return p.finishSync(ctx, m)
}

// judgeSync stops one collection, or the whole sync by returning an error.
func (r *Run) judgeSync(c *collection, err error) error {
	_, gaveUp := errors.AsType[*GaveUp](err)
	_, changed := errors.AsType[*Changed](err)
	_, disk := errors.AsType[*diskFault](err)
	fail := failureOf(err)
	switch {
	case stopsRun(err), changed, disk:
		return err
	case fail != nil && fail.Expired() && !gaveUp:
		return &syncExpired{err}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failLocked(c, err)
	return nil
}

// setPhase sets the run's phase.
func (r *Run) setPhase(phase Phase) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mu.Phase = phase
}

// plan hands the changes of a collection to the workers.
func (r *Run) plan(c *collection) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c.changes.now = make([]int64, len(c.changes.all))
	for i := range c.changes.now {
		c.changes.now[i] = pairs.NoTime
	}
	c.scanned, c.scanFrom = true, -1
	r.planChangesLocked(c, 0)
}

// planChangesLocked plans the changes from an id on. Removed documents are looked up
// too, even if the files leave removals out: a removal counts only if the server does
// not have the document, and does not hide it.
//
// REQUIRES: p.mu is held.
func (p *planner) planChangesLocked(c *collection, from int64) {
	var ids []int64
	for _, ch := range c.changes.all[c.changes.change(from):] {
		ids = append(ids, ch.ID)
	}
	c.queue = append(c.queue, ids...)
	c.planned += int64(len(ids))
	p.mu.ahead += len(ids)
}

// ownFiles returns an error if a file has the name of one that this sync writes and
// no earlier sync can have left it: it is another's, or of a sync that a
// manifest restored from a backup does not list.
func (r *Run) ownFiles(m *archive.Manifest) error {
	if err := archive.CheckOwn(r.env.Store, archive.SumsName); err != nil {
		return err
	}
	entries, err := r.env.Store.List()
	if err != nil {
		return diskError("list the files", err)
	}
	ours := map[string]bool{}
	for _, c := range r.all {
		ours[c.syncFile(r.sync)] = true
	}
	for _, e := range m.Collections {
		delete(ours, e.File)
	}
	for _, e := range entries {
		if !ours[e.Name] {
			continue
		}
		own, err := r.named(e)
		if err != nil {
			return err
		}
		if !own {
			return &store.Error{Store: r.env.Store.Name(), Problem: fmt.Sprintf("holds %s, which its manifest does not list and this sync would write: move it away", e.Name)}
		}
	}
	return nil
}

// named reports whether an interrupted process may have given a file its final name.
// That happens only after its state says that it is complete.
func (r *Run) named(e store.Entry) (bool, error) {
	var st state
	err := archive.ReadState(r.env.Store, archive.StateName(e.Name), &st)
	_, damaged := errors.AsType[*archive.DamagedState](err)
	switch {
	case damaged:
		return true, nil // unknown
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, err
	}
	return st.Finished && st.Offset == e.Size, nil
}

// clean removes what an interrupted sync left.
func (r *Run) clean(m *archive.Manifest) error {
	listed := map[string]bool{}
	for _, e := range m.Collections {
		listed[e.File] = true
	}
	for _, c := range r.all {
		if file := c.syncFile(r.sync); !listed[file] {
			if err := r.remove(file); err != nil {
				return err
			}
		}
	}
	return diskError("tidy up", archive.Tidy(r.env.Store, m))
}
