package emulator

import (
	"fmt"
	"slices"
)

func (t formTable) addSets() {
	t.add("documents", reads, func(c *call) value {
		r, ok := c.args[0].(*ref)
		if !ok || r.class != clsCollections || r.native {
			panic(expected(c.place(0), "Collection Ref", c.args[0]))
		}
		r.mustExist(c.place(0))
		return &set{kind: setDocuments, ref: r}
	})
	t.add("match terms?", reads, func(c *call) value {
		s := c.match(0)
		if terms, ok := c.args[1].(array); ok {
			s.terms = terms
		} else if c.given(1) {
			s.terms = []value{c.args[1]}
		}
		return s
	})
	t.add("match index", reads, func(c *call) value {
		s := c.match(1)
		s.terms = []value{c.args[0]}
		if terms, ok := c.args[0].(array); ok {
			s.terms = terms
		}
		return s
	})
	t.add("events", reads, func(c *call) value {
		r, s := c.refOrSet(0)
		if s == nil {
			return &set{kind: setEvents, ref: r}
		}
		if s.kind == setEvents {
			panic(noEvents(c.node.at))
		}
		return &set{kind: setEvents, sets: []*set{s}}
	})
	t.add("singleton", reads, func(c *call) value { return &set{kind: setSingleton, ref: c.ref(0)} })
	for _, kind := range []setKind{setUnion, setIntersection, setDifference} {
		t.add(setHeads[kind], 0, func(c *call) value { return combined(c, kind) })
	}
	for _, kind := range []setKind{setDistinct, setReverse} {
		t.add(setHeads[kind], 0, func(c *call) value {
			if list, p, ok := elements(c.args[0]); ok {
				return rewrap(p, c.rearranged(kind, list))
			}
			return &set{kind: kind, sets: []*set{c.set(0, "Array, Set, or Page")}}
		})
	}
	t.add("range from to", 0, func(c *call) value {
		s := c.set(0, "Set")
		var errs error
		for i := 1; i <= 2; i++ {
			errs = join(errs, catch(func() {
				resolve(c.args[i], c.place(i))
				if s.kind == setEvents {
					cursor{val: c.args[i], at: c.place(i)}.eventBound()
				}
			}))
		}
		if errs != nil {
			panic(errs)
		}
		return &set{kind: setRange, sets: []*set{s}, from: rangeEnd(c.args[1]), to: rangeEnd(c.args[2])}
	})
	t.add("join with", 0, func(c *call) value {
		s := c.set(0, "Set")
		switch with := c.args[1].(type) {
		case *lambda:
			return &set{kind: setJoin, sets: []*set{s}, with: with}
		case *ref:
			with.mustExist(c.place(1))
			if with.class == clsIndexes && !with.native {
				return &set{kind: setJoin, sets: []*set{s}, with: with}
			}
		}
		panic(expected(c.place(1), "Index Ref or Lambda", c.args[1]))
	})
}

// match returns the set of the index in the i-th argument, which must be active.
func (c *call) match(i int) *set {
	index, at := c.args[i], c.place(i)
	if name, ok := index.(string); ok {
		index, at = c.tx.db.named(clsIndexes, name), c.node.at.child("index")
	}
	r, ok := index.(*ref)
	if !ok || r.class != clsIndexes || r.native {
		panic(expected(at, "Identifier", index))
	}
	r.mustExist(at)
	if !r.item.index.active(c.tx.now) {
		text := fmt.Sprintf("Index '%s' is not active.", r.title())
		panic(&queryError{at: c.node.at.child("index"), code: "instance not found", text: text, status: 400})
	}
	return &set{kind: setMatch, ref: r}
}

// rangeEnd returns an end of a Range; an empty array means an open end.
func rangeEnd(v value) []value {
	if list, ok := v.(array); ok {
		if len(list) == 0 {
			return nil
		}
		return list
	}
	return []value{v}
}

// resolve fails for refs to missing schema items in cursors and bounds.
func resolve(v value, at *position) {
	for _, v := range asArray(v) {
		if r, ok := v.(*ref); ok {
			r.mustExist(at)
		}
	}
}

// rearranged returns an array without doubles, or reversed.
func (c *call) rearranged(kind setKind, list array) array {
	if kind == setDistinct {
		measure(list...)
		return distinct(list)
	}
	c.take(len(list) * elementSize)
	out := slices.Clone(list)
	slices.Reverse(out)
	return out
}

// combined returns a union, intersection or difference, of sets or of arrays.
func combined(c *call, kind setKind) value {
	list, place := c.operands()
	measure(list...)
	if len(list) == 0 {
		panic(invalidArgument(c.place(0), "Non-empty array expected."))
	}
	out, ofArrays := list[0].(array)
	s := &set{kind: kind}
	for i, v := range list {
		next, isArray := v.(array)
		in, isSet := asSet(v)
		_, isPage := v.(*page)
		switch {
		case isArray != ofArrays: // of all operands the first decides
			panic(invalidArgument(c.place(0), "Arguments cannot be of different types, expected Set or Array."))
		case isPage:
			panic(expected(place(i), "Set or Array", v))
		case !isArray && !isSet:
			panic(expected(place(i), "Array, Set, or Page", v))
		case isSet:
			s.sets = append(s.sets, in)
		case i > 0 && kind == setUnion:
			out = distinct(slices.Concat(out, next))
		case i > 0:
			have := map[string]bool{}
			for _, v := range next {
				have[rendered(v)] = true
			}
			out = slices.DeleteFunc(slices.Clone(out), func(v value) bool { return have[rendered(v)] == (kind == setDifference) })
		}
	}
	if ofArrays {
		return out
	}
	return s
}

// rendered returns a value's text: of an answer, or to compare values fast.
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
