package export

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"fauna-export/export/archive"
	"fauna-export/export/pairs"
	"fauna-export/export/row"
	"fauna-export/export/store"
)

// maxReadings is how often a collection is read before giving up on a server
// that contradicts itself.
const maxReadings = 3

// unconfirmed is the error of documents that exist on the server but were not
// read, although every page matched its plan.
type unconfirmed struct {
	at          int64
	read, count int64
	missing     int64   // documents that exist but were not read
	first       int64   // the first missing document, -1 for unknown
	left        []int64 // the first ids in the file that no longer exist
	final       bool    // the file cannot be rewritten
}

func (e *unconfirmed) Error() string {
	text := fmt.Sprintf("%d documents were read, but the server counts %d at %s", e.read, e.count, archive.FormatTime(e.at))
	if e.first >= 0 {
		text += fmt.Sprintf(": %d were never listed, the first is %d", e.missing, e.first)
	}
	return text + "; run it again, and check any proxy between you and the server"
}

// manyCollections is more collections than are all counted.
const manyCollections = 100

// uncounted reports whether the number of documents still needs confirming, as far as
// the planned part of the collection shows. Of many collections, those that fit on one page
// are not counted, as that would take as long as reading them: the page had no cursor
// and no successor, so plan and page are already two readings of all ids.
//
// REQUIRES: the scheduler's mu is held.
func (c *collection) uncounted() bool {
	return c.changes == nil && c.at != 0 && !c.tallied && !c.renewing && len(c.segments) == 1 &&
		(c.saved != nil || c.chunks > 1 || c.chunks == 1 && !c.oneOfMany || (c.chunks == 0) == (len(c.queue) == 0))
}

// countDocuments requests the number of documents at the collection's time
// while they are being read.
func (p *planner) countDocuments(ctx context.Context, t task) {
	n, err := p.countPart(ctx, t.c, t.at)
	err = p.refine(ctx, t.c, nil, err)
	p.mu.Lock()
	defer p.mu.Unlock()
	t.c.counting = false
	switch fail := failureOf(err); {
	case p.overLocked(ctx, t.c), t.c.renewing:
	case err == nil:
		t.c.tallied, t.c.count = true, n
	case fail != nil && fail.Expired():
		// What is still to be read will say so too, and then it is counted no more. If
		// all of it was read in time, only this request came too late.
		t.c.tallied, t.c.count = true, notCounted
	default:
		p.judgeLocked(t.c, err)
	}
	p.wake.Broadcast()
}

// notCounted stands for a count that the server can no longer give, and
// countUnknown is the warning.
const (
	notCounted   = -1
	countUnknown = "its document count could not be confirmed: the snapshot expired before the server had counted"
)

// confirm compares the rows of a complete file with the server's own count,
// before the file gets its name. If they differ it asks again, and then reads
// all ids and compares them with the file: ids only in the file have left the
// snapshot since they were read; ids only on the server were never listed, so
// the collection must be read again.
func (w *writer) confirm(ctx context.Context) error {
	r, c := w.r, w.c
	r.mu.Lock()
	counted, n, at := c.tallied && len(c.segments) == 1, c.count, c.at
	r.mu.Unlock()
	// Only documents that the server lists at the time read at.
	rows := w.rows - w.tally.Window - int64(len(c.unlisted))
	if lost := c.earlierCount - rows - w.tally.Gone; counted && lost > 0 && !slices.Contains(r.spec.Filtered, c.name) {
		w.note(fmt.Sprintf("the file lacks %s that the server counted before the run was interrupted: what is missing left the snapshot (ttl) meanwhile, or the key's role hides it", documents(lost)))
	}
	if !counted || n == rows && n > 0 {
		return nil
	}
	if n == 0 && rows == 0 {
		return w.refused(ctx, r.confirmEmpty(ctx, c, at))
	}
	var err error
	if n != notCounted {
		n, err = r.countPart(ctx, c, at)
	}
	switch fail := failureOf(err); {
	case n == notCounted, fail != nil && fail.Expired():
		w.note(countUnknown)
		return nil
	case err != nil:
		return w.refused(ctx, err)
	case n == rows:
		return nil
	}
	if err := r.checkAccess(ctx, c, at); err != nil {
		return w.refused(ctx, err)
	}
	if slices.Contains(r.spec.Filtered, c.name) {
		w.note(fmt.Sprintf("%d documents were read, but the role now shows %d at that time: its predicate applies to current data", rows, n))
		return nil
	}
	found := &unconfirmed{at: at, read: rows, count: n, first: -1}
	left, err := w.compareIDs(ctx, at, found)
	if err == nil {
		err = w.checkHidden(ctx, found.left)
	}
	switch fail := failureOf(err); {
	case fail != nil && fail.Expired():
		w.note(fmt.Sprintf("%d documents were read, but the server counted %d; the snapshot expired before the difference could be checked", rows, n))
	case err != nil:
		return w.refused(ctx, err)
	case found.missing > 0, n > rows:
		// If n > rows but none is missing, the list may be wrong each time.
		return found
	case left > 0:
		w.note(fmt.Sprintf("%d documents left the snapshot after they were read, and are in the file", left))
	}
	return nil
}

