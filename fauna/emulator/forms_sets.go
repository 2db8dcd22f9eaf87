package emulator

import (
	"fmt"
	"slices"

	"fauna-export/fauna/fql"
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
		if c.given(1) {
			s.terms = c.terms(1)
		}
		return s
	})
	t.add("match index", reads, func(c *call) value {
		terms := c.terms(0)
		s := c.match(1)
		s.terms = terms
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
		panic(expected(c.place(1), "Lambda or Index Ref", c.args[1]))
	}).parse = parseJoin
}

// parseJoin reads a Join, with a lambda or another expression.
func parseJoin(p *parser, j *fql.Node, at *position, vars *names) *node {
	n := &node{kind: nodeForm, at: at, form: p.tx.s.forms.find(j), args: make([]*node, 2)}
	before := len(p.errs)
	n.args[0] = p.expression(j.Member("join"), at.child("join"), vars)
	with, place := j.Member("with"), at.child("with")
	switch {
	case len(p.errs) > before:
	case with.Kind == fql.Object && isLambda(with):
		n.args[1] = p.lambdaNode(with, place, vars)
	default:
		n.args[1] = p.expression(with, place, vars)
	}
	return n
}

// terms are the terms of a Match in an argument.
func (c *call) terms(i int) array {
	list, place := c.splat(i)
	each(list, func(i int, v value) {
		if r, ok := v.(*ref); ok && r.unresolved() {
			panic(expected(place(i), "Any", v))
		}
	})
	return list
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
	s := &set{kind: kind}
	each(list, func(i int, v value) {
		in, isSet := asSet(v)
		_, _, ok := elements(v)
		_, isPage := v.(*page)
		switch {
		case isPage:
			panic(expected(place(i), "Set or Array", v))
		case isSet:
			s.sets = append(s.sets, in)
		case !ok:
			panic(notIdentifier(place(i), "Array, Set, or Page", v))
		}
	})
	switch len(s.sets) {
	case len(list):
		for i, in := range s.sets[1:] {
			if !s.sets[i].compatible(in) {
				panic(invalidArgument(c.place(0), "Sets are not compatible."))
			}
		}
		return s
	case 0:
		out := list[0].(array)
		for _, next := range list[1:] {
			out = combine(kind, out, next.(array))
		}
		return out
	}
	panic(invalidArgument(c.place(0), "Arguments cannot be of different types, expected Set or Array."))
}

// compatible reports whether two sets can be combined: both are of events, or
// their values are sorted in the same directions.
func (s *set) compatible(o *set) bool {
	a, events := s.directions()
	b, others := o.directions()
	n := min(len(a), len(b))
	return events == others && slices.Equal(a[:n], b[:n])
}

// directions returns which of a set's values are reversed, and whether it is of
// events.
func (s *set) directions() (reversed []bool, events bool) {
	switch s.kind {
	case setEvents:
		return nil, true
	case setMatch:
		for _, v := range s.ref.item.index.values {
			reversed = append(reversed, v.reverse)
		}
	case setUnion, setIntersection, setDifference, setDistinct, setRange, setFilter:
		return s.sets[0].directions()
	}
	return append(reversed, false), false
}

// combine combines two arrays. Equal elements count: a union has each as often as
// the array that has it most often, and each element of b stands for one of a.
func combine(kind setKind, a, b array) array {
	times := map[string]int{}
	for _, v := range b {
		times[rendered(v)]++
	}
	if kind != setUnion {
		return slices.DeleteFunc(slices.Clone(a), func(v value) bool {
			key := rendered(v)
			times[key]--
			return (times[key] >= 0) == (kind == setDifference)
		})
	}
	have := map[string]int{}
	for _, v := range a {
		have[rendered(v)]++
	}
	out := array{}
	for _, v := range slices.Concat(a, b) {
		key := rendered(v)
		for range max(have[key], times[key]) {
			out = append(out, v)
		}
		have[key], times[key] = 0, 0
	}
	return out
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
