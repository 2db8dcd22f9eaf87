package row

import (
	"fmt"
	"slices"
	"unicode/utf8"
)

// Page appends the rows of one page to b: body is the raw body of the answer,
// with elements as Layout.Paths requests them. plan holds the ids that the page
// must have, ascending; nil allows any ascending ids after those in b. The error
// is a *Mismatch, *DocumentError or *PageError, or that of a value that does not fit
// its column, under Layout.Strict. It leaves b's rows unchanged.
func (s *Serializer) Page(b *Batch, body []byte, plan []int64) error {
	first := len(b.IDs)
	p := pageReader{Serializer: s, b: b, w: &b.work, body: body, plan: plan}
	return p.append(func() error { return ordered(b, first, plan) })
}

// PageOf is Page for an answer that lists the requested documents, in ascending
// order, with null for a missing one, which gets no row. Any other answer is a
// *PageError.
func (s *Serializer) PageOf(b *Batch, body []byte, asked []int64) error {
	first := len(b.IDs)
	p := pageReader{Serializer: s, b: b, w: &b.work, body: body, mayLack: true}
	return p.append(func() error {
		if got := b.IDs[first:]; !answers(got, p.lacking, asked) {
			p.strange(0, "it has %d documents and %d nulls, which do not match the %d requested documents", len(got), len(p.lacking), len(asked))
		}
		return p.err
	})
}

// pageReader reads one page.
type pageReader struct {
	*Serializer
	b       *Batch
	w       *work // b's scratch memory
	body    []byte
	plan    []int64
	mayLack bool  // null stands for a document that does not exist
	lacking []int // positions of these nulls
	err     error // unless the scanner noted the fault
}

// append appends the rows of the page if right returns nil. No server sends white
// space outside of strings, so a page that fails is tried again without it.
func (p *pageReader) append(right func() error) error {
	b := p.b
	bytes, rows := len(b.Bytes), len(b.Ends)
	cut := func() { b.Bytes, b.Ends, b.IDs, b.Times = b.Bytes[:bytes], b.Ends[:rows], b.IDs[:rows], b.Times[:rows] }
	end := p.envelope()
	if p.fault(end) != nil {
		if plain := compact(nil, p.body); len(plain) < len(p.body) {
			cut()
			p.body, p.lacking, p.err = plain, nil, nil
			end = p.envelope()
		}
	}
	err := p.fault(end)
	if cap(p.w.value) > frameSize {
		p.w.value = nil // it held a very large document, and the batch may wait
	}
	if err == nil {
		err = right()
	}
	if err != nil {
		cut()
		return err
	}
	b.Counts.Merge(p.w.counts)
	return nil
}

// ordered checks the ids of the page, which are b's rows from first on, against
// the plan, and that all rows are in order.
func ordered(b *Batch, first int, plan []int64) error {
	got := b.IDs[first:]
	right := plan == nil || len(plan) == len(got)
	for i, id := range got {
		if !right {
			break
		}
		right = (plan == nil || plan[i] == id) && (first+i == 0 || b.IDs[first+i-1] < id)
	}
	if right {
		return nil
	}
	return &Mismatch{Planned: slices.Clone(plan), Got: slices.Clone(got), Next: b.Next}
}

// answers reports whether ids, with nulls at the positions lacking, are the
// requested documents.
func answers(ids []int64, lacking []int, asked []int64) bool {
	if len(ids)+len(lacking) != len(asked) {
		return false
	}
	for i, id := range asked {
		switch {
		case len(lacking) > 0 && lacking[0] == i:
			lacking = lacking[1:]
		case len(ids) == 0 || ids[0] != id:
			return false
		default:
			ids = ids[1:]
		}
	}
	return true
}

// strange notes that the answer is not a page.
func (p *pageReader) strange(at int, format string, args ...any) int {
	p.err = &PageError{Collection: p.layout.Collection, Offset: at, Reason: fmt.Sprintf(format, args...)}
	return -1
}

// fault returns the error of what ended at -1: a fault of the page if it is the
// scanner's.
func (p *pageReader) fault(end int) error {
	if end < 0 && p.err == nil {
		p.err = &PageError{Collection: p.layout.Collection, Offset: p.w.at, Short: p.w.short, Reason: p.w.why}
	}
	return p.err
}

