package row

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/parquet-go/parquet-go"
)

// decodeParquet reads every page of every column; parquet-go checks the
// checksums.
func decodeParquet(c *checker) (err error) {
	defer func() {
		// The library may panic on a damaged file: turn that into an error.
		if fault := recover(); fault != nil {
			err = fmt.Errorf("read parquet: %v", fault)
		}
	}()
	if err := checkFooter(c.file); err != nil {
		return fmt.Errorf("read parquet: %w", err)
	}
	file, err := parquet.OpenFile(c.file, c.file.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return fmt.Errorf("read parquet: %w", err)
	}
	columns := c.layout.columns()
	if err := sameColumns(file.Schema(), columns); err != nil {
		return err
	}
	for n, group := range file.RowGroups() {
		if err := checkPages(c.file, file.Metadata().RowGroups[n]); err != nil {
			return err
		}
		before := c.Rows
		if err := c.parquetRows(group.Rows(), columns); err != nil {
			return err
		}
		if n := c.Rows - before; n != group.NumRows() {
			return fmt.Errorf("read parquet: a group has %d rows, the footer says %d", n, group.NumRows())
		}
	}
	if c.Rows != file.NumRows() {
		return fmt.Errorf("read parquet: the footer says %d rows, the groups have %d", file.NumRows(), c.Rows)
	}
	return nil
}

// sameColumns compares the columns of a file with those of its layout.
func sameColumns(schema *parquet.Schema, columns []column) error {
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

func (c *checker) parquetRows(rows parquet.Rows, columns []column) error {
	defer rows.Close()
	batch := make([]parquet.Row, 64)
	for {
		n, err := rows.ReadRows(batch)
		for _, one := range batch[:n] {
			if err := c.parquetRow(one, columns); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read parquet: %w", err)
		}
	}
}

func (c *checker) parquetRow(values parquet.Row, columns []column) error {
	if len(values) != len(columns) {
		return c.fail(fmt.Sprintf("it has %d values, not %d", len(values), len(columns)))
	}
	id, ok := parseDigits(values[0].ByteArray())
	if !ok {
		return c.fail(fmt.Sprintf("column %q holds %.40q", columns[0].name, values[0].ByteArray()))
	}
	for i, column := range columns {
		if column.typ == TypeJSON && !values[i].IsNull() {
			if text := values[i].ByteArray(); c.work.skip(text, 0) != len(text) {
				return c.fail(fmt.Sprintf("column %q holds %.40q, which is not JSON", column.name, text))
			}
		}
	}
	c.found.TS = values[1].Int64()
	c.found.Removed = c.layout.Deletion != "" && !values[len(values)-1].IsNull()
	if c.wanted() {
		c.values(id, values[2:])
	}
	return c.row(id)
}

// values makes the text of a row of a Parquet file, given without ref and ts.
func (c *checker) values(id int64, values []parquet.Value) {
	c.begin(id)
	for i, column := range c.columns {
		c.text = append(c.text, column.key...)
		v := values[i]
		switch {
		case v.IsNull():
			c.text = append(c.text, "null"...)
		case column.typ == TypeString:
			c.text = Quote(c.text, v.ByteArray())
		case column.typ == TypeInt:
			c.text = strconv.AppendInt(c.text, v.Int64(), 10)
		case column.typ == TypeFloat:
			c.text = appendFloat(c.text, v.Double())
		case column.typ == TypeBool:
			c.text = strconv.AppendBool(c.text, v.Boolean())
		case column.typ == TypeTime:
			c.text = append(append(append(c.text, '"'), FormatTime(v.Int64())...), '"')
		case column.typ == TypeDate:
			c.text = append(append(append(c.text, '"'), FormatDate(int64(v.Int32()))...), '"')
		default:
			c.text = append(c.text, v.ByteArray()...) // already checked to be JSON
		}
	}
	c.end()
}
