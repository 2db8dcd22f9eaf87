package fql

import (
	"slices"
	"strings"
)

// Parse reads one FQL v4 expression, written as people write it for the Fauna
// shell, and returns the JSON that the JavaScript driver would send for it. The
// text may use the part of JavaScript that FQL needs: calls of FQL functions
// (with or without q. before them), strings, numbers, objects, arrays, arrow
// functions, comments, and trailing commas and semicolons. The error is a
// *SyntaxError.
func Parse(text string) (json []byte, err error) {
	statements, err := ParseStatements(text)
	if err != nil {
		return nil, err
	}
	if len(statements) > 1 {
		second := statements[1]
		return nil, &SyntaxError{second.Line, second.Column, "a second expression starts here; expected only one"}
	}
	return statements[0].JSON, nil
}

// A Statement is one expression of a longer text.
type Statement struct {
	Line, Column int    // where it starts, counted from 1
	JSON         []byte // the query
}

// ParseStatements parses a text of one or more expressions, separated by semicolons or
// each starting on its own line.
func ParseStatements(text string) (statements []Statement, err error) {
	// A *SyntaxError is raised as a panic.
	defer func() {
		if cause := recover(); cause != nil {
			statements, err = nil, cause.(*SyntaxError)
		}
	}()
	r := &textReader{tokens: readTokens(text), forms: formsByName()}
	for {
		for r.take(";") {
		}
		start := r.peek()
		if start.kind == endToken {
			break
		}
		if len(statements) > 0 && !start.separate && !r.after(";") {
			panic(r.unexpected("a semicolon or a new line before the next expression"))
		}
		statements = append(statements, Statement{start.at.Line, start.at.Column, r.expression().Append(nil)})
	}
	if len(statements) == 0 {
		panic(r.peek().problem("there is no query"))
	}
	return statements, nil
}

// maxTextDepth limits the nesting of a text, as a real server limits that of
// its JSON.
const maxTextDepth = 1000

// A textReader turns tokens into queries.
type textReader struct {
	tokens []textToken // the last is an endToken
	at     int
	depth  int
	forms  map[string]callForm // by name
	names  []textName          // of the enclosing arrow functions' parameters, the innermost last
}

// A textName is a parameter as written, and its variable.
type textName struct{ written, variable string }

func (r *textReader) peek() textToken { return r.tokens[r.at] }

// peekAfter returns the token n places ahead.
func (r *textReader) peekAfter(n int) textToken {
	return r.tokens[min(r.at+n, len(r.tokens)-1)]
}

func (r *textReader) next() textToken {
	t := r.tokens[r.at]
	if t.kind != endToken {
		r.at++
	}
	return t
}

// after reports whether the token just read is this mark.
func (r *textReader) after(mark string) bool { return r.at > 0 && r.tokens[r.at-1].is(mark) }

// take consumes a mark if it comes next.
func (r *textReader) take(mark string) bool {
	if r.peek().is(mark) {
		r.at++
		return true
	}
	return false
}

// want consumes a mark, which must come next.
func (r *textReader) want(mark string) {
	if !r.take(mark) {
		panic(r.unexpected("'" + mark + "'"))
	}
}

// more reports whether a list has another element, and consumes the comma before
// it or else the closing mark. A comma may precede that too.
func (r *textReader) more(closing string) bool {
	if r.take(closing) {
		return false
	}
	if r.after("(") || r.after("[") || r.after("{") {
		return true
	}
	if !r.take(",") {
		panic(r.unexpected("',' or '" + closing + "'"))
	}
	return !r.take(closing)
}

// unexpected returns the error for a next token that is not the wanted one.
func (r *textReader) unexpected(wanted string) *SyntaxError {
	t := r.peek()
	return t.problem("expected " + wanted + ", found " + t.describe())
}

// expression reads one expression.
func (r *textReader) expression() *Node {
	r.depth++
	defer func() { r.depth-- }()
	if r.depth > maxTextDepth {
		panic(r.peek().problem("nested too deeply"))
	}
	t := r.peek()
	switch {
	case t.kind == stringToken:
		return textNode(r.next().text)
	case t.kind == numberToken:
		return &Node{Kind: Number, Text: r.next().text}
	case r.arrowAhead():
		return r.arrow()
	case t.kind == nameToken:
		return r.named()
	case t.is("["):
		r.next()
		return arrayNode(r.list("]"))
	case t.is("{"):
		return object("object", r.object())
	case t.is("("):
		r.next()
		n := r.expression()
		r.want(")")
		return n
	case t.is("-"), t.is("+"):
		r.next()
		if r.peek().kind != numberToken {
			panic(r.unexpected("a number"))
		}
		text := r.next().text
		if t.is("-") && text != "0" && text != "null" { // JavaScript's JSON has no negative zero, and no infinity
			text = "-" + text
		}
		return &Node{Kind: Number, Text: text}
	}
	panic(r.unexpected("an expression"))
}

