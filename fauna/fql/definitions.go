package fql

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// DefinitionKind is a kind of schema item.
type DefinitionKind string

// The kinds of schema items, in the order in which they must be created:
// indexes need their collections, roles need all the others.
const (
	CollectionDefinitions DefinitionKind = "collections"
	IndexDefinitions      DefinitionKind = "indexes"
	FunctionDefinitions   DefinitionKind = "functions"
	RoleDefinitions       DefinitionKind = "roles"
)

// DefinitionKinds returns all kinds, in the order in which they must be
// created.
func DefinitionKinds() []DefinitionKind {
	return []DefinitionKind{CollectionDefinitions, IndexDefinitions, FunctionDefinitions, RoleDefinitions}
}

// Definition is one collection, index, function or role.
type Definition struct {
	Name string
	// Document is the definition as the server sent it: JSON with Fauna's tags,
	// with ref and ts, members in the server's order.
	Document json.RawMessage
}

// Definitions is the schema of a database at one point in time, as far as the
// key may read it.
type Definitions struct {
	At   int64 // the point in time, in microseconds since 1970
	List map[DefinitionKind][]Definition
	// Denied holds the kinds that the key may not list. A kind whose list is
	// empty may be hidden too: the server silently omits what a custom role may
	// not read.
	Denied []DefinitionKind
}

// function returns the name of the function that refers to an item of the kind.
func (k DefinitionKind) function() string { return refNames[string(k)][0] }

// Unwritable is a definition that FQL text cannot create.
type Unwritable struct {
	Kind DefinitionKind
	Name string
	Why  string
}

// FQL returns text for the Fauna shell that recreates the schema in an empty
// database. An admin must run the expressions in order, each as its own query.
// A comment marks lambdas whose text is equivalent but not identical.
// Definitions that text cannot create are in a comment in wire form, and in the
// returned list.
//
// Roles and functions can refer to each other, so functions get their roles at
// the end.
func (d *Definitions) FQL() (string, []Unwritable) {
	var b strings.Builder
	var cannot []Unwritable
	var later []string
	known := map[string]bool{}
	for _, kind := range DefinitionKinds() {
		for _, one := range d.List[kind] {
			known[kind.function()+"("+Quote(one.Name)+")"] = true
		}
	}
	for _, kind := range DefinitionKinds() {
		for _, one := range d.List[kind] {
			document, err := ParseJSON(one.Document)
			if err != nil || document.Kind != Object {
				document, err = &Node{}, errors.New("it is not an object")
			}
			v10 := v10Members(kind, document)
			var text, update string
			if err == nil && (kind == CollectionDefinitions || len(v10) == 0) { // FQL v4 rejects other ones with members of v10
				text, update, err = one.fql(kind, document, known)
			}
			if len(v10) > 0 {
				list := strings.Join(v10, ", ")
				cannot = append(cannot, Unwritable{kind, one.Name, list + " of FQL v10, which FQL v4 cannot create"})
				text = one.v10Note(kind, document, list) + text
			}
			if err != nil {
				cannot = append(cannot, Unwritable{kind, one.Name, err.Error()})
				text = fmt.Sprintf("// %s %s cannot be written as FQL: %s. On the wire it is:\n// %s\n",
					strings.ToLower(kind.function()), Quote(one.Name), Printable(err.Error()), lineOf(one.Document))
			}
			b.WriteString(text + "\n")
			if update != "" {
				later = append(later, update)
			}
		}
	}
	for _, update := range later {
		b.WriteString(update + "\n")
	}
	return strings.TrimSuffix(b.String(), "\n"), cannot
}

// lineOf makes JSON safe in a comment by escaping JavaScript's other line ends.
func lineOf(document []byte) string {
	return strings.NewReplacer("\u2028", `\u2028`, "\u2029", `\u2029`, "\n", " ", "\r", " ").Replace(string(document))
}

// fql returns the text that creates one definition and, for a function with a
// custom role, the text that assigns that role.
func (one Definition) fql(kind DefinitionKind, document *Node, known map[string]bool) (text, update string, err error) {
	p := newPrinter()
	given := &Node{Kind: Object}
	v10 := v10Members(kind, document)
	for key, value := range document.Members() {
		if made(kind, document, key) || slices.Contains(v10, key) {
			continue
		}
		if tag, _ := value.tag(); kind == FunctionDefinitions && key == "role" && tag == "@ref" {
			of := newPrinter()
			role := of.value(value)
			if of.err != nil {
				return "", "", of.err
			}
			update = of.needs(known) + "Update(" + kind.function() + "(" + Quote(one.Name) + "), { role: " + role.flat() + " })\n"
			continue
		}
		given.add(key, value)
	}
	if kind == CollectionDefinitions && document.Member("history_days") == nil {
		// Without the member, history is kept forever; Create would set it to 0
		// days.
		given.add("history_days", &Node{})
	}
	params := p.object(given, p.value)
	if p.err != nil {
		return "", "", p.err
	}
	if len(p.notes) > 0 {
		text = "// Equivalent, but not identical: " + strings.Join(p.notes, "; ") + ".\n"
	}
	call := piece{open: "Create" + kind.function() + "({", parts: params.parts, end: "})", tall: true}
	return text + p.needs(known) + call.lines(0, 0) + "\n", update, nil
}

// v10Note returns a comment on the members that only FQL v10 can create, with
// the definition as FSL, or as it was sent.
func (one Definition) v10Note(kind DefinitionKind, document *Node, members string) string {
	head := fmt.Sprintf("%s %s: %s: created with FQL v10, and FQL v4 cannot create it.", strings.ToLower(kind.function()), Quote(one.Name), members)
	if text := fsl(kind, one.Name, document); text != "" {
		if data := document.Member("data"); data != nil && kind != CollectionDefinitions {
			head += "\nIts data, for which FSL has no place: " + lineOf(data.Append(nil)) + "."
		}
		return comment(head + " As FSL, for fauna schema push:\n" + text)
	}
	return comment(head + " As the server sent it:\n" + lineOf(one.Document))
}

// needs returns a comment that lists references to unknown items.
func (p *printer) needs(known map[string]bool) string {
	var missing []string
	for ref := range p.refs {
		if !known[ref] {
			missing = append(missing, ref)
		}
	}
	if len(missing) == 0 {
		return ""
	}
	slices.Sort(missing)
	return "// Refers to items missing from this text: " + lineOf([]byte(strings.Join(missing, ", "))) + ".\n"
}

// made reports whether a member is set by the server, or is Create's default.
func made(kind DefinitionKind, document *Node, key string) bool {
	value := document.Member(key)
	switch key {
	case "ref", "ts":
		return true
	case "active":
		return kind == IndexDefinitions // setting it would make a half-built index readable
	case "serialized":
		return kind == IndexDefinitions && value.Text == "true"
	case "partitions":
		usual := "8"
		if terms := document.Member("terms"); terms != nil && len(terms.Items) > 0 {
			usual = "1"
		}
		return kind == IndexDefinitions && value.Text == usual
	}
	return false
}
