package row

import (
	"context"
	"fmt"
	"io"
)

// Text selects the content of Row.Text.
type Text byte

// The choices for Row.Text.
const (
	NoText   Text = iota
	JSONText      // the row of an existing document as JSONL
	RawText       // the same, but for wire files the document as the server sent it
)

// Source is a file to read back.
type Source struct {
	Layout
	File io.ReaderAt
	Size int64
	// Stream is read from start to end instead of File, if the format streams.
	Stream io.Reader
	Text   Text
	// Lacks, unless nil, is set to the counts of what JSONText leaves out of the
	// documents of a wire file.
	Lacks *Counts
}

// Summary describes the rows that were read.
type Summary struct {
	Rows    int64
	FirstID int64 // -1 for none
	LastID  int64 // -1 for none
}

// Row is a row read back from a file.
type Row struct {
	ID      int64
	TS      int64 // microseconds since 1970
	Removed bool  // the row records that the document was removed
	// Text is the row of an existing document as a JSONL line, with its line end
	// and without the deletion column; nil if it was not requested. It is valid
	// until the next row.
	Text []byte
}

// Read reads a file back and calls each, which may be nil, for every row, in
// order. Every row must be well-formed and have the layout's columns, and ids
// must strictly ascend. One row or Parquet row group is in memory, never the
// whole file. Read stops at the first error, which may be that of each or of the
// Stream; the summary then covers the rows read so far.
//
// The texts of JSONL and wire files equal a JSONL export, byte for byte. So do
// those of CSV and Parquet, except for what such a file can't represent: a value
// that did not fit its column's type is null; a number in a column of type int or
// float keeps its value but not its text (12 for 12.0); and a time in Parquet is
// truncated to microseconds, or null if out of range.
func Read(ctx context.Context, src Source, each func(Row) error) (Summary, error) {
	c := checker{Summary: Summary{FirstID: -1, LastID: -1}, layout: src.Layout, each: each, texts: src.Text}
	if err := src.Validate(); err != nil {
		return c.Summary, err
	}
	decode := src.Format.entry().decode
	if src.Format.Can().Columns {
		live := src.Layout
		live.Deletion = ""
		c.columns = live.columns()[2:]
	} else {
		var err error
		if c.documents, err = NewSerializer(Layout{Collection: src.Collection, Format: JSONL}); err != nil {
			return c.Summary, err
		}
	}
	if !src.Format.Can().Streams {
		c.file = io.NewSectionReader(cancelled{ctx: ctx, ReaderAt: src.File}, 0, src.Size)
		err := decode(&c)
		return c.Summary, err
	}
	in := src.Stream
	if in == nil {
		if src.Size == 0 && !src.Compress.plain() {
			return c.Summary, fmt.Errorf("read %s: %w", src.Compress, io.ErrUnexpectedEOF)
		}
		in = io.NewSectionReader(src.File, 0, src.Size)
	}
	plain, stop, err := decompress(src.Compress, in)
	if err != nil {
		return c.Summary, err
	}
	defer stop()
	c.lines = newLines(cancelled{ctx: ctx, Reader: plain})
	err = decode(&c)
	if src.Lacks != nil {
		*src.Lacks = Counts{}
		src.Lacks.Merge(c.batch.work.counts)
	}
	return c.Summary, err
}
