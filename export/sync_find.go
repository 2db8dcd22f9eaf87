package export

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sort"

	"fauna-export/export/archive"
	"fauna-export/export/pairs"
)

const (
	pairsPage  = 50_000 // pairs per page of the index
	eventsPage = 10_000 // events per page
)

// changes is what a sync does for one collection.
type changes struct {
	index string
	last  *archive.Entry // of the last sync with the collection, nil for none
	at    int64          // the time of that sync
	asOf  int64          // the time of this one
	fast  bool           // found by the end of the index and the events
	all   []pairs.Change // by id
	now   []int64        // the ts of each change's document as read, pairs.NoTime for none
	times map[int64]int64
	notes []string

	unlisted int64 // documents that exist and that the index does not list
	remade   bool
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
	err := by.compareSurely(ctx, d.remade)
	if _, damaged := errors.AsType[*pairs.Damaged](err); damaged {
		// Its header could be read, but the rest cannot.
		if err := r.rebuild(ctx, c, m); err != nil {
			return err
		}
		d.notes = nil
		err = by.compareSurely(ctx, d.remade)
	}
	if err != nil {
		return err
	}
	return by.dateRemovals(ctx)
}

// findState checks that the collection is still the same, and that the pairs of
// the last sync exist.
func (r *Run) findState(ctx context.Context, c *collection, m *archive.Manifest) error {
	d := c.changes
	was := d.last.Made
	state, shut, err := (&archive.Archive{Store: r.env.Store, Manifest: m}).OpenState(*d.last)
	_, unfit := errors.AsType[*archive.StateUnfit](err)
	switch {
	case err == nil:
		was = cmp.Or(state.Meta.Made, was)
		shut()
	case !unfit:
		return r.diskError("read "+archive.PairsName(d.last.File), err)
	}
	made, err := r.madeSurely(ctx, c)
	if err != nil {
		return err
	}
	// Deleted and recreated: none of its documents are the old ones.
	d.remade = made == madeAbsent
	if was != madeUnknown && made != madeUnknown && made != was && !d.remade {
		return &Changed{Differences: []string{"the database: collection " + c.name + " was a different one at the time of the last sync, " + archive.FormatTime(d.at)}}
	}
	if unfit {
		return r.rebuild(ctx, c, m)
	}
	return nil
}

// madeSurely returns the ts of the collection's own settings at the time of the
// last sync. If the server says that it did not exist then, its settings now and
// its documents of that time must agree, or it is asked again.
func (r *Run) madeSurely(ctx context.Context, c *collection) (int64, error) {
	d := c.changes
	for try := 0; ; try++ {
		made, err := r.askMade(ctx, c, []string{c.name}, d.at)
		if err != nil {
			return 0, err
		}
		if made[0] != madeAbsent {
			return made[0], nil
		}
		now, err := r.askMade(ctx, c, []string{c.name}, d.asOf)
		if err != nil {
			return 0, err
		}
		n, err := r.askCount(ctx, c, d.at)
		if fail := failureOf(err); fail != nil && (fail.Expired() || fail.Missing()) {
			n, err = 0, nil
		}
		if err != nil {
			return 0, err
		}
		if n == 0 && (now[0] <= 0 || now[0] > d.at) {
			return madeAbsent, nil
		}
		if try == contradictions {
			return 0, &contradiction{name: c.name, what: "the collection did not exist at " + archive.FormatTime(d.at) + ", but was created before"}
		}
		if err := r.pace.pause(ctx, r.pace.backoff(try), "the server contradicts itself"); err != nil {
			return 0, err
		}
	}
}

// rebuild makes the pairs of the last sync from the files of all syncs.
func (r *Run) rebuild(ctx context.Context, c *collection, m *archive.Manifest) error {
	d := c.changes
	sorter := pairs.NewSorter(r.env.Store, archive.PairsName(d.last.File))
	for one, err := range (&archive.Archive{Store: r.env.Store, Manifest: m}).Rows(ctx, archive.Rows{Files: m.Chain(c.name), FilesAlone: true}) {
		if err != nil {
			return r.diskError("read the files of "+c.name, err)
		}
		if err := sorter.Add(pairs.Pair{TS: one.TS, ID: one.ID}); err != nil {
			return r.diskError("sort the pairs of "+c.name, err)
		}
	}
	name := archive.PairsName(d.last.File)
	meta := pairs.Meta{Endpoint: m.Endpoint, Collection: c.name, Sync: max(1, d.last.Sync), At: d.at, Guess: d.last.HidesRemovals()}
	var err error
	if meta.Made, err = r.madeAt(ctx, c, d.at); err != nil {
		return err
	}
	if err := pairs.Write(r.env.Store, name, meta, sorter.All()); err != nil {
		return r.diskError("write "+name, err)
	}
	return nil
}

