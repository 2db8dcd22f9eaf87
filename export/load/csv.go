package load

import (
	"bufio"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"

	"fauna-export/export/row"
)

// csvWriter writes RFC 4180 with a header. Null is an empty field and the empty
// string is "", so Postgres reads it with COPY … CSV.
type csvWriter struct {
	w    *bufio.Writer
	line []byte
}

var csvFiles = &fileKind{extension: "csv", dialect: csvDialect, value: csvValue, writer: newCSVWriter, read: readCSV}

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
		text, ok := v.(string)
		switch {
		case !ok: // null
		case text != "" && text != `\.` && text[0] != ' ' && text[len(text)-1] != ' ' && !strings.ContainsAny(text, "\",\r\n"):
			c.line = append(c.line, text...)
		default:
			c.line = append(append(append(c.line, '"'), strings.ReplaceAll(text, `"`, `""`)...), '"')
		}
	}
	c.line = append(c.line, '\n')
	_, err := c.w.Write(c.line)
	return err
}

func (c *csvWriter) close() error { return nil }

// csvValue returns a cell as text, nil for null. Bytes are hexadecimal after
// \x, as Postgres reads them.
func csvValue(t Type, c cell) any {
	switch {
	case c.null:
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

// readCSV reads a file back, including its header.
func readCSV(f *os.File, columns int, take func(values []any)) error {
	r := bufio.NewReaderSize(f, 256<<10)
	values := make([]any, 0, columns)
	header := true
	for {
		values = values[:0]
		for {
			v, last, err := readField(r)
			if errors.Is(err, io.EOF) && len(values) == 0 {
				return nil
			}
			if err != nil {
				return errEnds
			}
			values = append(values, v)
			if last {
				break
			}
		}
		if len(values) != columns {
			return errEnds
		}
		if !header {
			take(values)
		}
		header = false
	}
}

// readField reads a field and reports whether it ends its row.
func readField(r *bufio.Reader) (v any, last bool, err error) {
	c, err := r.ReadByte()
	if err != nil {
		return nil, false, err
	}
	var text []byte
	if c == '"' {
		for {
			if c, err = r.ReadByte(); err != nil {
				return nil, false, errEnds
			}
			if c == '"' {
				if c, err = r.ReadByte(); err != nil {
					return nil, false, errEnds
				}
				if c != '"' {
					return string(text), c == '\n', nil
				}
			}
			text = append(text, c)
		}
	}
	for c != ',' && c != '\n' {
		text = append(text, c)
		if c, err = r.ReadByte(); err != nil {
			return nil, false, errEnds
		}
	}
	if len(text) == 0 {
		return nil, c == '\n', nil
	}
	return string(text), c == '\n', nil
}
