package fql

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// apiVersion is the version of the API that the shell sends.
const apiVersion = "4"

// printer writes wire values and expressions as text for the Fauna shell. It
// writes only text that the shell reads as equivalent, and notes where the
// result would not be identical.
type printer struct {
	forms  map[string][]callForm
	lambda int             // the nesting of lambdas
	notes  []string        // what is not identical, each once
	refs   map[string]bool // schema items that literals refer to, as text
}

func newPrinter() *printer {
	return &printer{forms: formsByKey(), refs: map[string]bool{}}
}

// note records why a lambda's text is equivalent but not identical.
func (p *printer) note(text string) {
	if p.lambda > 0 && !slices.Contains(p.notes, text) {
		p.notes = append(p.notes, text)
	}
}

// noFQL is the error of something that shell text cannot express.
func noFQL(format string, args ...any) error { return fmt.Errorf(format, args...) }

// value writes a stored value.
func (p *printer) value(n *wireNode) (piece, error) {
	switch n.kind {
	case wireArray:
		return p.array(n.items, p.value)
	case wireObject:
		if tag, inner := n.tag(); tag != "" {
			return p.tagged(tag, inner)
		}
		return p.object(n, p.value)
	}
	return p.scalar(n), nil
}

// expression writes an expression: the body of a lambda, or a part of it.
func (p *printer) expression(n *wireNode) (piece, error) {
	switch n.kind {
	case wireArray:
		return p.array(n.items, p.expression)
	case wireObject:
		if tag, inner := n.tag(); tag != "" {
			if tag != "@bytes" {
				p.note("values with tags are written as calls")
			}
			return p.tagged(tag, inner)
		}
		return p.form(n)
	}
	return p.scalar(n), nil
}

func (p *printer) scalar(n *wireNode) piece {
	switch n.kind {
	case wireNull:
		return piece{text: "null"}
	case wireString:
		return piece{text: Quote(n.text)}
	case wireNumber:
		return piece{text: p.number(n.text)}
	}
	return piece{text: n.text}
}

// number writes a number. JavaScript has only doubles, and its JSON writes
// whole ones without a point, which Fauna reads as integers.
func (p *printer) number(text string) string {
	if !strings.ContainsAny(text, ".eE") {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil && -1<<53 < n && n < 1<<53 {
			return text
		}
		p.note("large integers are written as ToInteger of their digits")
		return "ToInteger(" + Quote(text) + ")"
	}
	value, err := strconv.ParseFloat(text, 64)
	size := math.Abs(value)
	if err == nil && (size < 1e-6 || size >= 1e21) && size != 0 {
		return strconv.FormatFloat(value, 'e', -1, 64)
	}
	if written := strconv.FormatFloat(value, 'f', -1, 64); err == nil && strings.Contains(written, ".") {
		return written
	}
	p.note("whole doubles are written as ToDouble of their digits")
	return "ToDouble(" + Quote(text) + ")"
}

func (p *printer) array(items []*wireNode, write func(*wireNode) (piece, error)) (piece, error) {
	t := piece{open: "[", end: "]"}
	for _, item := range items {
		part, err := write(item)
		if err != nil {
			return t, err
		}
		t.parts = append(t.parts, part)
	}
	return t, nil
}

var bareKey = regexp.MustCompile(`^[A-Za-z_$][A-Za-z0-9_$]*$`)

// object writes an object literal.
func (p *printer) object(n *wireNode, write func(*wireNode) (piece, error)) (piece, error) {
	t := piece{open: "{", end: "}", wide: true}
	for i, key := range n.keys {
		if key == "__proto__" {
			return t, noFQL("JavaScript has no literal with a key __proto__")
		}
		if key != "" && strings.Trim(key, "0123456789") == "" {
			p.note("JavaScript puts keys that are numbers first")
		}
		part, err := write(n.items[i])
		if err != nil {
			return t, err
		}
		if part.lead = key + ": "; !bareKey.MatchString(key) {
			part.lead = Quote(key) + ": "
		}
		t.parts = append(t.parts, part)
	}
	return t, nil
}

