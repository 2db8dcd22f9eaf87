package emulator

import "slices"

func (t formTable) addCollections() {
	t.add("map collection", 0, mapForm)
	t.add("foreach collection", 0, func(c *call) value {
		mapForm(c)
		return c.args[1]
	})
	t.add("filter collection", 0, filterForm)
	t.add("count", reads, aggregate(func(_ *call, list array) value { return int64(len(list)) }))
	t.add("sum", reads, aggregate(func(c *call, list array) value {
		sum := value(int64(0))
		for i, v := range list {
			sum = addNumbers(sum, asNumber(v, c.place(0).nth(i)))
		}
		return sum
	}))
	t.add("min", reads, extreme(-1))
	t.add("max", reads, extreme(1))
	t.add("take collection", 0, cut(func(n int, list array) array { return list[:n] }))
	t.add("drop collection", 0, cut(func(n int, list array) array { return list[n:] }))
	t.add("append collection", 0, func(c *call) value { return c.concat(c.list(0), c.list(1), true) })
	t.add("prepend collection", 0, func(c *call) value { return c.concat(c.list(0), c.list(1), false) })
	t.add("is_empty", reads, func(c *call) value { return c.empty() })
	t.add("is_nonempty", reads, func(c *call) value { return !c.empty() })
	t.add("merge with lambda?", 0, mergeForm)
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
	panic(expected(c.place(i), "Array, Set, or Page", c.args[i]))
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
	out := array{}
	for _, v := range list {
		if asBool(c.apply(l, v, c.place(0)), c.place(0)) {
			out = append(out, v)
		}
	}
	return rewrap(p, out)
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
	return aggregate(func(c *call, list array) value {
		if len(list) == 0 {
			panic(invalidArgument(c.place(0), "Non-empty array expected."))
		}
		measure(list...)
		best := list[0]
		for _, v := range list[1:] {
			if compareValues(v, best)*sign > 0 {
				best = v
			}
		}
		return best
	})
}

// cut implements Take and Drop.
func cut(f func(n int, list array) array) func(c *call) value {
	return func(c *call) value {
		count := c.integer(0)
		list, p, ok := elements(c.args[1])
		if !ok {
			panic(expected(c.place(1), "Array or Page", c.args[1]))
		}
		return rewrap(p, f(int(max(0, min(count, int64(len(list))))), list))
	}
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
		return s.first(c.env, c.place(0)) == nil
	}
	list, _ := c.iterable(0)
	return len(list) == 0
}

// mergeForm merges objects into one; null removes a field.
func mergeForm(c *call) value {
	first := c.fields(0)
	var l *lambda
	if c.given(2) {
		l = c.lambda(2)
	}
	objects := mergeArgs(c.args[1], c.place(1))
	c.take(len(first.keys) * elementSize)
	out := first.clone()
	for _, o := range objects {
		for i, k := range o.keys {
			v := o.vals[i]
			if l != nil {
				v = c.apply(l, array{k, out.get(k), v}, c.place(2))
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

// mergeArgs reads one object or an array of them.
func mergeArgs(v value, at *position) (out []*object) {
	list, many := v.(array)
	if !many {
		list = array{v}
	}
	var errs error
	for i, v := range list {
		place := at
		if many {
			place = at.nth(i)
		}
		if o, ok := asFields(v); ok {
			out = append(out, o)
		} else {
			errs = join(errs, expected(place, "Object", v))
		}
	}
	if errs != nil {
		panic(errs)
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
	for i, v := range list {
		at := c.place(0).nth(i)
		pair, ok := v.(array)
		if !ok || len(pair) != 2 {
			panic(invalidArgument(at, "Field/Value expected, %s provided.", typeName(v)))
		}
		o.set(as[string](pair[0], "String", at), pair[1])
	}
	return o
}
