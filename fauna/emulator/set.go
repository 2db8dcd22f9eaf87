package emulator

import (
	"errors"
	"slices"
)

type setKind uint8

const (
	setNative setKind = iota // Collections() and its like
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
	vals []value // nil where the element is the document itself
}

// key returns the values that elements are ordered by.
func (el element) key() []value {
	if el.vals == nil {
		return []value{el.ref}
	}
	return append(slices.Clip(el.vals), el.ref)
}

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
	step      int // the page's size; 0 means no limit
}

// errDenied is a denied privilege; it has no position yet.
var errDenied = errors.New("permission denied")

// scan yields the elements of a set that the caller may see, until yield returns
// false.
func (s *set) scan(e *env, q scan, yield func(element) bool) error {
	switch s.kind {
	case setNative:
		return s.scanNative(e, q, yield)
	case setDocuments:
		return s.scanDocuments(e, q, yield)
	case setMatch:
		return s.scanMatch(e, q, yield)
	case setSingleton:
		ok, err := e.exists(s.ref)
		if err != nil || ok != true {
			return err
		}
		return scanList([]element{{ref: s.ref}}, q, yield)
	case setRange:
		return s.scanRange(e, q, yield)
	case setReverse:
		q.desc = !q.desc
		return s.sets[0].scan(e, q, yield)
	case setFilter:
		return s.scanFilter(e, q, yield)
	case setEvents:
		return errNoEvents // a set of events inside another
	}
	list, err := s.gather(e)
	if err != nil {
		return err
	}
	return scanList(list, q, yield)
}

// skips reports whether an element is before the start of a scan.
func (q scan) skips(key []value) bool {
	if q.from == nil {
		return false
	}
	n := min(len(key), len(q.from))
	c := compareTuples(key[:n], q.from[:n])
	if q.desc {
		c = -c
	}
	return c < 0 || c == 0 && !q.inclusive
}

// scanList scans elements that are sorted.
func scanList(list []element, q scan, yield func(element) bool) error {
	for i := range list {
		el := list[i]
		if q.desc {
			el = list[len(list)-1-i]
		}
		if !q.skips(el.key()) && !yield(el) {
			return nil
		}
	}
	return nil
}

// scanDocuments reads the documents of a collection by id.
func (s *set) scanDocuments(e *env, q scan, yield func(element) bool) error {
	c := s.ref.item.coll
	if err := e.tooOld(c.minimum(e.tx.now)); err != nil {
		return err
	}
	e.tx.readOps += 8
	guard, denied := e.guard(s.ref), 0
	defer func() { e.tx.passOver(denied, len(c.docs), q.step) }()
	i, step := 0, 1
	if q.desc {
		i, step = len(c.docs)-1, -1
	}
	if len(q.from) > 0 {
		i = c.start(q)
	}
	refs := make([]ref, 0, 64) // allocated in blocks, since a page has many
	for ; i >= 0 && i < len(c.docs); i += step {
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
			continue
		}
		if !yield(el) {
			return nil
		}
	}
	return e.tx.check()
}

// start returns the index of a scan's first document.
func (c *collection) start(q scan) int {
	bound := q.from[0]
	r, isRef := bound.(*ref)
	var after int // the first position not before the bound
	exact := false
	switch {
	case isRef && r.class == clsDocument:
		after = c.search(r.id)
		exact = after < len(c.docs) && c.docs[after].id == r.id
	case rank(bound) > rank(&ref{}):
		after = len(c.docs)
	}
	switch {
	case q.desc && exact && q.inclusive:
		return after
	case q.desc:
		return after - 1
	case exact && !q.inclusive:
		return after + 1
	}
	return after
}

// guard returns the rule for seeing a collection's documents in a set.
func (e *env) guard(coll *ref) rule {
	resource := &ref{class: clsCollections, item: coll.item, name: coll.name, scope: coll.scope}
	if e.rule(resource, actUnrestricted).always {
		return rule{always: true}
	}
	return e.rule(resource, actRead)
}

