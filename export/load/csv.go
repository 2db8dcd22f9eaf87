package load

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"os"
	"strconv"

	"fauna-export/export/row"
)

// csvWriter writes RFC 4180 with a header. Null is an empty field and the empty
// string is "", so Postgres reads it with COPY … CSV.
type csvWriter struct {
	w    *bufio.Writer
	line []byte
}

var csvFiles = &fileKind{extension: "csv", state: ".fauna-export-loads-csv.json", dialect: csvDialect, value: csvValue, writer: newCSVWriter, read: readCSV}

func newCSVWriter(w *bufio.Writer, columns []Column) (typedWriter, error) {
	c := &csvWriter{w: w}
	var names []any
	for _, column := range columns {
		names = append(names, column.Name)
	}
	return c, c.write(names)
}

func (c *csvWriter) write(values []any) error {
	c.line = c.line[:0]
	for i, v := range values {
		if i > 0 {
			c.line = append(c.line, ',')
		}
		if text, ok := v.(string); ok { // else null
			c.line = row.AppendCSV(c.line, []byte(text))
		}
	}
	c.line = append(c.line, '\n')
	_, err := c.w.Write(c.line)
	return err
}

func (c *csvWriter) close() error { return nil }

// csvValue returns a cell as text, nil for null. Bytes are hexadecimal after
// \x, as Postgres reads them.
func csvValue(c cell, t Type) any {
	switch {
	case c.class == isNull:
		return nil
	case t == Bool:
		return strconv.FormatBool(c.n != 0)
	case t == Int || t == Ref:
		return strconv.FormatInt(c.n, 10)
	case t == Double:
		return strconv.FormatFloat(c.f, 'g', -1, 64)
	case t == Time:
		return row.FormatTime(c.n)
	case t == Date:
		return row.FormatDate(c.n)
	case t == Bytes || t == Raw:
		return `\x` + hex.EncodeToString(c.text)
	}
	return string(c.text)
}

// readCSV reads a file back, without its header.
func readCSV(f *os.File, columns int, take func(values []any)) error {
	r := row.NewCSVReader(f, columns)
	values := make([]any, columns)
	for header := true; ; header = false {
		n, err := r.Next()
		if n == 0 || err != nil {
			return err
		}
		if n != columns {
			return fmt.Errorf("a row was written with %d values, but has %d", columns, n)
		}
		for i := range values {
			values[i] = nil
			if text, null := r.Field(i); !null {
				values[i] = string(text)
			}
		}
		if !header {
			take(values)
		}
	}
}
