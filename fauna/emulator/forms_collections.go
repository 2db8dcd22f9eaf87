package emulator

import "slices"

func (t formTable) addCollections() {
	t.add("map collection", strict(mapForm))
	t.add("foreach collection", strict(func(e *env, n *node, args []value) (value, error) {
		_, err := mapForm(e, n, args)
		return args[1], err
	}))
	t.add("filter collection", strict(filterForm))
	t.add("count", aggregate(func(e *env, _ *node, list array) (value, error) { return int64(len(list)), nil }))
	t.add("sum", aggregate(func(_ *env, n *node, list array) (value, error) {
		return fold(list, n.place(0), int64(0), addNumbers)
	}))
	t.add("min", extreme(-1))
	t.add("max", extreme(1))
	t.add("take collection", cut(func(n int, list array) array { return list[:min(n, len(list))] }))
	t.add("drop collection", cut(func(n int, list array) array { return list[min(n, len(list)):] }))
	t.add("append collection", glue(func(a, b array) array { return slices.Concat(b, a) }))
	t.add("prepend collection", glue(func(a, b array) array { return slices.Concat(a, b) }))
	t.add("is_empty", empty(true))
	t.add("is_nonempty", empty(false))
	t.add("merge with lambda?", strict(mergeForm))
	t.add("to_object", strict(toObject))
	t.add("to_array", strict(func(_ *env, n *node, args []value) (value, error) {
		if list, ok := args[0].(array); ok {
			return list, nil
		}
		o, ok := asFields(args[0])
		if !ok {
			return nil, invalidArgument(n.place(0), "Cannot cast %s to Array.", typeName(args[0]))
		}
		out := array{}
		for i, k := range o.keys {
			out = append(out, array{k, o.vals[i]})
		}
		return out, nil
	}))
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

// notIterable is the error for a value that a function can't iterate over. Not
// every function accepts sets.
func notIterable(v value, at *position) error {
	if _, isSet := v.(*set); isSet {
		return expected(at, "Array or Page", v)
	}
	return expected(at, "Array, Set, or Page", v)
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

func mapForm(e *env, n *node, args []value) (value, error) {
	l, err := asLambda(args[0], n.place(0))
	if err != nil {
		return nil, err
	}
	list, p, ok := elements(args[1])
	if !ok {
		return nil, notIterable(args[1], n.place(1))
	}
	if err := e.take(len(list) * elementSize); err != nil {
		return nil, err
	}
	out := make(array, len(list))
	for i, v := range list {
		if out[i], err = e.apply(l, v, n.place(0)); err != nil {
			return nil, err
		}
	}
	return rewrap(p, out), nil
}

func filterForm(e *env, n *node, args []value) (value, error) {
	l, err := asLambda(args[0], n.place(0))
	if err != nil {
		return nil, err
	}
	if s, ok := asSet(args[1]); ok {
		return &set{kind: setFilter, pred: l, sets: []*set{s}}, nil
	}
	list, p, ok := elements(args[1])
	if !ok {
		return nil, notIterable(args[1], n.place(1))
	}
	out := array{}
	for _, v := range list {
		keep, err := e.apply(l, v, n.place(0))
		if err != nil {
			return nil, err
		}
		yes, err := asBool(keep, n.place(0))
		if err != nil {
			return nil, err
		}
		if yes {
			out = append(out, v)
		}
	}
	return rewrap(p, out), nil
}

// listOf is like elements, but also accepts sets, which it reads completely.
func (e *env) listOf(v value, at *position) (array, *page, error) {
	s, ok := asSet(v)
	if !ok {
		list, p, ok := elements(v)
		if !ok {
			return nil, nil, notIterable(v, at)
		}
		return list, p, nil
	}
	list := array{}
	var limit error
	err := s.scan(e, scan{}, func(el element) bool {
		list = append(list, el.value())
		limit = e.spend(1)
		return limit == nil
	})
	if err == nil {
		err = limit
	}
	if err != nil {
		return nil, nil, placed(err, at)
	}
	return list, nil, nil
}

// aggregate reduces an array, a page or a set to one value.
func aggregate(f func(e *env, n *node, list array) (value, error)) func(e *env, n *node) (value, error) {
	return strict(func(e *env, n *node, args []value) (value, error) {
		list, p, err := e.listOf(args[0], n.place(0))
		if err != nil {
			return nil, err
		}
		v, err := f(e, n, list)
		if err != nil || p == nil {
			return v, err
		}
		return rewrap(p, array{v}), nil
	})
}

// extreme implements Min and Max, of operands or of one array, page or set.
func extreme(sign int) func(e *env, n *node) (value, error) {
	return aggregate(func(_ *env, n *node, list array) (value, error) {
		if len(list) == 0 {
			return nil, invalidArgument(n.place(0), "Non-empty array expected.")
		}
		if err := measure(list...); err != nil {
			return nil, err
		}
		best := list[0]
		for _, v := range list[1:] {
			if compareValues(v, best)*sign > 0 {
				best = v
			}
		}
		return best, nil
	})
}

func cut(f func(n int, list array) array) func(e *env, n *node) (value, error) {
	return strict(func(_ *env, n *node, args []value) (value, error) {
		count, err := asInt(args[0], n.place(0))
		if err != nil {
			return nil, err
		}
		list, p, ok := elements(args[1])
		if !ok {
			return nil, expected(n.place(1), "Array or Page", args[1])
		}
		return rewrap(p, f(int(max(0, min(count, int64(len(list))))), list)), nil
	})
}

func glue(f func(a, b array) array) func(e *env, n *node) (value, error) {
	return strict(func(e *env, n *node, args []value) (value, error) {
		a, ok := args[0].(array)
		if !ok {
			return nil, expected(n.place(0), "Array", args[0])
		}
		list, ok := args[1].(array)
		if !ok {
			return nil, expected(n.place(1), "Array", args[1])
		}
		if len(a)+len(list) > 10*maxWidth {
			return nil, badRequest("Query exceeds max width. Max: %d, current: %d.", maxWidth, len(a)+len(list))
		}
		if err := e.take((len(a) + len(list)) * elementSize); err != nil {
			return nil, err
		}
		return f(a, list), nil
	})
}

func empty(want bool) func(e *env, n *node) (value, error) {
	return strict(func(e *env, n *node, args []value) (value, error) {
		if s, ok := asSet(args[0]); ok {
			found := false
			err := s.scan(e, scan{}, func(element) bool { found = true; return false })
			return found != want, placed(err, n.place(0))
		}
		list, _, ok := elements(args[0])
		if !ok {
			return nil, notIterable(args[0], n.place(0))
		}
		return (len(list) == 0) == want, nil
	})
}

// mergeForm merges objects into one; null removes a field.
func mergeForm(e *env, n *node, args []value) (value, error) {
	first, ok := asFields(args[0])
	if !ok {
		return nil, expected(n.place(0), "Object", args[0])
	}
	var l *lambda
	if n.given(2) {
		var err error
		if l, err = asLambda(args[2], n.place(2)); err != nil {
			return nil, err
		}
	}
	objects, err := mergeArgs(args[1], n.place(1))
	if err != nil {
		return nil, err
	}
	if err := e.take(len(first.keys) * elementSize); err != nil {
		return nil, err
	}
	out := first.clone()
	for _, o := range objects {
		for i, k := range o.keys {
			v := o.vals[i]
			if l != nil {
				old, _ := out.field(k)
				var err error
				if v, err = e.apply(l, array{k, old, v}, n.place(2)); err != nil {
					return nil, err
				}
			}
			if v == nil {
				out.remove(k)
			} else {
				out.set(k, v)
			}
		}
	}
	return out, nil
}

// mergeArgs reads one object or an array of them.
func mergeArgs(v value, at *position) ([]*object, error) {
	list, many := v.(array)
	if !many {
		list = array{v}
	}
	var out []*object
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
	return out, errs
}

func toObject(_ *env, n *node, args []value) (value, error) {
	if o, ok := asFields(args[0]); ok {
		return o, nil
	}
	list, ok := args[0].(array)
	if !ok {
		return nil, invalidArgument(n.place(0), "Cannot cast %s to Object.", typeName(args[0]))
	}
	o := &object{}
	for i, v := range list {
		pair, ok := v.(array)
		if !ok || len(pair) != 2 {
			return nil, invalidArgument(n.place(0).nth(i), "Field/Value expected, %s provided.", typeName(v))
		}
		key, err := asString(pair[0], n.place(0).nth(i))
		if err != nil {
			return nil, err
		}
		o.set(key, pair[1])
	}
	return o, nil
}
