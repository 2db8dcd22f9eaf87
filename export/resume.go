package export

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"fauna-export/export/archive"
	"fauna-export/export/store"
)

// OpenRun prepares to resume the run in the store. It sends no requests. For a
// finished run Do returns the manifest at once; for a store without a run the
// error is a *archive.NotARun.
func OpenRun(src Source, env Env) (*Run, error) {
	f, err := archive.Inspect(env.Store)
	if err != nil {
		return nil, err
	}
	switch f.Kind {
	case archive.Unfinished, archive.Partial:
		spec, err := SpecOf(env.Store, f.Run)
		if err != nil {
			return nil, err
		}
		r, err := newRun(spec, src, env)
		if err != nil {
			return nil, &archive.NotARun{Dir: env.Store.Name(), Why: err.Error()}
		}
		if r.spec.Mode == Incremental {
			return r, r.openFolder()
		}
		r.resume = true
		return r, nil
	case archive.Finished, archive.Syncs:
		env = env.withDefaults()
		spec := Spec{Dir: env.Store.Name()}
		return &Run{spec: spec, env: env, finished: f.Manifest, requester: &requester{scheduler: newScheduler(spec, env)}}, nil
	case archive.Broken:
		return nil, f.Err
	case archive.Foreign:
		return nil, &archive.NotARun{Dir: f.Store, Why: fmt.Sprintf("it holds %q", f.Other)}
	default:
		return nil, &archive.NotARun{Dir: f.Store}
	}
}

// Spec returns what the run exports and how. A resumed run has the Spec of the
// earlier process.
func (r *Run) Spec() Spec { return r.spec }

