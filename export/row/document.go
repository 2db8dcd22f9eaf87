package row

import "encoding/json"

// document holds the top-level fields needed for a row.
type document struct {
	id   int64 // -1 while unknown
	name span  // the quoted id
	ts   span
	data span // empty for none
	ttl  span // empty for none
}

// element reads one byte of an array's structure and the white space after it.
func (s *scanner) element(src []byte, i int, want byte) int {
	i = space(src, i)
	if i >= len(src) || src[i] != want {
		return s.wrong(src, i, "an element of the page is not an array of as many values as were asked for")
	}
	if want == ']' {
		return i + 1
	}
	return space(src, i+1)
}

const notMicros = `"ts" is not a whole number of microseconds`

const documentHead = `{"ref":{"@ref":{"id":`

// columnRows is the encoder of a format with columns.
type columnRows struct {
	*Serializer
	cells
}

// row appends the row of a document, or of the array of what was selected from it.
func (s columnRows) row(b *Batch, src []byte, i int) (int, error) {
	w := &b.work
	array := len(s.columns) > 0 || s.layout.NoData
	if array {
		if i = w.element(src, i, '['); i < 0 {
			return -1, nil
		}
	}
	if s.layout.NoData {
		if i = w.selected(src, i, s.layout.Collection); i < 0 {
			return -1, nil
		}
		s.head(b, src)
		s.ttl(b, src)
	} else if i = s.whole(b, src, i); i < 0 {
		return -1, nil
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
			return -1, &MisfitError{Collection: s.layout.Collection, ID: w.document.id, Column: c.name, Type: c.typ}
		}
	}
	if array {
		if i = w.element(src, i, ']'); i < 0 {
			return -1, nil
		}
	}
	s.tail(b)
	return i, nil
}

func (s columnRows) removal(b *Batch, id, ts, deleted int64) { s.cells.removal(b, id, ts, deleted) }

// data writes the value at the start of at, an empty object for none, and
// returns the position after it. The value's end need not be known beforehand.
func (s columnRows) data(b *Batch, src []byte, at span) int {
	none := at.empty()
	if !none {
		at.start = space(src, at.start)
		if hasPrefix(src, at.start, "null") {
			none = true
			at.end = at.start + len("null")
		}
	}
	if none {
		if s.cells.data(b, noData[:], 0) < 0 {
			return -1
		}
		return at.end
	}
	return s.cells.data(b, src, at.start)
}

// noData is written for a document without data.
var noData = [2]byte{'{', '}'}

// ttl writes the ttl that was found.
func (s columnRows) ttl(b *Batch, src []byte) {
	w := &b.work
	at := w.document.ttl
	w.value = append(w.value[:0], "null"...)
	if !at.empty() {
		w.value, _ = w.rewrite(src, at.start, w.value[:0]) // it was scanned when it was found
	}
	s.cells.ttl(b, w.value)
}

// whole writes ref, ts, data and ttl of the document at i.
func (s columnRows) whole(b *Batch, src []byte, i int) int {
	w := &b.work
	d := &w.document
	next := s.start(w, src, i)
	if next < 0 {
		// Keys in another order, white space, or a fault: find the fields, then
		// write.
		if next = w.fields(src, i, s.layout.Collection); next < 0 {
			return -1
		}
		s.head(b, src)
		if s.data(b, src, d.data) < 0 {
			return -1
		}
		s.ttl(b, src)
		return next
	}
	s.head(b, src)
	wrote := false
	i = next
	for i < len(src) && src[i] == ',' {
		i++
		if !wrote && hasPrefix(src, i, `"data":`) {
			wrote = true
			if i = s.data(b, src, span{i + len(`"data":`), len(src)}); i < 0 {
				return -1
			}
			continue
		}
		keyEnd, value := w.key(src, i)
		if value < 0 {
			return -1
		}
		if string(src[i:keyEnd]) == `"data"` && !wrote {
			wrote = true
			if i = s.data(b, src, span{value, len(src)}); i < 0 {
				return -1
			}
			continue
		}
		if i = w.field(src, span{i, keyEnd}, value); i < 0 {
			return -1
		}
		if i < len(src) && isSpace(src[i]) {
			i = space(src, i)
		}
	}
	if i < len(src) && isSpace(src[i]) {
		i = space(src, i)
	}
	if i >= len(src) || src[i] != '}' {
		return w.wrong(src, i, "a comma or the end of the document is missing")
	}
	if !wrote && s.data(b, src, span{}) < 0 {
		return -1
	}
	s.ttl(b, src)
	return i + 1
}

// start reads ref and ts as the server writes them, and returns the position
// after them, or -1 for anything else.
func (s *Serializer) start(w *work, src []byte, i int) int {
	if !hasPrefix(src, i, documentHead) {
		return -1
	}
	d := &w.document
	d.name.start = i + len(documentHead)
	first := d.name.start + 1
	if first > len(src) || src[first-1] != '"' {
		return -1
	}
	var n uint64
	for i = first; i < len(src) && src[i]-'0' <= 9; i++ {
		n = n*10 + uint64(src[i]-'0')
	}
	// Up to 19 digits fit a uint64; ids have no leading zeros.
	if i-first-1 > 18 || i == first || n > 1<<63-1 || src[first] == '0' && i-first > 1 {
		return -1
	}
	d.id = int64(n)
	d.name.end = i + 1
	if i >= len(src) || src[i] != '"' || !hasPrefix(src, i+1, s.afterID) {
		d.id = -1
		return -1
	}
	i += 1 + len(s.afterID)
	d.ts.start = i
	for i < len(src) && (src[i]-'0' <= 9 || src[i] == '-') {
		i++
	}
	d.ts.end = i
	if i >= len(src) || (src[i] != ',' && src[i] != '}') {
		d.id = -1
		return -1
	}
	if _, ok := parseTS(d.ts.of(src)); !ok {
		d.id = -1
		return -1
	}
	return i
}

