package load

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"fauna-export/export/row"
)

// parquetGroup limits the rows, and parquetGroupSize the bytes, of a row group
// in memory.
const (
	parquetGroup     = 64 << 10
	parquetGroupSize = 16 << 20
)

type parquetWriter struct {
	w       *parquet.GenericWriter[any]
	columns []Column
	row     parquet.Row
	rows    int
	size    int
}

var parquetFiles = &fileKind{extension: "parquet", state: ".fauna-export-loads.json", dialect: parquetDialect, value: parquetValue, writer: newParquetWriter, read: readParquet}

func newParquetWriter(w *bufio.Writer, columns []Column) (typedWriter, error) {
	var names []string
	var nodes []parquet.Node
	options := []parquet.WriterOption{
		parquet.CreatedBy("fauna-export", "1", "parquet-go"), parquet.Compression(&zstd.Codec{}),
		parquet.DataPageVersion(1), parquet.DataPageStatistics(false),
	}
	for _, c := range columns {
		names = append(names, c.Name)
		t := parquetTypes[c.Type]
		if c.Name == "ts" {
			t = row.TypeTime
		}
		nodes = append(nodes, row.ParquetNode(t, c.optional()))
		switch c.Type {
		case JSON, JSONB, Raw, Bytes, Text, Numeric:
			options = append(options, parquet.SkipPageBounds(c.Name))
		}
	}
	options = append(options, row.OrderedSchema(names, nodes))
	return &parquetWriter{w: parquet.NewGenericWriter[any](w, options...), columns: columns}, nil
}

// parquetTypes are the types of row's Parquet files that hold ours; the others are
// bytes.
var parquetTypes = map[Type]row.Type{
	Bool: row.TypeBool, Int: row.TypeInt, Ref: row.TypeInt, Double: row.TypeFloat, Numeric: row.TypeString, Text: row.TypeString,
	Time: row.TypeTime, Date: row.TypeDate, JSON: row.TypeJSON, JSONB: row.TypeJSON,
}

// parquetValue returns a cell in the library's form.
func parquetValue(c cell, t Type) any {
	switch {
	case c.class == isNull:
		return parquet.NullValue()
	case t == Bool:
		return parquet.BooleanValue(c.n != 0)
	case t == Date:
		return parquet.Int32Value(int32(c.n))
	case t == Int || t == Ref || t == Time:
		return parquet.Int64Value(c.n)
	case t == Double:
		return parquet.DoubleValue(c.f)
	}
	return parquet.ByteArrayValue(c.text)
}

func (p *parquetWriter) write(values []any) error {
	p.row = p.row[:0]
	for i, v := range values {
		value, level := v.(parquet.Value), 0
		if !value.IsNull() && p.columns[i].optional() {
			level = 1
		}
		if value.Kind() == parquet.ByteArray {
			p.size += len(value.ByteArray())
		}
		p.row = append(p.row, value.Level(0, level, i))
	}
	if _, err := p.w.WriteRows([]parquet.Row{p.row}); err != nil {
		return err
	}
	if p.rows++; p.rows >= parquetGroup || p.size >= parquetGroupSize {
		p.rows, p.size = 0, 0
		return p.w.Flush()
	}
	return nil
}

func (p *parquetWriter) close() error { return p.w.Close() }

// readParquet reads a file back.
func readParquet(f *os.File, columns int, take func(values []any)) (err error) {
	defer func() {
		if fault := recover(); fault != nil { // the library panics on damaged files
			err = fmt.Errorf("read parquet: %v", fault)
		}
	}()
	in := parquet.NewGenericReader[any](f)
	defer in.Close()
	values := make([]any, columns)
	batch := make([]parquet.Row, 64)
	for {
		n, err := in.ReadRows(batch)
		for _, one := range batch[:n] {
			for i, v := range one {
				values[i] = v
			}
			take(values)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
