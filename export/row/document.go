package row

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// document holds the top-level fields needed for a row.
type document struct {
	id, ts int64 // id is -1 while unknown
	idText span  // in quotes
	tsText span
	data   span // empty for none
	ttl    span // empty for none
}

// element reads one structural byte of an array.
func (s *scanner) element(src []byte, i int, want byte) int {
	if i >= len(src) || src[i] != want {
		return s.wrong(src, i, "an element of the page is not an array with the requested number of values")
	}
	return i + 1
}

const documentHead = `{"ref":{"@ref":{"id":"`

// columnRows is the encoder for a format with columns.
type columnRows struct {
	*Serializer
	cells
	data, ttl *column
	columns   []column // the additional columns
	deletion  *column  // nil for none

	noTTL   []byte // the ttl of a document without one
	tail    []byte // the end of a row, and its deletion column
	removed []byte // the columns that the row of a removed document leaves out
	end     string // of a row
}

func newColumnRows(s *Serializer, e formatEntry) *columnRows {
	l := s.layout
	r := &columnRows{Serializer: s, cells: e.cells, end: e.end}
	rest := l.columns()[2:]
	for range len(rest) {
		r.removed = append(r.removed, e.gap...)
	}
	if !l.NoData {
		r.data, rest = &rest[0], rest[1:]
	}
	r.ttl, r.columns = &rest[0], rest[1:1+len(l.Columns)]
	if e.can.Exact {
		r.ttl.typ = TypeJSON // whatever it is, it stays
	}
	r.noTTL = r.null(r.ttl)
	if l.Deletion != "" {
		r.deletion = &rest[len(rest)-1]
		r.removed = r.removed[len(e.gap):]
		r.tail = r.null(r.deletion)
	}
	r.tail = append(r.tail, e.end...)
	return r
}

// null returns a column that is null.
func (s *columnRows) null(c *column) []byte {
	var b Batch
	s.cell(&b, c, nullText[:], 0)
	return b.Bytes
}

// row appends the row of a document, or of the array of values selected from it.
func (s *columnRows) row(b *Batch, src []byte, i int) (int, error) {
	w := &b.work
	array := len(s.columns) > 0 || s.layout.NoData
	if array {
		if i = w.element(src, i, '['); i < 0 {
			return -1, nil
		}
	}
	if s.layout.NoData {
		if i = w.selected(src, i, s.layout.Collection); i >= 0 {
			s.head(b, src)
		}
	} else {
		i = s.whole(b, src, i)
	}
	if i < 0 {
		return -1, nil
	}
	if at := w.document.ttl; at.empty() {
		b.Bytes = append(b.Bytes, s.noTTL...)
	} else {
		b.Expiring = b.Expiring || !hasPrefix(src, at.start, "null")
		if end, _ := s.cell(b, s.ttl, src, at.start); end < 0 {
			return -1, nil
		}
	}
	for k := range s.columns {
		if i = w.element(src, i, ','); i < 0 {
			return -1, nil
		}
		c := &s.columns[k]
		var fits bool
		if i, fits = s.cell(b, c, src, i); i < 0 {
			return -1, nil
		}
		if !fits && s.layout.Strict {
			return -1, fmt.Errorf("column %q of document %d of %q: the value is not of type %s", c.name, w.document.id, s.layout.Collection, c.typ)
		}
	}
	if array {
		if i = w.element(src, i, ']'); i < 0 {
			return -1, nil
		}
	}
	b.Bytes = append(b.Bytes, s.tail...)
	return i, nil
}

func (s *columnRows) removal(b *Batch, id, ts, deleted int64) {
	w := &b.work
	text := strconv.AppendInt(append(w.text[:0], '"'), id, 10)
	text = append(text, '"')
	w.document = document{id: id, ts: ts, idText: span{0, len(text)}}
	text = strconv.AppendInt(text, ts, 10)
	w.document.tsText = span{w.document.idText.end, len(text)}
	w.text = append(append(append(text, '"'), FormatTime(deleted)...), '"')
	s.head(b, w.text)
	b.Bytes = append(b.Bytes, s.removed...)
	s.cell(b, s.deletion, w.text, len(text))
	b.Bytes = append(b.Bytes, s.end...)
}

// whole writes ref, ts and data of the document at i, and finds its ttl.
func (s *columnRows) whole(b *Batch, src []byte, i int) int {
	const key = `,"data":`
	w := &b.work
	d := &w.document
	next := s.start(w, src, i)
	if next < 0 {
		// Keys in another order, or a fault.
		if next = w.fields(src, i, s.layout.Collection); next < 0 {
			return -1
		}
		s.head(b, src)
	} else {
		s.head(b, src)
		written := hasPrefix(src, next, key)
		if written { // as in most documents, while it is read
			d.data = span{next + len(key), len(src)}
			if next = s.writeData(b, src); next < 0 {
				return -1
			}
		}
		if next = w.rest(src, next, false, s.layout.Collection); next < 0 || written {
			return next
		}
	}
	s.writeData(b, src) // it was read before, so it has no faults
	return next
}

