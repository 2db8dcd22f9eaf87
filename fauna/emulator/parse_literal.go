package emulator

import (
	"cmp"
	"regexp"
	"strconv"
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

// tagged reads an object with a single key @ref, @ts, and so on.
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
		text, err := fql.DecodeBytes(in.Text)
		if v, ok = bytesValue(text), err == nil; !ok && isText { // a real server fails inside here
			panic(internalError("java.lang.IllegalArgumentException: Illegal base64 character."))
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

// refLiteral reads the content of @ref: an object, or the text of old versions.
func (p *parser) refLiteral(j *fql.Node, at *position) value {
	if j.Kind == fql.String {
		if r := p.refPath(strings.Split(j.Text, "/")); r != nil {
			return r
		}
	}
	if j.Kind != fql.Object {
		panic(invalidExpression(at, "Invalid ref."))
	}
	return p.refObject(j, at)
}

func (p *parser) refObject(j *fql.Node, at *position) *ref {
	if j.Kind == fql.Object && len(j.Keys) == 1 && j.Keys[0] == "@ref" {
		return p.refObject(j.Items[0], at)
	}
	id, parent, home := j.Member("id"), cmp.Or(j.Member("collection"), j.Member("class")), j.Member("database")
	place := at.child("id")
	switch {
	case j.Kind != fql.Object || id == nil:
		panic(invalidArgument(at, "Ref expected, %s provided.", jsonType(j)))
	case id.Kind != fql.String && jsonType(id) != "Integer":
		panic(invalidArgument(place, "String or Integer expected, %s provided.", jsonType(id)))
	}
	var scope *database
	if home != nil {
		db := refTo("Database Ref", isItem(clsDatabases))(p.refObject(home, at.child("database")), at.child("database")).(*ref)
		if scope = db.item.child; scope == p.tx.db {
			scope = nil
		}
	}
	if parent == nil {
		c, ok := classByName(id.Text)
		if !ok {
			panic(invalidArgument(place, "Valid native collection name expected, '%s' provided.", id.Text))
		}
		return &ref{class: c, native: true, scope: scope}
	}
	in := p.refObject(parent, at.child("class"))
	switch {
	case !in.native && in.class != clsCollections:
		panic(expected(at.child("class"), "Collection Ref", in))
	case in.native && in.class.named():
		r := cmp.Or(scope, p.tx.db).named(in.class, id.Text)
		r.scope = scope
		return r
	case scope != nil:
		panic(invalidArgument(at.child("database"), "Null expected, Database Ref provided."))
	}
	return in.member(numericID(scalar(id), place))
}

// refPath reads a ref as old versions wrote it: collections/users/123.
func (p *parser) refPath(parts []string) *ref {
	c, ok := classByName(parts[0])
	if !ok {
		return nil
	}
	r := &ref{class: c, native: true}
	if len(parts) > 1 && c.named() {
		r = p.tx.db.named(c, parts[1])
		parts = parts[1:]
	}
	if len(parts) == 1 {
		return r
	}
	id, err := strconv.ParseUint(parts[1], 10, 63)
	if err != nil || len(parts) > 2 || c.named() && c != clsCollections {
		return nil
	}
	return r.member(int64(id))
}

// decodeStored reads a stored value from its wire form. If that fails, the value is an
// empty object.
func decodeStored(db *database, raw []byte) value {
	v := value(&object{})
	if j, err := fql.ParseJSON(raw); err == nil {
		p := &parser{tx: &txn{s: db.server, db: db, api: "4"}}
		_ = catch(func() { v = storable(p.literal(j, nil)) }) // it was checked when it was loaded
	}
	return v
}
