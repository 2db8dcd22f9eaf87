package emulator

import "slices"

func (t formTable) addCollections() {
	t.add("map:lambda collection:iterable", 0, mapForm).lambda = "map"
	t.add("foreach:lambda collection:iterable", 0, func(c *call) value {
		mapForm(c)
		return c.args[1]
	}).lambda = "foreach"
	t.add("filter:lambda collection:iterable", 0, filterForm).lambda = "filter"
	t.add("count:iterable", reads, aggregate(func(_ *call, list array) value { return int64(len(list)) }))
	t.add("sum:iterable", reads, aggregate(func(c *call, list array) value {
		sum := value(int64(0))
		for _, v := range list {
			sum = addNumbers(sum, asNumber(v, c.place(0)))
		}
		return sum
	}))
	t.add("min:iterable", reads, extreme(-1))
	t.add("max:iterable", reads, extreme(1))
	t.add("take:integer collection", 0, cut(false))
	t.add("drop:integer collection", 0, cut(true))
	t.add("append:any* collection:array", 0, func(c *call) value { return c.concat(c.args[1], c.args[0]) })
	t.add("prepend:any* collection:array", 0, func(c *call) value { return c.concat(c.args[0], c.args[1]) })
	t.add("is_empty:iterable", reads, func(c *call) value { return c.empty() })
	t.add("is_nonempty:iterable", reads, func(c *call) value { return !c.empty() })
	t.add("merge with lambda:lambda?", 0, mergeForm).lambda = "lambda"
	t.add("to_object", 0, toObject)
	t.add("to_array", 0, func(c *call) value {
		if list, ok := c.args[0].(array); ok {
			return list
		}
		o, ok := asFields(c.args[0])
		if !ok {
			panic(c.cannotCast("Array"))
		}
		out := array{}
		for i, k := range o.keys {
			out = append(out, array{k, o.vals[i]})
		}
		return out
	})
}

// cannotCast is the error of a conversion to another type.
func (c *call) cannotCast(to string) *queryError {
	return invalidArgument(c.place(0), "Cannot cast %s to %s.", typeName(c.args[0]), to)
}

// elements returns the elements of an array or a page; ok is false for anything else.
func elements(v value) (list array, p *page, ok bool) {
	switch v := v.(type) {
	case array:
		return v, nil, true
	case *page:
		return v.data, v, true
	}
	return nil, nil, false
}

// listed returns the elements of an argument that must be an array or a page.
func (c *call) listed(i int) (array, *page) {
	list, p, ok := elements(c.args[i])
	if !ok {
		panic(expected(c.place(i), "Array or Page", c.args[i]))
	}
	return list, p
}

// rewrap returns a copy of the page with other elements, or just the elements
// if there is no page.
func rewrap(p *page, list array) value {
	if p == nil {
		return list
	}
	out := *p
	out.data = list
	return &out
}

func mapForm(c *call) value {
	l := c.args[0].(*lambda)
	list, p := c.listed(1)
	c.take(len(list) * elementSize)
	out := make(array, len(list))
	for i, v := range list {
		out[i] = c.apply(l, v, c.place(0))
	}
	return rewrap(p, out)
}

func filterForm(c *call) value {
	l := c.args[0].(*lambda)
	if s, ok := c.args[1].(*set); ok {
		return &set{kind: setFilter, pred: l, sets: []*set{s}}
	}
	list, p, _ := elements(c.args[1])
	c.take(len(list) * elementSize)
	answers := make(array, len(list))
	each(list, func(i int, v value) { answers[i] = c.apply(l, v, c.place(0)) })
	out, kept := array{}, []element{}
	each(answers, func(i int, answer value) {
		if as[bool](answer, "Boolean", c.node.at.nth(i)) {
			out = append(out, list[i])
			if p != nil && i < len(p.elements) {
				kept = append(kept, p.elements[i])
			}
		}
	})
	if p == nil {
		return out
	}
	filtered := *p
	filtered.data, filtered.elements = out, kept
	return &filtered
}

// aggregate reduces an array, a page or a set, which is read completely, to one
// value.
func aggregate(f func(c *call, list array) value) func(c *call) value {
	return func(c *call) value {
		if s, ok := c.args[0].(*set); ok {
			list := array{}
			for el := range s.scan(c.env, scan{at: c.place(0)}) {
				list = append(list, el.value())
				c.spend()
			}
			return f(c, list)
		}
		list, p, _ := elements(c.args[0])
		v := f(c, list)
		if p != nil {
			return rewrap(p, array{v})
		}
		return v
	}
}