func textNode(text string) *Node { return &Node{Kind: String, Text: text} }

func arrayNode(items []*Node) *Node { return &Node{Kind: Array, Items: items} }

// named reads what starts with a name: a constant, a parameter or a call.
func (r *textReader) named() *Node {
	t := r.next()
	if (t.text == "q" || t.text == "query") && r.peek().is(".") && !r.bound(t.text) {
		r.next()
		if t = r.next(); t.kind != nameToken {
			panic(t.problem("expected a function's name, found " + t.describe()))
		}
	}
	if r.peek().is("(") {
		return r.call(t)
	}
	switch t.text {
	case "null":
		return &Node{}
	case "true", "false":
		return &Node{Kind: Bool, Text: t.text}
	}
	for _, name := range slices.Backward(r.names) {
		if name.written == t.text {
			return object("var", textNode(name.variable))
		}
	}
	if _, ok := r.forms[t.text]; ok {
		panic(r.unexpected("'(' after " + t.text))
	}
	panic(t.problem("unknown name " + t.text))
}

// bound reports whether a name is a parameter here.
func (r *textReader) bound(name string) bool {
	return slices.ContainsFunc(r.names, func(n textName) bool { return n.written == name })
}

// list reads expressions up to a closing mark.
func (r *textReader) list(closing string) []*Node {
	var items []*Node
	for r.more(closing) {
		items = append(items, r.expression())
	}
	return items
}

// object reads an object: bare, quoted or numeric keys, and {a} for {a: a}
// where a is a parameter. The last value of a repeated key wins.
func (r *textReader) object() *Node {
	r.next()
	n := &Node{Kind: Object}
	for r.more("}") {
		t := r.next()
		if t.kind == endToken || t.kind == markToken {
			panic(t.problem("expected a key or '}', found " + t.describe()))
		}
		if t.kind == nameToken && r.bound(t.text) && (r.peek().is(",") || r.peek().is("}")) {
			r.at-- // {a} is {a: a}
		} else {
			r.want(":")
		}
		n.add(t.text, r.expression())
	}
	return n
}

// arrowAhead reports whether an arrow function starts here.
func (r *textReader) arrowAhead() bool {
	if r.peek().kind == nameToken {
		return r.peekAfter(1).is("=>")
	}
	if !r.peek().is("(") {
		return false
	}
	n := 1
	for r.peekAfter(n).kind == nameToken || r.peekAfter(n).is(",") {
		n++
	}
	return r.peekAfter(n).is(")") && r.peekAfter(n+1).is("=>")
}

// arrow reads an arrow function as a Fauna lambda.
func (r *textReader) arrow() *Node {
	start := r.peek()
	parameters, body := r.arrowBody(nil)
	if len(parameters) == 0 {
		panic(start.problem("the function needs a parameter"))
	}
	lambda := textNode(parameters[0])
	if len(parameters) > 1 {
		lambda = arrayNode(nil)
		for _, p := range parameters {
			lambda.Items = append(lambda.Items, textNode(p))
		}
	}
	return object("lambda", lambda, "expr", body)
}

// arrowBody reads an arrow function and returns its parameters and its body.
// The parameters stand for the given variables; with nil, for variables of the
// same names.
func (r *textReader) arrowBody(variables []string) (parameters []string, body *Node) {
	if r.peek().kind == nameToken {
		parameters = []string{r.next().text}
	} else {
		r.next()
		for r.more(")") {
			t := r.next()
			if t.kind != nameToken {
				panic(t.problem("expected a parameter's name, found " + t.describe()))
			}
			parameters = append(parameters, t.text)
		}
	}
	r.want("=>")
	if r.peek().is("{") {
		panic(r.peek().problem("a function's body must be an expression; put brackets ( ) around an object"))
	}
	if variables == nil {
		variables = parameters
	}
	if len(parameters) > len(variables) {
		panic(r.peek().problem("the function has more parameters than there are bindings"))
	}
	outer := len(r.names)
	for i, p := range parameters {
		r.names = append(r.names, textName{p, variables[i]})
	}
	body = r.expression()
	r.names = r.names[:outer]
	return parameters, body
}

// similar suggests a function with a similar name.
func (r *textReader) similar(name string) string {
	for known := range r.forms {
		if strings.EqualFold(known, name) {
			return "; did you mean " + known + "?"
		}
	}
	return ""
}
