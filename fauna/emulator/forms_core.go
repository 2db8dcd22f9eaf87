package emulator

import (
	"errors"
	"strings"
)

func (t formTable) addCore() {
	t.add("object", nil).parse = parseObject
	t.add("quote", nil).parse = func(p *parser, j *jsonValue, at *position, _ *names) *node {
		v, err := p.literal(j.items[0], at.child("quote"))
		if err != nil {
			return p.fail(err)
		}
		return &node{at: at, lit: v}
	}
	t.add("var", nil).parse = parseVar
	t.add("let in", nil).parse = parseLet
	t.add("lambda expr", nil).parse = func(p *parser, j *jsonValue, at *position, vars *names) *node {
		return &node{kind: nodeLambda, at: at, lam: p.lambda(j, at, vars)}
	}
	t.add("query", nil).parse = func(p *parser, j *jsonValue, at *position, vars *names) *node {
		in, place := j.items[0], at.child("query")
		if in.kind != jsonObject {
			return p.fail(invalidExpression(place, "Lambda expected, %s provided.", in.typeName()))
		}
		if len(in.keys) != 2 || in.get("lambda") == nil || in.get("expr") == nil {
			return p.fail(invalidExpression(place, "No form/function found, or invalid argument keys: { %s }.", strings.Join(in.keys, ", ")))
		}
		return &node{kind: nodeLambda, at: at, lam: p.lambda(in, place, nil)}
	}
	t.add("if then else", func(e *env, n *node) (value, error) {
		v, err := e.eval(n.args[0])
		if err != nil {
			return nil, err
		}
		yes, err := asBool(v, n.place(0))
		if err != nil {
			return nil, err
		}
		if yes {
			return e.eval(n.args[1])
		}
		return e.eval(n.args[2])
	})
	do := t.add("do", func(e *env, n *node) (value, error) {
		list := n.args[0].args
		var last value
		for _, in := range list {
			v, err := e.eval(in)
			if err != nil {
				return nil, err
			}
			last = v
		}
		return last, nil
	})
	do.parse = parseList(true)
	t.add("at expr", func(e *env, n *node) (value, error) {
		v, err := e.eval(n.args[0])
		if err != nil {
			return nil, err
		}
		at, err := asMicros(v, n.place(0))
		if err != nil {
			return nil, err
		}
		return e.read(at).eval(n.args[1])
	})
	t.add("abort", strict(func(_ *env, n *node, args []value) (value, error) {
		text, err := asString(args[0], n.place(0))
		if err != nil {
			return nil, err
		}
		return nil, &queryError{at: n.at, code: "transaction aborted", text: text, status: 400}
	}))
	t.add("call arguments?", strict(callFunction)).write = true
	t.add("and", booleans(false)).parse = parseList(false)
	t.add("or", booleans(true)).parse = parseList(false)
	for _, head := range []string{"at", "if", "and", "or", "do", "call"} {
		t[head][0].uncounted()
	}
	t.add("not", strict(func(_ *env, n *node, args []value) (value, error) {
		b, err := asBool(args[0], n.place(0))
		return !b, err
	}))
	t.add("equals", variadic(func(_ *env, _ *node, list []value, _ func(int) *position) (value, error) {
		if err := measure(list...); err != nil {
			return nil, err
		}
		for i := 1; i < len(list); i++ {
			if !equal(list[i-1], list[i]) {
				return false, nil
			}
		}
		return true, nil
	}))
}

// read returns the env at another time; a future time means the present.
func (e *env) read(at int64) *env {
	in := *e
	in.at = min(at, e.tx.now)
	return &in
}

func parseObject(p *parser, j *jsonValue, at *position, vars *names) *node {
	place := at.child("object")
	in := j.items[0]
	if in.kind != jsonObject {
		return p.fail(invalidExpression(place, "Object expected, %s provided.", in.typeName()))
	}
	if len(in.keys) == 1 && in.keys[0] == "@obj" && in.items[0].kind == jsonObject {
		in = in.items[0]
	}
	n := &node{kind: nodeObject, at: at, keys: in.keys, args: make([]*node, len(in.items))}
	for i, item := range in.items {
		n.args[i] = p.expression(item, place.child(in.keys[i]), vars)
	}
	return n
}

