package emulator

// shape returns a set as it is written: {"@set": …}. inner converts its operands
// and pred the predicate of a Filter.
func (s *set) shape(inner func(*set) value, pred func(*lambda) value) value {
	if s.kind == setNative {
		return s.ref
	}
	o := &object{}
	list := func() value {
		if len(s.sets) == 1 {
			return inner(s.sets[0])
		}
		out := make(array, len(s.sets))
		for i, in := range s.sets {
			out[i] = inner(in)
		}
		return out
	}
	bound := func(b []value) value {
		if len(b) == 1 {
			return b[0]
		}
		return array(b)
	}
	switch s.kind {
	case setDocuments:
		o.add("documents", s.ref)
	case setMatch:
		o.add("match", s.ref)
		if len(s.terms) > 0 {
			o.add("terms", storedSets(bound(s.terms)))
		}
	case setEvents:
		if s.ref != nil {
			o.add("events", s.ref)
		} else {
			o.add("events", inner(s.sets[0]))
		}
	case setSingleton:
		o.add("singleton", s.ref)
	case setUnion:
		o.add("union", list())
	case setIntersection:
		o.add("intersection", list())
	case setDifference:
		o.add("difference", list())
	case setDistinct:
		o.add("distinct", inner(s.sets[0]))
	case setRange:
		o.add("range", inner(s.sets[0]))
		o.add("from", bound(s.from))
		o.add("to", bound(s.to))
	case setReverse:
		o.add("reverse", inner(s.sets[0]))
	case setFilter:
		o.add("filter", pred(s.pred))
		o.add("collection", inner(s.sets[0]))
	case setJoin:
		o.add("join", inner(s.sets[0]))
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

// setLiteral reads the content of @set.
func (p *parser) setLiteral(j *jsonValue, at *position) (value, *queryError) {
	bad := invalidExpression(at, "Invalid set.")
	if j.kind != jsonObject || len(j.keys) == 0 {
		return nil, bad
	}
	o, err := p.fields(j, at)
	if err != nil {
		return nil, err
	}
	operand := func(key string) *set {
		v, _ := o.field(key)
		s, _ := asSet(v)
		return s
	}
	refOf := func(key string) *ref {
		v, _ := o.field(key)
		r, _ := v.(*ref)
		return r
	}
	many := func(kind setKind, key string) (value, *queryError) {
		s := &set{kind: kind}
		v, _ := o.field(key)
		for _, in := range asArray(v) {
			operand, ok := asSet(in)
			if !ok {
				return nil, bad
			}
			s.sets = append(s.sets, operand)
		}
		return s, nil
	}
	switch head := j.keys[0]; head {
	case "documents":
		if r := refOf(head); r != nil && r.class == clsCollections && !r.native {
			if _, _, missing := r.undefined(); missing {
				return nil, undefinedRef(at, r)
			}
			return &set{kind: setDocuments, ref: r}, nil
		}
	case "match":
		if r := refOf(head); r != nil && r.class == clsIndexes && !r.native {
			if _, _, missing := r.undefined(); missing {
				return nil, undefinedRef(at, r)
			}
			terms, _ := o.field("terms")
			return &set{kind: setMatch, ref: r, terms: asArray(terms)}, nil
		}
	case "events":
		if r := refOf(head); r != nil && r.class == clsDocument {
			return &set{kind: setEvents, ref: r}, nil
		}
		if s := operand(head); s != nil {
			return &set{kind: setEvents, sets: []*set{s}}, nil
		}
	case "singleton":
		if r := refOf(head); r != nil {
			return &set{kind: setSingleton, ref: r}, nil
		}
	case "union":
		return many(setUnion, head)
	case "intersection":
		return many(setIntersection, head)
	case "difference":
		return many(setDifference, head)
	case "distinct", "reverse":
		if s := operand(head); s != nil {
			kind := setDistinct
			if head == "reverse" {
				kind = setReverse
			}
			return &set{kind: kind, sets: []*set{s}}, nil
		}
	case "range":
		from, _ := o.field("from")
		to, _ := o.field("to")
		if s := operand(head); s != nil {
			return &set{kind: setRange, sets: []*set{s}, from: asArray(from), to: asArray(to)}, nil
		}
	case "filter":
		v, _ := o.field(head)
		l, ok := v.(*lambda)
		if s := operand("collection"); s != nil && ok {
			return &set{kind: setFilter, pred: l, sets: []*set{s}}, nil
		}
	case "join":
		with, _ := o.field("with")
		if s := operand(head); s != nil {
			return &set{kind: setJoin, with: with, sets: []*set{s}}, nil
		}
	}
	return nil, bad
}
