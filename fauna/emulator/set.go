package emulator

import (
	"cmp"
	"iter"
	"slices"
	"sort"
)

type setKind uint8

const (
	setNative setKind = iota // Collections() and the like
	setDocuments
	setMatch
	setEvents
	setSingleton
	setUnion
	setIntersection
	setDifference
	setDistinct
	setRange
	setReverse
	setFilter
	setJoin
)

// A set describes elements; nothing is read until it is scanned.
type set struct {
	kind  setKind
	ref   *ref    // of a native class, a collection, an index or a document
	terms []value // of a Match
	sets  []*set
	from  []value // of a Range; nil is open
	to    []value
	pred  *lambda // of a Filter
	with  value   // of a Join: an index or a lambda
}

// An element of a set: a document and, from an index, values.
type element struct {
	ref  *ref
	vals []value // nil if the element is the document itself
}

// key returns the values that elements are ordered by.
func (el element) key() []value {
	if el.vals == nil {
		return []value{el.ref}
	}
	return append(slices.Clip(el.vals), el.ref)
}

func (el element) compare(o element) int { return compareTuples(el.key(), o.key()) }

// value returns the element as a page shows it.
func (el element) value() value {
	switch len(el.vals) {
	case 0:
		return el.ref
	case 1:
		return el.vals[0]
	}
	return array(el.vals)
}

// A scan is a starting point in a set and a direction.
type scan struct {
	from      []value // nil: from the first element in that direction
	inclusive bool
	desc      bool
	step      int       // the page's size; 0 means no limit
	at        *position // of the set argument, for errors
}

// scan returns the elements of a set that the caller may see.
func (s *set) scan(e *env, q scan) iter.Seq[element] {
	switch s.kind {
	case setNative:
		if !e.mayList(s.ref.class) {
			panic(denied(q.at))
		}
		return s.scanNative(e, q)
	case setDocuments:
		if s.ref.native {
			return s.scanNative(e, q)
		}
		return func(yield func(element) bool) { s.scanDocuments(e, q, yield) }
	case setMatch:
		return func(yield func(element) bool) { s.scanMatch(e, q, yield) }
	case setSingleton:
		if !e.exists(s.ref) {
			return q.over(nil)
		}
		return q.over([]element{{ref: s.ref}})
	case setRange:
		return func(yield func(element) bool) { s.scanRange(e, q, yield) }
	case setReverse:
		q.desc = !q.desc
		return s.sets[0].scan(e, q)
	case setFilter:
		return func(yield func(element) bool) {
			for el := range s.sets[0].scan(e, q) {
				if as[bool](e.apply(s.pred, el.value(), s.pred.at), "Boolean", s.pred.at) && !yield(el) {
					return
				}
			}
		}
	case setEvents: // inside another set
		panic(noEvents(q.at.up))
	case setJoin:
		return q.over(s.join(e, q.at))
	}
	return q.over(s.combine(e, q.at))
}

// first returns the document of a set's first element, or nil.
func (s *set) first(e *env, at *position) *ref {
	for el := range s.scan(e, scan{at: at}) {
		return el.ref
	}
	return nil
}

// gather returns all elements of a set, and fails if there are too many.
func (s *set) gather(e *env, at *position) []element {
	var list []element
	for el := range s.scan(e, scan{at: at}) {
		if list = append(list, el); len(list) > maxWidth {
			break
		}
	}
	checkWidth(len(list), len(list))
	return list
}

// skips reports whether an element is before the start of a scan.
func (q scan) skips(key []value) bool {
	if q.from == nil {
		return false
	}
	c := compareStarts(key, q.from)
	if q.desc {
		c = -c
	}
	return c < 0 || c == 0 && !q.inclusive
}

// compareStarts compares up to the length of the shorter.
func compareStarts(a, b []value) int {
	n := min(len(a), len(b))
	return compareTuples(a[:n], b[:n])
}

// begin returns the position of a scan's first element among n that are sorted;
// compare compares one with the scan's start.
func (q scan) begin(n int, compare func(i int) int) int {
	switch {
	case len(q.from) > 0:
		n = sort.Search(n, func(i int) bool {
			c := compare(i)
			return c > 0 || c == 0 && q.inclusive != q.desc
		})
	case !q.desc:
		return 0
	}
	if q.desc {
		n--
	}
	return n
}

// positions returns the positions of a scan's elements.
func (q scan) positions(n int, compare func(i int) int) iter.Seq[int] {
	return func(yield func(int) bool) {
		step := 1
		if q.desc {
			step = -1
		}
		for i := q.begin(n, compare); i >= 0 && i < n && yield(i); i += step {
		}
	}
}

// over scans elements that are sorted.
func (q scan) over(list []element) iter.Seq[element] {
	return func(yield func(element) bool) {
		for i := range q.positions(len(list), func(i int) int { return compareStarts(list[i].key(), q.from) }) {
			if !yield(list[i]) {
				return
			}
		}
	}
}

