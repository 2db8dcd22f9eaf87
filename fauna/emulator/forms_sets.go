package emulator

import (
	"fmt"
	"slices"
)

func (t formTable) addSets() {
	t.add("documents", strict(func(_ *env, n *node, args []value) (value, error) {
		r, ok := args[0].(*ref)
		if !ok || r.class != clsCollections || r.native {
			return nil, expected(n.place(0), "Collection Ref", args[0])
		}
		if _, _, missing := r.undefined(); missing {
			return nil, undefinedRef(n.place(0), r)
		}
		return &set{kind: setDocuments, ref: r}, nil
	}))
	t.add("match terms?", strict(func(e *env, n *node, args []value) (value, error) {
		return e.match(n, args[0], n.place(0), args[1], n.given(1))
	}))
	t.add("match index", strict(func(e *env, n *node, args []value) (value, error) {
		return e.match(n, args[1], n.place(1), args[0], true)
	}))
	t.add("events", strict(func(_ *env, n *node, args []value) (value, error) {
		if s, ok := asSet(args[0]); ok {
			if s.kind == setEvents {
				return nil, noEvents(n.at)
			}
			return &set{kind: setEvents, sets: []*set{s}}, nil
		}
		if r, ok := args[0].(*ref); ok {
			return &set{kind: setEvents, ref: r}, nil
		}
		return nil, expected(n.place(0), "Ref or Set", args[0])
	}))
	t.add("singleton", strict(func(_ *env, n *node, args []value) (value, error) {
		r, err := asRef(args[0], n.place(0))
		return &set{kind: setSingleton, ref: r}, err
	}))
	for kind, head := range map[setKind]string{setUnion: "union", setIntersection: "intersection", setDifference: "difference"} {
		t.add(head, variadic(func(_ *env, n *node, list []value, place func(int) *position) (value, error) {
			if out, ok, err := ofArrays(kind, list, n.place(0)); ok {
				return out, err
			}
			s := &set{kind: kind}
			for i, v := range list {
				in, ok := asSet(v)
				if !ok {
					return nil, notOperand(v, place(i), n.place(0))
				}
				s.sets = append(s.sets, in)
			}
			if len(s.sets) == 0 {
				return nil, invalidArgument(n.place(0), "Non-empty array expected.")
			}
			return s, nil
		}))
	}
	for kind, head := range map[setKind]string{setDistinct: "distinct", setReverse: "reverse"} {
		t.add(head, strict(func(e *env, n *node, args []value) (value, error) {
			if kind == setReverse {
				if v, ok, err := e.reversed(args[0]); ok {
					return v, err
				}
			}
			if list, ok := args[0].(array); ok {
				out, _, err := ofArrays(setUnion, []value{distinct(list)}, n.place(0))
				return out, err
			}
			if p, ok := args[0].(*page); ok {
				return rewrap(p, distinct(p.data)), nil
			}
			s, ok := asSet(args[0])
			if !ok {
				return nil, expected(n.place(0), "Array, Set, or Page", args[0])
			}
			return &set{kind: kind, sets: []*set{s}}, nil
		}))
	}
	t.add("range from to", strict(func(_ *env, n *node, args []value) (value, error) {
		s, ok := asSet(args[0])
		if !ok {
			return nil, expected(n.place(0), "Set", args[0])
		}
		var errs error
		for i := 1; i <= 2; i++ {
			err := resolved(args[i], n.place(i))
			if s.kind == setEvents && err == nil {
				_, err = cursor{val: args[i], at: n.place(i)}.eventBound()
			}
			errs = join(errs, err)
		}
		if errs != nil {
			return nil, errs
		}
		return &set{kind: setRange, sets: []*set{s}, from: bound(args[1]), to: bound(args[2])}, nil
	}))
	t.add("join with", strict(func(_ *env, n *node, args []value) (value, error) {
		s, ok := asSet(args[0])
		if !ok {
			return nil, expected(n.place(0), "Set", args[0])
		}
		if r, ok := args[1].(*ref); ok {
			if _, _, missing := r.undefined(); missing {
				return nil, undefinedRef(n.place(1), r)
			}
			if r.class == clsIndexes && !r.native {
				return &set{kind: setJoin, sets: []*set{s}, with: r}, nil
			}
		}
		if l, ok := args[1].(*lambda); ok {
			return &set{kind: setJoin, sets: []*set{s}, with: l}, nil
		}
		return nil, expected(n.place(1), "Index Ref or Lambda", args[1])
	}))
}