// madeAt returns the ts of the collection's own settings at a time, 0 if
// unknown.
func (r *Run) madeAt(ctx context.Context, c *collection, at int64) (int64, error) {
	times, err := r.askMade(ctx, c, []string{c.name}, at)
	if err != nil {
		return 0, err
	}
	return max(times[0], madeUnknown), nil
}

// miscounted is the error of an index that lists fewer documents than there
// are.
type miscounted struct {
	listed, count int64
	of            string // what counts more
}

func (e *miscounted) Error() string {
	return fmt.Sprintf("the index has %d documents, but the server counts %d in %s; check that it is the index of this collection, and any proxy between you and the server", e.listed, e.count, e.of)
}

// comparison finds what changed in one collection since the last sync.
type comparison struct {
	*Run
	index SyncSource
	c     *collection
}

// compareSurely is compare, but reads the index again if it has fewer documents
// than the server counts.
func (r *comparison) compareSurely(ctx context.Context, anew bool) error {
	notes := len(r.c.changes.notes)
	for reading := 1; ; reading++ {
		err := r.compare(ctx, anew)
		if _, fewer := errors.AsType[*miscounted](err); !fewer || reading == mostReadings {
			return err
		}
		r.c.changes.notes, r.c.changes.times = r.c.changes.notes[:notes], nil
	}
}

// confirmPairs compares the documents found at the collection's time with the
// server's own counts. Finding more is fine: some may have left since, for
// instance because their ttl passed.
func (r *comparison) confirmPairs(ctx context.Context, since, found int64) error {
	if since == 0 {
		n, err := r.askCount(ctx, r.c, r.c.at)
		if err != nil {
			return err
		}
		if n > found {
			return &miscounted{listed: found, count: n, of: "the collection"}
		}
	}
	var n int64
	err := r.call(ctx, r.c, false, func() (err error) {
		n, err = r.index.CountPairs(ctx, r.c.changes.index, r.c.at, since)
		return err
	})
	if err == nil && n > found {
		err = &miscounted{listed: found, count: n, of: "the index"}
	}
	return err
}

// compare finds the changes of a collection between the last sync and c.at.
// With anew every document counts as changed.
func (r *comparison) compare(ctx context.Context, anew bool) error {
	d := r.c.changes
	state, shut, err := r.openState(d)
	if err != nil {
		return err
	}
	defer shut()
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
			err := r.compareFast(ctx, state)
			if _, fewer := errors.AsType[*miscounted](err); !fewer {
				return err
			}
			shut()
			if state, shut, err = r.openState(d); err != nil {
				return err
			}
			defer shut()
			d.times, why = nil, "its end and the events do not account for all documents"
		}
		d.fast = false
		d.notes = append(d.notes, why+", so the whole index was read despite --fast")
	}
	if anew {
		var old, new []pairs.Pair
		for p, err := range state {
			if err != nil {
				return err
			}
			old = append(old, p)
		}
		err := r.scanPairs(ctx, 0, func(p pairs.Pair) error { new = append(new, p); return nil })
		d.all = pairs.Changes(old, new)
		return err
	}
	d.all, err = pairs.Join(state, r.indexed(ctx))
	return err
}

