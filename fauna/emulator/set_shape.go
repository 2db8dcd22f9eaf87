package emulator

import (
	"slices"
	"strings"

	"fauna-export/fauna/fql"
)

// setHeads are the forms that create each kind of set.
var setHeads = [...]string{setDocuments: "documents", setMatch: "match", setEvents: "events", setSingleton: "singleton",
	setUnion: "union", setIntersection: "intersection", setDifference: "difference", setDistinct: "distinct",
	setRange: "range", setReverse: "reverse", setFilter: "filter", setJoin: "join"}

// shape returns a set as it is written: {"@set": …}. A document holds plain objects
// at every level; a real server fails on a set that a document can't hold.
func (s *set) shape(stored bool) value {
	if s.kind == setNative {
		return s.ref
	}
	if stored && (s.kind == setSingleton || s.kind == setReverse || s.kind == setRange) {
		panic(internalError("java.lang.IllegalStateException: Unknown set."))
	}
	bare := func(list []value) value {
		if len(list) == 1 {
			return list[0]
		}
		return array(list)
	}
	operands := make([]value, len(s.sets))
	for i, in := range s.sets {
		if operands[i] = in; stored {
			operands[i] = in.shape(true)
		}
	}
	head := bare(operands)
	switch {
	case s.ref != nil:
		head = s.ref
	case s.kind == setFilter && stored:
		head = s.pred
	case s.kind == setFilter:
		head = bareLambda{s.pred}
	}
	o := newObject(setHeads[s.kind], head)
	switch s.kind {
	case setMatch:
		if len(s.terms) > 0 {
			o.add("terms", storedSets(bare(s.terms)))
		}
	case setRange:
		o.add("from", bare(s.from))
		o.add("to", bare(s.to))
	case setFilter:
		o.add("collection", operands[0])
	case setJoin:
		o.add("with", s.with)
	}
	return newObject("@set", o)
}

// storedSets returns a value whose sets are in stored form.
func storedSets(v value) value {
	switch v := v.(type) {
	case *set:
		return v.shape(true)
	case array:
		out := make(array, len(v))
		for i, in := range v {
			out[i] = storedSets(in)
		}
		return out
	}
	return v
}

// setLiteral reads the content of @set: a form that makes a set, whose arguments
// are literals.
func (p *parser) setLiteral(j *fql.Node, at *position) value {
	f := p.tx.s.forms.find(j)
	if j.Kind != fql.Object || f == nil || !slices.Contains(setHeads[setDocuments:], f.keys[0]) {
		panic(invalidExpression(at, "Invalid set."))
	}
	n := &node{kind: nodeForm, at: at, form: f, args: make([]*node, len(f.keys))}
	for i, key := range f.keys {
		in, place := j.Member(key), at.child(key)
		if in == nil {
			continue
		}
		read := p.literal
		if key == strings.TrimSuffix(f.lambda, "?") {
			read = p.queryLiteral
		}
		n.args[i] = &node{at: place, lit: read(in, place)}
	}
	return (&env{tx: p.tx, at: p.tx.now}).eval(n)
}
