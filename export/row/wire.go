package row

import (
	"bytes"
	"strconv"
)

// wireRows is the encoder of documents as the server sent them, one per line.
type wireRows struct{ *Serializer }

// row appends the document unchanged.
func (s wireRows) row(b *Batch, src []byte, i int) (end int, _ error) {
	w := &b.work
	first := len(b.Bytes)
	if s.start(w, src, i) < 0 {
		if w.fields(src, i, s.layout.Collection) < 0 {
			return -1, nil
		}
		w.others = w.others[:0] // this format keeps every field
	}
	if b.Bytes, end = w.verbatim(src, i, b.Bytes); end < 0 {
		return -1, nil
	}
	b.Expiring = b.Expiring || bytes.Contains(b.Bytes[first:], []byte(`"ttl":{`)) // perhaps of its data
	b.Bytes = append(b.Bytes, '\n')
	return end, nil
}

// removal appends a document with ref, ts and the deletion column.
func (s wireRows) removal(b *Batch, id, ts, deleted int64) {
	b.Bytes = append(b.Bytes, documentHead...)
	b.Bytes = append(strconv.AppendInt(b.Bytes, id, 10), '"')
	b.Bytes = strconv.AppendInt(append(b.Bytes, s.afterID...), ts, 10)
	b.Bytes = append(append(b.Bytes, ','), jsonKey(s.layout.Deletion)...)
	b.Bytes = append(append(append(b.Bytes, `:{"@ts":"`...), FormatTime(deleted)...), "\"}}\n"...)
}

func decodeWire(c *checker) error { return c.rowLines(c.document) }

// document parses a line that is a document as the server sent it.
func (c *checker) document() (int64, string) {
	c.work.begin()
	end := c.work.fields(c.line, 0, c.layout.Collection)
	for _, name := range c.work.others {
		if c.layout.Deletion != "" && `"`+string(name.of(c.line))+`"` == jsonKey(c.layout.Deletion) {
			c.found.Removed = true
		}
	}
	if end < 0 {
		return -1, c.work.why
	}
	if end != len(c.line) {
		return -1, "text after the document"
	}
	c.found.TS = c.work.document.ts
	switch {
	case !c.wanted():
	case c.texts == RawText:
		c.found.Text = c.line
	default:
		c.batch.Reset()
		p := pageReader{Serializer: c.documents, b: &c.batch, w: &c.batch.work, body: c.line}
		if p.element(0, 0) != len(c.line) {
			return -1, "it is not a document"
		}
		c.found.Text = c.batch.Bytes
	}
	return c.work.document.id, ""
}