// scanNative lists the items of a class in the order of their creation.
func (s *set) scanNative(e *env, q scan, yield func(element) bool) error {
	if !e.mayList(s.ref.class) {
		return errDenied
	}
	db := e.tx.db
	if s.ref.scope != nil {
		db = s.ref.scope
	}
	guard := e.rule(&ref{class: s.ref.class, native: true}, actRead)
	items := db.stores[s.ref.class].items
	list := make([]element, 0, len(items))
	for _, it := range items {
		if it.visible(e.at, e.tx.now) == nil {
			continue
		}
		r := it.ref()
		r.scope = s.ref.scope
		if e.allows(guard, r) {
			list = append(list, element{ref: r})
		}
	}
	return scanList(list, q, yield)
}

// scanRange scans another set between two bounds, both inclusive.
func (s *set) scanRange(e *env, q scan, yield func(element) bool) error {
	low, high := s.from, s.to
	first, last := low, high
	if q.desc {
		first, last = high, low
	}
	stop := scan{from: last, inclusive: true, desc: !q.desc}
	inner := scan{from: first, inclusive: true, desc: q.desc, step: q.step}
	if first == nil || q.from != nil && !inner.skips(q.from) {
		inner = q
	}
	bounds := scan{from: first, inclusive: true, desc: q.desc}
	return s.sets[0].scan(e, inner, func(el element) bool {
		key := el.key()
		if last != nil && stop.skips(key) {
			return false
		}
		if q.skips(key) || bounds.skips(key) {
			return true
		}
		return yield(el)
	})
}

func (s *set) scanFilter(e *env, q scan, yield func(element) bool) error {
	var failed error
	err := s.sets[0].scan(e, q, func(el element) bool {
		v, err := e.apply(s.pred, el.value(), s.pred.at)
		if err == nil {
			_, err = asBool(v, s.pred.at)
		}
		if err != nil {
			failed = err
			return false
		}
		return v != true || yield(el)
	})
	if failed != nil {
		return failed
	}
	return err
}

// gather computes the elements of a set made of other sets.
func (s *set) gather(e *env) ([]element, error) {
	var lists [][]element
	for _, in := range s.sets {
		var list []element
		err := in.scan(e, scan{}, func(el element) bool {
			list = append(list, el)
			return len(list) <= maxWidth
		})
		if err == nil {
			err = width(len(list), len(list))
		}
		if err != nil {
			return nil, err
		}
		lists = append(lists, list)
	}
	if s.kind == setJoin {
		return s.join(e, lists[0])
	}
	counts := map[string]int{} // how many operands hold an element; those of the first come in order
	first := map[string]bool{}
	var all []element
	r := &renderer{db: e.tx.db, version: "4"}
	identity := func(el element) string {
		if s.kind == setDistinct {
			return string(r.value(nil, el.value()))
		}
		return string(r.value(nil, array(el.key())))
	}
	for i, list := range lists {
		seen := map[string]bool{}
		for _, el := range list {
			id := identity(el)
			if !seen[id] {
				seen[id] = true
				counts[id]++
				if counts[id] == 1 {
					all = append(all, el)
					first[id] = i == 0
				}
			}
		}
	}
	out := all[:0]
	for _, el := range all {
		id := identity(el)
		switch {
		case s.kind == setIntersection && counts[id] != len(lists):
		case s.kind == setDifference && (!first[id] || counts[id] != 1):
		default:
			out = append(out, el)
		}
	}
	slices.SortStableFunc(out, func(a, b element) int { return compareTuples(a.key(), b.key()) })
	return out, nil
}

// join reads, for each element of the source, the set it is joined with.
func (s *set) join(e *env, source []element) ([]element, error) {
	var out []element
	for _, el := range source {
		var target *set
		switch with := s.with.(type) {
		case *ref:
			target = &set{kind: setMatch, ref: with, terms: asArray(el.value())}
		case *lambda:
			v, err := e.apply(with, el.value(), with.at)
			if err != nil {
				return nil, err
			}
			in, ok := asSet(v)
			if !ok {
				return nil, expected(with.at, "Set", v)
			}
			target = in
		}
		err := target.scan(e, scan{}, func(el element) bool {
			out = append(out, el)
			return len(out) <= maxWidth
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(out, func(a, b element) int { return compareTuples(a.key(), b.key()) })
	return slices.CompactFunc(out, func(a, b element) bool { return compareTuples(a.key(), b.key()) == 0 }), nil
}