// readableOf fails the collections that the key can no longer read, so that the
// others can continue. If there are no others, it returns its arguments unchanged.
func (r *Run) readableOf(left []*collection, unreadable []string) ([]*collection, []string) {
	denied := func(c *collection) bool { return slices.Contains(unreadable, c.name) }
	others := slices.DeleteFunc(slices.Clone(left), denied)
	if len(others) == 0 {
		return left, unreadable
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range left {
		if denied(c) {
			r.failLocked(c, &PrivilegeLost{})
		}
	}
	return others, nil
}

// reopen continues where an earlier process stopped.
func (r *Run) reopen(ctx context.Context) error {
	saved, err := archive.ReadRun(r.env.Store)
	if errors.Is(err, fs.ErrNotExist) {
		return &archive.NotARun{Dir: r.env.Store.Name(), Why: "another process has finished it in the meantime"}
	}
	if err != nil {
		return err
	}
	spec, err := SpecOf(r.env.Store, saved)
	if err != nil {
		return err
	}
	if diff := r.spec.Differences(spec); len(diff) > 0 {
		return &Changed{Differences: diff}
	}
	if len(saved.Bounds) > 0 {
		r.setBounds(saved.Bounds)
	}
	left, err := r.loadProgress(ctx, saved)
	if err != nil {
		return err
	}
	if len(left) > 0 || r.spec.Mode == Incremental { // a sync still compares the index
		if err := r.sameServer(ctx, saved); err != nil {
			return err
		}
	}
	if len(left) > 0 {
		var names []string
		for _, c := range left {
			names = append(names, c.name)
		}
		access, err := r.askAccess(ctx, nil, slices.Compact(names)...) // parts are adjacent
		if err != nil {
			return err
		}
		// The rows so far were read with a key that saw all documents.
		if diff := newlyHiding(access.filtered, saved.Filtered, "run"); len(diff) > 0 {
			return &Changed{Differences: diff}
		}
		left, access.unreadable = r.readableOf(left, access.unreadable)
		if err := r.admit(ctx, left, left[0].at, access); err != nil {
			return err
		}
	}
	return r.remove(archive.ManifestName, archive.SumsName)
}

// loadProgress reads how far each collection is, and returns the unfinished ones. A
// collection whose file has changed since starts over.
func (r *Run) loadProgress(ctx context.Context, saved *archive.RunState) (left []*collection, err error) {
	entries, err := r.env.Store.List()
	if err != nil {
		return nil, err
	}
	sizes := make(map[string]int64, len(entries))
	for _, e := range entries {
		sizes[e.Name] = e.Size
	}
	if err := r.ownEnd(); err != nil {
		return nil, err
	}
	states := make([]*state, len(r.all))
	for i, c := range r.all {
		if size, there := sizes[c.file]; there {
			if c.named, err = r.named(store.Entry{Name: c.file, Size: size}); err != nil {
				return nil, err
			}
			if !c.named {
				return nil, archive.Strange(r.env.Store, c.file)
			}
		}
		st, err := readState(r.env.Store, c)
		if err != nil {
			return nil, err
		}
		if _, there := sizes[archive.PartName(c.file)]; st != nil && there {
			fits, err := st.fits(ctx, r.env.Store, archive.PartName(c.file))
			if err != nil {
				return nil, diskError("read "+archive.PartName(c.file), err)
			}
			if !fits {
				continue
			}
		}
		states[i] = st
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mu.times = slices.Clone(saved.Times)
	r.began, r.made = saved.Started, saved.Made
	seconds, retries := saved.Seconds, 0 // a killed process saved only what its files' states record
	for i, c := range r.all {
		st := states[i]
		if st != nil {
			seconds, retries = max(seconds, st.Seconds), retries+int(st.Retries)
		}
		part, begun := sizes[archive.PartName(c.file)]
		whole, named := sizes[c.file]
		finished := st != nil && st.Finished && st.Entry != nil && (begun && part == st.Offset || named && whole == st.Offset)
		c.segments = []segment{{From: c.part.lo, At: saved.Times[0]}}
		if finished || st != nil && !st.Finished && begun && part >= st.Offset {
			c.saved, c.segments, c.earlierCount = st, st.Segments, st.Count
			c.scanFrom, c.cut = st.Next, st.Next > c.part.lo
			c.planned, c.gone, c.appeared = st.Tally.Expected, st.Tally.Gone, st.Tally.Appeared
			c.read = c.expected()
			c.bytes, c.pages, c.retries = st.Bytes, st.Pages, st.Retries
			c.before = time.Duration(st.Seconds * float64(time.Second))
			r.mu.Written += st.Offset
			r.mu.rowsWritten += st.Rows
		}
		c.at = c.segments[len(c.segments)-1].At
		for _, s := range c.segments {
			r.mu.times = append(r.mu.times, s.At)
		}
		if !finished {
			left = append(left, c)
			continue
		}
		c.entry, c.put, c.scanFrom, c.state = st.Entry, st.Tally, -1, CollectionDone
		if begun {
			if err := r.commit(c); err != nil {
				return nil, err
			}
		}
	}
	r.mu.Earlier, r.mu.EarlierRetries = time.Duration(seconds*float64(time.Second)), max(saved.Retries, retries)
	slices.Sort(r.mu.times)
	r.mu.times = slices.Compact(r.mu.times)
	r.mu.Renewed = len(r.mu.times) - 1
	return left, nil
}

// sameServer returns an error if the database is not the one the run started
// with.
func (r *Run) sameServer(ctx context.Context, saved *archive.RunState) error {
	now, err := r.askNow(ctx)
	if err != nil {
		return err
	}
	at := saved.Times[0]
	if now < at {
		return &Changed{Differences: []string{"the server's clock says " + archive.FormatTime(now) + ", which is before the snapshot at " + archive.FormatTime(at)}}
	}
	if at == 0 { // without a snapshot they are read, and were, as they are now
		at = now
	}
	made, err := r.askMade(ctx, nil, r.spec.Collections, at)
	if err != nil {
		return err
	}
	if absent := absentOf(r.spec.Collections, made); len(absent) == len(r.spec.Collections) {
		return &Changed{Differences: []string{"the server: none of the collections read at " + archive.FormatTime(at) + " exist any more; they were deleted, or this is another database"}}
	}
	is := knownTimes(r.spec.Collections, made)
	if err := r.sameMade(saved.Made, is); err != nil {
		return err
	}
	// Where the key can't tell whether it is the same collection, its documents can.
	unknown := slices.DeleteFunc(slices.Clone(r.all), func(c *collection) bool { return saved.Made[c.name] != 0 && is[c.name] != 0 })
	return eachOf(ctx, requestsAtOnce, unknown, func(ctx context.Context, _ int, c *collection) error { return r.sameMark(ctx, c) })
}

// knownTimes maps collections to the ts of their settings, where that is known.
func knownTimes(names []string, made []int64) map[string]int64 {
	known := map[string]int64{}
	for i, ts := range made {
		if ts > 0 {
			known[names[i]] = ts
		}
	}
	return known
}

// sameMade returns an error for a collection that has been replaced or changed.
func (r *Run) sameMade(was, is map[string]int64) error {
	for _, name := range r.spec.Collections {
		if was, is := was[name], is[name]; was > 0 && is > 0 && was != is {
			return &Changed{Differences: []string{fmt.Sprintf("the database: collection %s was created or changed at %s, but the run's at %s", name, archive.FormatTime(is), archive.FormatTime(was))}}
		}
	}
	return nil
}

// newlyHiding lists the collections in which the key's role hides documents and the
// earlier one did not.
func newlyHiding(is, was []string, of string) (diff []string) {
	for _, name := range is {
		if !slices.Contains(was, name) {
			diff = append(diff, "the key: its role hides documents of "+name+" with a predicate; the key of the "+of+" did not")
		}
	}
	return diff
}
