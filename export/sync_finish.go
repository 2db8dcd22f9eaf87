package export

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"fauna-export/export/archive"
	"fauna-export/export/pairs"
)

// finishSync writes the new state, renames the files, and then writes the
// manifest, which completes the sync.
func (r *Run) finishSync(ctx context.Context, m *archive.Manifest) (*archive.Manifest, error) {
	r.setPhase(Finishing)
	at, _ := r.snapshot()
	var doubt error
	for _, c := range r.all {
		if c.entry == nil {
			continue
		}
		err := r.saveChanges(ctx, c, at)
		_, doubtful := errors.AsType[*contradiction](err)
		switch {
		case doubtful && r.doubtful:
			r.doubted[c.name], doubt = true, err
		case doubtful:
			r.mu.Lock()
			c.failWrittenLocked(err)
			r.mu.left = append(r.mu.left, &CollectionError{Collection: c.name, Err: err})
			r.mu.Unlock()
		case err != nil:
			return nil, err
		}
	}
	if doubt != nil {
		return nil, doubt
	}
	r.mu.Lock()
	next, partial := r.newManifestLocked()
	times := slices.Clone(r.mu.times)
	r.mu.Unlock()
	next.Snapshot = archive.FormatTime(at)
	next.Collections = slices.Clone(m.Collections)
	for i := range next.Collections {
		next.Collections[i].Sync = max(1, next.Collections[i].Sync)
	}
	for _, c := range r.all {
		if c.entry == nil {
			continue
		}
		if err := r.commit(c); err != nil {
			return nil, err
		}
		next.Collections = append(next.Collections, *c.entry)
		if len(c.segments) > 1 { // its changes were read at several times
			partial.Window = append(partial.Window, c.name)
		}
	}
	if len(partial.Window) > 0 {
		next.Consistency = archive.ConsistencyWindow
		for _, t := range times {
			next.Snapshots = append(next.Snapshots, archive.FormatTime(t))
		}
	}
	next.Syncs = append(slices.Clone(m.AllSyncs()), archive.Sync{
		Sync: r.sync, Snapshot: next.Snapshot, Consistency: next.Consistency, Started: r.began, Finished: next.Finished, Fast: r.spec.Fast,
	})
	if err := archive.Publish(r.env.Store, next); err != nil {
		return nil, diskError("end the sync", err)
	}
	if len(partial.Failures)+len(partial.Window) == 0 { // otherwise it can be resumed
		if err := r.remove(archive.RunName); err != nil {
			return nil, err
		}
	}
	if err := r.clean(next); err != nil {
		return nil, err
	}
	return next, partial.orNil()
}

// saveChanges writes a collection's new pairs and completes its entry. The error
// is a *contradiction if what was read does not match what was found.
func (r *Run) saveChanges(ctx context.Context, c *collection, at int64) error {
	d := c.changes
	ghosts, err := d.fits(c)
	if err != nil {
		return err
	}
	made, err := r.madeAt(ctx, c, at) // 0 if it is gone now; the next sync will notice
	if err != nil {
		return err
	}
	count := int64(0)
	counted := func(yield func(pairs.Pair, error) bool) {
		for p, err := range pairs.Applied(r.state(d), d.all, d.now) {
			if err == nil {
				count++
			}
			if !yield(p, err) {
				return
			}
		}
	}
	meta := pairs.Meta{Endpoint: r.spec.Endpoint, Collection: c.name, Sync: r.sync, At: at, Made: made}
	if err := pairs.Write(r.env.Store, archive.PairsName(c.file), meta, counted); err != nil {
		return diskError("write "+archive.PairsName(c.file), err)
	}
	if ghosts > 0 {
		// Did these documents leave, or did the index list them instead of others?
		n, err := r.askCount(ctx, c, d.asOf)
		if fail := failureOf(err); fail != nil && fail.Expired() {
			d.notes = append(d.notes, countUnknown)
		} else if err != nil {
			return r.refine(ctx, c, nil, err)
		} else if n > count {
			return &contradiction{fmt.Sprintf("the index lists %d documents that do not exist; the server counts %d, but %d were found", ghosts, n, count)}
		}
	}
	c.entry.Sync, c.entry.Documents = r.sync, count
	for i, ch := range d.all {
		if ch.New == pairs.NoTime && d.now[i] != pairs.NoTime {
			d.unlisted++
		}
		if ch.Old == pairs.NoTime || d.now[i] != pairs.NoTime {
			continue
		}
		c.entry.Removed++
		if _, known := d.times[ch.ID]; !known && c.layout.Deletion != "" {
			c.entry.TimeUnknown++
		}
	}
	c.entry.Warnings = append(c.entry.Warnings, d.warnings()...)
	return nil
}

// contradiction is the error of answers about a collection that can't all be
// true.
type contradiction struct{ what string }

func (e *contradiction) Error() string {
	return "the server contradicts itself: " + e.what + "; run it again, and check any proxy between you and the server"
}

// fits compares the documents read with the changes found, and counts those that
// the index lists but that do not exist: they may have expired (ttl). After a
// fast comparison that is an error, and so is a document that exists although the
// events call it removed, since nothing else would show what is missing.
func (d *changes) fits(c *collection) (ghosts int, err error) {
	if len(c.segments) > 1 {
		return 0, nil // read at other times than the index
	}
	for i, ch := range d.all {
		read := d.now[i]
		switch {
		case ch.New == pairs.NoTime && read == pairs.NoTime, ch.New == read:
			continue
		case ch.New == pairs.NoTime && !d.fast:
			continue // counted as missing from the index
		case ch.New == pairs.NoTime:
			err = fmt.Errorf("an event says that document %d was removed, and it exists", ch.ID)
		case read != pairs.NoTime:
			err = fmt.Errorf("the index lists document %d at %s, but it was last written at %s", ch.ID, archive.FormatTime(ch.New), archive.FormatTime(read))
		case d.fast:
			err = fmt.Errorf("the index lists document %d, which does not exist", ch.ID)
		default:
			ghosts++
			continue
		}
		return 0, &contradiction{err.Error()}
	}
	return ghosts, nil
}

// syncFile returns the file name of a later sync: users.jsonl.gz becomes
// users@2.jsonl.gz in the second sync. File names of collections never contain @.
func (c *collection) syncFile(sync int) string {
	extension := "." + c.layout.Extension()
	return fmt.Sprintf("%s@%d%s", strings.TrimSuffix(c.file, extension), sync, extension)
}
