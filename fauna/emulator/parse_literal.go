package emulator

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"

	"fauna-export/fauna/fql"
)

// literal reads JSON as data: only tagged values are special.
func (p *parser) literal(j *fql.Node, at *position) value {
	switch j.Kind {
	case fql.Array:
		out := make(array, len(j.Items))
		for i, item := range j.Items {
			out[i] = p.literal(item, at.nth(i))
		}
		return out
	case fql.Object:
		if len(j.Keys) == 1 && strings.HasPrefix(j.Keys[0], "@") {
			return p.tagged(j, at)
		}
		return p.fields(j, at)
	}
	return scalar(j)
}

func (p *parser) fields(j *fql.Node, at *position) *object {
	o := &object{keys: j.Keys, vals: make([]value, len(j.Items))}
	for i, k := range j.Keys {
		o.vals[i] = p.literal(j.Items[i], at.child(k))
	}
	return o
}

// tagged reads an object with the one key @ref, @ts, and so on.
func (p *parser) tagged(j *fql.Node, at *position) value {
	tag, in := j.Keys[0], j.Items[0]
	isText := in.Kind == fql.String
	switch tag {
	case "@ref":
		return p.refLiteral(in, at)
	case "@query":
		return p.queryLiteral(in, at)
	case "@set":
		return p.setLiteral(in, at)
	case "@obj":
		if in.Kind == fql.Object {
			return p.fields(in, at)
		}
		panic(invalidExpression(at, "Invalid object."))
	}
	var v value
	var what string
	var ok bool
	switch tag {
	case "@ts":
		what = "time"
		v, ok = parseTime(in.Text)
	case "@date":
		what = "date"
		v, ok = parseDate(in.Text)
	case "@bytes":
		what = "bytes"
		if v, ok = decodeBytes(in.Text); !ok && isText { // a real server fails inside here
			p.whole, ok = internalError("java.lang.IllegalArgumentException: Illegal base64 character."), true
		}
	case "@uuid":
		what = "UUID"
		v, ok = uuidValue(strings.ToLower(in.Text)), uuidPattern.MatchString(in.Text)
	default:
		panic(unknownForm(at, j))
	}
	if !ok || !isText {
		panic(invalidExpression(at, "Invalid %s.", what))
	}
	return v
}

var uuidPattern = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// queryLiteral reads the content of @query: a lambda without bound variables.
// Without an API version it counts as 2.12.
func (p *parser) queryLiteral(j *fql.Node, at *position) value {
	version := j.Member("api_version")
	if j.Kind != fql.Object || j.Member("lambda") == nil || j.Member("expr") == nil ||
		len(j.Keys) > 3 || len(j.Keys) == 3 && (version == nil || version.Kind != fql.String) {
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
		l.version = version.Text
	}
	return l
}

func decodeBytes(text string) (bytesValue, bool) {
	text = strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(text), "=")
	b, err := base64.RawStdEncoding.DecodeString(text)
	return bytesValue(b), err == nil
}

// refLiteral reads the content of @ref: an object, or the text of old versions.
func (p *parser) refLiteral(j *fql.Node, at *position) value {
	bad := invalidExpression(at, "Invalid ref.")
	if j.Kind == fql.String {
		if r := p.refPath(strings.Split(j.Text, "/")); r != nil {
			return r
		}
		panic(bad)
	}
	id, parent := j.Member("id"), cmp.Or(j.Member("collection"), j.Member("class"))
	if j.Kind != fql.Object || id == nil || id.Kind != fql.String && id.Kind != fql.Number {
		panic(bad)
	}
	db := p.scopeLiteral(j.Member("database"), at.child("database"))
	if parent == nil {
		c, ok := classByName(id.Text)
		if id.Kind != fql.String || !ok {
			panic(bad)
		}
		return p.scoped(&ref{class: c, native: true}, db)
	}
	r, ok := p.literal(parent, at.child("collection")).(*ref)
	if !ok || r.native && r.class.named() && id.Kind != fql.String {
		panic(bad)
	}
	if r.native && r.class.named() {
		return p.scoped(cmp.Or(db, p.tx.db).named(r.class, id.Text), db)
	}
	return documentRef(r, scalar(id), at.child("id"))
}

// documentRef makes a ref from its collection's, or from a native class, and
// an id.
func documentRef(parent *ref, id value, at *position) *ref {
	out := &ref{class: parent.class, scope: parent.scope}
	switch {
	case parent.native && parent.class.named():
		out.name = as[string](id, "String", at)
		return out
	case !parent.native && parent.class != clsCollections:
		panic(expected(at, "Collection Ref", parent))
	case !parent.native:
		out.class, out.item, out.name = clsDocument, parent.item, parent.name
	}
	switch id.(type) {
	case int64, string:
		if text := fmt.Sprint(id); text == "" || strings.Trim(text, "0123456789") != "" {
			panic(invalidArgument(at, "Number or numeric String expected, non-numeric '%s' provided.", text))
		}
	}
	out.id = numericID(id, at)
	return out
}

func (p *parser) scopeLiteral(j *fql.Node, at *position) *database {
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
	if len(parts) > 1 && catch(func() { r = documentRef(r, parts[1], nil) }) != nil {
		return nil
	}
	return r
}

// decodeStored reads a stored value from its wire form; if it can't, the value is
// an empty object.
func decodeStored(db *database, raw []byte) value {
	v := value(&object{})
	if j, err := fql.ParseJSON(raw); err == nil {
		p := &parser{tx: &txn{s: db.server, db: db, api: "4"}}
		_ = catch(func() { v = storable(p.literal(j, nil)) }) // it was checked when it was loaded
	}
	return v
}
