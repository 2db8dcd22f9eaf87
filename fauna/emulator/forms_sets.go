package emulator

import (
	"fmt"
	"slices"
)

func (t formTable) addSets() {
	t.add("documents:collection", reads, func(c *call) value { return &set{kind: setDocuments, ref: c.args[0].(*ref)} })
	t.add("match:term* index:index", reads, func(c *call) value { return c.match(1, 0) })
	t.add("match:index terms:term*", reads, func(c *call) value { return c.match(0, 1) })
	t.add("match:index", reads, func(c *call) value { return c.match(0, -1) })
	t.add("events:identifier", reads, func(c *call) value {
		s, isSet := c.args[0].(*set)
		if !isSet {
			return &set{kind: setEvents, ref: c.args[0].(*ref)}
		}
		if s.kind == setEvents {
			panic(noEvents(c.node.at))
		}
		return &set{kind: setEvents, sets: []*set{s}}
	})
	t.add("singleton:ref", reads, func(c *call) value { return &set{kind: setSingleton, ref: c.args[0].(*ref)} })
	for _, kind := range []setKind{setUnion, setIntersection, setDifference} {
		t.add(setHeads[kind]+":operand+", 0, func(c *call) value { return combined(c, kind) })
	}
	for _, kind := range []setKind{setDistinct, setReverse} {
		t.add(setHeads[kind]+":iterable", 0, func(c *call) value {
			if list, p, ok := elements(c.args[0]); ok {
				return rewrap(p, c.rearranged(kind, list))
			}
			return &set{kind: kind, sets: []*set{c.args[0].(*set)}}
		})
	}
	t.add("range:set from to", 0, func(c *call) value {
		s := c.args[0].(*set)
		each(c.args[1:], func(i int, v value) {
			resolve(v, c.place(i+1))
			if s.kind == setEvents {
				cursor{val: v, at: c.place(i + 1)}.eventBound()
			}
		})
		return &set{kind: setRange, sets: []*set{s}, from: rangeEnd(c.args[1]), to: rangeEnd(c.args[2])}
	})
	t.add("join:set with", 0, func(c *call) value {
		with := c.args[1]
		if _, isLambda := with.(*lambda); !isLambda {
			with = refTo("Lambda or Index Ref", isItem(clsIndexes))(with, c.place(1))
		}
		return &set{kind: setJoin, sets: []*set{c.args[0].(*set)}, with: with}
	}).lambda = "with?"
}

// match returns the set of an index, which must be active, with the terms in an
// argument, unless that is negative.
func (c *call) match(index, terms int) *set {
	at := c.node.at.child("index")
	r := c.named(index, clsIndexes, at)
	if !r.item.index.active(c.tx.now) {
		panic(&queryError{at: at, code: "instance not found", text: fmt.Sprintf("Index '%s' is not active.", r.title()), status: 400})
	}
	s := &set{kind: setMatch, ref: r}
	if terms >= 0 {
		s.terms = c.args[terms].(array)
	}
	return s
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

// rearranged returns an array without duplicates, or reversed.
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
	list := c.args[0].(array)
	measure(list...)
	s := &set{kind: kind}
	for _, v := range list {
		if in, isSet := v.(*set); isSet {
			s.sets = append(s.sets, in)
		}
	}
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

// compatible reports whether two sets can be combined: both contain events, or their
// values are sorted in the same directions.
func (s *set) compatible(o *set) bool {
	a, events := s.directions()
	b, others := o.directions()
	n := min(len(a), len(b))
	return events == others && slices.Equal(a[:n], b[:n])
}

// directions returns which of a set's values are reversed, and whether it contains
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

// combine combines two arrays, counting duplicates: a union has each element as often
// as the array with more of it, and each element of b matches one of a.
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

// rendered returns a value's text, for an answer or for fast comparison.
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
