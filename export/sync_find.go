package export

import (
	"context"
	"errors"
	"fmt"
	"sort"

	"fauna-export/export/archive"
	"fauna-export/export/pairs"
)

// changes holds what a sync found and does for one collection.
type changes struct {
	index string
	last  *archive.Entry // of the last sync with the collection, nil if there is none
	at    int64          // the time of that sync
	asOf  int64          // the time of this one
	fast  bool           // found with the end of the index and the events
	all   []pairs.Change // by id
	now   []int64        // ts of each changed document as read, pairs.NoTime for none
	times map[int64]int64
	notes []string

	unlisted  int64 // documents that exist but are missing from the index
	recreated bool
}

// find compares the index with the last sync, and looks up the times of
// removals.
func (r *Run) find(ctx context.Context, src SyncSource, c *collection, m *archive.Manifest) error {
	d := c.changes
	if d.last != nil {
		if err := r.findState(ctx, c, m); err != nil {
			return err
		}
	}
	by := &comparison{r, src, c}
	err := by.compareConfirmed(ctx, d.recreated)
	if _, damaged := errors.AsType[*pairs.Damaged](err); damaged {
		// Its header was readable, but the rest is not.
		if err := r.rebuild(ctx, c, m); err != nil {
			return err
		}
		d.notes = nil
		err = by.compareConfirmed(ctx, d.recreated)
	}
	if err != nil {
		return err
	}
	return by.dateRemovals(ctx)
}

// comparison finds what changed in one collection since the last sync.
type comparison struct {
	*Run
	index SyncSource
	c     *collection
}

// compareConfirmed calls compare, and again if the index lists fewer documents than
// the server counts.
func (r *comparison) compareConfirmed(ctx context.Context, anew bool) error {
	notes := len(r.c.changes.notes)
	for reading := 1; ; reading++ {
		err := r.compare(ctx, anew)
		if _, fewer := errors.AsType[*miscounted](err); !fewer || reading == maxReadings {
			return err
		}
		r.c.changes.notes, r.c.changes.times = r.c.changes.notes[:notes], nil
	}
}

// compare finds the changes of a collection between the last sync and c.at. If
// anew, every document counts as changed.
func (r *comparison) compare(ctx context.Context, anew bool) error {
	d := r.c.changes
	d.fast = r.spec.Fast && d.last != nil && !anew && !r.doubted[r.c.name]
	if !d.fast && r.doubted[r.c.name] {
		d.notes = append(d.notes, "responses contradicted each other, so the whole index was read again")
	}
	if d.fast {
		least, err := r.askMinimum(ctx, r.c.name)
		if err != nil {
			return err
		}
		why := "the server no longer keeps the events since the last sync"
		if d.at >= least {
			err := r.compareFast(ctx)
			if _, fewer := errors.AsType[*miscounted](err); !fewer {
				return err
			}
			d.times, why = nil, "its end and the events do not account for all documents"
		}
		d.fast = false
		d.notes = append(d.notes, why+", so the whole index was read despite --fast")
	}
	if !anew {
		var err error
		d.all, err = pairs.Join(r.state(d), r.listed(ctx, 0))
		return err
	}
	old, err := collected(r.state(d))
	if err != nil {
		return err
	}
	new, err := collected(r.listed(ctx, 0))
	d.all = pairs.Changes(old, new)
	return err
}

// compareFast takes the changes from the end of the index, and the removals
// from the events. It cannot detect backdated writes and expired documents.
func (r *comparison) compareFast(ctx context.Context) error {
	d := r.c.changes
	new, err := collected(r.listed(ctx, d.at+1))
	if err != nil {
		return err
	}
	gone, err := r.removals(ctx)
	if err != nil {
		return err
	}
	d.times = gone
	changed := make(map[int64]int64, len(new))
	for _, p := range new {
		changed[p.ID] = p.TS
	}
	var old []pairs.Pair
	there := int64(len(changed)) // documents that exist after the sync
	for p, err := range r.state(d) {
		if err != nil {
			return err
		}
		ts, updated := changed[p.ID]
		_, removed := gone[p.ID]
		if !updated && !removed {
			there++
		}
		switch {
		case updated && ts == p.TS:
			delete(changed, p.ID)
		case updated || removed:
			old = append(old, p)
		}
	}
	n, err := r.askCount(ctx, r.c, r.c.at)
	switch {
	case err != nil:
		return err
	case n > there:
		return &miscounted{listed: there, count: n, of: "the collection"}
	case n < there:
		d.notes = append(d.notes, fmt.Sprintf("--fast: the syncs add up to %d documents, but the server counts %d: some were removed without an event; a sync without --fast detects them", there, n))
	}
	new = new[:0]
	for id, ts := range changed {
		new = append(new, pairs.Pair{TS: ts, ID: id})
	}
	d.all = pairs.Changes(old, new)
	d.notes = append(d.notes, "--fast: backdated writes and removals, and expired documents, are not detected")
	return nil
}

// change returns the index of a document's change.
func (d *changes) change(id int64) int {
	return sort.Search(len(d.all), func(i int) bool { return d.all[i].ID >= id })
}

// warnings returns the manifest's warnings about the sync.
func (d *changes) warnings() []string {
	out := d.notes
	if d.recreated {
		out = append(out, "the collection was deleted and recreated since the last sync, or this is another database; all of its documents were read, and the old ones count as removed")
	}
	if d.unlisted > 0 {
		out = append(out, fmt.Sprintf("%d documents exist that the index does not list: check that it is the index of this collection, and complete", d.unlisted))
	}
	return out
}
