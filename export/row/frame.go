package row

import (
	"bytes"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

const (
	// frameSize is the number of uncompressed bytes that ends a frame, after the
	// row that reaches it. Frames are independent, so an export can resume after
	// any of them, and gunzip and zstd read them as one file.
	frameSize = 4 << 20

	// packersAtOnce is how many frames of a file are compressed in parallel while
	// the next one is collected. Two keep two cores busy with a source that never
	// waits; more would take memory that pages need.
	packersAtOnce = 2
)

// frames collects the uncompressed bytes of the next frame while earlier frames
// are compressed.
type frames struct {
	head   []byte // written before the rows, in its own frame
	empty  bool   // no frame has been started
	size   int    // size at which a frame is cut
	plain  []byte
	rows   int
	lastID int64

	packing []*packing // frames being compressed, in file order
	idle    []*packing // kept to reuse their memory
}

// packing is a frame being compressed in its own goroutine.
type packing struct {
	gzip   *gzip.Writer
	zipped bytes.Buffer // what gzip writes to
	zstd   *zstd.Encoder
	plain  []byte
	packed []byte
	rows   int
	lastID int64
	done   chan struct{} // closed when packed is set
}

func newFrames(c Compression, size int, head []byte) *frames {
	f := &frames{head: head, empty: len(head) == 0, size: size, lastID: -1}
	for range packersAtOnce {
		f.idle = append(f.idle, newPacking(c))
	}
	return f
}

// newPacking returns a deterministic encoder: it uses one goroutine, and gzip's
// modification time is 0.
func newPacking(c Compression) *packing {
	p := &packing{}
	if c == Gzip {
		p.gzip = gzip.NewWriter(&p.zipped)
	} else { // only wrong options are an error
		p.zstd, _ = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20), zstd.WithLowerEncoderMem(true), zstd.WithZeroFrames(true))
	}
	return p
}

// pack compresses plain into packed.
func (p *packing) pack() {
	if p.zstd != nil {
		p.packed = p.zstd.EncodeAll(p.plain, p.packed[:0])
		return
	}
	p.zipped.Reset()
	p.gzip.Reset(&p.zipped)
	_, _ = p.gzip.Write(p.plain) // a buffer takes everything
	_ = p.gzip.Close()
	p.packed = p.zipped.Bytes()
}

func (f *frames) append(b *Batch, emit func(Piece) error) error {
	start := 0 // start of the rows not yet in f.plain
	for i, end := range b.Ends {
		f.rows++
		f.lastID = b.IDs[i]
		if len(f.plain)+end-start <= f.size {
			continue
		}
		f.plain = append(f.plain, b.Bytes[start:end]...)
		start = end
		if err := f.cut(emit); err != nil {
			return err
		}
	}
	f.plain = append(f.plain, b.Bytes[start:]...)
	return nil
}

func (f *frames) begin() []byte {
	if len(f.head) == 0 {
		return nil
	}
	p := f.idle[0]
	p.plain = append(p.plain[:0], f.head...)
	p.pack()
	return bytes.Clone(p.packed)
}

// finish emits everything left. A file without rows is still a valid gzip or zstd
// file, with one frame.
func (f *frames) finish(emit func(Piece) error) error {
	if len(f.plain) > 0 || f.empty {
		if err := f.cut(emit); err != nil {
			return err
		}
	}
	return f.emit(0, emit)
}

func (f *frames) keep(*fileState) {}

func (f *frames) resume(s fileState) error {
	f.empty = f.empty && s.Rows == 0
	return nil
}

// cut ends the frame and passes it to a goroutine. It emits finished frames, and
// waits for the oldest if there are too many.
func (f *frames) cut(emit func(Piece) error) error {
	if err := f.emit(packersAtOnce-1, emit); err != nil {
		return err
	}
	f.empty = false
	p := f.idle[0]
	f.idle = append(f.idle[:0], f.idle[1:]...)
	p.plain, f.plain = f.plain, p.plain[:0]
	p.rows, p.lastID = f.rows, f.lastID
	f.rows, f.lastID = 0, -1
	p.done = make(chan struct{})
	f.packing = append(f.packing, p)
	go func() {
		defer close(p.done)
		p.pack()
	}()
	return nil
}

// emit emits the oldest frames until at most most are left, and any others that
// are ready.
func (f *frames) emit(most int, emit func(Piece) error) error {
	for len(f.packing) > 0 {
		p := f.packing[0]
		if len(f.packing) <= most {
			select {
			case <-p.done:
			default:
				return nil
			}
		}
		<-p.done
		f.packing = append(f.packing[:0], f.packing[1:]...)
		f.idle = append(f.idle, p)
		err := emit(Piece{Bytes: p.packed, Rows: p.rows, LastID: p.lastID})
		if cap(p.plain) > 3*frameSize {
			p.plain, p.packed, p.zipped = nil, nil, bytes.Buffer{} // it held a very large document
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// close waits for the goroutines.
func (f *frames) close() {
	for _, p := range f.packing {
		<-p.done
	}
	f.packing = nil
}
