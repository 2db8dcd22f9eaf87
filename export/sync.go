package export

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"fauna-export/export/row"
)

// SyncSource is what incremental syncs need of a server beside what a full one
// does.
type SyncSource interface {
	Source
	// Pairs is a page of what the collection's index lists: the ts of every
	// document and its id, ascending by ts and then id, from a place on. A
	// negative fromID begins at fromTS. nextID is -1 when there is no next
	// page.
	Pairs(ctx context.Context, collection, index string, at, fromTS, fromID int64, size int) (ts, ids []int64, nextTS, nextID int64, err error)
	// DocumentsOf is the raw body of a page of those of the documents ids,
	// which ascend, that are there; otherwise as Documents.
	DocumentsOf(ctx context.Context, collection string, at int64, ids []int64, paths [][]any, buf []byte) ([]byte, error)
	// Events calls each for every creation and removal behind a time and up
	// to at, in order. What the server has forgotten is left out.
	Events(ctx context.Context, collection string, after, at int64, size int, each func(id, ts int64, removed bool) error) error
	// CollectionTime is the ts of the collection's own settings at a time; its
	// error is Missing when it was not there.
	CollectionTime(ctx context.Context, collection string, at int64) (int64, error)
}

// DefaultDeletion is the deletion column where a Spec names none.
const DefaultDeletion = "deleted_at"

// IgnoreDeletions as the deletion column leaves removals out.
const IgnoreDeletions = "ignore"

// deletion is the deletion column of the files, "" for none.
func (s Spec) deletion() string {
	switch {
	case s.Mode != Incremental || s.Deletions == IgnoreDeletions:
		return ""
	case s.Deletions == "":
		return DefaultDeletion
	}
	return s.Deletions
}

// mostSyncTries is how often a sync is begun again at a new time because the one
// before expired while it was read.
const mostSyncTries = 5

// syncExpired ends a try of a sync whose time expired.
type syncExpired struct{ err error }

func (e *syncExpired) Error() string { return "the sync's time expired: " + e.err.Error() }
func (e *syncExpired) Unwrap() error { return e.err }

// doSyncs is an incremental run: the first sync, which is a full one, or the next
// one in its folder. After it the rows of all syncs are those of one time.
func (r *Run) doSyncs(ctx context.Context) (*Manifest, error) {
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
			return m, err // resumed before anything is added to it
		}
		whole, cerr := r.confirm(ctx, src, m)
		if cerr != nil {
			return nil, cerr
		}
		if whole {
			return m, err
		}
	}
	for try := 1; ; try++ {
		m, err := r.doSync(ctx, src)
		expired, yes := errors.AsType[*syncExpired](err)
		if !yes {
			return m, err
		}
		if try == mostSyncTries {
			return nil, fmt.Errorf("the time of the sync expired %d times before it was done: %w", try, expired.err)
		}
	}
}

// newPass makes the part of a run that does one sync; shown makes its status that
// of the run.
func (r *Run) newPass(shown bool) (*Run, error) {
	p, err := newRun(r.spec, r.src, r.env)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	p.started, p.began, p.paused = r.started, r.began, r.paused
	p.workers = r.workers
	p.pace.setWorkers(r.workers)
	if len(r.times) > 0 {
		p.times = slices.Clone(r.times)
	}
	if shown {
		r.pass = p
	}
	return p, nil
}

// confirm is the end of a first sync: it compares the rows with the index at the
// same time. When they differ, or when they are not of one time, a second sync
// makes them whole.
func (r *Run) confirm(ctx context.Context, src SyncSource, m *Manifest) (whole bool, err error) {
	release, err := r.env.Store.Lock()
	if err != nil {
		return false, r.diskError("lock the folder", err)
	}
	defer release()
	p, err := r.newPass(false)
	if err != nil {
		return false, err
	}
	r.setPhase(Comparing)
	whole = m.Consistency == ConsistencySnapshot
	for _, c := range p.all {
		last := m.last(c.name)
		if last == nil {
			continue
		}
		c.changes = &changes{index: r.spec.index(c.name), last: last, at: last.at(m)}
		if err := p.rebuild(ctx, c, m); err != nil {
			return false, err
		}
		if !whole {
			continue
		}
		c.at = c.changes.at
		err := p.compare(ctx, src, c, false)
		if fail := failureOf(err); fail != nil && fail.Expired() {
			whole = false
			continue
		}
		if err != nil {
			return false, err
		}
		whole = len(c.changes.all) == 0
	}
	return whole, nil
}

