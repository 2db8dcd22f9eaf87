package emulator

import "slices"

func (t formTable) addCollections() {
	t.add("map collection", strict(mapForm))
	t.add("foreach collection", strict(func(e *env, n *node, args []value) (value, error) {
		_, err := mapForm(e, n, args)
		return args[1], err
	}))
	t.add("filter collection", strict(filterForm))
	t.add("reduce initial collection", strict(reduceForm))
	t.add("count", aggregate(func(e *env, _ *node, list array) (value, error) { return int64(len(list)), nil }))
	t.add("sum", aggregate(func(_ *env, n *node, list array) (value, error) {
		return fold(list, n.place(0), int64(0), addNumbers)
	}))
	t.add("mean", aggregate(func(_ *env, n *node, list array) (value, error) {
		if len(list) == 0 {
			return nil, invalidArgument(n.place(0), "Non-empty array expected.")
		}
		sum, err := fold(list, n.place(0), int64(0), addNumbers)
		if err != nil {
			return nil, err
		}
		return toFloat(sum) / float64(len(list)), nil
	}))
	t.add("any", aggregate(some(true)))
	t.add("all", aggregate(some(false)))
	t.add("min", extreme(-1))
	t.add("max", extreme(1))
	t.add("take collection", cut(func(n int, list array) array { return list[:min(n, len(list))] }))
	t.add("drop collection", cut(func(n int, list array) array { return list[min(n, len(list)):] }))
	t.add("append collection", glue(func(a, b array) array { return slices.Concat(b, a) }))
	t.add("prepend collection", glue(func(a, b array) array { return slices.Concat(a, b) }))
	t.add("is_empty", empty(true))
	t.add("is_nonempty", empty(false))
	t.add("contains_path in", strict(func(_ *env, n *node, args []value) (value, error) {
		v := args[1]
		for _, step := range asArray(args[0]) {
			next, ok := stepInto(v, step)
			if !ok {
				return false, nil
			}
			v = next
		}
		return true, nil
	}))
	t["contains"] = append(t["contains"], &form{keys: []string{"contains", "in"}, required: 2, eval: t["contains_path"][0].eval})
	t.add("contains_field in", strict(func(_ *env, _ *node, args []value) (value, error) {
		_, ok := stepInto(args[1], args[0])
		return ok, nil
	}))
	t.add("contains_value in", strict(func(_ *env, _ *node, args []value) (value, error) {
		list, ok := args[1].(array)
		if o, isObject := asObject(args[1]); isObject {
			list, ok = o.vals, true
		}
		if err := measure(args...); err != nil {
			return nil, err
		}
		return ok && slices.ContainsFunc(list, func(v value) bool { return equal(v, args[0]) }), nil
	}))
	t.add("merge with lambda?", strict(mergeForm))
	t.add("to_object", strict(toObject))
	t.add("to_array", strict(func(_ *env, n *node, args []value) (value, error) {
		o, ok := asObject(args[0])
		if !ok {
			return nil, expected(n.place(0), "Object", args[0])
		}
		out := array{}
		for i, k := range o.keys {
			out = append(out, array{k, o.vals[i]})
		}
		return out, nil
	}))
	t.addTypeTests()
}

// elements are what Map and its like go through: an array's or a page's.
func elements(v value, at *position) (array, *page, error) {
	switch v := v.(type) {
	case array:
		return v, nil, nil
	case *page:
		return v.data, v, nil
	}
	return nil, nil, expected(at, "Array or Page", v)
}

