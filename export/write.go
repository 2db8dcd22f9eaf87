package export

import (
	"context"
	"crypto/sha256"
	"encoding"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"slices"
	"time"

	"fauna-export/export/archive"
	"fauna-export/export/row"
	"fauna-export/export/store"
)

// writer writes the rows of one collection to its file, in order.
type writer struct {
	r     *Run
	c     *collection
	out   store.Appender
	file  *row.File
	hash  hash.Hash
	size  int64
	rows  int64
	first int64
	last  int64 // the last row in the file, -1 for none

	// Chunks with rows that are not in the file yet: a compressed file buffers
	// rows before it emits their bytes.
	open  []openChunk
	tally settled
	next  int64 // the first id after the settled chunks
	mark  mark  // the last document in the settled chunks

	broken bool  // a write failed, so the end of the file is unknown
	saved  int64 // size at the last checkpoint
	at     time.Time
	took   time.Duration
	cut    *cut       // being saved, or waiting to be
	saving chan error // result of the cut being saved
	notes  []string   // warnings for the manifest
}

type openChunk struct {
	first, last int64 // the first planned id, the last row
	planned     int
	next        int64
	outcome     outcome
	counts      row.Counts
	widest      int64 // longest row, in bytes
	mark        mark  // its last document, unless that may not be there later
}

// write writes the file of a collection. An error that concerns only the
// collection is a *CollectionError.
func (r *Run) write(ctx context.Context, c *collection) error {
	var notes []string
	for reading := 1; ; reading++ {
		w := &writer{r: r, c: c, hash: sha256.New(), first: -1, last: -1, at: r.env.Clock.Now(), notes: notes}
		err := w.write(ctx)
		again, why := w.remake(err)
		if found, differs := errors.AsType[*unconfirmed](err); differs {
			again, why = !found.final, fmt.Sprintf("it was read again from the start: the server counts %d documents, but %d had been read", found.count, found.read)
		}
		if why == "" {
			return err
		}
		if again {
			if err := r.prepareReread(c, w); err != nil {
				return err
			}
		}
		if !again || reading == maxReadings {
			return w.collectionError(err)
		}
		notes = append(w.notes, why)
	}
}

// remake reports whether and why the store has lost the file, so that it must
// be written again from the start. That can happen at once if all of it was
// read; otherwise the collection fails, and the next process does it.
func (w *writer) remake(err error) (now bool, why string) {
	if diverged, other := errors.AsType[*store.Diverged](err); other {
		why = diverged.Error()
	} else if lost, dropped := errors.AsType[*store.UploadLost](err); dropped {
		why = lost.Error()
	} else {
		return false, ""
	}
	w.r.mu.Lock()
	defer w.r.mu.Unlock()
	return w.r.mu.cause == nil && w.c.state == CollectionRunning && w.c.complete(), why
}

// write writes the file once. Its error is an *unconfirmed if it must be
// written again.
func (w *writer) write(ctx context.Context) (err error) {
	r, c := w.r, w.c
	if c.saved != nil && c.saved.Finished {
		return w.commit(c.saved.Entry)
	}
	defer func() {
		if w.file != nil {
			w.file.Close()
		}
	}()
	if err := w.begin(); err != nil {
		return err
	}
	defer func() {
		// Always stop background work, and record what is in the file.
		if serr := w.settle(); err == nil {
			err = serr
		}
		if w.out == nil {
			return
		}
		if err != nil && w.size > w.saved && !w.broken {
			// Keep the error that ended the run, not one from here. Bytes that
			// can't be made durable are read again.
			if st, serr := w.snapshot(); serr == nil {
				_ = w.saveCut(&cut{state: st, size: w.size, durable: w.out.Cut()})
			}
		}
		w.out.Close()
	}()
	for {
		ch, more := r.nextChunk(c)
		if !more {
			break
		}
		err := w.add(ch)
		r.mu.Lock()
		r.memory.release(ch)
		r.wake.Broadcast()
		r.mu.Unlock()
		if err != nil {
			return err
		}
		if err := w.checkpoint(); err != nil {
			return err
		}
	}
	r.mu.Lock()
	stop := r.mu.cause
	if stop == nil && c.state == CollectionFailed {
		stop = c.err
	}
	r.mu.Unlock()
	if stop != nil {
		return stop
	}
	return w.finish(ctx)
}

