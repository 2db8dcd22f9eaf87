package emulator

import (
	"slices"
	"strings"

	"fauna-export/fauna/fql"
)

func (t formTable) addCore() {
	for keys, parse := range map[string]func(p *parser, j *fql.Node, at *position, vars []string) *node{
		"object": parseObject, "quote": parseQuote, "var": parseVar, "let in": parseLet,
	} {
		t.add(keys, 0, nil).parse = parse
	}
	t.add("query:lambda", 0, func(c *call) value { return c.args[0] }).lambda = "query"
	t.add("if then else", lazy|uncounted, func(c *call) value {
		if as[bool](c.eval(c.node.args[0]), "Boolean", c.place(0)) {
			return c.eval(c.node.args[1])
		}
		return c.eval(c.node.args[2])
	})
	t.add("do", lazy|uncounted, func(c *call) (last value) {
		for _, in := range c.node.args[0].args {
			last = c.eval(in)
		}
		return last
	}).parse = parseList(true)
	t.add("at expr", lazy|uncounted, func(c *call) value {
		at := asMicros(c.eval(c.node.args[0]), c.place(0))
		return c.read(at).eval(c.node.args[1])
	})
	t.add("abort:string", 0, func(c *call) value {
		panic(&queryError{at: c.node.at, code: "transaction aborted", text: c.args[0].(string), status: 400})
	})
	t.add("call:function arguments?", uncounted|reads|mayWrite, callFunction)
	t.add("and", lazy|uncounted, untilTruth(false)).parse = parseList(false)
	t.add("or", lazy|uncounted, untilTruth(true)).parse = parseList(false)
	t.add("not:boolean", 0, func(c *call) value { return c.args[0] == false })
	t.add("equals:any+", 0, func(c *call) value {
		list := c.args[0].(array)
		measure(list...)
		for i := 1; i < len(list); i++ {
			if !sameValue(list[i-1], list[i]) {
				return false
			}
		}
		return true
	})
}

// untilTruth evaluates And and Or, which stop at the first deciding operand.
func untilTruth(decides bool) func(c *call) value {
	return func(c *call) value {
		for i, in := range c.node.args[0].args {
			if as[bool](c.eval(in), "Boolean", c.place(0).nth(i)) == decides {
				return decides
			}
		}
		return !decides
	}
}

// callFunction runs a user's function with the caller's privileges.
func callFunction(c *call) value {
	r := c.named(0, clsFunctions, c.place(0))
	if rule := c.rule(r, actCall); c.tx.auth.builtin != "admin" && c.tx.auth.builtin != "server" && !c.allows(rule, c.args[1]) {
		panic(denied(c.place(0)))
	}
	l := r.item.current().get("body").(*lambda)
	arg := c.args[1]
	if list, ok := arg.(array); ok && !l.tuple && len(list) == 1 {
		arg = list[0]
	}
	var v value
	if errs := catchParts(func() { v = c.apply(l, arg, c.node.at) }); errs != nil {
		panic(&queryError{at: c.node.at, code: "call error", text: "Calling the function resulted in an error.", status: 400, cause: errs})
	}
	return v
}

func parseObject(p *parser, j *fql.Node, at *position, vars []string) *node {
	place := at.child("object")
	in := j.Items[0]
	if in.Kind != fql.Object {
		return p.fail(invalidExpression(place, "Object expected, %s provided.", jsonType(in)))
	}
	if len(in.Keys) == 1 && in.Keys[0] == "@obj" && in.Items[0].Kind == fql.Object {
		in = in.Items[0]
	}
	n := &node{kind: nodeObject, at: at, keys: in.Keys, args: make([]*node, len(in.Items))}
	for i, item := range in.Items {
		n.args[i] = p.expression(item, place.child(in.Keys[i]), vars)
	}
	return n
}

func parseQuote(p *parser, j *fql.Node, at *position, _ []string) *node {
	return p.literalNode(at, func() value { return p.literal(j.Items[0], at.child("quote")) })
}

// parseList reads a form whose one argument is a list that must not be empty.
// If array is set, a single expression is not accepted.
func parseList(array bool) func(p *parser, j *fql.Node, at *position, vars []string) *node {
	return func(p *parser, j *fql.Node, at *position, vars []string) *node {
		in, place := j.Items[0], at.child(j.Keys[0])
		switch {
		case in.Kind == fql.Array && len(in.Items) == 0:
			return p.fail(invalidExpression(place, "Expression list cannot be empty."))
		case in.Kind != fql.Array && array:
			return p.fail(invalidExpression(place, "Array expected, %s provided.", jsonType(in)))
		}
		list := p.expression(in, place, vars)
		if in.Kind != fql.Array {
			list = &node{kind: nodeArray, at: place, args: []*node{list}}
		}
		return &node{kind: nodeForm, at: at, form: p.tx.s.forms.find(j), args: []*node{list}}
	}
}

func parseVar(p *parser, j *fql.Node, at *position, vars []string) *node {
	name := j.Items[0]
	if name.Kind != fql.String {
		return p.fail(invalidExpression(at.child("var"), "String expected, %s provided.", jsonType(name)))
	}
	if !slices.Contains(vars, name.Text) {
		p.unbound = append(p.unbound, invalidExpression(at, "Variable '%s' is not defined.", name.Text))
	}
	return &node{kind: nodeVar, at: at, name: name.Text}
}

func parseLet(p *parser, j *fql.Node, at *position, vars []string) *node {
	n := &node{kind: nodeLet, at: at}
	place := at.child("let")
	bind := func(bindings *fql.Node, place *position) {
		for i, name := range bindings.Keys {
			n.keys = append(n.keys, name)
			n.args = append(n.args, p.expression(bindings.Items[i], place.child(name), vars))
			vars = append(slices.Clip(vars), name)
		}
	}
	switch in := j.Member("let"); in.Kind {
	case fql.Object:
		bind(in, place)
	case fql.Array:
		for i, item := range in.Items {
			if item.Kind != fql.Object || len(item.Keys) != 1 {
				p.fail(invalidExpression(place.nth(i), "Object expected, %s provided.", jsonType(item)))
				continue
			}
			bind(item, place.nth(i))
		}
	default:
		p.fail(invalidExpression(place, "Array expected, %s provided.", jsonType(in)))
	}
	n.args = append(n.args, p.expression(j.Member("in"), at.child("in"), vars))
	return n
}

func unknownForm(at *position, j *fql.Node) *queryError {
	return invalidExpression(at, "No form/function found, or invalid argument keys: { %s }.", strings.Join(j.Keys, ", "))
}
