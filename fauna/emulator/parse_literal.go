package emulator

import (
	"encoding/base64"
	"regexp"
	"strings"
)

// literal reads JSON as data: only tagged values are special.
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
	place := at
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
		return p.queryLiteral(in, place)
	case "@uuid":
		if in.kind != jsonString || !uuidPattern.MatchString(in.text) {
			return nil, invalidExpression(place, "Invalid UUID.")
		}
		return uuidValue(strings.ToLower(in.text)), nil
	case "@set":
		return p.setLiteral(in, place)
	}
	return nil, invalidExpression(at, "No form/function found, or invalid argument keys: { %s }.", tag)
}

var uuidPattern = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// queryLiteral reads the content of @query: a lambda without bound variables.
// Without an API version it counts as 2.12.
func (p *parser) queryLiteral(j *jsonValue, at *position) (value, *queryError) {
	bad := invalidExpression(at, "Invalid lambda.")
	version := j.get("api_version")
	if j.kind != jsonObject || j.get("lambda") == nil || j.get("expr") == nil ||
		len(j.keys) > 3 || len(j.keys) == 3 && (version == nil || version.kind != jsonString) {
		return nil, bad
	}
	inner := &parser{tx: p.tx}
	l := inner.lambda(j, at, nil)
	switch {
	case len(inner.unbound) > 0:
		return nil, bad
	case len(inner.errs) > 0:
		return nil, inner.errs[0]
	}
	l.version = "2.12"
	if version != nil {
		l.version = version.text
	}
	return l, nil
}

func decodeBytes(text string) (bytesValue, bool) {
	text = strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(text), "=")
	b, err := base64.RawStdEncoding.DecodeString(text)
	return bytesValue(b), err == nil
}

// refLiteral reads the content of @ref: an object, or the text of old versions.
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

// decodeStored reads a stored value from its wire form; if it can't, the value is
// an empty object.
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
	if v, err = storable(v); err != nil {
		return &object{}
	}
	return v
}