// nextChunk waits until the first chunk of the collection has been read; it
// returns false if none is left, or the collection or the run stops.
func (r *Run) nextChunk(c *collection) (*chunk, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for {
		if r.mu.cause != nil || c.state == CollectionFailed || c.complete() {
			return nil, false
		}
		if len(c.pending) > 0 && c.pending[0].done {
			ch := c.pending[0]
			c.pending[0] = nil
			c.pending = c.pending[1:]
			return ch, true
		}
		r.wake.Wait()
	}
}

// begin opens the file at the last checkpoint, or a new one.
func (w *writer) begin() (err error) {
	name, st := archive.PartName(w.c.file), w.c.saved
	if st == nil {
		w.file, err = row.NewFile(w.c.layout)
	} else if w.file, err = row.ResumeFile(w.c.layout, st.File); err == nil {
		err = w.hash.(encoding.BinaryUnmarshaler).UnmarshalBinary(st.Hash)
		w.size, w.rows, w.first, w.last = st.Offset, st.Rows, st.First, st.Put
		w.tally, w.next, w.mark, w.saved = st.Tally, st.Next, st.Mark, st.Offset
	}
	if err != nil {
		return fmt.Errorf("resume %s: %w", name, err)
	}
	if w.out, err = w.r.env.Store.Append(name, w.size); err != nil {
		return diskError("open "+name, err)
	}
	if st != nil {
		return nil
	}
	return w.put(row.Piece{Bytes: w.file.Begin(), LastID: -1})
}

// collectionError marks an error that stops only this collection.
func (w *writer) collectionError(err error) error {
	return &CollectionError{Collection: w.c.name, Err: err}
}

// put appends bytes to the file.
func (w *writer) put(p row.Piece) error {
	if len(p.Bytes) > 0 {
		w.hash.Write(p.Bytes)
		n, err := w.out.Write(p.Bytes)
		if err == nil && n < len(p.Bytes) {
			err = io.ErrShortWrite
		}
		if err != nil {
			// Only the last checkpoint is certain: on resume the file is
			// truncated there.
			w.broken = true
			return diskError("write "+archive.PartName(w.c.file), err)
		}
		w.size += int64(len(p.Bytes))
	}
	w.rows += int64(p.Rows)
	if p.Rows > 0 {
		w.last = p.LastID
	}
	w.r.mu.Lock()
	w.r.mu.Written += int64(len(p.Bytes))
	w.r.mu.rowsWritten += int64(p.Rows)
	w.r.mu.Unlock()
	return nil
}

// widest returns the length of a batch's longest row.
func widest(b *row.Batch) int64 {
	longest, start := 0, 0
	for _, end := range b.Ends {
		longest, start = max(longest, end-start), end
	}
	return int64(longest)
}

// add writes a chunk's rows to the file, or to the format's buffer.
func (w *writer) add(ch *chunk) error {
	b := ch.batch
	o := openChunk{first: ch.ids[0], next: ch.ids[len(ch.ids)-1] + 1, last: w.last, planned: len(ch.ids) - int(ch.outcome.idle), outcome: ch.outcome, counts: b.Counts, widest: widest(b)}
	if n := len(w.open); n > 0 {
		o.last = w.open[n-1].last
	}
	if n := len(b.IDs); n > 0 {
		o.last = b.IDs[n-1]
		if len(ch.outcome.window) == 0 && !b.Expiring && !ch.unlisted {
			o.mark = mark{ID: b.IDs[n-1], TS: b.Times[n-1]}
		}
		if w.first < 0 {
			w.first = b.IDs[0]
		}
		// After a checkpoint within a chunk, its first rows are already in the
		// file.
		dropRows(b, w.last)
	}
	w.open = append(w.open, o)
	if len(b.IDs) > 0 {
		if err := w.file.Append(b, w.put); err != nil {
			return w.rowError(err)
		}
	}
	w.settleChunks()
	return nil
}

