package emulator

import "fmt"

// eval computes a node's value.
func (e *env) eval(n *node) (value, error) {
	switch n.kind {
	case nodeLiteral:
		return n.lit, nil
	case nodeVar:
		return e.lookup(n.name), nil
	case nodeForm:
		if !n.form.free {
			if err := e.spend(1); err != nil {
				return nil, err
			}
		}
		if n.form.effect && (!e.tx.write || e.free) {
			return nil, &queryError{at: n.at, code: "invalid expression", text: "Call performs a write, which is not allowed here.", status: 400}
		}
		return n.form.eval(e, n)
	case nodeArray:
		out, err := e.all(n.args)
		return array(out), err
	case nodeObject:
		out, err := e.all(n.args)
		return &object{keys: n.keys, vals: out}, err
	case nodeLambda:
		l := *n.lam
		l.bound = e.vars
		return &l, nil
	case nodeLet:
		for i, name := range n.keys {
			v, err := e.eval(n.args[i])
			if err != nil {
				return nil, err
			}
			e = e.with(name, v)
		}
		return e.eval(n.args[len(n.keys)])
	}
	return nil, invalidExpression(n.at, "Invalid expression.")
}

// all evaluates nodes (nil ones to nil) and collects all their errors.
func (e *env) all(nodes []*node) ([]value, error) {
	out := make([]value, len(nodes))
	var errs error
	for i, n := range nodes {
		if n == nil {
			continue
		}
		v, err := e.eval(n)
		if err != nil {
			errs = join(errs, err)
			continue
		}
		out[i] = v
	}
	if errs != nil {
		return nil, errs
	}
	return out, nil
}

// apply calls a lambda with one argument, for the function at a place.
func (e *env) apply(l *lambda, arg value, at *position) (value, error) {
	if err := e.spend(1); err != nil {
		return nil, err
	}
	if e.tx.depth >= maxDepth {
		return nil, &queryError{at: at, code: "stack overflow", text: fmt.Sprintf("Call stack reached the maximum limit of %d.", maxDepth), status: 400}
	}
	e.tx.depth++
	defer func() { e.tx.depth-- }()
	in := &env{tx: e.tx, at: e.at, free: e.free, vars: l.bound}
	if !l.tuple {
		in.vars = &binding{name: l.params[0], val: arg, up: in.vars}
		return in.eval(l.body)
	}
	list, ok := arg.(array)
	if !ok {
		list = array{arg}
	}
	if len(list) != len(l.params) {
		return nil, invalidArgument(at.child("lambda"), "Lambda expects an array with %d elements. Array contains %d.", len(l.params), len(list))
	}
	for i, name := range l.params {
		in.vars = &binding{name: name, val: list[i], up: in.vars}
	}
	return in.eval(l.body)
}

// The casts below fail with the expected type, at the argument's position.

func asInt(v value, at *position) (int64, error) {
	if n, ok := v.(int64); ok {
		return n, nil
	}
	return 0, expected(at, "Integer", v)
}

func asString(v value, at *position) (string, error) {
	if s, ok := v.(string); ok {
		return s, nil
	}
	return "", expected(at, "String", v)
}

func asBool(v value, at *position) (bool, error) {
	if b, ok := v.(bool); ok {
		return b, nil
	}
	return false, expected(at, "Boolean", v)
}

func asLambda(v value, at *position) (*lambda, error) {
	if l, ok := v.(*lambda); ok {
		return l, nil
	}
	return nil, expected(at, "Lambda", v)
}

func asRef(v value, at *position) (*ref, error) {
	if r, ok := v.(*ref); ok {
		return r, nil
	}
	return nil, expected(at, "Ref", v)
}

// asMicros reads a time, or a number of microseconds.
func asMicros(v value, at *position) (int64, error) {
	switch v := v.(type) {
	case int64:
		return v, nil
	case timeValue:
		return v.micros(), nil
	}
	return 0, expected(at, "Time", v)
}

// asSet returns the set of a set, or of a native class.
func asSet(v value) (*set, bool) {
	switch v := v.(type) {
	case *set:
		return v, true
	case *ref:
		if v.native {
			return &set{kind: setNative, ref: v}, true
		}
	}
	return nil, false
}