// tagged writes a value with one of Fauna's tags.
func (p *printer) tagged(tag string, inner *wireNode) (piece, error) {
	switch tag {
	case "@ref":
		return p.ref(inner)
	case "@ts", "@date", "@bytes":
		name := map[string]string{"@ts": "Time", "@date": "Date", "@bytes": "Bytes"}[tag]
		if inner.kind == wireString {
			return piece{text: name + "(" + Quote(inner.text) + ")"}, nil
		}
	case "@obj":
		if inner.kind == wireObject {
			return p.object(inner, p.value)
		}
	case "@set":
		return p.expression(inner)
	case "@query":
		return p.query(inner)
	}
	return piece{}, noFQL("there is no text for a value with the tag %s", tag)
}

// query writes a stored lambda.
func (p *printer) query(n *wireNode) (piece, error) {
	version, params, body := n.member("api_version"), n.member("lambda"), n.member("expr")
	known := 2
	if version != nil {
		known++
	}
	if params == nil || body == nil || len(n.keys) != known {
		return piece{}, noFQL("a lambda with other members than lambda and expr")
	}
	p.lambda++
	defer func() { p.lambda-- }()
	switch {
	case version == nil:
		p.note("it was written for an API version up to 2.12, and the shell sends " + apiVersion)
	case version.text != apiVersion:
		p.note("it was written for the API version " + printable(version.text) + ", and the shell sends " + apiVersion)
	}
	arguments, err := p.array([]*wireNode{params, body}, p.expression)
	arguments.open, arguments.end = "Query(Lambda(", "))"
	return arguments, err
}

// refNames maps the ids of schema sets to the functions of their refs and sets.
var refNames = map[string][2]string{
	"collections": {"Collection", "Collections"}, "indexes": {"Index", "Indexes"}, "functions": {"Function", "Functions"},
	"roles": {"Role", "Roles"}, "databases": {"Database", "Databases"}, "access_providers": {"AccessProvider", "AccessProviders"},
	"keys": {"", "Keys"}, "tokens": {"", "Tokens"}, "credentials": {"", "Credentials"},
}

// ref writes a reference.
func (p *printer) ref(n *wireNode) (piece, error) {
	id, parent, database := n.member("id"), n.member("collection"), n.member("database")
	if id == nil || id.kind != wireString {
		return piece{}, noFQL("a reference without an id")
	}
	var scope string
	if database != nil {
		_, inner := database.tag()
		if inner == nil {
			return piece{}, noFQL("a reference into an invalid database")
		}
		t, err := p.ref(inner)
		if err != nil {
			return piece{}, err
		}
		scope = t.flat()
	}
	if parent == nil {
		name := refNames[id.text][1]
		if name == "" {
			return piece{}, noFQL("there is no text for the reference %s", printable(id.text))
		}
		return piece{text: name + "(" + scope + ")"}, nil
	}
	_, inner := parent.tag()
	if inner == nil {
		return piece{}, noFQL("a reference into an invalid collection")
	}
	if inner.member("collection") == nil { // schema: its parent is a set such as collections
		parentID := inner.member("id")
		if parentID == nil || refNames[parentID.text][1] == "" {
			return piece{}, noFQL("a reference into an invalid collection")
		}
		if name := refNames[parentID.text][0]; name != "" {
			if scope != "" && name == "AccessProvider" {
				return piece{}, noFQL("AccessProvider takes no database")
			}
			if scope != "" {
				scope = ", " + scope
			}
			text := name + "(" + Quote(id.text) + scope + ")"
			p.refs[text] = true
			return piece{text: text}, nil
		}
	}
	t, err := p.ref(inner)
	return piece{text: "Ref(" + t.flat() + ", " + Quote(id.text) + ")"}, err
}