// rowError wraps row errors and passes disk errors through.
func (w *writer) rowError(err error) error {
	if _, ok := errors.AsType[*diskFault](err); ok {
		return err
	}
	return w.collectionError(err)
}

// settleChunks tallies the chunks whose rows are all in the file.
func (w *writer) settleChunks() {
	for ; len(w.open) > 0 && w.open[0].last <= w.last; w.open = w.open[1:] {
		o := w.open[0]
		w.tally.add(o.planned, o.outcome, o.counts, o.widest)
		w.next = o.next
		if o.mark.TS != 0 {
			w.mark = o.mark
		}
	}
}

// dropRows removes the rows up to an id from the head of a batch.
func dropRows(b *row.Batch, last int64) {
	n, found := slices.BinarySearch(b.IDs, last)
	if found {
		n++
	}
	if n == 0 {
		return
	}
	kept := &row.Batch{}
	for ; n < len(b.IDs); n++ {
		kept.Take(b, n)
	}
	*b = *kept
}

// finish completes the file and renames it.
func (w *writer) finish(ctx context.Context) error {
	if err := w.file.Finish(w.put); err != nil {
		return w.rowError(err)
	}
	w.settleChunks()
	if err := w.settle(); err != nil {
		return err
	}
	t := w.tally
	if w.rows != t.Expected-t.Gone+t.Appeared {
		return w.collectionError(fmt.Errorf("%d rows were written, but %d planned minus %d gone plus %d appeared should be the same", w.rows, t.Expected, t.Gone, t.Appeared))
	}
	if err := w.confirm(ctx); err != nil {
		w.broken = true // only the last checkpoint is certain
		return err
	}
	st := w.state()
	st.Finished, st.Entry = true, w.entry(st)
	data, err := archive.EncodeState(archive.StateName(w.c.file), st)
	if err != nil {
		return err
	}
	if err := w.out.Sync(); err != nil {
		return diskError("sync "+archive.PartName(w.c.file), err)
	}
	if err := w.saveState(data); err != nil {
		return err
	}
	w.r.mu.Lock()
	if w.c.proof != nil {
		w.c.proof.grow(w.size, true)
	}
	w.r.mu.Unlock()
	err = w.out.Close()
	w.out = nil
	if err != nil {
		return diskError("close "+archive.PartName(w.c.file), err)
	}
	w.r.mu.Lock()
	w.c.put = t
	w.r.mu.Unlock()
	return w.commit(st.Entry)
}

// commit gives the complete file its final name. A sync's file gets it only after
// the changes of all collections have been checked.
func (w *writer) commit(e *archive.Entry) error {
	if w.c.changes == nil {
		if err := w.r.commit(w.c); err != nil {
			return err
		}
	}
	w.r.mu.Lock()
	w.c.entry = e
	w.r.mu.Unlock()
	return nil
}

// commit gives a collection's file its final name. What has that name and is not an
// earlier process's stays, and is an error.
func (r *Run) commit(c *collection) error {
	name := archive.PartName(c.file)
	if !c.named {
		f, _, err := r.env.Store.Open(c.file)
		if err == nil {
			f.Close()
		}
		if _, irregular := errors.AsType[*store.NotRegular](err); err == nil || irregular {
			return archive.Strange(r.env.Store, c.file)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return diskError("look at "+c.file, err)
		}
	}
	return diskError("rename "+name, r.env.Store.Commit(name, c.file))
}
