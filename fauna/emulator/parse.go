package emulator

import (
	"slices"
	"strings"
)

type nodeKind uint8

const (
	nodeLiteral nodeKind = iota
	nodeArray
	nodeObject
	nodeVar
	nodeLet
	nodeLambda
	nodeForm
)

// A node is one expression of a request, with its position.
type node struct {
	kind nodeKind
	at   *position
	lit  value
	name string   // of a variable
	keys []string // of an object or a Let
	args []*node  // elements, fields, bindings and body, or a form's arguments; nil where not given
	lam  *lambda
	form *form
}

// names are the variables in scope.
type names struct {
	name string
	up   *names
}

func (n *names) has(name string) bool {
	for ; n != nil; n = n.up {
		if n.name == name {
			return true
		}
	}
	return false
}

// A parser turns JSON into nodes and collects all errors.
type parser struct {
	tx      *txn
	errs    queryErrors
	unbound queryErrors   // unbound variables, reported if there is no other error
	whole   *requestError // of the request as a whole
}

func (p *parser) fail(err *queryError) *node {
	p.errs = append(p.errs, err)
	return &node{at: err.at}
}

// literalNode returns a literal that read reads.
func (p *parser) literalNode(at *position, read func() value) *node {
	n := &node{at: at}
	if err := catch(func() { n.lit = read() }); err != nil {
		p.errs = append(p.errs, listErrors(err)...)
	}
	return n
}

func (p *parser) expression(j *jsonValue, at *position, vars *names) *node {
	switch j.kind {
	case jsonArray:
		n := &node{kind: nodeArray, at: at, args: make([]*node, len(j.items))}
		for i, item := range j.items {
			n.args[i] = p.expression(item, at.nth(i), vars)
		}
		return n
	case jsonObject:
		if len(j.keys) == 1 && strings.HasPrefix(j.keys[0], "@") {
			if j.keys[0] == "@obj" && j.items[0].kind == jsonObject { // its content is an expression again
				return p.expression(j.items[0], at.child("@obj"), vars)
			}
			return p.literalNode(at, func() value { return p.tagged(j, at) })
		}
		f := p.tx.s.forms.find(j)
		if f == nil {
			return p.fail(unknownForm(at, j))
		}
		if f.parse != nil {
			return f.parse(p, j, at, vars)
		}
		n := &node{kind: nodeForm, at: at, form: f, args: make([]*node, len(f.keys))}
		before := len(p.errs)
		for i, k := range f.keys { // the first argument with errors hides those of the others
			in := j.get(k)
			if in == nil || len(p.errs) > before {
				continue
			}
			parse := p.expression
			if k == f.lambda {
				parse = p.lambdaNode
			}
			n.args[i] = parse(in, at.child(k), vars)
		}
		return n
	}
	return &node{at: at, lit: scalar(j)}
}

func scalar(j *jsonValue) value {
	switch j.kind {
	case jsonBool:
		return j.yes
	case jsonLong:
		return j.long
	case jsonDouble:
		return j.num
	case jsonString:
		return j.text
	}
	return nil
}

// lambdaNode reads a lambda where nothing else may stand.
func (p *parser) lambdaNode(j *jsonValue, at *position, vars *names) *node {
	switch {
	case j.kind != jsonObject:
		return p.fail(invalidExpression(at, "Lambda expected, %s provided.", j.typeName()))
	case !isLambda(j):
		return p.fail(unknownForm(at, j))
	}
	return &node{kind: nodeLambda, at: at, lam: p.lambda(j, at, vars)}
}

func isLambda(j *jsonValue) bool {
	return len(j.keys) == 2 && j.get("lambda") != nil && j.get("expr") != nil
}

// lambda reads the parameters and the body of a lambda.
func (p *parser) lambda(j *jsonValue, at *position, vars *names) *lambda {
	body := j.get("expr")
	l := &lambda{at: at, source: shownBody(body), version: p.tx.api}
	if l.version == "" {
		l.version = "2.1"
	}
	switch params := j.get("lambda"); params.kind {
	case jsonString:
		l.params = []string{params.text}
	case jsonArray:
		l.tuple = true
		for i, item := range params.items {
			if item.kind != jsonString {
				p.fail(invalidExpression(at.child("lambda").nth(i), "String expected, %s provided.", item.typeName()))
			}
			l.params = append(l.params, item.text)
		}
	default:
		p.fail(invalidExpression(at.child("lambda"), "String or Array expected, %s provided.", params.typeName()))
		l.params = []string{"_"}
	}
	for _, name := range l.params {
		if name != "_" {
			vars = &names{name, vars}
		}
	}
	l.body = p.expression(body, at.child("expr"), vars)
	return l
}

// shownBody is a lambda's body as a real server returns it: the bindings of a
// Let become one object, and the last of equal names wins.
func shownBody(j *jsonValue) *jsonValue {
	out := *j
	out.items = make([]*jsonValue, len(j.items))
	for i, item := range j.items {
		out.items[i] = item
		literal := j.kind == jsonObject && (strings.HasPrefix(j.keys[i], "@") || j.keys[i] == "quote")
		switch {
		case literal:
		case j.kind == jsonObject && j.keys[i] == "object" && len(j.keys) == 1 && item.kind == jsonObject:
			fields := *item
			fields.items = make([]*jsonValue, len(item.items))
			for k, field := range item.items {
				fields.items[k] = shownBody(field)
			}
			out.items[i] = &fields
		case j.kind == jsonObject && j.keys[i] == "let" && item.kind == jsonArray:
			out.items[i] = shownBindings(item)
		default:
			out.items[i] = shownBody(item)
		}
	}
	return &out
}

func shownBindings(list *jsonValue) *jsonValue {
	out := &jsonValue{kind: jsonObject}
	for _, bindings := range list.items {
		for i, name := range bindings.keys {
			expr := shownBody(bindings.items[i])
			if at := slices.Index(out.keys, name); at >= 0 {
				out.items[at] = expr
				continue
			}
			out.keys, out.items = append(out.keys, name), append(out.items, expr)
		}
	}
	return out
}