// doSync does one sync behind those that the folder holds.
func (r *Run) doSync(ctx context.Context, src SyncSource) (*Manifest, error) {
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
		return nil, p.diskError("lock the folder", err)
	}
	defer release()
	m, err := ReadManifest(p.env.Store)
	if err != nil {
		return nil, err
	}
	p.sync = m.lastSync() + 1
	if err := p.sameChain(m); err != nil {
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
		c.file = syncFile(c.file, p.sync)
		c.changes = &changes{index: r.spec.index(c.name), last: m.last(c.name)}
		if c.changes.last != nil {
			c.changes.at = c.changes.last.at(m)
		}
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
	return p.finishSync(ctx, src, m)
}

// judgeSync stops one collection, or the whole sync with the error it returns.
func (r *Run) judgeSync(c *collection, err error) error {
	_, refused := errors.AsType[*secretRefused](err)
	_, gaveUp := errors.AsType[*GaveUp](err)
	_, changed := errors.AsType[*Changed](err)
	_, disk := errors.AsType[*diskFault](err)
	fail := failureOf(err)
	switch {
	case refused, changed, disk, gaveUp && passing(err):
		return err
	case fail != nil && fail.Expired() && !gaveUp:
		return &syncExpired{err}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failLocked(c, err)
	return nil
}

// setPhase says what the run does.
func (r *Run) setPhase(phase Phase) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.phase = phase
}

// plan hands the changes of a collection to the workers. Removals are asked after
// too: they are believed when the server does not have the document.
func (r *Run) plan(c *collection) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var ids []int64
	for _, ch := range c.changes.all {
		if ch.new != noTime || c.layout.Deletion != "" {
			ids = append(ids, ch.id)
		}
	}
	c.changes.now = make([]int64, len(c.changes.all))
	for i := range c.changes.now {
		c.changes.now[i] = noTime
	}
	c.scanned, c.scanFrom = true, -1
	c.queue.push(ids)
	c.planned = int64(len(ids))
	r.ahead += len(ids)
}

// sameChain refuses a run that would not go on with the files that are there.
func (r *Run) sameChain(m *Manifest) error {
	var diff []string
	say := func(what, was, is string) {
		if was != is {
			diff = append(diff, fmt.Sprintf("%s: was %s, is %s", what, was, is))
		}
	}
	say("server", m.Endpoint, r.spec.Endpoint)
	for _, c := range r.all {
		last := m.last(c.name)
		if last == nil {
			continue
		}
		compress := c.layout.Compress
		if compress == "" {
			compress = row.None
		}
		say("format of "+c.name, last.Format, string(c.layout.Format))
		say("compression of "+c.name, last.Compress, string(compress))
		was, is := slices.Clone(last.Columns), c.layout.Names()
		if last.Deletion == "" && last.Sync == 0 && c.layout.Deletion != "" && len(was) > 0 {
			is = is[:len(is)-1] // a full run that is gone on with
		} else if last.Sync > 0 {
			say("deletions of "+c.name, named(last.Deletion), named(c.layout.Deletion))
		}
		say("columns of "+c.name, strings.Join(was, ", "), strings.Join(is, ", "))
		for _, column := range c.layout.Columns {
			if was, typed := last.Types[column.Name]; typed && column.Type != "" {
				say("the type of "+c.name+":"+column.Name, string(was), string(column.Type))
			}
		}
	}
	if at := m.snapshot(); at > r.times[len(r.times)-1] {
		diff = append(diff, "the server's time is "+FormatTime(r.times[len(r.times)-1])+", before the last sync's of "+FormatTime(at))
	}
	if len(diff) > 0 {
		return &Changed{Differences: diff}
	}
	return nil
}

func named(column string) string {
	if column == "" {
		return IgnoreDeletions
	}
	return column
}

// clean removes what a sync that was interrupted has left.
func (r *Run) clean(m *Manifest) error {
	keep := map[string]bool{}
	for _, e := range m.Collections {
		keep[e.File] = true
		if e.Sync > 0 && m.last(e.Name).File == e.File {
			keep[pairsName(e.File)] = true
		}
	}
	remove := map[string]bool{}
	for _, c := range r.all {
		remove[syncFile(c.file, r.sync)] = true
	}
	entries, err := r.env.Store.List()
	if err != nil {
		return r.diskError("list the folder", err)
	}
	for _, e := range entries {
		work := strings.HasPrefix(e.Name, WorkPrefix) && e.Name != runName
		if !keep[e.Name] && (work || remove[e.Name]) {
			if err := r.env.Store.Remove(e.Name); err != nil {
				return r.diskError("remove "+e.Name, err)
			}
		}
	}
	return nil
}

