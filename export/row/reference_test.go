package row

import (
	"bytes"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// node is a JSON value as a tree, with its texts as received. The rules for
// values are implemented here once more, in a slow and obvious way, as a
// reference for the rewriter.
type node struct {
	raw      string // for anything but objects and arrays
	object   bool
	array    bool
	keys     []string // quoted
	children []*node
}

// parseTree parses one JSON value; invalid UTF-8 and duplicate names are allowed,
// as in pages.
func parseTree(text []byte) (*node, bool) {
	d := jsontext.NewDecoder(bytes.NewReader(text), jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
	n, ok := readTree(d)
	if !ok {
		return nil, false
	}
	_, err := d.ReadToken()
	return n, err != nil && err.Error() == "EOF"
}

func readTree(d *jsontext.Decoder) (*node, bool) {
	switch d.PeekKind() {
	case '{':
		n := &node{object: true}
		if _, err := d.ReadToken(); err != nil {
			return nil, false
		}
		for d.PeekKind() != '}' {
			key, err := d.ReadValue()
			if err != nil {
				return nil, false
			}
			n.keys = append(n.keys, string(key))
			child, ok := readTree(d)
			if !ok {
				return nil, false
			}
			n.children = append(n.children, child)
		}
		_, err := d.ReadToken()
		return n, err == nil
	case '[':
		n := &node{array: true}
		if _, err := d.ReadToken(); err != nil {
			return nil, false
		}
		for d.PeekKind() != ']' {
			child, ok := readTree(d)
			if !ok {
				return nil, false
			}
			n.children = append(n.children, child)
		}
		_, err := d.ReadToken()
		return n, err == nil
	}
	value, err := d.ReadValue()
	return &node{raw: string(value)}, err == nil
}

// compactText returns a tree as received, without spaces.
func (n *node) compactText() string { return n.write((*node).compactText) }

func (n *node) write(child func(*node) string) string {
	var b strings.Builder
	switch {
	case n.object:
		b.WriteByte('{')
		for i, key := range n.keys {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(key + ":" + child(n.children[i]))
		}
		b.WriteByte('}')
	case n.array:
		b.WriteByte('[')
		for i, c := range n.children {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(child(c))
		}
		b.WriteByte(']')
	default:
		b.WriteString(n.raw)
	}
	return b.String()
}

// only returns the value of an object whose only key is key, else nil.
func (n *node) only(key string) *node {
	if n != nil && n.object && len(n.keys) == 1 && n.keys[0] == `"`+key+`"` {
		return n.children[0]
	}
	return nil
}

func (n *node) isString() bool { return n != nil && !n.object && !n.array && n.raw[0] == '"' }

func (n *node) get(key string) *node {
	for i, k := range n.keys {
		if k == `"`+key+`"` {
			return n.children[i]
		}
	}
	return nil
}

// row returns a tree in the form that rows use.
func (n *node) row() string {
	if !n.object || len(n.keys) == 0 || !strings.HasPrefix(n.keys[0], `"@`) {
		return n.write((*node).row)
	}
	if v := n.only("@ref"); v != nil {
		if ref := v.ref(); ref != "" {
			return ref
		}
	}
	for _, key := range []string{"@ts", "@date"} {
		if v := n.only(key); v.isString() {
			return v.raw
		}
	}
	if v := n.only("@bytes"); v.isString() {
		return strings.NewReplacer(`\\`, `\\`, `\"`, `\"`, `\/`, "_", "/", "_", "+", "-", `\u002b`, "-", `\u002B`, "-", `\u002f`, "_", `\u002F`, "_").Replace(v.raw)
	}
	for _, key := range []string{"@set", "@query"} {
		if v := n.only(key); v != nil && v.object {
			return quoteText(n.wire())
		}
	}
	if v := n.only("@obj"); v != nil && v.object {
		if n.stored() {
			return quoteText(v.wire())
		}
		return v.write((*node).row)
	}
	return n.compactText()
}

func quoteText(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

// wire returns a tree as received, with stored sets without their "@obj".
func (n *node) wire() string {
	if n.stored() {
		return n.children[0].wire()
	}
	return n.write((*node).wire)
}

// stored reports whether n is {"@obj":{"@set":…}} with the keys of a set.
func (n *node) stored() bool { return n.only("@obj").only("@set").setKeys() }

func (n *node) refOrSet() bool {
	if v := n.only("@ref"); v != nil {
		return v.object
	}
	return n.only("@set").setKeys() || n.stored()
}

func (n *node) setKeys() bool {
	if n == nil || !n.object {
		return false
	}
	seen := map[string]bool{}
	for _, key := range n.keys {
		if seen[key] {
			return false
		}
		seen[key] = true
	}
	operand, others := "", ""
	switch {
	case seen[`"documents"`]:
		operand = "documents"
	case seen[`"match"`]:
		operand = "match"
		if len(seen) == 2 {
			others = "terms"
		}
	case seen[`"events"`]:
		operand = "events"
	case seen[`"singleton"`]:
		operand = "singleton"
	case seen[`"distinct"`]:
		operand = "distinct"
	case seen[`"reverse"`]:
		operand = "reverse"
	case seen[`"range"`]:
		operand, others = "range", "from to"
	case seen[`"filter"`]:
		operand, others = "collection", "filter"
	case seen[`"join"`]:
		operand, others = "join", "with"
	case seen[`"union"`]:
		operand = "union"
	case seen[`"intersection"`]:
		operand = "intersection"
	case seen[`"difference"`]:
		operand = "difference"
	default:
		return false
	}
	for _, key := range append(strings.Fields(others), operand) {
		if !seen[`"`+key+`"`] {
			return false
		}
	}
	if len(seen) != 1+len(strings.Fields(others)) {
		return false
	}
	v := n.get(operand)
	if strings.Contains("union intersection difference", operand) && v.array && len(v.children) > 0 {
		for _, member := range v.children {
			if !member.refOrSet() {
				return false
			}
		}
		return true
	}
	return v.refOrSet()
}

// ref returns the row form of a value of "@ref", "" if it is none.
func (n *node) ref() string {
	if !n.object {
		return ""
	}
	doubled := func(n *node) bool {
		seen := map[string]int{}
		for _, key := range n.keys {
			seen[key]++
		}
		return seen[`"id"`] > 1 || seen[`"collection"`] > 1 && n.get("collection").parent() != nil
	}
	id := n.get("id")
	if !id.isString() || doubled(n) {
		return ""
	}
	odd := func(n *node) bool {
		for _, key := range n.keys {
			if key != `"id"` && key != `"collection"` && key != `"database"` {
				return true
			}
		}
		return false
	}
	kind, collection := "unknown", ""
	if p := n.get("collection").parent(); p != nil && !odd(n) && !odd(p) {
		name, up := p.get("id").raw, p.get("collection")
		switch g := up.parent(); {
		case up == nil:
			kinds := map[string]string{
				`"collections"`: "collection", `"databases"`: "database", `"indexes"`: "index", `"functions"`: "function",
				`"roles"`: "role", `"access_providers"`: "access_provider", `"keys"`: "key", `"tokens"`: "token", `"credentials"`: "credential",
			}
			if k := kinds[name]; k != "" {
				kind = k
			}
		case g != nil && !odd(g) && g.get("collection") == nil && g.get("id").raw == `"collections"`:
			kind, collection = "document", `,"collection":`+name
		}
	}
	return `{"id":` + id.raw + collection + `,"type":"` + kind + `"}`
}

// parent returns the value of a {"@ref":…} with an id, else nil.
func (n *node) parent() *node {
	v := n.only("@ref")
	if v == nil || !v.object || !v.get("id").isString() {
		return nil
	}
	return v
}
