package export

import (
	"encoding"
	"encoding/json"
	"fmt"
	"time"

	"fauna-export/export/archive"
)

const (
	leastPause = 300 * time.Millisecond // between two checkpoints of a file
	mostShare  = 4                      // and this often as long as the last one took
)

// checkpoint saves how far the file is, in the background and not too often.
func (w *writer) checkpoint() error {
	if w.saving != nil {
		select {
		case err := <-w.saving:
			w.saving = nil
			if err != nil {
				return err
			}
		default:
			return nil
		}
	}
	now := w.r.env.Clock.Now()
	if w.size == w.saved || now.Sub(w.at) < max(leastPause, mostShare*w.took) {
		return nil
	}
	st, err := w.snapshot()
	if err != nil {
		return err
	}
	w.saved, w.at = w.size, now
	saving, size := make(chan error, 1), w.size
	w.saving = saving
	go func() {
		err := w.save(st)
		if err == nil {
			w.readAgain(size)
		}
		saving <- err
	}()
	return nil
}

// settle waits for a checkpoint on its way.
func (w *writer) settle() error {
	if w.saving == nil {
		return nil
	}
	err := <-w.saving
	w.saving = nil
	return err
}

// snapshot is how far the file is after its last piece, as text: the writer
// goes on while it is saved.
func (w *writer) snapshot() ([]byte, error) {
	st := &state{Version: runVersion, Next: w.next, Put: w.last, Offset: w.size, Rows: w.rows, First: w.first, Tally: w.tally}
	if len(w.open) > 0 {
		st.Next = w.open[0].first
	}
	var err error
	if st.File, err = w.file.State(); err != nil {
		return nil, w.own(err)
	}
	if st.Hash, err = w.hash.(encoding.BinaryMarshaler).MarshalBinary(); err != nil {
		return nil, fmt.Errorf("save the hash: %w", err)
	}
	if w.last < 0 {
		st.First = -1
	}
	w.fill(st)
	return encodeState(st)
}

func encodeState(st *state) ([]byte, error) {
	data, err := json.Marshal(st)
	if err != nil {
		return nil, fmt.Errorf("encode the state: %w", err)
	}
	return data, nil
}

// fill adds what the run knows of the collection.
func (w *writer) fill(st *state) {
	w.r.mu.Lock()
	defer w.r.mu.Unlock()
	c := w.c
	for _, s := range c.segments {
		if s.From <= st.Next || len(st.Segments) == 0 {
			st.Segments = append(st.Segments, s)
		}
	}
	st.Pages, st.Retries, st.Bytes = c.pages, c.retries, c.bytes
	st.Seconds = (c.before + w.r.env.Clock.Now().Sub(c.begun)).Seconds()
}

// save makes the file durable and then says how far it is.
func (w *writer) save(state []byte) error {
	start := w.r.env.Clock.Now()
	if err := w.out.Sync(); err != nil {
		return w.r.diskError("sync "+archive.PartName(w.c.file), err)
	}
	if err := w.r.env.Store.Write(archive.StateName(w.c.file), state); err != nil {
		return w.r.diskError("write "+archive.StateName(w.c.file), err)
	}
	w.took = w.r.env.Clock.Now().Sub(start)
	return nil
}
