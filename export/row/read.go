package row

import (
	"context"
	"io"
)

// Row is a row read back from a file.
type Row struct {
	ID      int64
	TS      int64 // microseconds since 1970
	Removed bool  // the row says that the document was removed
	// Text is the row of a live document as a JSONL line, with its line end and
	// without the deletion column; nil if it was not requested. It is valid
	// until the next row.
	Text []byte
}

// Read reads a file back as Check does and calls each for every row, in order,
// without its text. It stops at the first error of each and returns it.
func Read(ctx context.Context, l Layout, r io.ReaderAt, size int64, each func(Row) error) (Summary, error) {
	return check(ctx, l, r, size, each, nil)
}

// ReadJSON reads a file of any format back as Read does, each row with its text
// as JSONL, and returns the counts of what these rows leave out of a wire
// file's documents. The rows of JSONL and wire files are those that a JSONL
// export has, byte for byte. So are those of CSV and Parquet, except for what
// such a file cannot represent: a value that did not fit its column's type is
// null; a number in a column of type int or float keeps its value but not its
// text (12 for 12.0); and a time in Parquet is cut to microseconds, or null if
// out of range.
func ReadJSON(ctx context.Context, l Layout, r io.ReaderAt, size int64, each func(Row) error) (Counts, error) {
	if err := l.Validate(); err != nil {
		return Counts{}, err
	}
	texts, err := l.Format.entry().codec.text(l)
	if err != nil {
		return Counts{}, err
	}
	_, err = check(ctx, l, r, size, each, texts)
	return texts.counts(), err
}

// given passes the row just read to each.
func (c *checker) given(id int64) error {
	if c.each == nil {
		return nil
	}
	c.found.ID = id
	err := c.each(c.found)
	c.found = Row{}
	return err
}
