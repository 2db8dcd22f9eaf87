package emulator

import (
	"fmt"
	"time"
)

// storable returns a value as a document holds it: without nulls, and with sets as
// objects. A real server fails on a set that can't be stored.
func storable(v value) value {
	switch v := v.(type) {
	case array:
		out := make(array, 0, len(v))
		for _, el := range v {
			if el != nil {
				out = append(out, storable(el))
			}
		}
		return out
	case *page, *docValue, *object:
		o, _ := asObject(v)
		return storableObject(o)
	case *set:
		if !v.storable() {
			panic(internalError("java.lang.IllegalStateException: Unknown set."))
		}
		return storable(v.stored())
	case *lambda:
		l := *v
		l.bound = nil
		return &l
	}
	return v
}

func storableObject(o *object) *object {
	out := &object{}
	for i, k := range o.keys {
		if o.vals[i] != nil {
			out.add(k, storable(o.vals[i]))
		}
	}
	return out
}

// checkRefs fails for a write's parameters with refs that are unresolved or point
// into another database. The fields in the error are paths from the root of the
// request.
func checkRefs(o *object, at *position) {
	var bad []failure
	var walk func(v value, at *position)
	walk = func(v value, at *position) {
		text := ""
		switch v := v.(type) {
		case array:
			for i, el := range v {
				walk(el, at.nth(i))
			}
		case *object:
			for i, k := range v.keys {
				walk(v.vals[i], at.child(k))
			}
		case *ref:
			if v.unresolved() {
				text = "Cannot read reference."
			} else if v.scope != nil {
				text = "Reference cannot be scoped."
			}
		}
		if text != "" {
			var field []string
			for _, step := range at.path() {
				field = append(field, fmt.Sprint(step))
			}
			bad = append(bad, failure{field, "invalid reference", text})
		}
	}
	walk(o, at)
	validate(at, bad)
}

// documentFields returns the fields of a document to be stored: data and ttl first,
// without credentials. at is the position of errors.
func documentFields(o *object, at *position) *object {
	in, out := storableObject(o), &object{}
	var bad []failure
	if data, ok := in.field("data"); ok {
		if d, isObject := data.(*object); !isObject {
			bad = append(bad, wrongType(data, "Map", "data"))
		} else if len(d.keys) > 0 {
			out.add("data", d)
		}
	}
	if ttl, ok := in.field("ttl"); ok {
		if _, isTime := ttl.(time.Time); !isTime {
			bad = append(bad, wrongType(ttl, "Time", "ttl"))
		}
		out.add("ttl", ttl)
	}
	for i, k := range in.keys {
		switch k {
		case "data", "ttl", "ref", "ts", "credentials", "class":
		default:
			out.add(k, in.vals[i])
		}
	}
	validate(at, bad)
	return out
}

// wrongType is the failure of a field whose value has another type. A real
// server uses its names of stored types here.
func wrongType(v value, want string, field ...string) failure {
	name := typeName(v)
	switch v.(type) {
	case int64:
		name = "Long"
	case *ref:
		name = "Ref"
	case *lambda:
		name = "Query"
	case *object, *page, *docValue, *set:
		name = "Map"
	}
	return failure{field, "invalid type", fmt.Sprintf("Invalid type %s, expected type %s.", name, want)}
}
