package emulator

import (
	"fmt"
	"slices"
	"time"

	"fauna-export/fauna/fql"
)

// A mask names the fields that are kept of an object, each with the mask of what
// is inside; nil keeps all. An object without fields is not kept.
type mask map[string]mask

// masks are the fields of each class. A real server drops all others.
var masks = [classes]mask{
	clsDocument:        {"data": nil, "constraints": nil, "ttl": nil},
	clsCollections:     {"data": nil, "history_days": nil, "ttl_days": nil, "name": nil},
	clsDatabases:       {"data": nil, "name": nil, "priority": nil, "global_id": nil},
	clsIndexes:         {"data": nil, "name": nil, "source": nil, "terms": fieldMask, "values": fieldMask, "active": nil, "partitions": nil, "unique": nil, "serialized": nil},
	clsFunctions:       {"data": nil, "name": nil, "role": nil, "body": nil, "signature": nil},
	clsRoles:           {"data": nil, "name": nil, "membership": {"resource": nil, "predicate": nil}, "privileges": {"resource": nil, "actions": actions}},
	clsAccessProviders: {"data": nil, "name": nil, "issuer": nil, "jwks_uri": nil, "roles": nil, "audience": nil},
	clsKeys:            {"data": nil, "role": nil, "database": nil, "priority": nil, "ttl": nil, "hashed_secret": nil},
}

var fieldMask = mask{"field": nil, "binding": nil, "reverse": nil, "mva": nil, "transform": nil}

// actions are all actions that a privilege can have.
var actions = mask{actRead: nil, actWrite: nil, actCreate: nil, actCreateWithID: nil, actDelete: nil,
	actHistoryRead: nil, actHistoryWrite: nil, actUnrestricted: nil, actCall: nil}

// defaults are the fields of a new item that were not given.
var defaults = [classes]*object{
	clsCollections: newObject("history_days", int64(0)),
	clsIndexes:     newObject("active", false, "serialized", true),
	clsDatabases:   {}, clsFunctions: {}, clsRoles: {}, clsAccessProviders: {}, clsKeys: {},
}

// of returns an object with the fields of the mask, in the object's order.
func (m mask) of(o *object) *object {
	if m == nil {
		return o
	}
	out := &object{}
	for i, k := range o.keys {
		inner, kept := m[k]
		v := o.vals[i]
		switch in := v.(type) {
		case *object:
			in = inner.of(in)
			v, kept = in, kept && len(in.keys) > 0
		case array:
			list := slices.Clone(in)
			for i, el := range list {
				if el, ok := el.(*object); ok {
					list[i] = inner.of(el)
				}
			}
			v = list
		}
		if kept {
			out.add(k, v)
		}
	}
	return out
}

// fit returns the fields that a document or an item stores. It fails, at a
// position, if they are not valid.
func (e *env) fit(c class, o *object, at *position) *object {
	out := masks[c].of(storableObject(o))
	var bad, unknown []failure
	if c == clsKeys {
		_, bad, unknown = e.tx.db.readKey(out)
	}
	bad = append(bad, unfit(c, out)...)
	if c != clsDocument {
		bad = append(bad, e.lostRefs(out)...)
	}
	validate(at, append(bad, unknown...))
	return out
}

// unfit finds what is wrong with the fields of a document or an item, in a real
// server's order.
func unfit(c class, o *object) []failure {
	var bad []failure
	typed := func(name, want string, fits func(v value) bool) {
		if v := o.get(name); v != nil && !fits(v) {
			bad = append(bad, wrongType(v, want, name))
		}
	}
	typed("data", "Map", is[*object])
	switch c {
	case clsDocument, clsKeys:
		typed("ttl", "Time", is[time.Time])
		return bad
	case clsCollections:
		typed("history_days", "Long", is[int64])
		typed("ttl_days", "Long", is[int64])
		if days, _ := o.get("history_days").(int64); days < 0 {
			bad = append(bad, failure{array{"history_days"}, "non-negative value required", "Value must be non-negative."})
		}
	}
	bad = append(bad, unfitName(o.get("name"))...)
	switch c {
	case clsIndexes:
		_, _, _, wrong := readIndex(o)
		bad = append(bad, wrong...)
	case clsRoles:
		bad = append(bad, unfitRole(o)...)
	case clsFunctions:
		if o.get("body") == nil {
			bad = append(bad, missing("body"))
		}
		typed("body", "Query", is[*lambda])
	}
	return bad
}

func is[T value](v value) bool {
	_, ok := v.(T)
	return ok
}

// missing is the failure for a missing required field.
func missing(field string) failure {
	return failure{array{field}, "value required", "Required value not found."}
}

func badReference(field ...value) failure {
	return failure{field, "invalid reference", "Cannot read reference."}
}

// unfitName returns what is wrong with an item's name.
func unfitName(v value) []failure {
	name, ok := v.(string)
	switch {
	case v == nil:
		return []failure{missing("name")}
	case !ok:
		return []failure{wrongType(v, "Name", "name")}
	case name == "_":
		return []failure{{array{"name"}, "reserved name", "Invalid name _. Reserved names: _."}}
	case fql.CheckName(name) != nil:
		return []failure{{array{"name"}, "invalid characters",
			fmt.Sprintf(`The name %s uses invalid characters. Valid characters must match: [;@+$\-_.!~%%\w]+`, name)}}
	}
	return nil
}

// unfitRole returns what is wrong with a role's privileges. A string passes the
// first check and fails a second one, whose error has the whole path.
func unfitRole(in *object) []failure {
	var bad, texts []failure
	check := func(v value, want, stored string, fits func(v value) bool, path ...value) {
		if is[string](v) {
			texts = append(texts, wrongType(v, stored, append(array{"privileges"}, path...)...))
		} else if v != nil && !fits(v) {
			bad = append(bad, wrongType(v, want, path...))
		}
	}
	for _, p := range asArray(in.get("privileges")) {
		o, ok := p.(*object)
		if !ok {
			bad = append(bad, wrongType(p, "Map", "privileges"))
			continue
		}
		check(o.get("resource"), "Ref", "Ref", is[*ref], "resource")
		acts, ok := o.get("actions").(*object)
		if !ok {
			if v := o.get("actions"); v != nil {
				bad = append(bad, wrongType(v, "Map", "actions"))
			}
			continue
		}
		for i, action := range acts.keys {
			check(acts.vals[i], "RoleAction", "Query", func(v value) bool { return is[bool](v) || is[*lambda](v) }, "actions", action)
		}
	}
	if len(bad) > 0 {
		return bad
	}
	return texts
}

// lostRefs finds refs to what does not exist.
func (e *env) lostRefs(o *object) []failure {
	var bad []failure
	eachRef(o, nil, false, func(r *ref, path array) {
		if !r.native && e.present(r) == nil {
			bad = append(bad, failure{path, "invalid reference", "Reference was not found."})
		}
	})
	return bad
}
