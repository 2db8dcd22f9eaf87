package emulator

import (
	"encoding/base64"
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

// A node is one expression of a request, with its place in it.
type node struct {
	kind    nodeKind
	at      *position
	lit     value
	escaped bool     // a literal that was sent as @obj
	name    string   // of a variable
	keys    []string // of an object or a Let
	args    []*node  // elements, fields, bindings and body, or a form's arguments; nil where not given
	lam     *lambda
	form    *form
}

// A form is one function of FQL, known by the exact set of its keys.
type form struct {
	keys     []string
	required int // the first so many keys must be there
	eval     func(e *env, n *node) (value, error)
	parse    func(p *parser, j *jsonValue, at *position, vars *names) *node // nil: all arguments are expressions
	write    bool                                                           // it may change the store: the query must exclude others
	effect   bool                                                           // it does; refused where nothing may be written
	data     bool                                                           // it reads the store
}

// A formTable finds forms by each of their required keys.
type formTable map[string][]*form

// add registers a form; keys that end in "?" may be left out.
func (t formTable) add(keys string, eval func(e *env, n *node) (value, error)) *form {
	f := &form{eval: eval}
	for _, k := range strings.Fields(keys) {
		name, optional := strings.CutSuffix(k, "?")
		if !optional {
			f.required++
		}
		f.keys = append(f.keys, name)
	}
	t[f.keys[0]] = append(t[f.keys[0]], f)
	return f
}

// changes marks a form that writes.
func (f *form) changes() { f.write, f.effect = true, true }

func (f *form) matches(j *jsonValue) bool {
	if len(j.keys) < f.required || len(j.keys) > len(f.keys) {
		return false
	}
	for i, k := range f.keys {
		if i < f.required && j.get(k) == nil {
			return false
		}
	}
	for _, k := range j.keys {
		known := false
		for _, name := range f.keys {
			known = known || name == k
		}
		if !known {
			return false
		}
	}
	return true
}

func (t formTable) find(j *jsonValue) *form {
	for _, k := range j.keys {
		for _, f := range t[k] {
			if f.matches(j) {
				return f
			}
		}
	}
	return nil
}

// names are the variables in sight.
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

// A parser turns JSON into nodes and gathers all that is wrong with it.
type parser struct {
	tx    *txn
	errs  queryErrors
	whole error // of the request as a whole
}

func (p *parser) fail(err *queryError) *node {
	p.errs = append(p.errs, err)
	return &node{at: err.at}
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
			v, err := p.tagged(j, at)
			if err != nil {
				return p.fail(err)
			}
			return &node{at: at, lit: v, escaped: j.keys[0] == "@obj"}
		}
		f := p.tx.s.forms.find(j)
		if f == nil {
			return p.fail(invalidExpression(at, "No form/function found, or invalid argument keys: { %s }.", strings.Join(j.keys, ", ")))
		}
		if f.parse != nil {
			return f.parse(p, j, at, vars)
		}
		n := &node{kind: nodeForm, at: at, form: f, args: make([]*node, len(f.keys))}
		for i, k := range j.keys { // in the order in which they were sent, for the order of errors
			for a, name := range f.keys {
				if name == k {
					n.args[a] = p.expression(j.items[i], at.child(k), vars)
				}
			}
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

// literal reads JSON as data: only tagged values mean something.
func (p *parser) literal(j *jsonValue, at *position) (value, *queryError) {
	switch j.kind {
	case jsonArray:
		out := make(array, len(j.items))
		for i, item := range j.items {
			v, err := p.literal(item, at.nth(i))
			if err != nil {
				return nil, err
			}
			out[i] = v
		}
		return out, nil
	case jsonObject:
		if len(j.keys) == 1 && strings.HasPrefix(j.keys[0], "@") {
			return p.tagged(j, at)
		}
		return p.fields(j, at)
	}
	return scalar(j), nil
}

func (p *parser) fields(j *jsonValue, at *position) (*object, *queryError) {
	o := &object{}
	for i, k := range j.keys {
		v, err := p.literal(j.items[i], at.child(k))
		if err != nil {
			return nil, err
		}
		o.add(k, v)
	}
	return o, nil
}

// tagged reads an object with the one key @ref, @ts, and so on.
func (p *parser) tagged(j *jsonValue, at *position) (value, *queryError) {
	tag, in := j.keys[0], j.items[0]
	place := at.child(tag)
	switch tag {
	case "@obj":
		if in.kind != jsonObject {
			return nil, invalidExpression(place, "Invalid object.")
		}
		return p.fields(in, place)
	case "@ts":
		t, ok := parseTime(in.text)
		if in.kind != jsonString || !ok {
			return nil, invalidExpression(place, "Invalid time.")
		}
		return t, nil
	case "@date":
		d, ok := parseDate(in.text)
		if in.kind != jsonString || !ok {
			return nil, invalidExpression(place, "Invalid date.")
		}
		return d, nil
	case "@bytes":
		b, ok := decodeBytes(in.text)
		if in.kind != jsonString {
			return nil, invalidExpression(place, "Invalid bytes.")
		}
		if !ok && p.whole == nil { // a real server fails inside here
			p.whole = internalError("java.lang.IllegalArgumentException: Illegal base64 character.")
		}
		return b, nil
	case "@ref":
		return p.refLiteral(in, place)
	case "@query":
		if in.kind != jsonObject || in.get("lambda") == nil || in.get("expr") == nil {
			return nil, invalidExpression(place, "Invalid query.")
		}
		l := p.lambda(in, place, nil)
		if v := in.get("api_version"); v != nil && v.kind == jsonString {
			l.version = v.text
		}
		return l, nil
	case "@set":
		return p.setLiteral(in, place)
	}
	return nil, invalidExpression(at, "No form/function found, or invalid argument keys: { %s }.", tag)
}

func decodeBytes(text string) (bytesValue, bool) {
	text = strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(text), "=")
	b, err := base64.RawStdEncoding.DecodeString(text)
	return bytesValue(b), err == nil
}

// refLiteral reads the inside of @ref: an object, or the text of old versions.
func (p *parser) refLiteral(j *jsonValue, at *position) (value, *queryError) {
	if j.kind == jsonString {
		if r := p.refPath(strings.Split(j.text, "/")); r != nil {
			return r, nil
		}
		return nil, invalidExpression(at, "Invalid ref.")
	}
	id, parent := j.get("id"), j.get("collection")
	if parent == nil {
		parent = j.get("class")
	}
	if j.kind != jsonObject || id == nil || id.kind != jsonString && id.kind != jsonLong {
		return nil, invalidExpression(at, "Invalid ref.")
	}
	db, err := p.scopeLiteral(j.get("database"), at.child("database"))
	if err != nil {
		return nil, err
	}
	if parent == nil {
		c, ok := classByName(id.text)
		if id.kind != jsonString || !ok {
			return nil, invalidExpression(at, "Invalid ref.")
		}
		if c == clsDocument {
			c = clsCollections // "classes"
		}
		return p.scoped(&ref{class: c, native: true}, db), nil
	}
	up, err := p.literal(parent, at.child("collection"))
	if err != nil {
		return nil, err
	}
	r, ok := up.(*ref)
	if !ok {
		return nil, invalidExpression(at, "Invalid ref.")
	}
	if r.native && r.class.named() {
		if id.kind != jsonString {
			return nil, invalidExpression(at, "Invalid ref.")
		}
		home := p.tx.db
		if db != nil {
			home = db
		}
		return p.scoped(home.named(r.class, id.text), db), nil
	}
	out, why := documentRef(r, scalar(id))
	if why != "" {
		return nil, invalidArgument(at.child("id"), "%s", why)
	}
	return out, nil
}

func (p *parser) scopeLiteral(j *jsonValue, at *position) (*database, *queryError) {
	if j == nil {
		return nil, nil
	}
	v, err := p.literal(j, at)
	if err != nil {
		return nil, err
	}
	r, ok := v.(*ref)
	if !ok || r.class != clsDatabases || r.native {
		return nil, invalidExpression(at, "Invalid ref.")
	}
	if r.item == nil || r.item.gone {
		return nil, undefinedRef(at, r)
	}
	return r.item.child, nil
}

func (p *parser) scoped(r *ref, db *database) *ref {
	if db != nil && db != p.tx.db {
		r.scope = db
	}
	return r
}

// refPath reads a ref as old versions wrote it: collections/users/123.
func (p *parser) refPath(parts []string) *ref {
	c, ok := classByName(parts[0])
	if !ok || len(parts) > 3 {
		return nil
	}
	if c == clsDocument {
		c = clsCollections
	}
	r := &ref{class: c, native: true}
	if len(parts) > 1 && c.named() {
		r = p.tx.db.named(c, parts[1])
		parts = parts[1:]
	}
	if len(parts) > 1 {
		out, why := documentRef(r, parts[1])
		if why != "" {
			return nil
		}
		return out
	}
	return r
}

// lambda reads the parameters and the body of a lambda.
func (p *parser) lambda(j *jsonValue, at *position, vars *names) *lambda {
	l := &lambda{at: at, source: j.get("expr"), version: p.tx.api}
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
				p.fail(invalidExpression(at.child("lambda").nth(i), "String expected, %s provided.", typeName(scalar(item))))
			}
			l.params = append(l.params, item.text)
		}
	default:
		p.fail(invalidExpression(at.child("lambda"), "String expected, %s provided.", typeName(scalar(params))))
		l.params = []string{"_"}
	}
	for _, name := range l.params {
		vars = &names{name, vars}
	}
	l.body = p.expression(l.source, at.child("expr"), vars)
	return l
}

// needs tells whether the request holds the key of a form that writes, and of
// one that reads. It may be wrong in saying yes.
func (t formTable) needs(j *jsonValue) (write, data bool) {
	for i, item := range j.items {
		if j.kind == jsonObject {
			for _, f := range t[j.keys[i]] {
				write, data = write || f.write, data || f.data || f.write
			}
		}
		w, d := t.needs(item)
		write, data = write || w, data || d
	}
	return write, data
}

// decodeStored reads the wire form of a stored value; what it can't read
// becomes an empty object.
func decodeStored(db *database, raw []byte) value {
	j, err := parseJSON(raw)
	if err != nil {
		return &object{}
	}
	p := &parser{tx: &txn{s: db.server, db: db, api: "4"}}
	v, bad := p.literal(j, nil)
	if bad != nil {
		return &object{}
	}
	v, _ = storable(v, nil)
	return v
}
