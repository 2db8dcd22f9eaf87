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

var parquetFiles = &fileKind{extension: "parquet", state: ".fauna-export-loads.json", dialect: parquetDialect, value: cell.value, writer: newParquetWriter, read: readParquet}

func newParquetWriter(w *bufio.Writer, columns []Column) (typedWriter, error) {
	var names []string
	var nodes []parquet.Node
	options := []parquet.WriterOption{
		parquet.CreatedBy("fauna-export", "1", "parquet-go"), parquet.Compression(&zstd.Codec{}),
		parquet.DataPageVersion(1), parquet.DataPageStatistics(false),
	}
	for _, c := range columns {
		names = append(names, c.Name)
		nodes = append(nodes, parquetNode(c))
		switch c.Type {
		case JSON, JSONB, Raw, Bytes, Text, Numeric:
			options = append(options, parquet.SkipPageBounds(c.Name))
		}
	}
	options = append(options, row.OrderedSchema(names, nodes))
	return &parquetWriter{w: parquet.NewGenericWriter[any](w, options...), columns: columns}, nil
}

func parquetNode(c Column) parquet.Node {
	var node parquet.Node
	switch c.Type {
	case Bool:
		node = parquet.Leaf(parquet.BooleanType)
	case Int, Ref:
		node = parquet.Int(64)
		if c.Name == "ts" {
			node = parquet.Timestamp(parquet.Microsecond)
		}
	case Double:
		node = parquet.Leaf(parquet.DoubleType)
	case Time:
		node = parquet.Timestamp(parquet.Microsecond)
	case Date:
		node = parquet.Date()
	case Bytes, Raw:
		node = parquet.Leaf(parquet.ByteArrayType)
	case JSON, JSONB:
		node = parquet.JSON()
	default:
		node = parquet.String()
	}
	node = parquet.Encoded(node, &parquet.Plain)
	if c.Name == "ref" || c.Name == "ts" {
		return parquet.Required(node)
	}
	return parquet.Optional(node)
}

func (p *parquetWriter) write(values []any) error {
	p.row = p.row[:0]
	for i, v := range values {
		var value parquet.Value
		level := 1
		if c := p.columns[i]; c.Name == "ref" || c.Name == "ts" {
			level = 0
		}
		switch v := v.(type) {
		case nil:
			level = 0
		case int64:
			switch p.columns[i].Type {
			case Bool:
				value = parquet.BooleanValue(v != 0)
			case Date:
				value = parquet.Int32Value(int32(v))
			default:
				value = parquet.Int64Value(v)
			}
		case float64:
			value = parquet.DoubleValue(v)
		case []byte:
			value = parquet.ByteArrayValue(v)
			p.size += len(v)
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
	info, err := f.Stat()
	if err != nil {
		return err
	}
	file, err := parquet.OpenFile(f, info.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return err
	}
	values := make([]any, columns)
	batch := make([]parquet.Row, 64)
	for _, group := range file.RowGroups() {
		rows := group.Rows()
		for {
			n, err := rows.ReadRows(batch)
			for _, one := range batch[:n] {
				for i, v := range one {
					switch {
					case v.IsNull():
						values[i] = nil
					case v.Kind() == parquet.Boolean:
						values[i] = int64(0)
						if v.Boolean() {
							values[i] = int64(1)
						}
					case v.Kind() == parquet.Int32:
						values[i] = int64(v.Int32())
					case v.Kind() == parquet.Int64:
						values[i] = v.Int64()
					case v.Kind() == parquet.Double:
						values[i] = v.Double()
					default:
						values[i] = v.ByteArray()
					}
				}
				take(values)
			}
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				rows.Close()
				return err
			}
		}
		if err := rows.Close(); err != nil {
			return err
		}
	}
	return nil
}