// rewrap puts new elements in the place of a page's.
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
	list, p, err := elements(args[1], n.place(1))
	if err != nil {
		return nil, err
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
	list, p, err := elements(args[1], n.place(1))
	if err != nil {
		return nil, err
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

func reduceForm(e *env, n *node, args []value) (value, error) {
	l, err := asLambda(args[0], n.place(0))
	if err != nil {
		return nil, err
	}
	list, p, err := e.listOf(args[2], n.place(2))
	if err != nil {
		return nil, err
	}
	acc := args[1]
	for _, v := range list {
		if acc, err = e.apply(l, array{acc, v}, n.place(0)); err != nil {
			return nil, err
		}
	}
	if p != nil {
		return rewrap(p, array{acc}), nil
	}
	return acc, nil
}

// listOf is elements, for sets too, which it reads whole.
func (e *env) listOf(v value, at *position) (array, *page, error) {
	s, ok := asSet(v)
	if !ok {
		return elements(v, at)
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

// aggregate makes one value of an array, a page or a set.
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

func some(decides bool) func(e *env, n *node, list array) (value, error) {
	return func(_ *env, n *node, list array) (value, error) {
		for _, v := range list {
			b, err := asBool(v, n.place(0))
			if err != nil {
				return nil, err
			}
			if b == decides {
				return decides, nil
			}
		}
		return !decides, nil
	}
}

// extreme is Min or Max, of operands or of one array, page or set.
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
		list, p, err := elements(args[1], n.place(1))
		if err != nil {
			return nil, err
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
		list, p, err := elements(args[1], n.place(1))
		if err != nil {
			return nil, err
		}
		if len(a)+len(list) > 10*maxWidth {
			return nil, badRequest("Query exceeds max width. Max: %d, current: %d.", maxWidth, len(a)+len(list))
		}
		if err := e.take((len(a) + len(list)) * elementSize); err != nil {
			return nil, err
		}
		return rewrap(p, f(a, list)), nil
	})
}

func empty(want bool) func(e *env, n *node) (value, error) {
	return strict(func(e *env, n *node, args []value) (value, error) {
		if s, ok := asSet(args[0]); ok {
			found := false
			err := s.scan(e, scan{}, func(element) bool { found = true; return false })
			return found != want, placed(err, n.place(0))
		}
		list, _, err := elements(args[0], n.place(0))
		return (len(list) == 0) == want, err
	})
}

// mergeForm merges objects into one; null takes a field away.
func mergeForm(e *env, n *node, args []value) (value, error) {
	first, ok := asObject(args[0])
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
	if err := e.take(len(first.keys) * elementSize); err != nil {
		return nil, err
	}
	out := first.clone()
	for _, with := range asArray(args[1]) {
		o, ok := asObject(with)
		if !ok {
			return nil, expected(n.place(1), "Object", with)
		}
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

func toObject(_ *env, n *node, args []value) (value, error) {
	list, ok := args[0].(array)
	if !ok {
		return nil, expected(n.place(0), "Array", args[0])
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

// addTypeTests adds is_string and its like.
func (t formTable) addTypeTests() {
	test := func(name string, is func(v value) bool) {
		t.add("is_"+name, strict(func(_ *env, _ *node, args []value) (value, error) { return is(args[0]), nil }))
	}
	for name, want := range map[string]string{"integer": "Integer", "double": "Double", "boolean": "Boolean", "null": "Null",
		"bytes": "Bytes", "timestamp": "Time", "date": "Date", "string": "String", "uuid": "UUID", "array": "Array", "lambda": "Lambda"} {
		test(name, func(v value) bool { return typeName(v) == want })
	}
	test("number", func(v value) bool { return rank(v) == 0 })
	test("object", func(v value) bool { _, ok := asObject(v); return ok })
	test("doc", func(v value) bool { _, ok := v.(*docValue); return ok })
	test("ref", func(v value) bool { _, ok := v.(*ref); return ok })
	test("set", func(v value) bool { _, ok := asSet(v); return ok })
	for name, c := range map[string]class{"collection": clsCollections, "database": clsDatabases, "index": clsIndexes, "function": clsFunctions,
		"role": clsRoles, "key": clsKeys, "token": clsTokens, "credentials": clsCredentials} {
		test(name, func(v value) bool { r, ok := v.(*ref); return ok && r.class == c && !r.native })
	}
}
