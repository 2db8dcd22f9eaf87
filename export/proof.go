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

// proof is the reading again of a file while it is still being written, as far
// as it is durable. A run reads all its files again; what is read beside the
// waiting for a server costs no time at the end.
type proof struct {
	file store.File
	pos  int64 // what is read; of the reader alone
	done chan struct{}
	// found is what was found, good after done.
	found archive.Reading

	mu      sync.Mutex
	wake    sync.Cond
	durable int64 // bytes that may be read
	ended   bool  // they are the whole file
	dropped bool  // nobody wants to know any more
}

// proven tells whether a file is read again while it is written. A compressed
// one would need the memory of a decompressor beside that of its compressor, a
// Parquet file begins with its end, and of a sync's file more is to be found
// than this does. Windows renames no file that is open.
func (r *Run) proven(l row.Layout) bool {
	return r.spec.Mode == Full && l.Format.Can().Streams && (l.Compress == row.None || l.Compress == "") && runtime.GOOS != "windows"
}

// readAgain lets the first bytes of the file, which are durable, be read again.
// A file that is written in a moment is read at the end of the run.
func (w *writer) readAgain(durable int64) {
	w.r.mu.Lock()
	defer w.r.mu.Unlock()
	switch {
	case w.c.proof != nil:
		w.c.proof.grow(durable)
	case w.r.proven(w.c.layout):
		w.c.proof = startProof(w.r.env.Store, archive.PartName(w.c.file), w.c.layout, durable)
	}
}

// startProof begins with a file of which some bytes are durable; nil where
// the store cannot be read from. It ends by itself after end or drop.
func startProof(s store.Store, name string, l row.Layout, durable int64) *proof {
	file, _, err := s.Open(name)
	if err != nil {
		return nil
	}
	f := &proof{file: file, done: make(chan struct{}), durable: durable}
	f.wake.L = &f.mu
	go func() {
		defer close(f.done)
		defer file.Close()
		h := sha256.New()
		all := io.TeeReader(f, h)
		f.found.Rows, f.found.Bad = row.CheckStream(context.Background(), l, all)
		if f.found.Bad != nil {
			// The hash is of the whole file, whatever its rows are.
			_, f.found.Failed = io.Copy(io.Discard, all)
		}
		if errors.Is(f.found.Bad, errDropped) {
			f.found.Failed = errDropped
		}
		f.found.SHA256 = hex.EncodeToString(h.Sum(nil))
	}()
	return f
}

var errDropped = errors.New("the run ended before the file did")

// Read gives what is durable, and waits for more.
func (f *proof) Read(p []byte) (int, error) {
	f.mu.Lock()
	for f.pos == f.durable && !f.ended && !f.dropped {
		f.wake.Wait()
	}
	left, dropped := f.durable-f.pos, f.dropped
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

// grow lets the first bytes of the file be read.
func (f *proof) grow(durable int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.durable = durable
	f.wake.Broadcast()
}

// end says that the durable bytes are the whole file.
func (f *proof) end(size int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.durable, f.ended = size, true
	f.wake.Broadcast()
}

// drop gives it up.
func (f *proof) drop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dropped = true
	f.wake.Broadcast()
}

// awaitProof waits until the file of a collection that was written is read
// again, and keeps what was found; it gives up with ctx, and for a collection
// that has no whole file.
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
		r.found[c.file] = &f.found
	}
}
