package row

import (
	"fmt"
	"slices"
	"unicode/utf8"
)

// Serializer turns pages into the rows of one layout. It is safe for concurrent
// use.
type Serializer struct {
	layout  Layout
	columns []column // the additional ones
	rows    encoder

	// The server's text between a document's id and its ts.
	afterID string
	// The deletion column of a live row, with its comma; "" for none.
	noDeletion string
}

// work holds a batch's scratch memory, reused between pages.
type work struct {
	rewriter
	document    document
	counts      Counts // of the page being read
	notes       []note // of the document being read
	otherFields []span
	foreign     bool   // the document is not one of the collection's
	mayLack     bool   // null stands for a document that does not exist
	lacking     []int  // positions of such nulls
	value       []byte // a value as JSON, before it becomes a cell
	text        []byte // the text of a string
}

// note is something to count once the document's row is complete.
type note struct {
	tallies *[]Tally // nil for another field
	column  string
	name    span // of another field
}

func (w *work) note(tallies *[]Tally, column string) {
	w.notes = append(w.notes, note{tallies: tallies, column: column})
}

// noteOther notes a top-level field that rows leave out; at is its quoted key.
func (w *work) noteOther(at span) {
	w.notes = append(w.notes, note{name: span{at.start + 1, at.end - 1}})
}

// count adds the notes of a document whose row is complete.
func (w *work) count(src []byte) {
	for _, n := range w.notes {
		if n.tallies == nil {
			w.counts.otherField(n.name.of(src), w.document.id)
		} else if t := tally(n.tallies, n.column); t != nil {
			t.add(w.document.id)
		}
	}
}

// NewSerializer returns a serializer for the layout, or the error of
// Layout.Validate.
func NewSerializer(l Layout) (*Serializer, error) {
	if err := l.Validate(); err != nil {
		return nil, err
	}
	s := &Serializer{
		layout: l,
		afterID: `,"collection":{"@ref":{"id":` + jsonKey(l.Collection) +
			`,"collection":{"@ref":{"id":"collections"}}}}}},"ts":`,
	}
	all := l.columns()
	if l.Deletion != "" {
		all = all[:len(all)-1]
		s.noDeletion = "," + jsonKey(l.Deletion) + ":null"
	}
	s.columns = all[len(all)-len(l.Columns):]
	s.rows = l.Format.entry().codec.encoder(s)
	return s, nil
}

// Page appends the rows of one page to b: body is the answer's body as it was
// sent, its elements as Layout.Paths asks for them. plan holds the ids that the
// page must have, ascending; nil allows any ascending ids after those in b. The
// error is a *Mismatch, *DocumentError, *PageError or *MisfitError, and leaves
// b's rows unchanged.
func (s *Serializer) Page(b *Batch, body []byte, plan []int64) error {
	b.work.mayLack = false
	return s.append(b, body, plan, func(first int) error { return ordered(b, first, plan) })
}

