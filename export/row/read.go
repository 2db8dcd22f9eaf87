package row

import (
	"context"
	"io"
)

// Row is a row that was read back.
type Row struct {
	ID      int64
	TS      int64 // microseconds since 1970
	Removed bool  // it tells that the document was removed
	// Text is the row as it stands in a JSONL, CSV or wire file, with its line
	// end and without the deletion column; nil for Parquet. It is good until
	// the next row.
	Text []byte
}

// Read reads a file back as Check does and calls each for every row, in order;
// an error of each ends it and is returned.
func Read(ctx context.Context, l Layout, r io.ReaderAt, size int64, each func(Row) error) (Summary, error) {
	return check(ctx, l, r, size, each)
}

// Header is what stands before the first row of a text file of a layout, without
// its deletion column: the names of a CSV file.
func (l Layout) Header() []byte {
	if l.Format != CSV {
		return nil
	}
	l.Deletion = ""
	return csvHeader(l)
}

// given tells each of the row just read.
func (c *checker) given(id int64) error {
	if c.each == nil {
		return nil
	}
	c.found.ID = id
	err := c.each(c.found)
	c.found = Row{}
	return err
}

// liveJSON is the text of a JSON line without its last column, which begins at byte
// cut.
func (c *checker) liveJSON(cut int) {
	if c.each == nil {
		return
	}
	c.text = append(c.text[:0], c.line[:cut]...)
	if cut < len(c.line) {
		c.text = append(c.text, '}')
	}
	c.found.Text = append(c.text, '\n')
	c.text = c.found.Text
}

// liveCSV is a record as its text, without the deletion column.
func (c *checker) liveCSV(r *csvRecord) {
	if c.each == nil {
		return
	}
	n := len(r.ends)
	if c.layout.Deletion != "" {
		n--
		c.found.Removed = !r.null[n]
	}
	c.text = c.text[:0]
	for i := range n {
		if i > 0 {
			c.text = append(c.text, ',')
		}
		if !r.null[i] {
			c.text = appendCSV(c.text, r.field(i))
		}
	}
	c.text = append(c.text, '\n')
	c.found.Text = c.text
}

// readGroup holds what Read needs of a row group of Parquet, which comes column
// by column.
type readGroup struct {
	ids, times []int64
	removed    []bool
}

// give tells each of the rows of a group.
func (c *checker) give() error {
	g := &c.group
	for i, id := range g.ids {
		c.found = Row{TS: g.times[i], Removed: len(g.removed) > i && g.removed[i]}
		if err := c.given(id); err != nil {
			return err
		}
	}
	g.ids, g.times, g.removed = g.ids[:0], g.times[:0], g.removed[:0]
	return nil
}
