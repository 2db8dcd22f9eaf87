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
	err    error           // what shell text cannot express; the text is useless then
}

func newPrinter() *printer {
	return &printer{forms: formsByKey(), refs: map[string]bool{}}
}

// fail records the first thing that shell text cannot express.
func (p *printer) fail(format string, args ...any) piece {
	if p.err == nil {
		p.err = fmt.Errorf(format, args...)
	}
	return piece{}
}

// note records why a lambda's text is equivalent but not identical.
func (p *printer) note(text string) {
	if p.lambda > 0 && !slices.Contains(p.notes, text) {
		p.notes = append(p.notes, text)
	}
}

// value writes a stored value.
func (p *printer) value(n *Node) piece {
	switch n.Kind {
	case Array:
		return p.array(n.Items, p.value)
	case Object:
		if tag, inner := n.tag(); tag != "" {
			return p.tagged(tag, inner)
		}
		return p.object(n, p.value)
	}
	return p.scalar(n)
}

// expression writes an expression: the body of a lambda, or a part of it.
func (p *printer) expression(n *Node) piece {
	switch n.Kind {
	case Array:
		return p.array(n.Items, p.expression)
	case Object:
		tag, inner := n.tag()
		if tag == "" {
			return p.form(n)
		}
		if tag != "@bytes" {
			p.note("values with tags are written as calls")
		}
		return p.tagged(tag, inner)
	}
	return p.scalar(n)
}

func (p *printer) scalar(n *Node) piece {
	switch n.Kind {
	case Null:
		return piece{text: "null"}
	case String:
		return piece{text: Quote(n.Text)}
	case Number:
		return piece{text: p.number(n.Text)}
	}
	return piece{text: n.Text}
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

func (p *printer) array(items []*Node, write func(*Node) piece) piece {
	t := piece{open: "[", end: "]"}
	for _, item := range items {
		t.parts = append(t.parts, write(item))
	}
	return t
}

var bareKey = regexp.MustCompile(`^[A-Za-z_$][A-Za-z0-9_$]*$`)

// object writes an object literal.
func (p *printer) object(n *Node, write func(*Node) piece) piece {
	t := piece{open: "{", end: "}", wide: true}
	for key, value := range n.Members() {
		if key == "__proto__" {
			return p.fail("JavaScript has no literal with a key __proto__")
		}
		if key != "" && strings.Trim(key, "0123456789") == "" {
			p.note("JavaScript puts keys that are numbers first")
		}
		part := write(value)
		if part.lead = key + ": "; !bareKey.MatchString(key) {
			part.lead = Quote(key) + ": "
		}
		t.parts = append(t.parts, part)
	}
	return t
}

// tagged writes a value with one of Fauna's tags.
func (p *printer) tagged(tag string, inner *Node) piece {
	switch tag {
	case "@ref":
		return p.ref(inner)
	case "@ts", "@date", "@bytes":
		name := map[string]string{"@ts": "Time", "@date": "Date", "@bytes": "Bytes"}[tag]
		if inner.Kind == String {
			return piece{text: name + "(" + Quote(inner.Text) + ")"}
		}
	case "@obj":
		if inner.Kind == Object {
			return p.object(inner, p.value)
		}
	case "@set":
		return p.expression(inner)
	case "@query":
		return p.query(inner)
	}
	return p.fail("there is no text for a value with the tag %s", tag)
}

// query writes a stored lambda.
func (p *printer) query(n *Node) piece {
	version, params, body := n.Member("api_version"), n.Member("lambda"), n.Member("expr")
	known := 2
	if version != nil {
		known++
	}
	if params == nil || body == nil || len(n.Keys) != known {
		return p.fail("a lambda with other members than lambda and expr")
	}
	p.lambda++
	defer func() { p.lambda-- }()
	switch {
	case version == nil:
		p.note("it was written for an API version up to 2.12, and the shell sends " + apiVersion)
	case version.Text != apiVersion:
		p.note("it was written for the API version " + Printable(version.Text) + ", and the shell sends " + apiVersion)
	}
	t := p.array([]*Node{params, body}, p.expression)
	t.open, t.end = "Query(Lambda(", "))"
	return t
}

// refNames maps the ids of schema sets to the functions of their refs and sets.
var refNames = map[string][2]string{
	"collections": {"Collection", "Collections"}, "indexes": {"Index", "Indexes"}, "functions": {"Function", "Functions"},
	"roles": {"Role", "Roles"}, "databases": {"Database", "Databases"}, "access_providers": {"AccessProvider", "AccessProviders"},
	"keys": {"", "Keys"}, "tokens": {"", "Tokens"}, "credentials": {"", "Credentials"},
}

// ref writes a reference.
func (p *printer) ref(n *Node) piece {
	id, parent, database := n.Member("id"), n.Member("collection"), n.Member("database")
	if id == nil || id.Kind != String {
		return p.fail("a reference without an id")
	}
	scope := ""
	if database != nil {
		if database.Member("@ref") == nil {
			return p.fail("a reference into an invalid database")
		}
		scope = p.ref(database.Member("@ref")).flat()
	}
	if parent == nil {
		name := refNames[id.Text][1]
		if name == "" {
			return p.fail("there is no text for the reference %s", Printable(id.Text))
		}
		return piece{text: name + "(" + scope + ")"}
	}
	of := parent.Member("@ref")
	names, schema := refNames[of.Member("id").Str()]
	schema = schema && of.Member("collection") == nil // its parent is a set such as collections
	switch {
	case of == nil, !schema && of.Member("collection") == nil:
		return p.fail("a reference into an invalid collection")
	case !schema, names[0] == "":
		return piece{text: "Ref(" + p.ref(of).flat() + ", " + Quote(id.Text) + ")"}
	case scope != "" && names[0] == "AccessProvider":
		return p.fail("AccessProvider takes no database")
	case scope != "":
		scope = ", " + scope
	}
	text := names[0] + "(" + Quote(id.Text) + scope + ")"
	p.refs[text] = true
	return piece{text: text}
}