// append appends the rows of a page. right checks them, from b's row first on.
func (s *Serializer) append(b *Batch, body []byte, plan []int64, right func(first int) error) error {
	bytes, rows := len(b.Bytes), len(b.Ends)
	b.work.counts = Counts{}
	err := s.page(b, body, plan)
	if err == nil {
		err = right(rows)
	}
	if err != nil {
		b.Bytes, b.Ends, b.IDs, b.Times = b.Bytes[:bytes], b.Ends[:rows], b.IDs[:rows], b.Times[:rows]
		return err
	}
	b.Counts.Merge(b.work.counts)
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

// page reads {"resource":{"before"?,"after"?,"data":[…]}}.
func (s *Serializer) page(b *Batch, body []byte, plan []int64) error {
	r := &b.work.rewriter
	b.Next = -1
	found := false
	i, err := s.object(r, body, space(body, 0), func(key []byte, i int) (int, error) {
		if string(key) != `"resource"` || found {
			return 0, &PageError{Collection: s.layout.Collection, Offset: i, Reason: "unexpected or repeated content"}
		}
		found = true
		return s.resource(b, body, i, plan)
	})
	if err != nil {
		return err
	}
	if !found {
		return &PageError{Collection: s.layout.Collection, Offset: 0, Reason: `there is no "resource"`}
	}
	if i = space(body, i); i < len(body) {
		return &PageError{Collection: s.layout.Collection, Offset: i, Reason: "text after its end"}
	}
	return nil
}

func (s *Serializer) resource(b *Batch, body []byte, i int, plan []int64) (int, error) {
	r := &b.work.rewriter
	strange := func(i int, reason string) error {
		return &PageError{Collection: s.layout.Collection, Offset: i, Reason: reason}
	}
	rows := len(b.IDs)
	found := false
	i, err := s.object(r, body, i, func(key []byte, i int) (int, error) {
		switch {
		case string(key) == `"data"` && !found:
			found = true
			return s.elements(b, body, i, plan)
		case string(key) == `"before"`:
			// Only a page after a cursor has "before", which repeats the
			// cursor.
			if id, ok := r.cursor(body, i, s.layout.Collection); !hasPrefix(body, i, "null") && (!ok || id != b.From || b.From == 0) {
				return 0, strange(i, fmt.Sprintf(`"before" is not what was asked for, which is %d`, b.From))
			}
		case string(key) == `"after"` && b.Next < 0:
			id, ok := r.cursor(body, i, s.layout.Collection)
			if !ok {
				return 0, strange(i, `"after" does not begin with the ref of a document of the collection`)
			}
			b.Next = id
		default:
			return 0, strange(i, fmt.Sprintf("unexpected or repeated key %.40s", key))
		}
		return s.skipped(r, body, i)
	})
	switch {
	case err != nil:
		return 0, err
	case !found:
		return 0, strange(i, `there is no "data"`)
	case b.Next >= 0 && (len(b.IDs) == rows || b.Next <= b.IDs[len(b.IDs)-1]):
		return 0, strange(i, `"after" does not lead on`)
	}
	return i, nil
}

// object reads an object of the envelope; field reads the value at i.
func (s *Serializer) object(r *rewriter, body []byte, i int, field func(key []byte, i int) (int, error)) (int, error) {
	if i >= len(body) || body[i] != '{' {
		return 0, s.fault(r, r.wrong(body, i, "it is not an object"))
	}
	if i = space(body, i+1); i < len(body) && body[i] == '}' {
		return i + 1, nil
	}
	for {
		keyEnd, value := r.key(body, i)
		if value < 0 {
			return 0, s.fault(r, value)
		}
		end, err := field(body[i:keyEnd], value)
		if err != nil {
			return 0, err
		}
		if i = space(body, end); i < len(body) && body[i] == '}' {
			return i + 1, nil
		}
		if i >= len(body) || body[i] != ',' {
			return 0, s.fault(r, r.wrong(body, i, "a comma or the end of an object is missing"))
		}
		i = space(body, i+1)
	}
}

func (s *Serializer) skipped(r *rewriter, body []byte, i int) (int, error) {
	if i = r.skip(body, i); i < 0 {
		return 0, s.fault(r, i)
	}
	return i, nil
}

// fault turns the scanner's fault into an error of the page.
func (s *Serializer) fault(r *rewriter, _ int) error {
	return &PageError{Collection: s.layout.Collection, Offset: r.at, Short: r.short, Reason: r.why}
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
func (s *Serializer) elements(b *Batch, body []byte, i int, plan []int64) (int, error) {
	r := &b.work.rewriter
	if i >= len(body) || body[i] != '[' {
		return 0, s.fault(r, r.wrong(body, i, `"data" is no array`))
	}
	if i = space(body, i+1); i < len(body) && body[i] == ']' {
		return i + 1, nil
	}
	for position := 0; ; position++ {
		end, err := s.elementOrNull(b, body, i, position, plan)
		if err != nil {
			return 0, err
		}
		if i = end; i < len(body) && isSpace(body[i]) {
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
		return 0, s.fault(r, r.wrong(body, i, "a comma or the end of the page is missing"))
	}
}

// element writes the row of the document at i.
func (s *Serializer) element(b *Batch, body []byte, i, position int, plan []int64) (int, error) {
	w := &b.work
	before := len(b.Bytes)
	w.notes, w.high, w.careful, w.again, w.foreign = w.notes[:0], 0, false, false, false
	w.document = document{id: -1}
	end, err := s.rows.row(b, body, i)
	if w.again {
		// Only reached by text that no server sends.
		b.Bytes = b.Bytes[:before]
		w.notes, w.high, w.careful, w.again = w.notes[:0], 0, true, false
		w.document = document{id: -1}
		end, err = s.rows.row(b, body, i)
	}
	if err != nil {
		return 0, err
	}
	if end < 0 {
		if w.short || w.foreign {
			return 0, s.fault(&w.rewriter, end)
		}
		id := w.document.id
		if id < 0 && position < len(plan) {
			id = plan[position]
		}
		return 0, &DocumentError{Collection: s.layout.Collection, ID: id, Position: position, Offset: w.at, Reason: w.why}
	}
	if w.high&highBits != 0 && !utf8.Valid(body[i:end]) {
		w.counts.NotUTF8.add(w.document.id)
	}
	w.count(body)
	ts, _ := parseTS(w.document.ts.of(body)) // checked when it was found
	if ts < 0 || b.At != 0 && ts > b.At {
		return 0, &PageError{Collection: s.layout.Collection, Offset: i, Reason: fmt.Sprintf("document %d has a time that is invalid or later than the snapshot: %d", w.document.id, ts)}
	}
	b.end(w.document.id, ts)
	return end, nil
}

// parseID reads a quoted id: 0 to 2^63-1 without leading zeros.
func parseID(quoted []byte) (int64, bool) {
	if len(quoted) < 3 || quoted[0] != '"' {
		return 0, false
	}
	digits := quoted[1 : len(quoted)-1]
	if digits[0] == '0' && len(digits) > 1 {
		return 0, false
	}
	return parseDigits(digits)
}

// parseInt reads a JSON number that is a whole number in the range of int64 and
// written as one.
func parseInt(number []byte) (int64, bool) {
	if len(number) > 1 && number[0] == '-' {
		if string(number) == "-9223372036854775808" {
			return -1 << 63, true
		}
		n, ok := parseDigits(number[1:])
		return -n, ok
	}
	return parseDigits(number)
}

func parseDigits(digits []byte) (int64, bool) {
	if len(digits) == 0 || len(digits) > 19 {
		return 0, false
	}
	var n uint64
	for _, c := range digits {
		if c-'0' > 9 {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return int64(n), n <= 1<<63-1
}
