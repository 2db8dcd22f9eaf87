package emulator

import "fmt"

// An env is the context in which an expression is evaluated.
type env struct {
	tx   *txn
	at   int64 // the time of reads, never after tx.now
	vars *binding
	free bool // in a predicate: privileges are not checked
}

// A binding is one variable; the innermost comes first.
type binding struct {
	name string
	val  value
	up   *binding
}

func (b *binding) lookup(name string) value {
	for ; b != nil; b = b.up {
		if b.name == name {
			return b.val
		}
	}
	return nil
}

// read returns the env at another time; a future time means the present.
func (e *env) read(at int64) *env {
	in := *e
	in.at = min(at, e.tx.now)
	return &in
}

// A call is a form being evaluated.
type call struct {
	*env
	node *node
	args []value // nil if not given, or for a lazy form
}

// place returns the position of the i-th argument.
func (c *call) place(i int) *position { return c.node.at.child(c.node.form.keys[i]) }

// given reports whether the i-th argument was sent.
func (c *call) given(i int) bool { return c.node.args[i] != nil }

// eval computes a node's value.
func (e *env) eval(n *node) value {
	switch n.kind {
	case nodeVar:
		return e.vars.lookup(n.name)
	case nodeForm:
		return e.call(n)
	case nodeArray:
		return array(e.all(n.args))
	case nodeObject:
		return &object{keys: n.keys, vals: e.all(n.args)}
	case nodeLambda:
		l := *n.lam
		l.bound = e.vars
		return &l
	case nodeLet:
		in := *e
		for i, name := range n.keys {
			in.vars = &binding{name, in.eval(n.args[i]), in.vars}
		}
		return in.eval(n.args[len(n.keys)])
	}
	return n.lit
}

// call evaluates a form. Its arguments are evaluated and cast in the form's order,
// and the first error ends that.
func (e *env) call(n *node) value {
	f := n.form
	if !f.is(uncounted) {
		e.spend()
	}
	if f.is(writes) && (!e.tx.write || e.free) {
		panic(&queryError{at: n.at, code: "invalid expression", text: "Call performs a write, which is not allowed here.", status: 400})
	}
	c := &call{env: e, node: n}
	if !f.is(lazy) {
		c.args = make([]value, len(n.args))
		for i, arg := range n.args {
			if arg == nil {
				continue
			}
			c.args[i] = e.eval(arg)
			if f.casts[i] != nil {
				c.args[i] = f.casts[i](c.args[i], arg.at)
			}
		}
	}
	return f.eval(c)
}

// all evaluates the parts of an array or an object. All their errors are
// reported, not only the first.
func (e *env) all(nodes []*node) []value {
	out := make([]value, len(nodes))
	each(nodes, func(i int, n *node) { out[i] = e.eval(n) })
	return out
}

// apply calls a lambda with one argument, for the function at a place.
func (e *env) apply(l *lambda, arg value, at *position) value {
	e.spend()
	if e.tx.depth >= maxDepth {
		panic(&queryError{at: at, code: "stack overflow", text: fmt.Sprintf("Call stack reached the maximum limit of %d.", maxDepth), status: 400})
	}
	e.tx.depth++
	defer func() { e.tx.depth-- }()
	args := array{arg}
	if list, ok := arg.(array); ok && l.tuple {
		args = list
	}
	if len(args) != len(l.params) {
		panic(invalidArgument(at.child("lambda"), "Lambda expects an array with %d elements. Array contains %d.", len(l.params), len(args)))
	}
	in := env{tx: e.tx, at: e.at, free: e.free, vars: l.bound}
	for i, name := range l.params {
		in.vars = &binding{name, args[i], in.vars}
	}
	return in.eval(l.body)
}

// as returns a value as its Go type, or fails with the name of the expected type.
func as[T value](v value, want string, at *position) T {
	t, ok := v.(T)
	if !ok {
		panic(expected(at, want, v))
	}
	return t
}

// named is an argument that is a ref, or the name of what it is a ref to.
func (c *call) named(i int, of class, at *position) *ref {
	if name, ok := c.args[i].(string); ok {
		r := c.tx.db.named(of, name)
		r.mustExist(at)
		return r
	}
	return c.args[i].(*ref)
}

// each calls f for all values of a list, and fails with all their errors.
func each[T any](list []T, f func(i int, v T)) {
	var errs queryErrors
	for i, v := range list {
		errs = append(errs, catchParts(func() { f(i, v) })...)
	}
	if errs != nil {
		panic(errs)
	}
}

// timed returns the env at the time of the i-th argument, if it was sent.
func (c *call) timed(i int) *env {
	if !c.given(i) {
		return c.env
	}
	return c.read(c.args[i].(int64))
}
