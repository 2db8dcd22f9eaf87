package row

import (
	"fmt"
	"strconv"
)

// jsonlCodec is the format of one JSON object per line.
type jsonlCodec struct{}

func (jsonlCodec) encoder(s *Serializer) encoder { return columnRows{s, jsonlCells{s}} }

func (jsonlCodec) body(l Layout, at limits) (body, error) { return newLineBody(l, at, nil) }

func (jsonlCodec) text(l Layout) (*texts, error) { return newTexts(l), nil }

type jsonlCells struct{ s *Serializer }

func (c jsonlCells) head(b *Batch, src []byte) {
	d := &b.work.document
	b.Bytes = append(b.Bytes, `{"ref":`...)
	b.Bytes = append(b.Bytes, d.name.of(src)...)
	b.Bytes = append(b.Bytes, `,"ts":`...)
	b.Bytes = append(b.Bytes, d.ts.of(src)...)
}

func (c jsonlCells) data(b *Batch, src []byte, i int) int {
	b.Bytes = append(b.Bytes, `,"data":`...)
	b.Bytes, i = b.work.rewrite(src, i, b.Bytes)
	return i
}

func (c jsonlCells) ttl(b *Batch, value []byte) {
	b.Bytes = append(b.Bytes, `,"ttl":`...)
	b.Bytes = append(b.Bytes, value...)
}

// cell writes any value as it is, and notes one that does not fit the type.
func (c jsonlCells) cell(b *Batch, column *column, src []byte, i int) (int, bool) {
	b.Bytes = append(b.Bytes, column.key...)
	start := len(b.Bytes)
	if b.Bytes, i = b.work.rewrite(src, i, b.Bytes); i < 0 {
		return -1, false
	}
	_, _, fits := b.work.fit(column, b.Bytes[start:])
	return i, fits
}

func (c jsonlCells) tail(b *Batch) {
	b.Bytes = append(b.Bytes, c.s.noDeletion...)
	b.Bytes = append(b.Bytes, "}\n"...)
}

func (c jsonlCells) removal(b *Batch, id, ts, deleted int64) {
	b.Bytes = append(b.Bytes, `{"ref":"`...)
	b.Bytes = strconv.AppendInt(b.Bytes, id, 10)
	b.Bytes = append(b.Bytes, `","ts":`...)
	b.Bytes = strconv.AppendInt(b.Bytes, ts, 10)
	b.Bytes = append(append(b.Bytes, ','), jsonKey(c.s.layout.Deletion)...)
	b.Bytes = append(append(append(b.Bytes, `:"`...), FormatTime(deleted)...), "\"}\n"...)
}

func (jsonlCodec) decode(c *checker) error {
	names := c.layout.Names()
	keys := make([]string, len(names))
	for i, name := range names {
		keys[i] = jsonKey(name)
	}
	return c.rowLines(func() (int64, string) { return c.object(names, keys) })
}

// object reads a line that must be an object whose keys are the layout's
// columns. A removed document has only ref, ts and the deletion column.
func (c *checker) object(names, keys []string) (int64, string) {
	s := &c.scan
	s.spaces = false
	id, i, k, cut := int64(-1), 0, 0, len(c.line)
	if len(c.line) == 0 || c.line[0] != '{' {
		return -1, "it is not an object"
	}
	for i < len(c.line) && (c.line[i] == ',' || i == 0) {
		i++
		keyEnd, value := s.key(c.line, i)
		if value < 0 {
			return -1, s.why
		}
		key := c.line[i:keyEnd]
		for k < len(names) && string(key) != keys[k] && c.layout.Deletion != "" && k >= 2 && k < len(names)-1 {
			k++ // columns that the row of a removed document leaves out
		}
		if k >= len(names) || string(key) != keys[k] {
			return -1, fmt.Sprintf("column %s is not the one that the layout has here", key)
		}
		end := s.skip(c.line, value)
		if end < 0 {
			return -1, s.why
		}
		text := c.line[value:end]
		ok := true
		switch names[k] {
		case "ref":
			id, ok = parseID(text)
		case "ts":
			c.found.TS, ok = parseTS(text)
		}
		if c.layout.Deletion != "" && k == len(names)-1 {
			c.found.Removed = string(text) != "null"
			cut = i - 1
		}
		if !ok {
			return -1, fmt.Sprintf("column %s holds %.40q", key, text)
		}
		k++
		i = end
	}
	if i != len(c.line)-1 || c.line[i] != '}' || s.spaces {
		return -1, "it does not end as an object"
	}
	if k != len(names) {
		return -1, fmt.Sprintf("column %q is missing", names[k])
	}
	if c.texts != nil && !c.found.Removed {
		c.found.Text = c.texts.line(c.line, cut)
	}
	return id, ""
}

// line is a row of a JSONL file, whose deletion column begins at byte cut.
func (t *texts) line(line []byte, cut int) []byte {
	t.out = append(t.out[:0], line[:cut]...)
	if cut < len(line) {
		t.out = append(t.out, '}')
	}
	t.out = append(t.out, '\n')
	return t.out
}
