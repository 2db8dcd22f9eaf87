package export

import (
	"errors"
	"slices"

	"fauna-export/export/archive"
	"fauna-export/export/store"
)

// diskFault is an error of the store.
type diskFault struct {
	op  string
	err error
}

func (e *diskFault) Error() string { return e.op + ": " + e.err.Error() }
func (e *diskFault) Unwrap() error { return e.err }

// diskError wraps an error of the store, if it is one, with what was being done; a
// full disk is a *NoSpace.
func diskError(op string, err error) error {
	if _, ok := errors.AsType[*store.Error](err); ok || err == nil {
		return err
	}
	if store.Full(err) {
		return &diskFault{op: op, err: &NoSpace{Err: err}}
	}
	return &diskFault{op: op, err: err}
}

// finish writes the hashes and, last of all, the manifest. A run with failed
// collections keeps what is needed to resume them.
func (r *Run) finish() (*archive.Manifest, error) {
	r.mu.Lock()
	r.mu.Phase = Finishing
	m, partial := r.manifestLocked()
	if m.Mode == Incremental {
		m.Syncs = m.AllSyncs()
	}
	r.mu.Unlock()
	s := r.env.Store
	if err := r.ownEnd(); err != nil {
		return nil, err
	}
	if ddl := r.spec.DDL; ddl != "" {
		if err := s.Write(ddl.ScriptName(), []byte(LoadScript(ddl, m))); err != nil {
			return nil, diskError("write "+ddl.ScriptName(), err)
		}
	}
	if err := archive.Publish(s, m); err != nil {
		return nil, diskError("end the run", err)
	}
	r.published = true
	if len(partial.Failures) == 0 {
		if err := r.sweep(m); err != nil {
			return nil, err
		}
	}
	return m, partial.orNil()
}

// ownEnd returns an error if what a run writes at its end would replace a file that
// is not a run's.
func (r *Run) ownEnd() error {
	names := []string{archive.ManifestName, archive.SumsName}
	if ddl := r.spec.DDL; ddl != "" {
		names = append(names, ddl.ScriptName())
	}
	for _, name := range names {
		if err := archive.CheckOwn(r.env.Store, name); err != nil {
			return err
		}
	}
	return nil
}

// sweep removes what only an unfinished run needs. run.json goes first, because
// the rest means nothing without it.
func (r *Run) sweep(m *archive.Manifest) error {
	var err error
	if r.spec.Mode == Incremental {
		// The comparison with the index comes next, and perhaps a second sync.
		r.sync = 2
		err = r.saveRun()
	} else {
		err = r.remove(archive.RunName)
	}
	if err != nil {
		return err
	}
	if err := archive.Tidy(r.env.Store, m); err != nil {
		return diskError("tidy up", err)
	}
	return diskError("remove "+store.WorkPrefix, r.env.Store.Close())
}

// remove removes files.
func (r *Run) remove(names ...string) error {
	for _, name := range names {
		if err := r.env.Store.Remove(name); err != nil {
			return diskError("remove "+name, err)
		}
	}
	return nil
}

// newManifestLocked returns a manifest with what every run records about itself,
// and what is missing from it.
//
// REQUIRES: r.mu is held.
func (r *Run) newManifestLocked() (*archive.Manifest, *Partial) {
	m := &archive.Manifest{
		Version: archive.Version, Tool: r.spec.Tool, Endpoint: r.spec.Endpoint, Mode: r.spec.Mode,
		Consistency: archive.ConsistencySnapshot,
		Started:     r.began,
		Finished:    archive.FormatMoment(r.env.Clock.Now()),
		Collections: []archive.Entry{},
		Skipped:     r.spec.Skipped,
	}
	for _, f := range r.mu.left {
		m.Failed = append(m.Failed, Skipped{Name: f.Collection, Why: f.Err.Error()})
	}
	return m, &Partial{Failures: slices.Clone(r.mu.left), Skipped: r.spec.Skipped}
}

// manifestLocked returns the manifest of a finished full run, and what is missing
// from it.
//
// REQUIRES: r.mu is held.
func (r *Run) manifestLocked() (*archive.Manifest, *Partial) {
	m, partial := r.newManifestLocked()
	times := make(map[int64]bool)
	if r.spec.Shard.Of > 0 {
		m.Shard, m.Shards = r.spec.Shard.Index, r.spec.Shard.Of
	}
	for _, c := range r.all {
		if c.entry == nil {
			continue
		}
		e := *c.entry
		if m.Mode == Incremental {
			e.Sync, e.Documents = 1, e.Rows
		}
		m.Collections = append(m.Collections, e)
		for _, s := range c.segments {
			times[s.At] = true
		}
		// One read entirely at a later time is not from the run's point in time.
		if len(c.segments) > 1 || c.segments[0].At != r.mu.times[0] || c.put.Window > 0 {
			partial.Window = append(partial.Window, c.name)
		}
	}
	if r.spec.NoSnapshot {
		m.Consistency = archive.ConsistencyNone
		partial.Window = nil
		return m, partial
	}
	m.Snapshot = archive.FormatTime(r.mu.times[0])
	if len(partial.Window) > 0 {
		m.Consistency = archive.ConsistencyWindow
		for _, at := range r.mu.times {
			if times[at] {
				m.Snapshots = append(m.Snapshots, archive.FormatTime(at))
			}
		}
		slices.Sort(partial.Window)
		partial.Window = slices.Compact(partial.Window)
	}
	return m, partial
}
