package export

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"runtime"
	"sync"

	"fauna-export/export/archive"
	"fauna-export/export/row"
	"fauna-export/export/store"
)

// proof verifies a file while it is still being written, as far as its bytes are
// durable. A run re-reads all of its files, and doing so while waiting for the
// server saves time at the end.
type proof struct {
	file store.File
	pos  int64 // bytes read; used by the reader only
	done chan struct{}
	// found is the result, valid after done is closed.
	found archive.Reading

	wake sync.Cond // on mu
	mu   struct {
		sync.Mutex
		durable int64 // bytes that may be read
		ended   bool  // durable covers the whole file
		dropped bool  // no longer needed
	}
}

// proven reports whether a file is verified while it is written. A compressed
// file would also need memory for a decompressor, a Parquet file is read from its
// end, and a sync's file needs more checks. Windows cannot rename an open file.
func (r *Run) proven(l row.Layout) bool {
	return r.spec.Mode == Full && l.Format.Can().Streams && l.Compress == row.None && runtime.GOOS != "windows"
}

// readAgain makes the first durable bytes of the file available to the proof.
// Files written before their first checkpoint are read at the end of the run.
func (w *writer) readAgain(durable int64) {
	w.r.mu.Lock()
	defer w.r.mu.Unlock()
	switch {
	case w.c.proof != nil:
		w.c.proof.grow(durable, false)
	case w.r.proven(w.c.layout):
		w.c.proof = startProof(w.r.env.Store, archive.PartName(w.c.file), w.c.layout, durable)
	}
}

// startProof starts verifying a file whose first bytes are durable; nil if the
// store can't be read from. It stops at the end of the file or after drop.
func startProof(s store.Store, name string, l row.Layout, durable int64) *proof {
	file, _, err := s.Open(name)
	if err != nil {
		return nil
	}
	f := &proof{file: file, done: make(chan struct{})}
	f.mu.durable = durable
	f.wake.L = &f.mu
	go func() {
		defer close(f.done)
		defer file.Close()
		h := sha256.New()
		all := io.TeeReader(f, h)
		f.found.Rows, f.found.Bad = row.Read(context.Background(), row.Source{Layout: l, Stream: all}, nil)
		if f.found.Bad != nil {
			// Hash the whole file, even if its rows are bad.
			_, f.found.Failed = io.Copy(io.Discard, all)
		}
		if errors.Is(f.found.Bad, errDropped) {
			f.found.Failed = errDropped
		}
		f.found.SHA256 = hex.EncodeToString(h.Sum(nil))
	}()
	return f
}

var errDropped = errors.New("the run ended before the file was complete")

// Read returns durable bytes, and waits for more.
func (f *proof) Read(p []byte) (int, error) {
	f.mu.Lock()
	for f.pos == f.mu.durable && !f.mu.ended && !f.mu.dropped {
		f.wake.Wait()
	}
	left, dropped := f.mu.durable-f.pos, f.mu.dropped
	f.mu.Unlock()
	switch {
	case dropped:
		return 0, errDropped
	case left == 0:
		return 0, io.EOF
	}
	n, err := f.file.ReadAt(p[:min(int64(len(p)), left)], f.pos)
	f.pos += int64(n)
	if errors.Is(err, io.EOF) && n > 0 {
		err = nil
	}
	return n, err
}

// grow makes more durable bytes available; with whole they are all of the file.
func (f *proof) grow(durable int64, whole bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mu.durable, f.mu.ended = durable, whole
	f.wake.Broadcast()
}

// drop stops the proof.
func (f *proof) drop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mu.dropped = true
	f.wake.Broadcast()
}

// awaitProof waits until a collection's file has been verified, and keeps the
// result. It stops waiting when ctx ends, and does not wait for a collection
// without a complete file.
func (r *Run) awaitProof(ctx context.Context, c *collection) {
	r.mu.Lock()
	f := c.proof
	whole := c.entry != nil
	r.mu.Unlock()
	if f == nil {
		return
	}
	if !whole {
		f.drop()
	}
	stop := context.AfterFunc(ctx, f.drop)
	defer stop()
	<-f.done
	r.mu.Lock()
	defer r.mu.Unlock()
	c.proof = nil
	if f.found.Failed == nil {
		r.mu.found[c.file] = &f.found
	}
}
