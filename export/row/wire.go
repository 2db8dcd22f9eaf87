package row

import "strconv"

// wireCodec is the format of documents as the server sent them, one per line.
type wireCodec struct{}

func (wireCodec) encoder(s *Serializer) encoder { return wireRows{s} }

func (wireCodec) body(l Layout, at limits) (body, error) { return newLineBody(l, at, nil) }

// text makes rows of the documents, the same as from a page of them.
func (wireCodec) text(l Layout) (*texts, error) {
	rows, err := NewSerializer(Layout{Collection: l.Collection, Format: JSONL})
	return &texts{rows: rows}, err
}

type wireRows struct{ *Serializer }

// row appends the document unchanged.
func (s wireRows) row(b *Batch, src []byte, i int) (int, error) {
	w := &b.work
	if s.start(w, src, i) < 0 {
		if w.fields(src, i, s.layout.Collection) < 0 {
			return -1, nil
		}
		w.notes = w.notes[:0] // this format keeps every field
	}
	var end int
	if b.Bytes, end = w.verbatim(src, i, b.Bytes); end < 0 {
		return -1, nil
	}
	if src[i] != '{' {
		return w.fail(i, "it is not an object"), nil
	}
	b.Bytes = append(b.Bytes, '\n')
	return end, nil
}

// removal appends a document of ref, ts and the deletion column.
func (s wireRows) removal(b *Batch, id, ts, deleted int64) {
	b.Bytes = append(append(b.Bytes, documentHead...), '"')
	b.Bytes = append(strconv.AppendInt(b.Bytes, id, 10), '"')
	b.Bytes = strconv.AppendInt(append(b.Bytes, s.afterID...), ts, 10)
	b.Bytes = append(append(b.Bytes, ','), jsonKey(s.layout.Deletion)...)
	b.Bytes = append(append(append(b.Bytes, `:{"@ts":"`...), FormatTime(deleted)...), "\"}}\n"...)
}

func (wireCodec) decode(c *checker) error { return c.rowLines(c.document) }

// document reads a line that is a document as the server sent it.
func (c *checker) document() (int64, string) {
	end := c.work.fields(c.line, 0, c.layout.Collection)
	for _, n := range c.work.notes {
		if c.layout.Deletion != "" && `"`+string(n.name.of(c.line))+`"` == jsonKey(c.layout.Deletion) {
			c.found.Removed = true
		}
	}
	c.work.notes = c.work.notes[:0]
	if end < 0 {
		return -1, c.work.why
	}
	if end != len(c.line) {
		return -1, "text after the document"
	}
	id := c.work.document.id
	c.found.TS, _ = parseTS(c.work.document.ts.of(c.line))
	if c.texts != nil && !c.found.Removed {
		if c.found.Text = c.texts.document(c.line); c.found.Text == nil {
			return -1, "it is not a document"
		}
	}
	return id, ""
}

// document is the row of a document as the server sent it.
func (t *texts) document(line []byte) []byte {
	if t.raw {
		return line
	}
	t.batch.Reset()
	p := pageReader{Serializer: t.rows, b: &t.batch, w: &t.batch.work, body: line}
	end, err := p.element(0, 0)
	if err != nil || end != len(line) {
		return nil
	}
	return t.batch.Bytes
}