// parseList reads a form whose one argument is a list that must not be empty.
// If array is set, a single expression is not accepted.
func parseList(array bool) func(p *parser, j *jsonValue, at *position, vars *names) *node {
	return func(p *parser, j *jsonValue, at *position, vars *names) *node {
		in, place := j.items[0], at.child(j.keys[0])
		switch {
		case in.kind == jsonArray && len(in.items) == 0:
			return p.fail(invalidExpression(place, "Expression list cannot be empty."))
		case in.kind != jsonArray && array:
			return p.fail(invalidExpression(place, "Array expected, %s provided.", in.typeName()))
		}
		return &node{kind: nodeForm, at: at, form: p.tx.s.forms.find(j), args: []*node{p.expression(in, place, vars)}}
	}
}

func parseVar(p *parser, j *jsonValue, at *position, vars *names) *node {
	name := j.items[0]
	if name.kind != jsonString {
		return p.fail(invalidExpression(at.child("var"), "String expected, %s provided.", name.typeName()))
	}
	if !vars.has(name.text) {
		p.unbound = append(p.unbound, invalidExpression(at, "Variable '%s' is not defined.", name.text))
	}
	return &node{kind: nodeVar, at: at, name: name.text}
}

func parseLet(p *parser, j *jsonValue, at *position, vars *names) *node {
	n := &node{kind: nodeLet, at: at}
	place := at.child("let")
	bind := func(name string, expr *jsonValue, at *position) {
		n.keys = append(n.keys, name)
		n.args = append(n.args, p.expression(expr, at, vars))
		vars = &names{name, vars}
	}
	switch in := j.get("let"); in.kind {
	case jsonObject:
		for i, k := range in.keys {
			bind(k, in.items[i], place.child(k))
		}
	case jsonArray:
		for i, item := range in.items {
			if item.kind != jsonObject {
				return p.fail(invalidExpression(place.nth(i), "Object expected, %s provided.", item.typeName()))
			}
			for k, name := range item.keys {
				bind(name, item.items[k], place.nth(i).child(name))
			}
		}
	default:
		return p.fail(invalidExpression(place, "Array expected, %s provided.", in.typeName()))
	}
	n.args = append(n.args, p.expression(j.get("in"), at.child("in"), vars))
	return n
}

// booleans implements And and Or, which stop at the first operand that decides.
func booleans(decides bool) func(e *env, n *node) (value, error) {
	return func(e *env, n *node) (value, error) {
		list := n.args
		if list[0].kind == nodeArray {
			list = list[0].args
		}
		for i, in := range list {
			v, err := e.eval(in)
			if err != nil {
				return nil, err
			}
			b, err := asBool(v, n.place(0).nth(i))
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

// callFunction runs a user's function with the caller's privileges.
func callFunction(e *env, n *node, args []value) (value, error) {
	target := args[0]
	if name, ok := target.(string); ok {
		target = e.tx.db.named(clsFunctions, name)
	}
	r, ok := target.(*ref)
	if !ok || r.class != clsFunctions || r.native {
		return nil, expected(n.place(0), "Function Ref or String", args[0])
	}
	if _, _, missing := r.undefined(); missing {
		return nil, undefinedRef(n.place(0), r)
	}
	if rule := e.rule(r, actCall); e.tx.auth.builtin != "admin" && e.tx.auth.builtin != "server" && !e.allows(rule, args[1]) {
		return nil, denied(n.place(0))
	}
	body, _ := r.item.current().field("body")
	l, ok := body.(*lambda)
	if !ok {
		return nil, expected(n.place(0), "Function Ref", r)
	}
	arg := args[1]
	if list, ok := arg.(array); ok && !l.tuple && len(list) == 1 {
		arg = list[0]
	}
	v, err := e.apply(l, arg, n.at)
	var whole *requestError
	if err != nil && !errors.As(err, &whole) {
		return nil, &queryError{at: n.at, code: "call error", text: "Calling the function resulted in an error.", status: 400, cause: listErrors(err)}
	}
	return v, err
}

// pathText returns a path as Select's error shows it.
func pathText(path array) string {
	parts := make([]string, len(path))
	for i, p := range path {
		switch p := p.(type) {
		case string:
			parts[i] = p
		case int64:
			parts[i] = string(appendJSON(nil, &jsonValue{kind: jsonLong, long: p}))
		}
	}
	return "[" + strings.Join(parts, ",") + "]"
}
