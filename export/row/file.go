package row

import (
	"context"
	"io"
)

// File turns batches, in order, into the bytes of one file. The same rows make
// the same bytes, however they were batched and wherever a File was resumed.
type File struct {
	layout Layout
}

// Piece is the next bytes of a file. A checkpoint may stand after it.
type Piece struct {
	Bytes  []byte // valid until emit returns
	Rows   int    // rows that this piece completes
	LastID int64  // the id of the last of them, -1 for none
}

// NewFile begins a file.
func NewFile(l Layout) (*File, error) { return &File{layout: l}, l.Validate() }

// ResumeFile goes on with a file after the piece at which State was taken.
func ResumeFile(l Layout, state []byte) (*File, error) { return NewFile(l) }

// Begin returns what stands before the first row: a CSV header, Parquet's
// magic. It is not called on a resumed file.
func (f *File) Begin() ([]byte, error) { return nil, nil }

// Append adds the rows of b and gives out the pieces that they complete.
func (f *File) Append(b *Batch, emit func(Piece) error) error { return nil }

// Finish gives out what is left: the last frame or row group, and the footer.
func (f *File) Finish(emit func(Piece) error) error { return nil }

// State returns what ResumeFile needs to go on after the last piece.
func (f *File) State() ([]byte, error) { return nil, nil }

// Summary is what Check found in a file.
type Summary struct {
	Rows    int64
	FirstID int64 // -1 for none
	LastID  int64 // -1 for none
}

// Check reads a file back: every row well-formed, with the layout's columns,
// and ids strictly ascending.
func Check(ctx context.Context, l Layout, r io.ReaderAt, size int64) (Summary, error) {
	return Summary{FirstID: -1, LastID: -1}, nil
}