// extreme implements Min and Max, of operands or of one array, page or set.
func extreme(sign int) func(c *call) value {
	best := aggregate(func(c *call, list array) value {
		if len(list) == 0 {
			panic(invalidArgument(c.place(0), "Non-empty array expected."))
		}
		c.comparable(list)
		best := list[0]
		for _, v := range list[1:] {
			if compareValues(v, best)*sign >= 0 {
				best = v
			}
		}
		return best
	})
	return func(c *call) value {
		for list, ok := c.args[0].(array); ok && len(list) == 1; list, ok = c.args[0].(array) {
			if !is[array](list[0]) && !is[*page](list[0]) && !is[*set](list[0]) {
				break
			}
			c.args[0] = list[0] // an array with a single array, page or set stands for it
		}
		return best(c)
	}
}

// cut implements Take and Drop. A page that loses its last elements then ends
// before the first of these; one that loses its first ones begins with the next.
func cut(drop bool) func(c *call) value {
	return func(c *call) value {
		count := int(int32(c.args[0].(int64)))
		list, p := c.listed(1)
		n := max(0, min(count, len(list)))
		kept := list[:n]
		if drop {
			kept = list[n:]
		}
		if p == nil {
			return kept
		}
		out := *p
		first, rest := p.elements[:min(n, len(p.elements))], p.elements[min(n, len(p.elements)):]
		out.data, out.elements = kept, first
		switch {
		case drop:
			if out.elements = rest; count >= 0 && len(rest) > 0 {
				out.hasBefore, out.before = true, p.of.cursor(rest[0])
			} else if count >= 0 && p.of != nil {
				out.hasBefore, out.before = p.hasAfter, p.after
			}
		case count < 0:
			out.hasAfter, out.after = p.hasBefore, p.before
		case len(rest) > 0:
			out.hasAfter, out.after = true, p.of.cursor(rest[0])
		}
		return &out
	}
}

// concat implements Append and Prepend.
func (c *call) concat(first, second value) array {
	a, b := first.(array), second.(array)
	if n := len(a) + len(b); n > 10*maxWidth {
		panic(badRequest("Query exceeds max width. Max: %d, current: %d.", maxWidth, n))
	}
	c.take((len(a) + len(b)) * elementSize)
	return slices.Concat(a, b)
}

// empty reports whether an array, a page or a set is empty.
func (c *call) empty() bool {
	if s, ok := c.args[0].(*set); ok {
		return s.first(c.env, c.node.at.child("exists")) == nil
	}
	list, _, _ := elements(c.args[0])
	return len(list) == 0
}

// mergeForm merges objects into one; null removes a field.
func mergeForm(c *call) value {
	fields := cast(func(v value, at *position) value {
		o, ok := asFields(v)
		if !ok {
			panic(expected(at, "Object", v))
		}
		return o
	})
	var out *object
	var with array
	each(c.args[:2], func(i int, v value) {
		if i == 0 {
			out = fields(v, c.place(i)).(*object).clone()
		} else {
			with = fields.each(false)(v, c.place(i)).(array)
		}
	})
	c.take(len(out.keys) * elementSize)
	for _, o := range with {
		o := o.(*object)
		for i, k := range o.keys {
			v := o.vals[i]
			if c.given(2) {
				v = c.apply(c.args[2].(*lambda), array{k, out.get(k), v}, c.node.at)
			}
			if v == nil {
				out.remove(k)
			} else {
				out.set(k, v)
			}
		}
	}
	return out
}

func toObject(c *call) value {
	if o, ok := asFields(c.args[0]); ok {
		return o
	}
	list, ok := c.args[0].(array)
	if !ok {
		panic(c.cannotCast("Object"))
	}
	o := &object{}
	each(list, func(i int, v value) {
		if pair, _ := v.(array); len(pair) == 2 {
			if key, isText := pair[0].(string); isText {
				o.add(key, pair[1]) // a key that comes twice is shown twice
				return
			}
		}
		panic(expected(c.place(0).nth(i), "Field/Value", v))
	})
	return o
}
