package emulator

import (
	"slices"
	"strings"

	"fauna-export/fauna/fql"
)

// setHeads are the forms that make the sets of each kind.
var setHeads = [...]string{setDocuments: "documents", setMatch: "match", setEvents: "events", setSingleton: "singleton",
	setUnion: "union", setIntersection: "intersection", setDifference: "difference", setDistinct: "distinct",
	setRange: "range", setReverse: "reverse", setFilter: "filter", setJoin: "join"}

// shape returns a set as it is written: {"@set": …}. inner converts its operands
// and pred the predicate of a Filter.
func (s *set) shape(inner func(*set) value, pred func(*lambda) value) value {
	if s.kind == setNative {
		return s.ref
	}
	bare := func(list []value) value {
		if len(list) == 1 {
			return list[0]
		}
		return array(list)
	}
	operands := make([]value, len(s.sets))
	for i, in := range s.sets {
		operands[i] = inner(in)
	}
	head := bare(operands)
	if s.ref != nil {
		head = s.ref
	}
	if s.kind == setFilter {
		head = pred(s.pred)
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

// shown returns the set as a query shows it.
func (s *set) shown() value {
	return s.shape(func(in *set) value { return in }, func(l *lambda) value { return bareLambda{l} })
}

// stored returns the set as a document holds it: plain objects at every level.
func (s *set) stored() value {
	return s.shape((*set).stored, func(l *lambda) value { return l })
}

// storedSets returns a value whose sets are in the form that documents hold.
func storedSets(v value) value {
	switch v := v.(type) {
	case *set:
		return v.stored()
	case array:
		out := make(array, len(v))
		for i, in := range v {
			out[i] = storedSets(in)
		}
		return out
	}
	return v
}

// storable reports whether a document can contain the set.
func (s *set) storable() bool {
	if s.kind == setSingleton || s.kind == setReverse || s.kind == setRange {
		return false
	}
	for _, in := range s.sets {
		if !in.storable() {
			return false
		}
	}
	return true
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