// writeData writes the data that was found, or an empty object for none or null,
// and returns the position after it. The data's end need not be known.
func (s *columnRows) writeData(b *Batch, src []byte) int {
	at := b.work.document.data
	if !at.empty() {
		if !hasPrefix(src, at.start, "null") {
			at.end, _ = s.cell(b, s.data, src, at.start)
			return at.end
		}
		at.end = at.start + len("null")
	}
	s.cell(b, s.data, noData[:], 0)
	return at.end
}

var (
	nullText = [4]byte{'n', 'u', 'l', 'l'}
	noData   = [2]byte{'{', '}'} // written for a document without data
)

// start reads ref and ts in the server's usual form, and returns the position
// after them, or -1 for anything else.
func (s *Serializer) start(w *work, src []byte, i int) int {
	if !hasPrefix(src, i, documentHead) {
		return -1
	}
	d := document{}
	d.idText.start = i + len(documentHead) - 1
	for i = d.idText.start + 1; i < len(src) && src[i]-'0' <= 9; i++ {
	}
	if i >= len(src) || src[i] != '"' || !hasPrefix(src, i+1, s.afterID) {
		return -1
	}
	d.idText.end = i + 1
	i += 1 + len(s.afterID)
	d.tsText.start = i
	for i < len(src) && (src[i]-'0' <= 9 || src[i] == '-') {
		i++
	}
	d.tsText.end = i
	if i >= len(src) || src[i] != ',' && src[i] != '}' {
		return -1
	}
	var okID, okTS bool
	d.id, okID = parseID(d.idText.of(src))
	d.ts, okTS = parseTS(d.tsText.of(src))
	if !okID || !okTS {
		return -1
	}
	w.document = d
	return i
}

// parseTS parses a document's ts.
func parseTS(number []byte) (int64, bool) {
	if len(number) > 1 && number[0] == '0' || len(number) > 2 && number[0] == '-' && number[1] == '0' {
		return 0, false
	}
	return parseInt(number)
}

// fields finds the fields, in any order, of the document at i, which must belong
// to the collection.
func (w *work) fields(src []byte, i int, collection string) int {
	if i >= len(src) || src[i] != '{' {
		return w.wrong(src, i, "it is not an object")
	}
	end := w.rest(src, i+1, true, collection)
	switch d := &w.document; {
	case end < 0:
		return -1
	case d.id < 0:
		return w.fail(i, `there is no "ref"`)
	case d.tsText.empty():
		return w.fail(i, `there is no "ts"`)
	}
	return end
}

// rest finds the fields of a document from its first key on, or from after
// another field.
func (w *work) rest(src []byte, i int, first bool, collection string) int {
	d := &w.document
	return w.members(src, i, first, func(key span, value int) int {
		name := key.of(src)
		if string(name) == `"ref"` && d.id < 0 {
			return w.documentRef(src, value, collection)
		}
		end := w.skip(src, value)
		switch at := (span{value, end}); {
		case end < 0:
		case string(name) == `"ts"` && d.tsText.empty():
			return w.micros(src, at)
		case string(name) == `"data"` && d.data.empty():
			d.data = at
		case string(name) == `"ttl"` && d.ttl.empty():
			d.ttl = at
		default:
			w.others = append(w.others, span{key.start + 1, key.end - 1})
		}
		return end
	})
}

// micros takes the document's ts and returns the position after it.
func (w *work) micros(src []byte, at span) int {
	var ok bool
	if w.document.ts, ok = parseTS(at.of(src)); !ok {
		return w.fail(at.start, `"ts" is not a whole number of microseconds`)
	}
	w.document.tsText = at
	return at.end
}

// documentRef reads the document's own ref, which must belong to the collection,
// and returns the position after it.
func (w *work) documentRef(src []byte, i int, collection string) int {
	const reason = `"ref" is not a document's ref`
	ref, ok := w.ref(src, w.refAt(src, i))
	if !ok {
		// Distinguish malformed text from a ref of another shape.
		if w.skip(src, i) < 0 {
			return -1
		}
		return w.fail(i, reason)
	}
	id, ok := parseID(ref.id.of(src))
	if !ok {
		return w.fail(ref.id.start, "the document's id is not a number")
	}
	end := closeOf(src, ref.end)
	if end < 0 {
		return w.wrong(src, ref.end, reason)
	}
	if ref.kind != "document" || !names(ref.collection.of(src), collection) {
		w.foreign = true
		return w.fail(i, `the "ref" of a document is of another collection`)
	}
	w.document.id, w.document.idText = id, ref.id
	return end
}

// names reports whether a quoted string equals name.
func names(quoted []byte, name string) bool {
	if len(quoted) == len(name)+2 && string(quoted[1:len(quoted)-1]) == name {
		return true
	}
	var text string
	return json.Unmarshal(quoted, &text) == nil && text == name
}

// selected reads the ref, ts and ttl selected from a document.
func (w *work) selected(src []byte, i int, collection string) int {
	i = w.documentRef(src, i, collection)
	var at [2]span
	for k := 0; k < len(at) && i >= 0; k++ {
		if i = w.element(src, i, ','); i >= 0 {
			at[k].start = i
			i = w.skip(src, i)
			at[k].end = i
		}
	}
	if i < 0 || w.micros(src, at[0]) < 0 {
		return -1
	}
	w.document.ttl = at[1]
	return i
}