// parseTS reads a document's ts.
func parseTS(number []byte) (int64, bool) {
	if len(number) > 1 && number[0] == '0' || len(number) > 2 && number[0] == '-' && number[1] == '0' {
		return 0, false
	}
	return parseInt(number)
}

// fields finds the fields, in any order, of the document at i, which must be of
// the collection.
func (w *work) fields(src []byte, i int, collection string) int {
	d := &w.document
	*d = document{id: -1}
	if i >= len(src) || src[i] != '{' {
		return w.wrong(src, i, "it is not an object")
	}
	open := i
	others := w.otherFields[:0]
	i = space(src, i+1)
	for {
		keyEnd, value := w.key(src, i)
		if value < 0 {
			return -1
		}
		key := src[i:keyEnd]
		own := string(key) == `"ref"` && d.id < 0
		var end int
		if own {
			end = w.documentRef(src, value, collection)
		} else {
			end = w.skip(src, value)
		}
		if end < 0 {
			return -1
		}
		switch at := (span{value, end}); {
		case own:
		case string(key) == `"ts"` && d.ts.empty():
			if _, ok := parseTS(at.of(src)); !ok {
				return w.fail(value, notMicros)
			}
			d.ts = at
		case string(key) == `"data"` && d.data.empty():
			d.data = at
		case string(key) == `"ttl"` && d.ttl.empty():
			d.ttl = at
		default:
			others = append(others, span{i, keyEnd})
		}
		if i = space(src, end); i < len(src) && src[i] == '}' {
			break
		}
		if i >= len(src) || src[i] != ',' {
			return w.wrong(src, i, "a comma or the end of the document is missing")
		}
		i = space(src, i+1)
	}
	w.otherFields = others[:0]
	if d.id < 0 {
		return w.fail(open, `there is no "ref"`)
	}
	if d.ts.empty() {
		return w.fail(open, `there is no "ts"`)
	}
	for _, key := range others {
		w.noteOther(key)
	}
	return i + 1
}

// field reads a field after ref and ts.
func (w *work) field(src []byte, keyAt span, value int) int {
	end := w.skip(src, value)
	if end < 0 {
		return -1
	}
	if string(keyAt.of(src)) == `"ttl"` && w.document.ttl.empty() {
		w.document.ttl = span{value, end}
		return end
	}
	w.noteOther(keyAt)
	return end
}

// documentRef reads the document's own ref, which must be of the collection,
// and returns the position after it.
func (w *work) documentRef(src []byte, i int, collection string) int {
	const reason = `"ref" is not a document's ref`
	if i >= len(src) || src[i] != '{' {
		return w.wrong(src, i, reason)
	}
	key := space(src, i+1)
	keyEnd, value := w.key(src, key)
	if value < 0 {
		return -1
	}
	if string(src[key:keyEnd]) != `"@ref"` {
		return w.fail(key, reason)
	}
	ref, ok := w.ref(src, value)
	if !ok {
		// Distinguish malformed text from a ref of another shape.
		if w.skip(src, i) < 0 {
			return -1
		}
		return w.fail(value, reason)
	}
	id, ok := parseID(ref.id.of(src))
	if !ok {
		return w.fail(ref.id.start, "the document's id is not a number")
	}
	end := closeOf(src, ref.end)
	if end < 0 {
		return w.wrong(src, space(src, ref.end), reason)
	}
	if ref.kind != "document" || !names(ref.collection.of(src), collection) {
		w.foreign = true
		return w.fail(value, `the "ref" of a document is of another collection`)
	}
	w.document.id, w.document.name = id, ref.id
	return end
}

// names reports whether a quoted string is that name.
func names(quoted []byte, name string) bool {
	if len(quoted) == len(name)+2 && string(quoted[1:len(quoted)-1]) == name {
		return true
	}
	var text string
	return json.Unmarshal(quoted, &text) == nil && text == name
}

// selected reads the ref, ts and ttl that were selected from a document.
func (w *work) selected(src []byte, i int, collection string) int {
	d := &w.document
	end := w.documentRef(src, i, collection)
	if end < 0 {
		return -1
	}
	if i = w.element(src, end, ','); i < 0 {
		return -1
	}
	if end = w.skip(src, i); end < 0 {
		return -1
	}
	if _, ok := parseTS(src[i:end]); !ok {
		return w.fail(i, notMicros)
	}
	d.ts = span{i, end}
	if i = w.element(src, end, ','); i < 0 {
		return -1
	}
	if end = w.skip(src, i); end < 0 {
		return -1
	}
	d.ttl = span{i, end}
	return end
}
