package emulator

import (
	"cmp"
	"encoding/base64"
	"regexp"
	"strings"
)

// literal reads JSON as data: only tagged values are special.
func (p *parser) literal(j *jsonValue, at *position) value {
	switch j.kind {
	case jsonArray:
		out := make(array, len(j.items))
		for i, item := range j.items {
			out[i] = p.literal(item, at.nth(i))
		}
		return out
	case jsonObject:
		if len(j.keys) == 1 && strings.HasPrefix(j.keys[0], "@") {
			return p.tagged(j, at)
		}
		return p.fields(j, at)
	}
	return scalar(j)
}

func (p *parser) fields(j *jsonValue, at *position) *object {
	o := &object{keys: j.keys, vals: make([]value, len(j.items))}
	for i, k := range j.keys {
		o.vals[i] = p.literal(j.items[i], at.child(k))
	}
	return o
}

// tagged reads an object with the one key @ref, @ts, and so on.
func (p *parser) tagged(j *jsonValue, at *position) value {
	tag, in := j.keys[0], j.items[0]
	isText := in.kind == jsonString
	switch tag {
	case "@ref":
		return p.refLiteral(in, at)
	case "@query":
		return p.queryLiteral(in, at)
	case "@set":
		return p.setLiteral(in, at)
	case "@obj":
		if in.kind == jsonObject {
			return p.fields(in, at)
		}
		panic(invalidExpression(at, "Invalid object."))
	case "@ts":
		if t, ok := parseTime(in.text); ok && isText {
			return t
		}
		panic(invalidExpression(at, "Invalid time."))
	case "@date":
		if d, ok := parseDate(in.text); ok && isText {
			return d
		}
		panic(invalidExpression(at, "Invalid date."))
	case "@bytes":
		if !isText {
			panic(invalidExpression(at, "Invalid bytes."))
		}
		b, ok := decodeBytes(in.text)
		if !ok { // a real server fails inside here
			p.whole = internalError("java.lang.IllegalArgumentException: Illegal base64 character.")
		}
		return b
	case "@uuid":
		if isText && uuidPattern.MatchString(in.text) {
			return uuidValue(strings.ToLower(in.text))
		}
		panic(invalidExpression(at, "Invalid UUID."))
	}
	panic(unknownForm(at, j))
}

var uuidPattern = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// queryLiteral reads the content of @query: a lambda without bound variables.
// Without an API version it counts as 2.12.
func (p *parser) queryLiteral(j *jsonValue, at *position) value {
	version := j.get("api_version")
	if j.kind != jsonObject || j.get("lambda") == nil || j.get("expr") == nil ||
		len(j.keys) > 3 || len(j.keys) == 3 && (version == nil || version.kind != jsonString) {
		panic(invalidExpression(at, "Invalid lambda."))
	}
	inner := &parser{tx: p.tx}
	l := inner.lambda(j, at, nil)
	switch {
	case len(inner.unbound) > 0:
		panic(invalidExpression(at, "Invalid lambda."))
	case len(inner.errs) > 0:
		panic(inner.errs[0])
	}
	l.version = "2.12"
	if version != nil {
		l.version = version.text
	}
	return l
}

func decodeBytes(text string) (bytesValue, bool) {
	text = strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(text), "=")
	b, err := base64.RawStdEncoding.DecodeString(text)
	return bytesValue(b), err == nil
}

// refLiteral reads the content of @ref: an object, or the text of old versions.
func (p *parser) refLiteral(j *jsonValue, at *position) value {
	bad := invalidExpression(at, "Invalid ref.")
	if j.kind == jsonString {
		if r := p.refPath(strings.Split(j.text, "/")); r != nil {
			return r
		}
		panic(bad)
	}
	id, parent := j.get("id"), cmp.Or(j.get("collection"), j.get("class"))
	if j.kind != jsonObject || id == nil || id.kind != jsonString && id.kind != jsonLong {
		panic(bad)
	}
	db := p.scopeLiteral(j.get("database"), at.child("database"))
	if parent == nil {
		c, ok := classByName(id.text)
		if id.kind != jsonString || !ok {
			panic(bad)
		}
		return p.scoped(&ref{class: c, native: true}, db)
	}
	r, ok := p.literal(parent, at.child("collection")).(*ref)
	if !ok || r.native && r.class.named() && id.kind != jsonString {
		panic(bad)
	}
	if r.native && r.class.named() {
		return p.scoped(cmp.Or(db, p.tx.db).named(r.class, id.text), db)
	}
	out, why := documentRef(r, scalar(id))
	if why != "" {
		panic(invalidArgument(at.child("id"), "%s", why))
	}
	return out
}

func (p *parser) scopeLiteral(j *jsonValue, at *position) *database {
	if j == nil {
		return nil
	}
	r, ok := p.literal(j, at).(*ref)
	if !ok || r.class != clsDatabases || r.native {
		panic(invalidExpression(at, "Invalid ref."))
	}
	r.mustExist(at)
	return r.item.child
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
	r := &ref{class: c, native: true}
	if len(parts) > 1 && c.named() {
		r = p.tx.db.named(c, parts[1])
		parts = parts[1:]
	}
	if len(parts) > 1 {
		r, _ = documentRef(r, parts[1])
	}
	return r
}

// decodeStored reads a stored value from its wire form; if it can't, the value is
// an empty object.
func decodeStored(db *database, raw []byte) value {
	v := value(&object{})
	if j, err := parseJSON(raw); err == nil {
		p := &parser{tx: &txn{s: db.server, db: db, api: "4"}}
		_ = catch(func() { v = storable(p.literal(j, nil)) }) // it was checked when it was loaded
	}
	return v
}
