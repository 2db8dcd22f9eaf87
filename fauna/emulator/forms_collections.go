package emulator

import "slices"

func (t formTable) addCollections() {
	t.add("map collection", 0, mapForm).lambda = "map"
	t.add("foreach collection", 0, func(c *call) value {
		mapForm(c)
		return c.args[1]
	}).lambda = "foreach"
	t.add("filter collection", 0, filterForm).lambda = "filter"
	t.add("count", reads, aggregate(func(_ *call, list array) value { return int64(len(list)) }))
	t.add("sum", reads, aggregate(func(c *call, list array) value {
		sum := value(int64(0))
		for _, v := range list {
			sum = addNumbers(sum, asNumber(v, c.place(0)))
		}
		return sum
	}))
	t.add("min", reads, extreme(-1))
	t.add("max", reads, extreme(1))
	t.add("take collection", 0, take)
	t.add("drop collection", 0, drop)
	t.add("append collection", 0, func(c *call) value { return c.concat(c.list(0), c.list(1), true) })
	t.add("prepend collection", 0, func(c *call) value { return c.concat(c.list(0), c.list(1), false) })
	t.add("is_empty", reads, func(c *call) value { return c.empty() })
	t.add("is_nonempty", reads, func(c *call) value { return !c.empty() })
	t.add("merge with lambda?", 0, mergeForm).lambda = "lambda"
	t.add("to_object", 0, toObject)
	t.add("to_array", 0, func(c *call) value {
		if list, ok := c.args[0].(array); ok {
			return list
		}
		o, ok := asFields(c.args[0])
		if !ok {
			panic(invalidArgument(c.place(0), "Cannot cast %s to Array.", typeName(c.args[0])))
		}
		out := array{}
		for i, k := range o.keys {
			out = append(out, array{k, o.vals[i]})
		}
		return out
	})
}

// elements returns what an array or a page holds; ok is false for anything
// else.
func elements(v value) (list array, p *page, ok bool) {
	switch v := v.(type) {
	case array:
		return v, nil, true
	case *page:
		return v.data, v, true
	}
	return nil, nil, false
}

// iterable returns the elements of an argument that is an array or a page.
func (c *call) iterable(i int) (array, *page) {
	list, p, ok := elements(c.args[i])
	if ok {
		return list, p
	}
	if _, isSet := c.args[i].(*set); isSet { // allowed for some functions, but not for this one
		panic(expected(c.place(i), "Array or Page", c.args[i]))
	}
	panic(notIdentifier(c.place(i), "Array, Set, or Page", c.args[i]))
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
	l := c.lambda(0)
	list, p := c.iterable(1)
	c.take(len(list) * elementSize)
	out := make(array, len(list))
	for i, v := range list {
		out[i] = c.apply(l, v, c.place(0))
	}
	return rewrap(p, out)
}

func filterForm(c *call) value {
	l := c.lambda(0)
	if s, ok := asSet(c.args[1]); ok {
		return &set{kind: setFilter, pred: l, sets: []*set{s}}
	}
	list, p := c.iterable(1)
	c.take(len(list) * elementSize)
	answers := make(array, len(list))
	each(list, func(i int, v value) { answers[i] = c.apply(l, v, c.place(0)) })
	out, kept := array{}, []element{}
	each(answers, func(i int, answer value) {
		if asBool(answer, c.node.at.nth(i)) {
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
		if s, ok := asSet(c.args[0]); ok {
			list := array{}
			for el := range s.scan(c.env, scan{at: c.place(0)}) {
				list = append(list, el.value())
				c.spend()
			}
			return f(c, list)
		}
		list, p := c.iterable(0)
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
		for { // an array of one array, page or set stands for that
			list, isArray := c.args[0].(array)
			if !isArray || len(list) != 1 {
				return best(c)
			}
			_, _, iterable := elements(list[0])
			if _, isSet := list[0].(*set); !iterable && !isSet {
				return best(c)
			}
			c.args[0] = list[0]
		}
	}
}

// cut is the number of elements that Take and Drop are given, and what they cut;
// n is that number within the length of the list.
func (c *call) cut() (count, n int, list array, p *page) {
	count = int(int32(c.integer(0)))
	list, p, ok := elements(c.args[1])
	if !ok {
		panic(expected(c.place(1), "Array or Page", c.args[1]))
	}
	return count, max(0, min(count, len(list))), list, p
}

// take returns the first elements. A page then ends before the next one.
func take(c *call) value {
	count, n, list, p := c.cut()
	if p == nil {
		return list[:n]
	}
	out := *p
	out.data = list[:n]
	switch {
	case count < 0:
		out.hasAfter, out.after = p.hasBefore, p.before
	case n < len(p.elements):
		out.hasAfter, out.after = true, p.of.cursor(p.elements[n])
	}
	out.elements = p.elements[:min(n, len(p.elements))]
	return &out
}

// drop returns the elements after the first ones. A page then begins with the
// first of these.
func drop(c *call) value {
	count, n, list, p := c.cut()
	if p == nil {
		return list[n:]
	}
	out := *p
	out.data, out.elements = list[n:], p.elements[min(n, len(p.elements)):]
	switch {
	case count < 0 || p.of == nil:
	case len(out.elements) > 0:
		out.hasBefore, out.before = true, p.of.cursor(out.elements[0])
	default:
		out.hasBefore, out.before = p.hasAfter, p.after
	}
	return &out
}

// concat implements Append, which puts added at the end, and Prepend.
func (c *call) concat(added, list array, atEnd bool) array {
	if n := len(added) + len(list); n > 10*maxWidth {
		panic(badRequest("Query exceeds max width. Max: %d, current: %d.", maxWidth, n))
	}
	c.take((len(added) + len(list)) * elementSize)
	if atEnd {
		return slices.Concat(list, added)
	}
	return slices.Concat(added, list)
}

// empty reports whether an array, a page or a set is empty.
func (c *call) empty() bool {
	if s, ok := asSet(c.args[0]); ok {
		return s.first(c.env, c.node.at.child("exists")) == nil
	}
	list, _ := c.iterable(0)
	return len(list) == 0
}

// mergeForm merges objects into one; null removes a field.
func mergeForm(c *call) value {
	var objects []*object
	with, place := c.splat(1)
	each(append(array{c.args[0]}, with...), func(i int, v value) {
		o, ok := asFields(v)
		switch {
		case ok:
			objects = append(objects, o)
		case i == 0:
			panic(expected(c.place(0), "Object", v))
		default:
			panic(expected(place(i-1), "Object", v))
		}
	})
	c.take(len(objects[0].keys) * elementSize)
	out := objects[0].clone()
	for _, o := range objects[1:] {
		for i, k := range o.keys {
			v := o.vals[i]
			if c.given(2) {
				v = c.apply(c.lambda(2), array{k, out.get(k), v}, c.place(2))
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
		panic(invalidArgument(c.place(0), "Cannot cast %s to Object.", typeName(c.args[0])))
	}
	o := &object{}
	each(list, func(i int, v value) {
		if pair, _ := v.(array); len(pair) == 2 {
			if key, isText := pair[0].(string); isText {
				o.set(key, pair[1])
				return
			}
		}
		panic(expected(c.place(0).nth(i), "Field/Value", v))
	})
	return o
}
