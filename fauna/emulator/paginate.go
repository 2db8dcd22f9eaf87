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

func paginate(e *env, n *node, args []value) (value, error) {
	s, ok := asSet(args[pageSet])
	r, isRef := args[pageSet].(*ref)
	if !ok && !isRef {
		return nil, expected(n.place(pageSet), "Ref or Set", args[pageSet])
	}
	in, err := e.timed(n, args, pageTime)
	if err != nil {
		return nil, err
	}
	size := int64(defaultSize)
	if n.given(pageSize) {
		if size, err = asInt(args[pageSize], n.place(pageSize)); err != nil {
			return nil, err
		}
	}
	flags := [2]bool{}
	for i, arg := range []int{pageEvents, pageSources} {
		if n.given(arg) {
			if flags[i], err = asBool(args[arg], n.place(arg)); err != nil {
				return nil, err
			}
		}
	}
	cur, err := cursorOf(n, args)
	if err != nil {
		return nil, err
	}
	switch {
	case !ok && flags[0]:
		s = &set{kind: setEvents, ref: r}
	case !ok:
		s = &set{kind: setSingleton, ref: r}
	case flags[0] && s.kind != setEvents:
		s = &set{kind: setEvents, sets: []*set{s}}
	}
	count := int(max(0, min(size, maxSize)))
	if s.kind == setEvents {
		p, err := in.eventPage(s, cur, count, n.place(pageSet))
		if err == errNoEvents {
			err = noEvents(n.at)
		}
		return p, placed(err, n.place(pageSet))
	}
	p, err := in.setPage(s, cur, count, flags[1])
	if err == errNoEvents {
		err = noEvents(n.at)
	}
	if err != nil {
		return nil, placed(err, n.place(pageSet))
	}
	return p, nil
}

// cursorOf reads after, before or cursor. A null is not the same as no cursor,
// except in the form with cursor.
func cursorOf(n *node, args []value) (cursor, error) {
	if !n.given(pageCursor) {
		return cursor{}, nil
	}
	key, v, at := n.form.keys[pageCursor], args[pageCursor], n.place(pageCursor)
	if key != "cursor" {
		return cursor{given: true, before: key == "before", val: v, at: at}, nil
	}
	if v == nil {
		return cursor{}, nil
	}
	o, _ := v.(*object)
	if o != nil && len(o.keys) == 1 && (o.keys[0] == "after" || o.keys[0] == "before") {
		return cursor{given: true, before: o.keys[0] == "before", val: o.vals[0], at: at.child(o.keys[0])}, nil
	}
	return cursor{}, invalidArgument(at, "Invalid cursor object. Expected an object with either 'before' or 'after' key in it.")
}

// tuple is a cursor's values: an array, or one bare value.
func (c cursor) tuple() []value {
	if list, ok := c.val.(array); ok {
		return list
	}
	return []value{c.val}
}

// setPage reads one page of a set.
func (e *env) setPage(s *set, c cursor, size int, sources bool) (*page, error) {
	p := &page{data: array{}}
	q := scan{inclusive: !c.before, desc: c.before, step: size}
	if c.given {
		if err := resolved(c.val, c.at); err != nil {
			return nil, err
		}
		q.from = c.tuple()
	}
	given := array(q.from)
	if size == 0 {
		if c.given {
			p.hasAfter, p.after = true, given
		}
		return p, nil
	}
	if s.kind == setDocuments && size > maxWidth*4/5 {
		if err := width(size, s.ref.item.coll.available(q)); err != nil {
			return nil, err
		}
	}
	list := make([]element, 0, min(size+1, 1024))
	err := s.scan(e, q, func(el element) bool {
		list = append(list, el)
		return len(list) <= size
	})
	if err != nil {
		return nil, err
	}
	if s.kind != setDocuments {
		if err := width(size, len(list)); err != nil {
			return nil, err
		}
	}
	more := len(list) > size
	switch {
	case c.before:
		p.hasAfter, p.after = true, given
		if more {
			list = list[:size]
			p.hasBefore, p.before = true, s.cursor(list[size-1])
		}
		slices.Reverse(list)
	default:
		if c.given {
			p.hasBefore, p.before = true, given
		}
		if more {
			p.hasAfter, p.after = true, s.cursor(list[size])
			list = list[:size]
		}
	}
	if err := e.take(len(list) * elementSize); err != nil {
		return nil, err
	}
	p.data = make(array, len(list))
	for i, el := range list {
		p.data[i] = el.value()
		if sources {
			p.data[i] = newObject("value", el.value(), "sources", array{s})
		}
	}
	return p, nil
}

// available returns how many documents a scan has ahead of it.
func (c *collection) available(q scan) int {
	if len(q.from) == 0 {
		return len(c.docs)
	}
	i := c.start(q)
	if q.desc {
		return i + 1
	}
	return len(c.docs) - i
}

// cursor returns the cursor of an element. In a reversed set of documents it holds
// the ref twice, as on a real server.
func (s *set) cursor(el element) array {
	if s.kind == setReverse && el.vals == nil {
		return array{el.ref, el.ref}
	}
	return el.key()
}
