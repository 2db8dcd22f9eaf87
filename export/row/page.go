package row

import (
	"fmt"
	"slices"
	"unicode/utf8"
)

// Page appends the rows of one page to b: body is the answer's body as it was
// sent, its elements as Layout.Paths asks for them. plan holds the ids that the
// page must have, ascending; nil allows any ascending ids after those in b. The
// error is a *Mismatch, *DocumentError, *PageError or *MisfitError, and leaves
// b's rows unchanged.
func (s *Serializer) Page(b *Batch, body []byte, plan []int64) error {
	first := len(b.IDs)
	p := pageReader{Serializer: s, b: b, w: &b.work, body: body, plan: plan}
	return p.append(func() error { return ordered(b, first, plan) })
}

// PageOf is Page for an answer that lists the documents asked for, in ascending
// order, with null for one that does not exist and gets no row. Any other
// answer is a *PageError.
func (s *Serializer) PageOf(b *Batch, body []byte, asked []int64) error {
	first := len(b.IDs)
	p := pageReader{Serializer: s, b: b, w: &b.work, body: body, mayLack: true}
	return p.append(func() error {
		if got := b.IDs[first:]; !answers(got, p.lacking, asked) {
			return p.strange(0, fmt.Sprintf("it holds %d documents and %d nulls, which are not the %d documents asked for", len(got), len(p.lacking), len(asked)))
		}
		return nil
	})
}

// pageReader reads one page.
type pageReader struct {
	*Serializer
	b       *Batch
	w       *work // of b
	body    []byte
	plan    []int64
	mayLack bool  // null stands for a document that does not exist
	lacking []int // positions of such nulls
}

