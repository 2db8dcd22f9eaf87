package fql

import (
	"fmt"
	"strings"
)

// maxTextDepth limits the nesting of a text, as a real server limits that of
// its JSON.
const maxTextDepth = 1000

// A SyntaxError says where and why a text is not FQL. Lines and columns count
// from 1, columns in characters.
type SyntaxError struct {
	Line, Column int
	Problem      string // without a full stop
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Problem)
}

// ParseFQL reads one FQL v4 expression, written as people write it for the
// Fauna shell, and returns the JSON that the JavaScript driver would send for
// it. The text may use the part of JavaScript that FQL needs: calls of FQL
// functions (with or without q. before them), strings, numbers, objects,
// arrays, arrow functions, comments, and trailing commas and semicolons. The
// error is a *SyntaxError.
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
	Text         string // as written
	JSON         []byte // the query
}

// ParseStatements parses a text of one or more expressions. They are separated
// by semicolons or start on separate lines.
func ParseStatements(text string) ([]Statement, error) {
	tokens, err := readTokens(text)
	if err != nil {
		return nil, err
	}
	r := &textReader{tokens: tokens, forms: formsByName()}
	var statements []Statement
	for {
		for r.peek().is(";") {
			r.next()
		}
		start := r.peek()
		if start.kind == endToken {
			break
		}
		if len(statements) > 0 && !start.separate && !r.after(";") {
			return nil, r.unexpected("a semicolon or a new line before the next expression")
		}
		json, err := r.expression()
		if err != nil {
			return nil, err
		}
		end := r.tokens[r.at-1].end
		statements = append(statements, Statement{start.line, start.column, text[start.start:end], json})
	}
	if len(statements) == 0 {
		end := r.peek()
		return nil, &SyntaxError{end.line, end.column, "there is no query"}
	}
	return statements, nil
}

// A textReader turns tokens into the JSON of queries.
type textReader struct {
	tokens []textToken // the last is an endToken
	at     int
	depth  int
	forms  map[string]callForm // by name
	// names maps the parameters of the enclosing arrow functions to their
	// variables (as JSON text).
	names []textName
}

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

// want consumes a mark, or returns the error that it is missing.
func (r *textReader) want(mark string) error {
	if !r.take(mark) {
		return r.unexpected("'" + mark + "'")
	}
	return nil
}

// unexpected returns the error that the next token is not the expected one.
func (r *textReader) unexpected(wanted string) error {
	t := r.peek()
	return t.problem("expected " + wanted + ", found " + t.describe())
}

// expression reads one expression.
func (r *textReader) expression() ([]byte, error) {
	r.depth++
	defer func() { r.depth-- }()
	if r.depth > maxTextDepth {
		return nil, r.peek().problem("nested too deeply")
	}
	t := r.peek()
	switch t.kind {
	case stringToken, numberToken:
		r.next()
		return []byte(t.json), nil
	case nameToken:
		return r.named()
	}
	switch {
	case t.is("["):
		return r.array()
	case t.is("{"):
		members, err := r.object()
		if err != nil {
			return nil, err
		}
		return wrapObject(members.json()), nil
	case t.is("(") && r.arrowAhead():
		return r.arrow()
	case t.is("("):
		r.next()
		json, err := r.expression()
		if err != nil {
			return nil, err
		}
		return json, r.want(")")
	case t.is("-"), t.is("+"):
		r.next()
		number := r.peek()
		if number.kind != numberToken {
			return nil, r.unexpected("a number")
		}
		r.next()
		if t.is("-") {
			return negate(number.json), nil
		}
		return []byte(number.json), nil
	}
	return nil, r.unexpected("an expression")
}

