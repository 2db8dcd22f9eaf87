package row

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
)

// csv reads a CSV file, its header first. Quoted fields may hold line ends, so
// records are read byte by byte.
func (c *checker) csv() error {
	names := c.layout.Names()
	var header []string
	record := csvRecord{}
	ok, err := c.record(&record)
	if err != nil {
		return err
	}
	if !ok {
		return errors.New("the header is missing")
	}
	for i := range record.ends {
		header = append(header, string(record.field(i)))
	}
	if !slices.Equal(header, names) {
		return fmt.Errorf("the header has columns %q, not %q", header, names)
	}
	for {
		ok, err := c.record(&record)
		if err != nil || !ok {
			return err
		}
		if len(record.ends) != len(names) {
			return c.fail(fmt.Sprintf("it has %d fields, not %d", len(record.ends), len(names)))
		}
		id := int64(-1)
		for i, name := range names {
			field := record.field(i)
			ok := true
			switch {
			case name == "ref":
				id, ok = parseDigits(field)
			case name == "ts":
				c.found.TS, ok = parseTS(field)
			case name == "data" && !c.layout.NoData && i == 2 && len(field) > 0:
				ok = c.scan.skip(field, 0) == len(field)
			}
			if !ok {
				return c.fail(fmt.Sprintf("column %q holds %.40q", name, field))
			}
		}
		if c.layout.Deletion != "" {
			c.found.Removed = !record.null[len(names)-1]
		}
		if c.texts != nil && !c.found.Removed {
			if c.found.Text = c.texts.record(&record, id, c.found.TS); c.found.Text == nil {
				return c.fail(c.texts.why)
			}
		}
		if err := c.row(id); err != nil {
			return err
		}
		if err := c.given(id); err != nil {
			return err
		}
	}
}

// csvRecord is one record of a CSV file, without its quotes.
type csvRecord struct {
	text []byte
	ends []int
	null []bool // an empty field without quotes
}

func (r *csvRecord) field(i int) []byte {
	start := 0
	if i > 0 {
		start = r.ends[i-1]
	}
	return r.text[start:r.ends[i]]
}

// record reads the next record; false at the end of the file.
func (c *checker) record(r *csvRecord) (bool, error) {
	r.text, r.ends, r.null = r.text[:0], r.ends[:0], r.null[:0]
	err := c.next()
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	i := 0
	for {
		start := len(r.text)
		quoted := i < len(c.line) && c.line[i] == '"'
		if !quoted {
			first := i
			for i < len(c.line) && c.line[i] != ',' {
				if c.line[i] == '"' || c.line[i] == '\r' {
					return false, c.fail("a quote or carriage return in a field without quotes")
				}
				i++
			}
			r.text = append(r.text, c.line[first:i]...)
		} else if i, err = c.quoted(r, i+1); err != nil {
			return false, err
		}
		r.ends = append(r.ends, len(r.text))
		r.null = append(r.null, !quoted && len(r.text) == start)
		if i == len(c.line) {
			return true, nil
		}
		if c.line[i] != ',' {
			return false, c.fail("text behind a quoted field")
		}
		i++
	}
}

// quoted reads a quoted field from behind its opening quote, over line ends,
// and returns the position behind the closing one.
func (c *checker) quoted(r *csvRecord, i int) (int, error) {
	for {
		n := bytes.IndexByte(c.line[i:], '"')
		if n < 0 {
			r.text = append(append(r.text, c.line[i:]...), '\n')
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