// scanDocuments reads the documents of a collection by id.
func (s *set) scanDocuments(e *env, q scan, yield func(element) bool) {
	c := s.ref.item.coll
	e.checkAge(c.minimum(e.tx.now))
	e.tx.readOps += 8
	guard, denied := e.guard(s.ref), 0
	defer func() { e.tx.passOver(denied, len(c.docs), q.step) }()
	refs := make([]ref, 0, 64) // allocated in blocks, since a page has many
	for i := range q.positions(len(c.docs), c.compare(q)) {
		h := c.docs[i]
		if h.visible(e.at, e.tx.now) == nil || !h.listed(e.at) {
			continue
		}
		if guard.never() {
			denied++
			continue
		}
		if len(refs) == cap(refs) {
			refs = make([]ref, 0, min(4096, 4*cap(refs)))
		}
		refs = append(refs, ref{class: clsDocument, item: c.item, scope: s.ref.scope, id: h.id})
		el := element{ref: &refs[len(refs)-1]}
		if !e.allows(guard, el.ref) {
			denied++
		} else if !yield(el) {
			return
		}
	}
	e.tx.check()
}

// compare returns how a document compares with the start of a scan.
func (c *collection) compare(q scan) func(i int) int {
	if len(q.from) == 0 {
		return nil
	}
	if r, ok := q.from[0].(*ref); ok && r.class == clsDocument {
		return func(i int) int { return cmp.Compare(c.docs[i].id, r.id) }
	}
	side := 1
	if rank(q.from[0]) > rank(&ref{}) {
		side = -1
	}
	return func(int) int { return side }
}

// guard returns the rule for seeing a collection's documents in a set.
func (e *env) guard(coll *ref) rule {
	if e.rule(coll, actUnrestricted).always {
		return rule{always: true}
	}
	return e.rule(coll, actRead)
}

// scanNative lists the items of a class in the order of their creation.
func (s *set) scanNative(e *env, q scan) iter.Seq[element] {
	db := e.tx.db
	if s.ref.scope != nil {
		db = s.ref.scope
	}
	guard := e.rule(&ref{class: s.ref.class, native: true}, actRead)
	var list []element
	for _, it := range db.stores[s.ref.class].items {
		r := it.ref()
		r.scope = s.ref.scope
		if it.visible(e.at, e.tx.now) != nil && e.allows(guard, r) {
			list = append(list, element{ref: r})
		}
	}
	return q.over(list)
}

// scanRange scans another set between two bounds, both inclusive.
func (s *set) scanRange(e *env, q scan, yield func(element) bool) {
	first, last := s.from, s.to
	if q.desc {
		first, last = last, first
	}
	stop := scan{from: last, inclusive: true, desc: !q.desc}
	begin := scan{from: first, inclusive: true, desc: q.desc, step: q.step, at: q.at}
	inner := begin
	if first == nil || q.from != nil && !begin.skips(q.from) {
		inner = q
	}
	for el := range s.sets[0].scan(e, inner) {
		key := el.key()
		if stop.skips(key) {
			return
		}
		if !q.skips(key) && !begin.skips(key) && !yield(el) {
			return
		}
	}
}

// combine returns the elements of a union, intersection, difference or distinct.
func (s *set) combine(e *env, at *position) []element {
	counts := map[string]int{} // how many operands contain each element
	var all []element
	identity := func(el element) string {
		if s.kind == setDistinct {
			return rendered(el.value())
		}
		return rendered(array(el.key()))
	}
	for i, in := range s.sets {
		seen := map[string]bool{}
		for _, el := range in.gather(e, at) {
			id := identity(el)
			if seen[id] {
				continue
			}
			seen[id] = true
			if counts[id]++; counts[id] == 1 && (i == 0 || s.kind == setUnion) {
				all = append(all, el)
			}
		}
	}
	all = slices.DeleteFunc(all, func(el element) bool {
		n := counts[identity(el)]
		return s.kind == setIntersection && n != len(s.sets) || s.kind == setDifference && n != 1
	})
	slices.SortStableFunc(all, element.compare)
	return all
}

// join reads, for each element of the source, the set it is joined with.
func (s *set) join(e *env, at *position) []element {
	var out []element
	for _, source := range s.sets[0].gather(e, at) {
		var target *set
		switch with := s.with.(type) {
		case *ref:
			target = &set{kind: setMatch, ref: with, terms: asArray(source.value())}
		case *lambda:
			target = asSet(e.apply(with, source.value(), with.at), with.at).(*set)
		}
		for el := range target.scan(e, scan{at: at}) {
			if out = append(out, el); len(out) > maxWidth {
				break
			}
		}
	}
	slices.SortStableFunc(out, element.compare)
	return slices.CompactFunc(out, func(a, b element) bool { return a.compare(b) == 0 })
}
