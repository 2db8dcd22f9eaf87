package row

import (
	"encoding/json"
	"fmt"
	"slices"
)

// File turns batches, in order, into the bytes of one file. The same rows give
// the same bytes, however they were batched and wherever a File was resumed. It
// is not safe for concurrent use. Close it after use.
type File struct {
	state fileState
	body  body
}

// body turns rows into the bytes of a file. Only compression uses goroutines.
type body interface {
	// begin returns the bytes before the first row.
	begin() []byte
	// append adds rows and emits the pieces that they complete.
	append(b *Batch, emit func(Piece) error) error
	// finish emits what is left and the end of the file.
	finish(emit func(Piece) error) error
	// keep adds to a state what resume needs to continue the file.
	keep(s *fileState)
	resume(s fileState) error
	// close waits for the goroutines.
	close()
}

// Piece is the next bytes of a file. A checkpoint is possible after each.
type Piece struct {
	Bytes  []byte // valid until emit returns
	Rows   int    // rows that this piece completes
	LastID int64  // the id of the last of them, -1 for none
}

// fileState is what ResumeFile needs to continue a file.
type fileState struct {
	Format   Format      `json:"format"`
	Compress Compression `json:"compress,omitempty"`
	Names    []string    `json:"names,omitempty"`
	Rows     int64       `json:"rows"`             // rows in the pieces emitted
	Done     bool        `json:"done,omitempty"`   // the last piece was emitted
	Offset   int64       `json:"offset,omitempty"` // Parquet: end of the last row group
	Groups   [][]byte    `json:"groups,omitempty"` // Parquet: the emitted row groups, as the footer describes them
}

// limits are the sizes at which frames and row groups end.
type limits struct{ frameSize, groupRows, groupSize int }

// NewFile starts a file.
func NewFile(l Layout) (*File, error) {
	return newFile(l, limits{frameSize, groupRows, groupSize})
}

func newFile(l Layout, at limits) (*File, error) {
	if err := l.Validate(); err != nil {
		return nil, err
	}
	f := &File{state: fileState{Format: l.Format, Names: l.Names()}}
	if !l.Compress.plain() {
		f.state.Compress = l.Compress
	}
	f.body = l.Format.entry().file(l, at)
	return f, nil
}

// ResumeFile continues a file after the piece at which State was called.
func ResumeFile(l Layout, state []byte) (*File, error) {
	return resumeFile(l, state, limits{frameSize, groupRows, groupSize})
}

func resumeFile(l Layout, state []byte, at limits) (*File, error) {
	f, err := newFile(l, at)
	if err != nil {
		return nil, err
	}
	var s fileState
	if err := json.Unmarshal(state, &s); err != nil {
		return nil, fmt.Errorf("read the state of a file: %w", err)
	}
	if s.Format != f.state.Format || s.Compress != f.state.Compress || !slices.Equal(s.Names, f.state.Names) {
		return nil, fmt.Errorf("the state belongs to a different file: %s %s with columns %q, not %s %s with %q",
			s.Format, s.Compress, s.Names, f.state.Format, f.state.Compress, f.state.Names)
	}
	f.state = s
	if err := f.body.resume(s); err != nil {
		return nil, fmt.Errorf("read the state of a file: %w", err)
	}
	return f, nil
}

// Begin returns the bytes before the first row: a CSV header, Parquet's magic.
// Call it once for a new file, but not for a resumed one.
func (f *File) Begin() []byte { return f.body.begin() }

// Append adds the rows of b and emits the pieces that they complete. For plain
// files that is one piece per batch; for compressed files a frame, which ends
// with the first row past frameSize and is emitted by this call or a later one,
// since goroutines compress it; for Parquet a row group, which ends after
// groupRows rows or with the first row past groupSize.
func (f *File) Append(b *Batch, emit func(Piece) error) error {
	if len(b.Ends) == 0 {
		return nil
	}
	return f.body.append(b, f.counted(emit))
}

// Finish emits what is left: the last frame or row group, and the footer.
// Called again, or on a File resumed at the end, it emits nothing.
func (f *File) Finish(emit func(Piece) error) error {
	if f.state.Done {
		return nil
	}
	return f.body.finish(f.counted(emit))
}

// Close waits for the goroutines that compress frames and discards their output.
// Call it even if the File is abandoned before Finish.
func (f *File) Close() { f.body.close() }

func (f *File) counted(emit func(Piece) error) func(Piece) error {
	return func(p Piece) error {
		f.state.Rows += int64(p.Rows)
		f.state.Done = p.Rows == 0 // only a footer or an empty frame has none
		return emit(p)
	}
}

// State returns what ResumeFile needs to continue after the last piece emitted.
// It may be called inside emit.
func (f *File) State() ([]byte, error) {
	s := f.state
	f.body.keep(&s)
	state, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("save the state of a file: %w", err)
	}
	return state, nil
}

// newLineFile returns the body of a format that is rows and nothing else.
func newLineFile(l Layout, at limits) body { return newLineBody(l, at, nil) }

// newLineBody returns the body of a format with a header followed by rows, plain or
// in compressed frames.
func newLineBody(l Layout, at limits, head []byte) body {
	if l.Compress.plain() {
		return plainLines{head}
	}
	return newFrames(l.Compress, at.frameSize, head)
}

// plainLines is the body of an uncompressed file. Each batch is a piece.
type plainLines struct{ head []byte }

func (p plainLines) begin() []byte { return p.head }

func (p plainLines) append(b *Batch, emit func(Piece) error) error {
	return emit(Piece{Bytes: b.Bytes, Rows: len(b.Ends), LastID: b.IDs[len(b.IDs)-1]})
}

func (p plainLines) finish(func(Piece) error) error { return nil }
func (p plainLines) keep(*fileState)                {}
func (p plainLines) resume(fileState) error         { return nil }
func (p plainLines) close()                         {}
