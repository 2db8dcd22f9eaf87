package row

import "fmt"

// jsonlCells writes one JSON object per line.
type jsonlCells struct{}

func (jsonlCells) head(b *Batch, src []byte) {
	d := &b.work.document
	b.Bytes = append(b.Bytes, `{"ref":`...)
	b.Bytes = append(b.Bytes, d.idText.of(src)...)
	b.Bytes = append(b.Bytes, `,"ts":`...)
	b.Bytes = append(b.Bytes, d.tsText.of(src)...)
}

// cell writes any value unchanged, and records one that does not fit the type.
func (jsonlCells) cell(b *Batch, c *column, src []byte, i int) (int, bool) {
	b.Bytes = append(b.Bytes, c.key...)
	start := len(b.Bytes)
	if b.Bytes, i = b.work.rewrite(src, i, b.Bytes); i < 0 {
		return -1, false
	}
	_, _, fits := b.work.fit(c, b.Bytes[start:])
	return i, fits
}

func decodeJSONL(c *checker) error {
	names := c.layout.Names()
	keys := make([]string, len(names))
	for i, name := range names {
		keys[i] = jsonKey(name)
	}
	return c.rowLines(func() (int64, string) { return c.object(names, keys) })
}

// object parses a line that must be an object whose keys are the layout's
// columns. A removed document has only ref, ts and the deletion column.
func (c *checker) object(names, keys []string) (int64, string) {
	w := &c.work
	id, k, cut := int64(-1), 0, max(0, len(c.line)-1) // where the deletion column begins, or the row ends
	end := w.object(c.line, 0, func(at span, value int) int {
		key := at.of(c.line)
		for k < len(names) && string(key) != keys[k] && c.layout.Deletion != "" && k >= 2 && k < len(names)-1 {
			k++ // columns that a removed document's row leaves out
		}
		if k >= len(names) || string(key) != keys[k] {
			return w.fail(at.start, fmt.Sprintf("unexpected column %s", key))
		}
		end := w.skip(c.line, value)
		if end < 0 {
			return -1
		}
		text := c.line[value:end]
		ok := true
		switch names[k] {
		case "ref":
			id, ok = parseID(text)
		case "ts":
			c.found.TS, ok = parseTS(text)
		}
		if !ok {
			return w.fail(value, fmt.Sprintf("column %s holds %.40q", key, text))
		}
		if c.layout.Deletion != "" && k == len(names)-1 {
			c.found.Removed = string(text) != "null"
			cut = at.start - 1
		}
		k++
		return end
	})
	switch {
	case end < 0:
		return -1, w.why
	case end != len(c.line):
		return -1, "it is not a single object without white space"
	case k != len(names):
		return -1, fmt.Sprintf("column %q is missing", names[k])
	}
	if c.wanted() {
		c.text = append(append(c.text[:0], c.line[:cut]...), "}\n"...)
		c.found.Text = c.text
	}
	return id, ""
}