// notOperand is the error for a value that is not a valid operand of a union,
// intersection or difference.
func notOperand(v value, place, at *position) error {
	switch v.(type) {
	case array:
		return mixedOperands(at)
	case *page:
		return expected(place, "Set or Array", v)
	}
	return expected(place, "Array, Set, or Page", v)
}

func mixedOperands(at *position) error {
	return invalidArgument(at, "Arguments cannot be of different types, expected Set or Array.")
}

// match returns the set of an index that is active.
func (e *env) match(n *node, index value, at *position, terms value, given bool) (value, error) {
	if name, ok := index.(string); ok {
		index, at = e.tx.db.named(clsIndexes, name), n.at.child("index")
	}
	r, ok := index.(*ref)
	if !ok || r.class != clsIndexes || r.native {
		return nil, expected(at, "Identifier", index)
	}
	if _, _, missing := r.undefined(); missing {
		return nil, undefinedRef(at, r)
	}
	if !r.item.index.active(e.tx.now) {
		text := fmt.Sprintf("Index '%s' is not active.", r.title())
		return nil, &queryError{at: n.at.child("index"), code: "instance not found", text: text, status: 400}
	}
	s := &set{kind: setMatch, ref: r}
	if given {
		if list, ok := terms.(array); ok {
			s.terms = list
		} else {
			s.terms = []value{terms}
		}
	}
	return s, nil
}

// bound returns an end of a Range; an empty array means an open end.
func bound(v value) []value {
	if list, ok := v.(array); ok {
		if len(list) == 0 {
			return nil
		}
		return list
	}
	return []value{v}
}

// resolved returns an error for refs to missing schema items in cursors and
// bounds.
func resolved(v value, at *position) error {
	for _, v := range asArray(v) {
		if r, ok := v.(*ref); ok {
			if _, _, missing := r.undefined(); missing {
				return undefinedRef(at, r)
			}
		}
	}
	return nil
}

// reversed reverses an array or a page.
func (e *env) reversed(v value) (value, bool, error) {
	switch v := v.(type) {
	case array:
		out := make(array, len(v))
		for i := range v {
			out[len(v)-1-i] = v[i]
		}
		return out, true, e.take(len(v) * elementSize)
	case *page:
		out := *v
		data, _, err := e.reversed(v.data)
		out.data, _ = data.(array)
		return &out, true, err
	}
	return nil, false, nil
}

// ofArrays returns a union, intersection or difference of arrays; ok is false if
// the operands are not arrays.
func ofArrays(kind setKind, list []value, at *position) (out array, ok bool, err error) {
	if err := measure(list...); err != nil {
		return nil, true, err
	}
	for i, v := range list {
		next, isArray := v.(array)
		if !isArray {
			if i > 0 {
				return nil, true, mixedOperands(at)
			}
			return nil, false, nil
		}
		switch {
		case i == 0:
			out = next
		case kind == setUnion:
			out = distinct(slices.Concat(out, next))
		default:
			have := map[string]bool{}
			for _, v := range next {
				have[rendered(v)] = true
			}
			out = slices.DeleteFunc(slices.Clone(out), func(v value) bool { return have[rendered(v)] == (kind == setDifference) })
		}
	}
	return out, len(list) > 0, nil
}

// rendered returns a value's text, for fast comparison.
func rendered(v value) string {
	r := &renderer{version: "4"}
	return string(r.value(nil, v))
}

// distinct keeps the first of equal elements.
func distinct(list array) array {
	out, have := array{}, map[string]bool{}
	for _, v := range list {
		if key := rendered(v); !have[key] {
			have[key] = true
			out = append(out, v)
		}
	}
	return out
}