// append appends the rows of the page if they are right.
func (p *pageReader) append(right func() error) error {
	b := p.b
	bytes, rows := len(b.Bytes), len(b.Ends)
	p.w.counts = Counts{}
	err := p.envelope()
	if err == nil {
		err = right()
	}
	if err != nil {
		b.Bytes, b.Ends, b.IDs, b.Times = b.Bytes[:bytes], b.Ends[:rows], b.IDs[:rows], b.Times[:rows]
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
// documents asked for.
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

// strange returns the error of an answer that is not a page.
func (p *pageReader) strange(at int, reason string) error {
	return &PageError{Collection: p.layout.Collection, Offset: at, Reason: reason}
}

// fault turns the scanner's fault into an error of the page.
func (p *pageReader) fault() error {
	return &PageError{Collection: p.layout.Collection, Offset: p.w.at, Short: p.w.short, Reason: p.w.why}
}

// wrong is the error of an unexpected byte, or of the end of the page.
func (p *pageReader) wrong(i int, why string) error {
	p.w.wrong(p.body, i, why)
	return p.fault()
}

// envelope reads {"resource":{"before"?,"after"?,"data":[…]}}.
func (p *pageReader) envelope() error {
	p.b.Next = -1
	found := false
	i, err := p.object(space(p.body, 0), func(key []byte, i int) (int, error) {
		if string(key) != `"resource"` || found {
			return 0, p.strange(i, "unexpected or repeated content")
		}
		found = true
		return p.resource(i)
	})
	if err != nil {
		return err
	}
	if !found {
		return p.strange(0, `there is no "resource"`)
	}
	if i = space(p.body, i); i < len(p.body) {
		return p.strange(i, "text after its end")
	}
	return nil
}

func (p *pageReader) resource(i int) (int, error) {
	b, w, body := p.b, p.w, p.body
	rows := len(b.IDs)
	found := false
	i, err := p.object(i, func(key []byte, i int) (int, error) {
		switch {
		case string(key) == `"data"` && !found:
			found = true
			return p.elements(i)
		case string(key) == `"before"`:
			// Only a page after a cursor has "before", which repeats the
			// cursor.
			if id, ok := w.cursor(body, i, p.layout.Collection); !hasPrefix(body, i, "null") && (!ok || id != b.From || b.From == 0) {
				return 0, p.strange(i, fmt.Sprintf(`"before" is not what was asked for, which is %d`, b.From))
			}
		case string(key) == `"after"` && b.Next < 0:
			id, ok := w.cursor(body, i, p.layout.Collection)
			if !ok {
				return 0, p.strange(i, `"after" does not begin with the ref of a document of the collection`)
			}
			b.Next = id
		default:
			return 0, p.strange(i, fmt.Sprintf("unexpected or repeated key %.40s", key))
		}
		if i = w.skip(body, i); i < 0 {
			return 0, p.fault()
		}
		return i, nil
	})
	switch {
	case err != nil:
		return 0, err
	case !found:
		return 0, p.strange(i, `there is no "data"`)
	case b.Next >= 0 && (len(b.IDs) == rows || b.Next <= b.IDs[len(b.IDs)-1]):
		return 0, p.strange(i, `"after" does not lead on`)
	}
	return i, nil
}

// object reads an object of the envelope; field reads the value at i.
func (p *pageReader) object(i int, field func(key []byte, i int) (int, error)) (int, error) {
	body := p.body
	if i >= len(body) || body[i] != '{' {
		return 0, p.wrong(i, "it is not an object")
	}
	if i = space(body, i+1); i < len(body) && body[i] == '}' {
		return i + 1, nil
	}
	for {
		keyEnd, value := p.w.key(body, i)
		if value < 0 {
			return 0, p.fault()
		}
		end, err := field(body[i:keyEnd], value)
		if err != nil {
			return 0, err
		}
		if i = space(body, end); i < len(body) && body[i] == '}' {
			return i + 1, nil
		}
		if i >= len(body) || body[i] != ',' {
			return 0, p.wrong(i, "a comma or the end of an object is missing")
		}
		i = space(body, i+1)
	}
}

// cursor reads the id of a cursor's first ref, which must be a document of the
// collection.
func (s *scanner) cursor(src []byte, i int, collection string) (int64, bool) {
	if i >= len(src) || src[i] != '[' {
		return 0, false
	}
	if i = space(src, i+1); i >= len(src) || src[i] != '{' {
		return 0, false
	}
	key := space(src, i+1)
	keyEnd, value := s.key(src, key)
	if value < 0 || string(src[key:keyEnd]) != `"@ref"` {
		return 0, false
	}
	ref, ok := s.ref(src, value)
	if !ok || ref.kind != "document" || !names(ref.collection.of(src), collection) {
		return 0, false
	}
	return parseID(ref.id.of(src))
}

// elements reads the page's array.
func (p *pageReader) elements(i int) (_ int, err error) {
	body := p.body
	if i >= len(body) || body[i] != '[' {
		return 0, p.wrong(i, `"data" is no array`)
	}
	if i = space(body, i+1); i < len(body) && body[i] == ']' {
		return i + 1, nil
	}
	for position := 0; ; position++ {
		if p.mayLack && hasPrefix(body, i, "null") {
			p.lacking = append(p.lacking, position)
			i += len("null")
		} else if i, err = p.element(i, position); err != nil {
			return 0, err
		}
		if i < len(body) && isSpace(body[i]) {
			i = space(body, i)
		}
		if i < len(body) && body[i] == ',' {
			if i++; i < len(body) && isSpace(body[i]) {
				i = space(body, i)
			}
			continue
		}
		if i < len(body) && body[i] == ']' {
			return i + 1, nil
		}
		return 0, p.wrong(i, "a comma or the end of the page is missing")
	}
}

// element writes the row of the document at i.
func (p *pageReader) element(i, position int) (int, error) {
	b, w := p.b, p.w
	w.begin()
	end, err := p.rows.row(b, p.body, i)
	if err != nil {
		return 0, err
	}
	if end < 0 {
		if w.short || w.foreign {
			return 0, p.fault()
		}
		id := w.document.id
		if id < 0 && position < len(p.plan) {
			id = p.plan[position]
		}
		return 0, &DocumentError{Collection: p.layout.Collection, ID: id, Position: position, Offset: w.at, Reason: w.why}
	}
	if w.high&highBits != 0 && !utf8.Valid(p.body[i:end]) {
		w.counts.NotUTF8.add(w.document.id)
	}
	w.count(p.body)
	ts, _ := parseTS(w.document.ts.of(p.body)) // checked when it was found
	if ts < 0 || b.At != 0 && ts > b.At {
		return 0, p.strange(i, fmt.Sprintf("document %d has a time that is invalid or later than the snapshot: %d", w.document.id, ts))
	}
	b.end(w.document.id, ts)
	return end, nil
}
