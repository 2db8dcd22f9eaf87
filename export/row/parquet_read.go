package row

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/parquet-go/parquet-go"
)

// decode reads every page of every column; parquet-go compares the checksums.
func (parquetCodec) decode(c *checker) (err error) {
	defer func() {
		// A damaged file must be an error, also where the library trusts it.
		if fault := recover(); fault != nil {
			err = fmt.Errorf("read parquet: %v", fault)
		}
	}()
	file, err := parquet.OpenFile(c.file, c.file.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return fmt.Errorf("read parquet: %w", err)
	}
	columns := parquetColumns(c.layout)
	if err := sameColumns(file.Schema(), columns); err != nil {
		return err
	}
	for n, group := range file.RowGroups() {
		if err := checkPages(c.file, file.Metadata().RowGroups[n]); err != nil {
			return err
		}
		chunks := group.ColumnChunks()
		c.group.begin(len(columns))
		for i, column := range columns {
			if err := c.parquetColumn(chunks[i], i, column, group.NumRows()); err != nil {
				return fmt.Errorf("column %q: %w", column.name, err)
			}
		}
		if c.each != nil {
			if err := c.give(); err != nil {
				return err
			}
		}
	}
	if c.Rows != file.NumRows() {
		return fmt.Errorf("read parquet: the footer says %d rows, the groups have %d", file.NumRows(), c.Rows)
	}
	return nil
}

// sameColumns compares the columns of a file with those that its layout makes.
func sameColumns(schema *parquet.Schema, columns []parquetColumn) error {
	var have, want []string
	for _, f := range schema.Fields() {
		if !f.Leaf() {
			return fmt.Errorf("column %q is a group", f.Name())
		}
		have = append(have, fmt.Sprintf("%s %s optional=%t", f.Name(), f.Type(), f.Optional()))
	}
	for _, f := range parquetSchema(columns).Fields() {
		want = append(want, fmt.Sprintf("%s %s optional=%t", f.Name(), f.Type(), f.Optional()))
	}
	if !slices.Equal(have, want) {
		return fmt.Errorf("the file has columns %q, not %q", have, want)
	}
	return nil
}

// parquetColumn reads a column of a row group; the first column counts rows.
func (c *checker) parquetColumn(chunk parquet.ColumnChunk, index int, column parquetColumn, rows int64) error {
	pages := chunk.Pages()
	defer pages.Close()
	values := make([]parquet.Value, 256)
	var seen int64
	for {
		page, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("read parquet: %w", err)
		}
		reader := page.Values()
		for {
			n, err := reader.ReadValues(values)
			for _, v := range values[:n] {
				if reason := c.parquetValue(v, index, column); reason != "" {
					parquet.Release(page)
					return errors.New(reason)
				}
			}
			seen += int64(n)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				parquet.Release(page)
				return fmt.Errorf("read parquet: %w", err)
			}
		}
		parquet.Release(page)
	}
	if seen != rows {
		return fmt.Errorf("it has %d values in a group of %d rows", seen, rows)
	}
	return nil
}

// parquetValue says what is wrong with a value, "" for nothing.
func (c *checker) parquetValue(v parquet.Value, index int, column parquetColumn) string {
	if index == 0 {
		id, ok := parseDigits(v.ByteArray())
		if !ok {
			return fmt.Sprintf("row %d holds %.40q", c.Rows+1, v.ByteArray())
		}
		if err := c.row(id); err != nil {
			return err.Error()
		}
		if c.each != nil {
			c.group.ids = append(c.group.ids, id)
		}
		return ""
	}
	if c.each != nil && index == 1 {
		c.group.times = append(c.group.times, v.Int64())
	}
	if c.each != nil && c.layout.Deletion != "" && index == c.group.columns-1 {
		c.group.removed = append(c.group.removed, !v.IsNull())
	}
	if c.texts != nil && index > 1 {
		c.group.keep(index, v)
	}
	if column.typ == TypeJSON && !v.IsNull() {
		if text := v.ByteArray(); c.scan.skip(text, 0) != len(text) {
			return fmt.Sprintf("%.40q is not JSON", text)
		}
	}
	return ""
}

// readGroup holds what Read needs of a row group, which comes column by column.
type readGroup struct {
	columns    int
	ids, times []int64
	removed    []bool
	cells      [][]groupCell // of the columns after ts, when their text is wanted
	bytes      []byte
}

// groupCell is a value of a row group: bits of a number, or bytes of the group.
type groupCell struct {
	null bool
	bits uint64
	text span
}

// begin empties the group for one of as many columns.
func (g *readGroup) begin(columns int) {
	if g.columns != columns {
		g.columns, g.cells = columns, make([][]groupCell, columns)
	}
	g.ids, g.times, g.removed, g.bytes = g.ids[:0], g.times[:0], g.removed[:0], g.bytes[:0]
	for i := range g.cells {
		g.cells[i] = g.cells[i][:0]
	}
}

// keep copies a value, whose bytes are the page's.
func (g *readGroup) keep(column int, v parquet.Value) {
	cell := groupCell{null: v.IsNull()}
	switch {
	case cell.null:
	case v.Kind() == parquet.ByteArray:
		cell.text.start = len(g.bytes)
		g.bytes = append(g.bytes, v.ByteArray()...)
		cell.text.end = len(g.bytes)
	case v.Kind() == parquet.Boolean:
		if v.Boolean() {
			cell.bits = 1
		}
	case v.Kind() == parquet.Int32:
		cell.bits = uint64(v.Int32())
	default:
		cell.bits = v.Uint64() // an int64, or the bits of a double
	}
	g.cells[column] = append(g.cells[column], cell)
}

// give passes the rows of the group to each.
func (c *checker) give() error {
	g := &c.group
	for i, id := range g.ids {
		c.found = Row{TS: g.times[i], Removed: len(g.removed) > i && g.removed[i]}
		if c.texts != nil && !c.found.Removed {
			if c.found.Text = c.texts.group(g, i); c.found.Text == nil {
				return &RowError{Row: c.Rows - int64(len(g.ids)-i) + 1, Reason: c.texts.why}
			}
		}
		if err := c.given(id); err != nil {
			return err
		}
	}
	return nil
}

// group is row i of a row group of a Parquet file.
func (t *texts) group(g *readGroup, i int) []byte {
	t.begin(g.ids[i], g.times[i])
	for k, typ := range t.types {
		t.out = append(t.out, t.keys[k]...)
		cell := g.cells[k+2][i]
		if cell.null {
			t.out = append(t.out, "null"...)
			continue
		}
		switch typ {
		case TypeString:
			t.out = appendString(t.out, cell.text.of(g.bytes))
		case TypeInt:
			t.out = strconv.AppendInt(t.out, int64(cell.bits), 10)
		case TypeFloat:
			t.out = appendFloat(t.out, math.Float64frombits(cell.bits))
		case TypeBool:
			t.out = strconv.AppendBool(t.out, cell.bits != 0)
		case TypeTime:
			t.out = append(append(append(t.out, '"'), FormatTime(int64(cell.bits))...), '"')
		case TypeDate:
			day := time.Unix(int64(cell.bits)*86400, 0).UTC()
			t.out = append(append(append(t.out, '"'), formatYears(day, "2006-01-02")...), '"')
		default:
			t.out = append(t.out, cell.text.of(g.bytes)...) // it was found to be JSON
		}
	}
	return t.end()
}
