package emulator

// newForms returns all forms that the server knows.
func newForms() formTable {
	t := formTable{}
	t.addCore()
	t.addRefs()
	t.addReads()
	t.addSets()
	t.addCollections()
	t.addNumbers()
	t.addStrings()
	t.addTimes()
	t.addWrites()
	for _, head := range []string{"get", "exists", "paginate", "documents", "match", "events", "singleton", "key_from_secret",
		"count", "sum", "min", "max", "is_empty", "is_nonempty"} {
		for _, f := range t[head] {
			f.data = true
		}
	}
	return t
}

// evalFunc evaluates a form whose arguments have been evaluated.
type evalFunc func(e *env, n *node, args []value) (value, error)

// strict evaluates the arguments in the form's order and stops at the first
// error. Only arrays and objects collect the errors of all their parts.
func strict(f evalFunc) func(e *env, n *node) (value, error) {
	return func(e *env, n *node) (value, error) {
		args := make([]value, len(n.args))
		for i, in := range n.args {
			if in == nil {
				continue
			}
			v, err := e.eval(in)
			if err != nil {
				return nil, err
			}
			args[i] = v
		}
		return f(e, n, args)
	}
}

// place returns the position of the form's i-th argument.
func (n *node) place(i int) *position { return n.at.child(n.form.keys[i]) }

// given reports whether the i-th argument was sent.
func (n *node) given(i int) bool { return n.args[i] != nil }

// variadic evaluates a form with one argument that is a list of operands, or
// a single operand. place returns an operand's position.
func variadic(f func(e *env, n *node, list []value, place func(i int) *position) (value, error)) func(e *env, n *node) (value, error) {
	return strict(func(e *env, n *node, args []value) (value, error) {
		at := n.place(0)
		if list, ok := args[0].(array); ok {
			return f(e, n, list, func(i int) *position { return at.nth(i) })
		}
		return f(e, n, args[:1], func(int) *position { return at })
	})
}