// finishSync writes the new state, and then the manifest, which makes the sync
// count.
func (r *Run) finishSync(ctx context.Context, src SyncSource, m *Manifest) (*Manifest, error) {
	r.setPhase(Finishing)
	s := r.env.Store
	at := r.times[len(r.times)-1]
	next := *m
	next.Tool, next.Mode, next.Snapshot, next.Snapshots = r.spec.Tool, Incremental, FormatTime(at), nil
	next.Consistency = ConsistencySnapshot
	next.Collections = slices.Clone(m.Collections)
	for i := range next.Collections {
		next.Collections[i].Sync = max(1, next.Collections[i].Sync)
	}
	next.Started, next.Finished = r.began, FormatMoment(r.env.Clock.Now().Truncate(time.Millisecond))
	next.Skipped, next.Failed = r.spec.Skipped, nil
	for _, f := range r.left {
		next.Failed = append(next.Failed, Skipped{Name: f.Collection, Why: f.Err.Error()})
	}
	for _, c := range r.all {
		if c.entry == nil {
			continue
		}
		if err := r.saveChanges(ctx, src, c, at); err != nil {
			return nil, err
		}
		next.Collections = append(next.Collections, *c.entry)
	}
	next.Syncs = append(slices.Clone(m.firstSyncs()), SyncEntry{
		Sync: r.sync, Snapshot: next.Snapshot, Consistency: ConsistencySnapshot, Started: r.began, Finished: next.Finished, Fast: r.spec.Fast,
	})
	data, err := next.encode()
	if err != nil {
		return nil, err
	}
	if err := s.Write(ManifestName, data); err != nil {
		return nil, r.diskError("write "+ManifestName, err)
	}
	if err := s.Write(SumsName, next.sums()); err != nil {
		return nil, r.diskError("write "+SumsName, err)
	}
	if err := s.Remove(runName); err != nil {
		return nil, r.diskError("remove "+runName, err)
	}
	if err := r.clean(&next); err != nil {
		return nil, err
	}
	partial := &Partial{Failures: r.left, Skipped: r.spec.Skipped}
	if len(partial.Failures)+len(partial.Skipped) > 0 {
		return &next, partial
	}
	return &next, nil
}

// saveChanges writes a collection's new pairs and completes its entry.
func (r *Run) saveChanges(ctx context.Context, src SyncSource, c *collection, at int64) error {
	d := c.changes
	var made int64
	if err := r.call(ctx, c, false, func() (err error) {
		made, err = src.CollectionTime(ctx, c.name, at)
		return err
	}); err != nil {
		if fail := failureOf(err); fail == nil || !fail.Missing() {
			return err
		}
		made = 0 // it went meanwhile; the next sync finds it
	}
	state, shut, err := r.openState(d)
	if err != nil {
		return err
	}
	defer shut()
	count := int64(0)
	new := applied(state, d.all, d.now)
	counted := func() (pair, bool, error) {
		p, more, err := new()
		if more {
			count++
		}
		return p, more, err
	}
	meta := pairsMeta{Endpoint: r.spec.Endpoint, Collection: c.name, Sync: r.sync, At: at, Made: made}
	if err := writePairs(r.env.Store, pairsName(c.file), meta, counted); err != nil {
		return r.diskError("write "+pairsName(c.file), err)
	}
	c.entry.Sync, c.entry.Documents = r.sync, count
	for i, ch := range d.all {
		if ch.old == noTime || d.now[i] != noTime {
			continue
		}
		c.entry.Removed++
		if _, known := d.times[ch.id]; !known && c.layout.Deletion != "" {
			c.entry.TimeUnknown++
		}
	}
	c.entry.Warnings = append(c.entry.Warnings, d.warnings()...)
	return nil
}

// openState gives the pairs of the last sync, none before the first.
func (r *Run) openState(d *changes) (next func() (pair, bool, error), shut func(), err error) {
	if d.last == nil {
		return slicePairs(nil), func() {}, nil
	}
	state, shut, err := openPairs(r.env.Store, pairsName(d.last.File))
	if err != nil {
		return nil, nil, fmt.Errorf("read the state of the last sync: %w", err)
	}
	return state.next, shut, nil
}

// pairsName is where the pairs are kept as they are after a file's sync.
func pairsName(file string) string { return WorkPrefix + file + ".pairs" }

// syncFile is the name of a later sync's file: users.jsonl.gz is users@2.jsonl.gz
// in the second. No name of a collection becomes a file name with an @.
func syncFile(file string, sync int) string {
	base, ext, _ := strings.Cut(file, ".")
	if dot := extensionAt(file); dot >= 0 {
		base, ext = file[:dot], file[dot+1:]
	}
	return fmt.Sprintf("%s@%d.%s", base, sync, ext)
}

// extensionAt is where the extension begins, which may be of two parts.
func extensionAt(file string) int {
	dot := strings.LastIndexByte(file, '.')
	switch {
	case dot < 0:
		return -1
	case file[dot+1:] == "gz" || file[dot+1:] == "zst":
		if before := strings.LastIndexByte(file[:dot], '.'); before >= 0 {
			return before
		}
	}
	return dot
}

// missingFile tells whether an error is that of a file that is not there.
func missingFile(err error) bool { return errors.Is(err, fs.ErrNotExist) }
