package export

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// finishSync writes the new state, and then the manifest, which makes the sync
// count.
func (r *Run) finishSync(ctx context.Context, src SyncSource, m *Manifest) (*Manifest, error) {
	r.setPhase(Finishing)
	s := r.env.Store
	at := r.times[0]
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
	partial := &Partial{Failures: r.left, Window: r.windowed(), Skipped: r.spec.Skipped}
	if len(partial.Window) > 0 {
		next.Consistency = ConsistencyWindow
		for _, t := range r.times {
			next.Snapshots = append(next.Snapshots, FormatTime(t))
		}
	}
	next.Syncs = append(slices.Clone(m.firstSyncs()), SyncEntry{
		Sync: r.sync, Snapshot: next.Snapshot, Consistency: next.Consistency, Started: r.began, Finished: next.Finished, Fast: r.spec.Fast,
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
	if len(r.left)+len(partial.Window) == 0 { // otherwise resuming goes on
		if err := r.forget(); err != nil {
			return nil, err
		}
	}
	if err := r.clean(&next); err != nil {
		return nil, err
	}
	if len(partial.Failures)+len(partial.Window)+len(partial.Skipped) > 0 {
		return &next, partial
	}
	return &next, nil
}

// windowed names the collections whose changes were read at more than one time.
func (r *Run) windowed() []string {
	var names []string
	for _, c := range r.all {
		if c.entry != nil && len(c.segments) > 1 {
			names = append(names, c.name)
		}
	}
	return names
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
	if err := writePairs(r.env.Store, pairsName(c.file), meta, drained(counted)); err != nil {
		return r.diskError("write "+pairsName(c.file), err)
	}
	c.entry.Sync, c.entry.Documents = r.sync, count
	for i, ch := range d.all {
		if ch.new == noTime && d.now[i] != noTime {
			d.unlisted++
		}
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
