package row

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
)

// csvCells writes CSV with RFC 4180 quoting and "\n" line ends.
type csvCells struct{}

func (csvCells) head(b *Batch, src []byte) {
	d := &b.work.document
	b.Bytes = append(b.Bytes, src[d.idText.start+1:d.idText.end-1]...)
	b.Bytes = append(b.Bytes, ',')
	b.Bytes = append(b.Bytes, d.tsText.of(src)...)
}

func (csvCells) cell(b *Batch, c *column, src []byte, i int) (int, bool) {
	w := &b.work
	if w.value, i = w.rewrite(src, i, w.value[:0]); i < 0 {
		return -1, false
	}
	b.Bytes = append(b.Bytes, ',')
	v, null, fits := w.fit(c, w.value)
	switch {
	case null:
	case c.typ == TypeInt:
		b.Bytes = strconv.AppendInt(b.Bytes, v.number, 10)
	default:
		b.Bytes = AppendCSV(b.Bytes, v.text)
	}
	return i, fits
}

// AppendCSV appends a CSV field that is not null. The empty string is written as ""
// to distinguish it from null, an empty field. A field is quoted if it contains a
// quote, a comma or a line end, has a space at either end, or is \. which Postgres
// would take for the end of the data.
func AppendCSV(out, field []byte) []byte {
	if !needsQuotes(field) {
		return append(out, field...)
	}
	room := 2*len(field) + 2
	if room > 1<<20 { // a large document: no more than it takes
		room = len(field) + bytes.Count(field, []byte{'"'}) + 2
	}
	out = append(slices.Grow(out, room), '"')
	return append(appendMarked(out, field, '"', '"'), '"')
}

func needsQuotes(field []byte) bool {
	if len(field) == 0 || field[0] == ' ' || field[len(field)-1] == ' ' || string(field) == `\.` {
		return true
	}
	return bytes.ContainsAny(field, "\",\n\r")
}

// newCSVFile returns the body of a file with a header.
func newCSVFile(l Layout, at limits) body {
	var out []byte
	for i, name := range l.Names() {
		if i > 0 {
			out = append(out, ',')
		}
		out = AppendCSV(out, []byte(name))
	}
	return newLineBody(l, at, append(out, '\n'))
}

// decodeCSV reads a file with its header. Quoted fields may contain line ends, so
// records are read byte by byte.
func decodeCSV(c *checker) error {
	names := c.layout.Names()
	var header []string
	r := CSVReader{c: c, most: len(names)}
	n, err := r.Next()
	if err != nil {
		return err
	}
	if n == 0 {
		return errors.New("the header is missing")
	}
	for i := range n {
		header = append(header, string(r.field(i)))
	}
	if !slices.Equal(header, names) {
		return fmt.Errorf("the header has columns %q, not %q", header, names)
	}
	for {
		n, err := r.Next()
		if err != nil || n == 0 {
			return err
		}
		if n != len(names) {
			return c.fail(fmt.Sprintf("it has %d fields, not %d", n, len(names)))
		}
		id := int64(-1)
		for i, name := range names {
			field := r.field(i)
			ok := true
			switch {
			case name == "ref":
				id, ok = parseDigits(field)
			case name == "ts":
				c.found.TS, ok = parseTS(field)
			case name == "data" && !c.layout.NoData && i == 2 && len(field) > 0:
				ok = c.work.skip(field, 0) == len(field)
			}
			if !ok {
				return c.fail(fmt.Sprintf("column %q holds %.40q", name, field))
			}
		}
		if c.layout.Deletion != "" {
			c.found.Removed = !r.null[len(names)-1]
		}
		if c.wanted() {
			if err := c.record(&r, id); err != nil {
				return err
			}
		}
		if err := c.row(id); err != nil {
			return err
		}
	}
}

// CSVReader reads the records of any CSV file, and distinguishes null from the
// empty string.
type CSVReader struct {
	c    *checker
	most int    // fields that a record may have
	text []byte // of a record, without its quotes
	ends []int
	null []bool // an empty field without quotes
}

// NewCSVReader returns a reader of records with up to most fields.
func NewCSVReader(r io.Reader, most int) *CSVReader {
	return &CSVReader{c: &checker{lines: newLines(r)}, most: most}
}

// Field returns a field of the current record, valid until the next call of Next.
func (r *CSVReader) Field(i int) (text []byte, null bool) { return r.field(i), r.null[i] }

func (r *CSVReader) field(i int) []byte {
	start := 0
	if i > 0 {
		start = r.ends[i-1]
	}
	return r.text[start:r.ends[i]]
}

// Next reads the next record and returns the number of its fields, 0 at the end
// of the file.
func (r *CSVReader) Next() (int, error) {
	c := r.c
	r.text, r.ends, r.null = r.text[:0], r.ends[:0], r.null[:0]
	err := c.next()
	if errors.Is(err, io.EOF) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	for i := 0; ; i++ {
		start := len(r.text)
		quoted := i < len(c.line) && c.line[i] == '"'
		if !quoted {
			first := i
			for i < len(c.line) && c.line[i] != ',' {
				if c.line[i] == '"' || c.line[i] == '\r' {
					return 0, c.fail("a quote or carriage return in a field without quotes")
				}
				i++
			}
			r.text = append(r.text, c.line[first:i]...)
		} else if i, err = r.quoted(i + 1); err != nil {
			return 0, err
		}
		if len(r.ends) == r.most {
			return 0, c.fail(fmt.Sprintf("it has more than %d fields", r.most))
		}
		r.ends = append(r.ends, len(r.text))
		r.null = append(r.null, !quoted && len(r.text) == start)
		if i == len(c.line) {
			return len(r.ends), nil
		}
		if c.line[i] != ',' {
			return 0, c.fail("text after a quoted field")
		}
	}
}

// quoted reads a quoted field, possibly over line ends, from after its opening
// quote. It returns the position after the closing one.
func (r *CSVReader) quoted(i int) (int, error) {
	for c := r.c; ; {
		n := bytes.IndexByte(c.line[i:], '"')
		if n < 0 {
			r.text = append(append(r.text, c.line[i:]...), '\n')
			if len(r.text) > maxRow {
				return 0, c.tooLong()
			}
			if err := c.next(); errors.Is(err, io.EOF) {
				return 0, c.fail("the file ends within a quoted field")
			} else if err != nil {
				return 0, err
			}
			i = 0
			continue
		}
		r.text = append(r.text, c.line[i:i+n]...)
		i += n + 1
		if i >= len(c.line) || c.line[i] != '"' {
			return i, nil
		}
		r.text = append(r.text, '"')
		i++
	}
}

// record makes the text of a CSV record.
func (c *checker) record(r *CSVReader, id int64) error {
	c.begin(id)
	for i, column := range c.columns {
		c.text = append(c.text, column.key...)
		field := r.field(i + 2)
		start := len(c.text)
		switch {
		case r.null[i+2]:
			c.text = append(c.text, "null"...)
			continue
		case column.typ == TypeString:
			c.text = Quote(c.text, field)
			continue
		case column.typ == TypeTime, column.typ == TypeDate, column.typ == TypeFloat && len(field) > 0 && !isNumber(field[len(field)-1:]): // NaN or infinity
			c.text = append(append(append(c.text, '"'), field...), '"')
		default:
			c.text = append(c.text, field...)
		}
		if c.work.skip(c.text, start) != len(c.text) {
			return c.fail("column " + jsonKey(column.name) + " holds no " + string(column.typ))
		}
	}
	c.end()
	return nil
}
