package emulator

import (
	"cmp"
	"slices"
	"strings"

	"fauna-export/fauna/fql"
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
	args []*node  // elements, fields, bindings and body, or a form's arguments; nil if not given
	lam  *lambda
	form *form
}

// A parser turns JSON into nodes and collects all errors. Its functions get the names
// of the variables in scope.
type parser struct {
	tx      *txn
	errs    queryErrors
	unbound queryErrors // unbound variables, reported if there is no other error
}

func (p *parser) fail(err *queryError) *node {
	p.errs = append(p.errs, err)
	return &node{at: err.at}
}

// literalNode returns a node for the literal that read returns.
func (p *parser) literalNode(at *position, read func() value) *node {
	n := &node{at: at}
	p.errs = append(p.errs, catchParts(func() { n.lit = read() })...)
	return n
}

func (p *parser) expression(j *fql.Node, at *position, vars []string) *node {
	switch j.Kind {
	case fql.Array:
		n := &node{kind: nodeArray, at: at, args: make([]*node, len(j.Items))}
		for i, item := range j.Items {
			n.args[i] = p.expression(item, at.nth(i), vars)
		}
		return n
	case fql.Object:
		if len(j.Keys) == 1 && strings.HasPrefix(j.Keys[0], "@") {
			if j.Keys[0] == "@obj" && j.Items[0].Kind == fql.Object { // its content is an expression
				return p.expression(j.Items[0], at.child("@obj"), vars)
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
		for i, k := range f.keys { // an argument with errors hides those of later ones
			in := j.Member(k)
			if in == nil || len(p.errs) > before {
				continue
			}
			parse := p.expression
			if k == f.lambda || k+"?" == f.lambda && p.reads(in, vars) {
				parse = p.lambdaNode
			}
			n.args[i] = parse(in, at.child(k), vars)
		}
		return n
	}
	return &node{at: at, lit: scalar(j)}
}

// lambdaNode reads a lambda where nothing else is allowed.
func (p *parser) lambdaNode(j *fql.Node, at *position, vars []string) *node {
	switch {
	case j.Kind != fql.Object:
		return p.fail(invalidExpression(at, "Lambda expected, %s provided.", jsonType(j)))
	case !isLambda(j):
		return p.fail(unknownForm(at, j))
	}
	return &node{kind: nodeLambda, at: at, lam: p.lambda(j, at, vars)}
}

// reads reports whether j is a lambda without errors.
func (p *parser) reads(j *fql.Node, vars []string) bool {
	try := &parser{tx: p.tx}
	try.lambdaNode(j, nil, vars)
	return len(try.errs) == 0
}

func isLambda(j *fql.Node) bool {
	return len(j.Keys) == 2 && j.Member("lambda") != nil && j.Member("expr") != nil
}

// lambda reads the parameters and the body of a lambda.
func (p *parser) lambda(j *fql.Node, at *position, vars []string) *lambda {
	l := &lambda{at: at, version: cmp.Or(p.tx.api, "2.1")}
	switch params := j.Member("lambda"); params.Kind {
	case fql.String:
		l.params = []string{params.Text}
	case fql.Array:
		l.tuple = true
		for i, item := range params.Items {
			if item.Kind != fql.String {
				p.fail(invalidExpression(at.child("lambda").nth(i), "String expected, %s provided.", jsonType(item)))
			}
			l.params = append(l.params, item.Text)
		}
	default:
		p.fail(invalidExpression(at.child("lambda"), "String or Array expected, %s provided.", jsonType(params)))
		l.params = []string{"_"}
	}
	for _, name := range l.params {
		if name != "_" {
			vars = append(slices.Clip(vars), name)
		}
	}
	l.body = p.expression(j.Member("expr"), at.child("expr"), vars)
	return l
}

// shown returns an expression as a real server shows it in a query: the arguments
// of a form in their own order, the bindings of a Let as one object.
func (n *node) shown() value {
	switch n.kind {
	case nodeArray:
		return array(shownAll(n.args))
	case nodeObject:
		return newObject("object", &object{n.keys, shownAll(n.args)})
	case nodeVar:
		return newObject("var", n.name)
	case nodeLambda:
		return n.lam.shown()
	case nodeLet:
		bindings := &object{}
		for i, name := range n.keys {
			bindings.set(name, n.args[i].shown())
		}
		return newObject("let", bindings, "in", n.args[len(n.keys)].shown())
	case nodeForm:
		o := &object{}
		for i, key := range n.form.keys {
			if n.args[i] != nil {
				o.add(key, n.args[i].shown())
			}
		}
		return o
	}
	return n.lit
}

func shownAll(nodes []*node) []value {
	out := make([]value, len(nodes))
	for i, n := range nodes {
		out[i] = n.shown()
	}
	return out
}

func (l *lambda) shown() *object {
	params := make(array, len(l.params))
	for i, name := range l.params {
		params[i] = name
	}
	if !l.tuple {
		return newObject("lambda", params[0], "expr", l.body.shown())
	}
	return newObject("lambda", params, "expr", l.body.shown())
}