// indexed iterates over the pairs of a collection's whole index.
func (r *comparison) indexed(ctx context.Context) iter.Seq2[pairs.Pair, error] {
	return func(yield func(pairs.Pair, error) bool) {
		err := r.scanPairs(ctx, 0, func(p pairs.Pair) error {
			if !yield(p, nil) {
				return errEnough
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			yield(pairs.Pair{}, err)
		}
	}
}

// errEnough stops reading an index when no more is needed.
var errEnough = errors.New("no more pairs needed")

// compareFast takes the changes from the end of the index, and the removals
// from the events. It cannot detect backdated writes and expired documents.
func (r *comparison) compareFast(ctx context.Context, state iter.Seq2[pairs.Pair, error]) error {
	d := r.c.changes
	var new []pairs.Pair
	if err := r.scanPairs(ctx, d.at+1, func(p pairs.Pair) error { new = append(new, p); return nil }); err != nil {
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
	there := int64(len(changed)) // documents after the sync
	for p, err := range state {
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
		d.notes = append(d.notes, fmt.Sprintf("fast: the syncs add up to %d documents, but the server counts %d: some were removed without an event, and a sync without --fast finds them", there, n))
	}
	new = new[:0]
	for id, ts := range changed {
		new = append(new, pairs.Pair{TS: ts, ID: id})
	}
	d.all = pairs.Changes(old, new)
	d.notes = append(d.notes, "fast: backdated writes and removals, and expired documents, were not searched for")
	return nil
}

// scanPairs reads the index from a time on. It accepts a page as the last only
// after checking that the collection is still readable.
func (r *comparison) scanPairs(ctx context.Context, fromTS int64, each func(pairs.Pair) error) error {
	at, fromID, size := r.c.at, int64(-1), pairsPage
	last := pairs.Pair{TS: pairs.NoTime}
	since, listed := fromTS, int64(0)
	for {
		var ts, ids []int64
		var nextTS, nextID int64
		err := r.call(ctx, r.c, size > leastIDs, func() (err error) {
			ts, ids, nextTS, nextID, err = r.index.Pairs(ctx, PairsRequest{Collection: r.c.name, Index: r.c.changes.index, At: at, FromTS: fromTS, FromID: fromID, Size: size})
			return err
		})
		if fail := failureOf(err); fail != nil && fail.Smaller() && size > leastIDs {
			size = max(leastIDs, size/4)
			continue
		}
		if err != nil {
			return err
		}
		for i := range ids {
			p := pairs.Pair{TS: ts[i], ID: ids[i]}
			if pairs.Compare(last, p) >= 0 || p.TS < fromTS || fromID >= 0 && i == 0 && p.TS == fromTS && p.ID < fromID {
				return &Unexplained{Collection: r.c.name, From: p.ID, Planned: len(ids), Got: len(ids),
					Why: fmt.Sprintf("the index lists document %d at %d behind %d at %d", p.ID, p.TS, last.ID, last.TS)}
			}
			if err := each(p); err != nil {
				return err
			}
			last = p
		}
		listed += int64(len(ids))
		if nextID < 0 {
			break
		}
		next := pairs.Pair{TS: nextTS, ID: nextID}
		if pairs.Compare(last, next) >= 0 {
			return &Unexplained{Collection: r.c.name, From: nextID, Planned: len(ids), Got: len(ids),
				Why: fmt.Sprintf("the index goes on at document %d at %d behind %d at %d", nextID, nextTS, last.ID, last.TS)}
		}
		fromTS, fromID = nextTS, nextID
	}
	if err := r.checkAccess(ctx, r.c, at); err != nil {
		return err
	}
	return r.confirmPairs(ctx, since, listed)
}

// removals returns the documents whose last event since the last sync is a
// removal, with its time.
func (r *comparison) removals(ctx context.Context) (map[int64]int64, error) {
	var gone map[int64]int64
	size := eventsPage
	for {
		err := r.call(ctx, r.c, size > leastIDs, func() error {
			gone = make(map[int64]int64)
			return r.index.Events(ctx, EventsRequest{Collection: r.c.name, After: r.c.changes.at, At: r.c.at, Size: size}, func(id, ts int64, removed bool) error {
				if removed {
					gone[id] = ts
				} else {
					delete(gone, id)
				}
				return nil
			})
		})
		if fail := failureOf(err); fail != nil && fail.Smaller() && size > leastIDs {
			size = max(leastIDs, size/4)
			continue
		}
		return gone, err
	}
}

// dateRemovals finds when documents were removed, if the server still knows.
func (r *comparison) dateRemovals(ctx context.Context) error {
	d := r.c.changes
	if d.times != nil || d.last == nil || d.remade || r.c.layout.Deletion == "" {
		return nil
	}
	if !slices.ContainsFunc(d.all, func(ch pairs.Change) bool { return ch.New == pairs.NoTime }) {
		return nil
	}
	least, err := r.askMinimum(ctx, r.c.name)
	if err != nil || d.at < least {
		return err
	}
	gone, err := r.removals(ctx)
	if err != nil {
		return err
	}
	d.times = make(map[int64]int64)
	for _, ch := range d.all {
		if ts, ok := gone[ch.ID]; ok && ch.New == pairs.NoTime {
			d.times[ch.ID] = ts
		}
	}
	return nil
}

// change returns the change of a document.
func (d *changes) change(id int64) int {
	return sort.Search(len(d.all), func(i int) bool { return d.all[i].ID >= id })
}

// warnings returns the manifest's warnings about the sync.
func (d *changes) warnings() []string {
	out := d.notes
	if d.remade {
		out = append(out, "the collection was deleted and recreated since the last sync, or this is another database; all of its documents were read, and the old ones count as removed")
	}
	if d.unlisted > 0 {
		out = append(out, fmt.Sprintf("%d documents exist that the index does not list: check that it is the index of this collection, and complete", d.unlisted))
	}
	return out
}