// confirmEmpty requests a page of documents of a collection or part for which no
// ids were listed and none counted, since no page of it has been read.
func (r *Run) confirmEmpty(ctx context.Context, c *collection, at int64) error {
	if slices.Contains(r.spec.Filtered, c.name) {
		return nil // the server may have to skip every hidden document
	}
	batch, err := r.askPage(ctx, c, at, c.part.lo, minIDs)
	if tooLarge(err) {
		batch, err = r.askPage(ctx, c, at, c.part.lo, 1)
	}
	ids, next := c.part.within(batch.IDs, batch.Next)
	switch fail := failureOf(err); {
	case fail != nil && (fail.Expired() || fail.Missing()):
		return nil // the count of zero stands
	case err != nil:
		return err
	case len(ids) > 0 || next >= 0:
		return &unconfirmed{at: at, count: max(1, int64(len(ids))), missing: max(1, int64(len(ids))), first: append(ids, next)[0]}
	}
	return nil
}

// refused reports whether an error concerns only this collection.
func (w *writer) refused(ctx context.Context, err error) error {
	err = w.r.refine(ctx, w.c, nil, err)
	if _, listed := errors.AsType[*unconfirmed](err); err == nil || listed || stopsRun(err) || ctx.Err() != nil {
		return err
	}
	return w.collectionError(err)
}

// checkHidden checks that documents which left the snapshot since they were read are
// not hidden by a new predicate of the role.
func (w *writer) checkHidden(ctx context.Context, left []int64) error {
	if len(left) == 0 {
		return nil
	}
	now, err := w.r.askAccess(ctx, w.c, w.c.name)
	switch {
	case err != nil:
		return err
	case len(now.filtered) > 0:
		return &Hidden{IDs: left}
	}
	_, err = w.r.presentOf(ctx, w.c, left)
	return err
}

// note adds a warning to the file's entry in the manifest.
func (w *writer) note(text string) { w.notes = append(w.notes, text) }

// compareIDs reads the ids again and compares them with those in the file, page
// by page. It counts ids missing from the file in found, and returns how many
// ids are only in the file.
func (w *writer) compareIDs(ctx context.Context, at int64, found *unconfirmed) (left int64, err error) {
	file, size, err := w.r.env.Store.Open(archive.PartName(w.c.file))
	if err != nil {
		// An object store shows no unfinished file, so which documents differ
		// stays unknown. A stream can't be rewritten either.
		_, found.final = w.r.env.Store.(*store.Stream)
		found.missing = max(1, found.count-found.read)
		return 0, nil
	}
	defer file.Close()
	inFile := func(yield func(int64, error) bool) {
		enough := errors.New("no more rows needed")
		_, err := row.Read(ctx, row.Source{Layout: w.c.layout, File: file, Size: size}, func(one row.Row) error {
			if _, known := slices.BinarySearch(w.c.unlisted, one.ID); !known && !yield(one.ID, nil) {
				return enough
			}
			return nil
		})
		if err != nil && !errors.Is(err, enough) {
			yield(0, err)
		}
	}
	there := w.r.ids(ctx, task{c: w.c, at: at, from: w.c.part.lo, size: laterIDs}, w.c.part.hi)
	for id, err := range pairs.Align(cmp.Compare[int64], inFile, there) {
		switch {
		case err != nil:
			return 0, err
		case !id.InA:
			if found.missing++; found.first < 0 {
				found.first = id.B
			}
		case !id.InB:
			if left++; len(found.left) < maxPresence {
				found.left = append(found.left, id.A)
			}
		}
	}
	return left - w.tally.Window, nil
}

// prepareReread prepares to read a collection again from the start.
func (r *Run) prepareReread(c *collection, w *writer) error {
	r.mu.Lock()
	p := c.proof
	c.proof = nil
	r.mu.Unlock()
	if p != nil {
		p.drop()
		<-p.done
	}
	if err := r.remove(archive.StateName(c.file)); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mu.Written -= w.size
	r.mu.rowsWritten -= w.rows
	c.saved, c.put, c.segments = nil, settled{}, []segment{{From: c.part.lo, At: c.at}}
	c.scanFrom, c.idPage, c.cut, c.scanned, c.chunks, c.tallied = c.part.lo, 0, false, false, 0, false
	c.planned, c.read, c.gone, c.appeared = 0, 0, 0, 0
	if c.changes != nil { // a sync reads what changed, and no other document
		c.scanFrom, c.scanned = -1, true
		r.planChangesLocked(c, 0)
	}
	r.wake.Broadcast()
	return nil
}
