package emulator

import "slices"

const (
	defaultSize = 64
	maxSize     = 100_000
)

// The arguments of the three forms of Paginate, in the order of their keys; the
// second is after, before or cursor.
const (
	pageSet = iota
	pageCursor
	pageTime
	pageSize
	pageEvents
	pageSources
)

// A cursor is where a page starts or ends.
type cursor struct {
	given  bool
	before bool
	val    value
	at     *position
}

func paginate(c *call) value {
	in := c.timed(pageTime)
	size := int64(defaultSize)
	if c.given(pageSize) {
		size = c.args[pageSize].(int64)
	}
	events := c.args[pageEvents] == true
	cur := c.cursor()
	s, isSet := c.args[pageSet].(*set)
	switch {
	case !isSet && events:
		s = &set{kind: setEvents, ref: c.args[pageSet].(*ref)}
	case !isSet:
		s = &set{kind: setSingleton, ref: c.args[pageSet].(*ref)}
	case events && s.kind != setEvents:
		s = &set{kind: setEvents, sets: []*set{s}}
	}
	count := int(max(-1, min(size, maxSize)))
	if s.kind == setEvents {
		return in.eventPage(s, cur, max(0, count), c.place(pageSet))
	}
	return in.setPage(s, cur, scan{step: count, at: c.place(pageSet)}, c.args[pageSources] == true)
}

// cursor reads after, before or cursor. A null differs from no cursor, except in the
// form with cursor.
func (c *call) cursor() cursor {
	if !c.given(pageCursor) {
		return cursor{}
	}
	key, v, at := c.node.form.keys[pageCursor], c.args[pageCursor], c.place(pageCursor)
	if key != "cursor" {
		return cursor{given: true, before: key == "before", val: v, at: at}
	}
	if v == nil {
		return cursor{}
	}
	o, _ := v.(*object)
	if o != nil && len(o.keys) == 1 && (o.keys[0] == "after" || o.keys[0] == "before") {
		return cursor{given: true, before: o.keys[0] == "before", val: o.vals[0], at: at.child(o.keys[0])}
	}
	panic(invalidArgument(at, "Invalid cursor object. Expected an object with either 'before' or 'after' key in it."))
}

// tuple returns a cursor's values: an array, or one bare value.
func (c cursor) tuple() []value {
	if list, ok := c.val.(array); ok {
		return list
	}
	return []value{c.val}
}

// setPage reads one page of a set, of q.step elements.
func (e *env) setPage(s *set, c cursor, q scan, sources bool) *page {
	p := &page{data: array{}}
	q.inclusive, q.desc = !c.before, c.before
	if c.given {
		resolve(c.val, c.at)
		q.from = c.tuple()
	}
	size, given := q.step, array(q.from)
	if size <= 0 {
		p.turn(c, given, size == 0 && c.given, given)
		return p
	}
	documents := s.kind == setDocuments && !s.ref.native
	if documents && size > maxWidth*4/5 {
		c := s.ref.item.coll
		ahead := q.begin(len(c.docs), c.compare(q)) + 1 // how many documents the scan has ahead of it
		if !q.desc {
			ahead = len(c.docs) + 1 - ahead
		}
		checkWidth(size, ahead)
	}
	list := make([]element, 0, min(size+1, 1024))
	for el := range s.scan(e, q) {
		if list = append(list, el); len(list) > size {
			break
		}
	}
	if !documents {
		checkWidth(size, len(list))
	}
	more, next := len(list) > size, value(nil)
	switch {
	case more && c.before:
		next = s.cursor(list[size-1])
	case more:
		next = s.cursor(list[size])
	}
	list = list[:min(size, len(list))]
	if c.before {
		slices.Reverse(list)
	}
	p.turn(c, given, more, next)
	e.take(len(list) * elementSize)
	p.of, p.elements = s, list
	p.data = make(array, len(list))
	for i, el := range list {
		p.data[i] = el.value()
		if sources {
			p.data[i] = newObject("value", el.value(), "sources", array{s})
		}
	}
	return p
}

// turn sets where the pages before and after a page begin: at the cursor it was
// given, and where there is more in that cursor's direction, at the next.
func (p *page) turn(c cursor, given value, more bool, next value) {
	p.hasBefore, p.before, p.hasAfter, p.after = c.given, given, more, next
	if c.before {
		p.hasBefore, p.before, p.hasAfter, p.after = more, next, true, given
	}
}

// cursor returns the cursor of an element. In a reversed set of documents it contains
// the ref twice, as on a real server.
func (s *set) cursor(el element) array {
	if s.kind == setReverse && el.vals == nil {
		return array{el.ref, el.ref}
	}
	return el.key()
}
