package row

import (
	"bytes"
	"fmt"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// frameSize is where compressed files are cut: a frame ends after the first row
// that ends past so many plain bytes. Frames stand alone, so an export can go
// on behind any of them, and gunzip and zstd read them as one file.
const frameSize = 4 << 20

// frame collects the plain bytes of the next frame.
type frame struct {
	size   int // where a frame is cut
	plain  []byte
	rows   int
	lastID int64

	gzip   *gzip.Writer
	zipped bytes.Buffer // what gzip writes to
	zstd   *zstd.Encoder
	packed []byte // what zstd wrote
}

// newFrame makes the encoder. Both run in the calling goroutine, so that their
// bytes follow from the plain bytes alone; gzip's time of modification is 0.
func newFrame(c Compression, size int) (*frame, error) {
	f := &frame{size: size, lastID: -1}
	var err error
	if c == Gzip {
		f.gzip, err = gzip.NewWriterLevel(&f.zipped, gzip.DefaultCompression)
	} else {
		f.zstd, err = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20), zstd.WithLowerEncoderMem(true), zstd.WithZeroFrames(true))
	}
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", c, err)
	}
	return f, nil
}

func (f *frame) append(b *Batch, emit func(Piece) error) error {
	start := 0 // of the rows not yet in f.plain
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

func (f *frame) finish(evenEmpty bool, emit func(Piece) error) error {
	if len(f.plain) == 0 && !evenEmpty {
		return nil
	}
	return f.cut(emit)
}

func (f *frame) cut(emit func(Piece) error) error {
	bytes, err := f.compress()
	if err != nil {
		return err
	}
	p := Piece{Bytes: bytes, Rows: f.rows, LastID: f.lastID}
	f.rows, f.lastID = 0, -1
	return emit(p)
}

// compress returns the frame of f.plain, good until the next call, and empties
// f.plain.
func (f *frame) compress() ([]byte, error) {
	plain := f.plain
	if cap(plain) > 3*frameSize {
		f.plain = nil // a very large document was in it
	} else {
		f.plain = plain[:0]
	}
	if f.zstd != nil {
		f.packed = f.zstd.EncodeAll(plain, f.packed[:0])
		return f.packed, nil
	}
	f.zipped.Reset()
	f.gzip.Reset(&f.zipped)
	if _, err := f.gzip.Write(plain); err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	if err := f.gzip.Close(); err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	return f.zipped.Bytes(), nil
}