// named reads what starts with a name: a constant, a parameter, an arrow
// function or a call.
func (r *textReader) named() ([]byte, error) {
	if r.peekAfter(1).is("=>") {
		return r.arrow()
	}
	t := r.next()
	if (t.text == "q" || t.text == "query") && r.peek().is(".") && !r.bound(t.text) {
		r.next()
		if t = r.next(); t.kind != nameToken {
			return nil, t.problem("expected a function's name, found " + t.describe())
		}
	}
	if !r.peek().is("(") {
		switch t.text {
		case "null", "true", "false":
			return []byte(t.text), nil
		}
		for i := len(r.names) - 1; i >= 0; i-- {
			if r.names[i].written == t.text {
				return []byte(`{"var":` + r.names[i].variable + `}`), nil
			}
		}
		if _, ok := r.forms[t.text]; ok {
			return nil, r.unexpected("'(' after " + t.text)
		}
		return nil, t.problem("unknown name " + t.text)
	}
	return r.call(t)
}

// bound reports whether a name is a parameter here.
func (r *textReader) bound(name string) bool {
	for _, n := range r.names {
		if n.written == name {
			return true
		}
	}
	return false
}

// array reads an array.
func (r *textReader) array() ([]byte, error) {
	r.next()
	items, err := r.list("]")
	if err != nil {
		return nil, err
	}
	return joinArray(items), nil
}

// list reads expressions up to a closing mark, with an optional trailing comma.
func (r *textReader) list(closing string) ([][]byte, error) {
	var items [][]byte
	for !r.take(closing) {
		item, err := r.expression()
		if err != nil {
			return nil, err
		}
		items = append(items, item)
		if !r.take(",") && !r.peek().is(closing) {
			return nil, r.unexpected("',' or '" + closing + "'")
		}
	}
	return items, nil
}

// textMembers are the members of an object, in order, each key once. Keys are
// JSON strings.
type textMembers []textMember

type textMember struct {
	key   string
	value []byte
}

// set adds a member, or replaces the value of an existing key, as JavaScript
// does.
func (m *textMembers) set(key string, value []byte) {
	for i := range *m {
		if (*m)[i].key == key {
			(*m)[i].value = value
			return
		}
	}
	*m = append(*m, textMember{key, value})
}

// json returns the members as a JSON object.
func (m textMembers) json() []byte {
	out := []byte{'{'}
	for i, member := range m {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(append(out, member.key...), ':'), member.value...)
	}
	return append(out, '}')
}

// object reads an object: bare, quoted or numeric keys, and {a} for {a: a}
// where a is a parameter. The last value of a repeated key wins.
func (r *textReader) object() (textMembers, error) {
	r.next()
	var members textMembers
	seen := map[string]bool{}
	for !r.take("}") {
		t := r.next()
		var key string
		switch t.kind {
		case nameToken:
			key = quoteJSON(t.text)
		case stringToken:
			key = t.json
		case numberToken:
			key = quoteJSON(t.json)
		default:
			return nil, t.problem("expected a key or '}', found " + t.describe())
		}
		var value []byte
		var err error
		if t.kind == nameToken && r.bound(t.text) && (r.peek().is(",") || r.peek().is("}")) {
			r.at--
			value, err = r.named() // {a} is {a: a}
		} else {
			if err := r.want(":"); err != nil {
				return nil, err
			}
			value, err = r.expression()
		}
		if err != nil {
			return nil, err
		}
		if seen[key] {
			members.set(key, value)
		} else {
			seen[key] = true
			members = append(members, textMember{key, value})
		}
		if !r.take(",") && !r.peek().is("}") {
			return nil, r.unexpected("',' or '}'")
		}
	}
	return members, nil
}

// wrapObject turns a literal object into its wire form.
func wrapObject(members []byte) []byte {
	return append(append([]byte(`{"object":`), members...), '}')
}

// joinArray makes a JSON array.
func joinArray(items [][]byte) []byte {
	out := []byte{'['}
	for i, item := range items {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, item...)
	}
	return append(out, ']')
}

// negate changes the sign of a JSON number.
func negate(number string) []byte {
	if number == "0" || number == "null" {
		return []byte(number) // JavaScript's JSON has no negative zero, and no infinity
	}
	if rest, ok := strings.CutPrefix(number, "-"); ok {
		return []byte(rest)
	}
	return []byte("-" + number)
}
