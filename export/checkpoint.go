package export

import (
	"encoding"
	"errors"
	"slices"
	"time"

	"fauna-export/export/archive"
)

const (
	minPause = 300 * time.Millisecond // between two checkpoints of a file
	maxShare = 4                      // at least this many times the last checkpoint's duration
)

// cut is a position in the file from which a later process can resume.
type cut struct {
	state   []byte
	size    int64
	durable func() (bool, error)
}

// checkpoint saves how far the file is, in the background and not too often. If
// the store has not made the bytes before a cut durable yet, it tries the same
// cut again later.
func (w *writer) checkpoint() error {
	if w.saving != nil && len(w.saving) == 0 {
		return nil
	}
	if err := w.settle(); err != nil {
		return err
	}
	if w.cut == nil {
		now := w.r.env.Clock.Now()
		if w.size == w.saved || now.Sub(w.at) < max(minPause, maxShare*w.took) {
			return nil
		}
		st, err := w.snapshot()
		if err != nil {
			return err
		}
		w.cut, w.at = &cut{state: st, size: w.size, durable: w.out.Cut()}, now
	}
	saving, cut := make(chan error, 1), w.cut
	w.saving = saving
	go func() { saving <- w.saveCut(cut) }()
	return nil
}

// settle waits for a running checkpoint.
func (w *writer) settle() error {
	if w.saving == nil {
		return nil
	}
	err := <-w.saving
	w.saving = nil
	switch {
	case errors.Is(err, errNotDurable):
		return nil
	case err == nil:
		w.saved, w.cut = w.cut.size, nil
	}
	return err
}

// errNotDurable means that the bytes before a cut are not durable yet.
var errNotDurable = errors.New("not durable yet")

// saveCut writes how far the file is, once that is durable.
func (w *writer) saveCut(c *cut) error {
	start := w.r.env.Clock.Now()
	switch durable, err := c.durable(); {
	case err != nil:
		return diskError("sync "+archive.PartName(w.c.file), err)
	case !durable:
		return errNotDurable
	}
	if err := w.saveState(c.state); err != nil {
		return err
	}
	w.took = w.r.env.Clock.Now().Sub(start)
	w.readAgain(c.size)
	return nil
}

// snapshot returns the encoded state after the file's last piece, so that the
// writer can continue while it is saved.
func (w *writer) snapshot() ([]byte, error) {
	st := w.state()
	if len(w.open) > 0 {
		st.Next = w.open[0].first
	}
	var err error
	if st.File, err = w.file.State(); err != nil {
		return nil, w.collectionError(err)
	}
	st.Hash, _ = w.hash.(encoding.BinaryMarshaler).MarshalBinary() // a SHA-256 can't fail
	if w.last < 0 {
		st.First = -1
	}
	begun := 1
	for begun < len(st.Segments) && st.Segments[begun].From <= st.Next {
		begun++
	}
	st.Segments = st.Segments[:begun]
	return archive.EncodeState(archive.StateName(w.c.file), st)
}

// state returns how far the file is, and what the run knows about the collection.
func (w *writer) state() *state {
	w.r.mu.Lock()
	defer w.r.mu.Unlock()
	c := w.c
	count := c.earlierCount
	if c.tallied && c.count != notCounted && len(c.segments) == 1 {
		count = max(count, c.count)
	}
	return &state{
		Mark: w.mark, Count: count, Next: w.next, Put: w.last, Offset: w.size, Rows: w.rows, First: w.first, Tally: w.tally,
		Pages: c.pages, Retries: c.retries, Bytes: c.bytes, Segments: slices.Clone(c.segments),
		Seconds: (c.before + w.r.env.Clock.Now().Sub(c.begun)).Seconds(),
	}
}

func (w *writer) saveState(state []byte) error {
	return diskError("write "+archive.StateName(w.c.file), w.r.env.Store.Write(archive.StateName(w.c.file), state))
}