// envelope reads {"resource":{"before"?,"after"?,"data":[…]}}.
func (p *pageReader) envelope() int {
	p.b.Next = -1
	p.w.counts = Counts{}
	found := false
	i := p.w.object(p.body, 0, func(key span, i int) int {
		if string(key.of(p.body)) != `"resource"` || found {
			return p.strange(i, "unexpected or repeated content")
		}
		found = true
		return p.resource(i)
	})
	if i < 0 {
		return -1
	}
	if !found {
		return p.strange(0, `there is no "resource"`)
	}
	if i = space(p.body, i); i < len(p.body) {
		return p.strange(i, "text after its end")
	}
	return i
}

func (p *pageReader) resource(i int) int {
	b, w, body := p.b, p.w, p.body
	rows := len(b.IDs)
	found := false
	i = w.object(body, i, func(key span, i int) int {
		switch name := key.of(body); {
		case string(name) == `"data"` && !found:
			found = true
			return p.elements(i)
		case string(name) == `"before"`:
			// Only a page after a cursor has "before", which repeats that cursor.
			if id, ok := w.cursor(body, i, p.layout.Collection); !hasPrefix(body, i, "null") && (!ok || id != b.From || b.From == 0) {
				return p.strange(i, `"before" does not match the requested id %d`, b.From)
			}
		case string(name) == `"after"` && b.Next < 0:
			id, ok := w.cursor(body, i, p.layout.Collection)
			if !ok {
				return p.strange(i, `"after" does not begin with the ref of a document of the collection`)
			}
			b.Next = id
		default:
			return p.strange(i, "unexpected or repeated key %.40s", name)
		}
		return w.skip(body, i)
	})
	switch {
	case i < 0:
		return -1
	case !found:
		return p.strange(i, `there is no "data"`)
	case b.Next >= 0 && (len(b.IDs) == rows || b.Next <= b.IDs[len(b.IDs)-1]):
		return p.strange(i, `"after" does not lead on`)
	}
	return i
}

// cursor reads the id of a cursor's first ref, which must be a document of the
// collection.
func (s *rewriter) cursor(src []byte, i int, collection string) (int64, bool) {
	if !hasPrefix(src, i, "[") {
		return 0, false
	}
	ref, ok := s.ref(src, s.refAt(src, i+1))
	if !ok || ref.kind != "document" || !names(ref.collection.of(src), collection) {
		return 0, false
	}
	return parseID(ref.id.of(src))
}

// elements reads the page's array.
func (p *pageReader) elements(i int) int {
	body := p.body
	if i >= len(body) || body[i] != '[' {
		return p.w.wrong(body, i, `"data" is not an array`)
	}
	if i++; i < len(body) && body[i] == ']' {
		return i + 1
	}
	for position := 0; ; position++ {
		if p.mayLack && hasPrefix(body, i, "null") {
			p.lacking = append(p.lacking, position)
			i += len("null")
		} else if i = p.element(i, position); i < 0 {
			return -1
		}
		if i < len(body) && body[i] == ',' {
			i++
			continue
		}
		if i < len(body) && body[i] == ']' {
			return i + 1
		}
		return p.w.wrong(body, i, "a comma or the end of the page is missing")
	}
}

// element writes the row of the document at i.
func (p *pageReader) element(i, position int) (end int) {
	b, w := p.b, p.w
	d := &w.document
	w.begin()
	if end, p.err = p.rows.row(b, p.body, i); p.err != nil {
		return -1
	}
	if end < 0 {
		if !w.short && !w.foreign {
			id := d.id
			if id < 0 && position < len(p.plan) {
				id = p.plan[position]
			}
			p.err = &DocumentError{Collection: p.layout.Collection, ID: id, Position: position, Offset: w.at, Reason: w.why}
		}
		return -1
	}
	if w.high&highBits != 0 && !utf8.Valid(p.body[i:end]) {
		w.counts.NotUTF8.add(d.id)
	}
	for _, name := range w.others {
		w.counts.otherField(name.of(p.body), d.id)
	}
	if d.ts < 0 || b.At != 0 && d.ts > b.At {
		return p.strange(i, "document %d has a time that is invalid or later than the snapshot: %d", d.id, d.ts)
	}
	b.end(d.id, d.ts)
	return end
}
