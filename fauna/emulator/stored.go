package emulator

import (
	"fmt"
	"strconv"
)

// storable returns a value as a document holds it: without nulls, and with sets as
// objects. A real server fails on a set that can't be stored.
func storable(v value) (value, error) {
	switch v := v.(type) {
	case array:
		out := make(array, 0, len(v))
		for _, el := range v {
			if el == nil {
				continue
			}
			in, err := storable(el)
			if err != nil {
				return nil, err
			}
			out = append(out, in)
		}
		return out, nil
	case *page, *docValue:
		o, _ := asObject(v)
		return storable(o)
	case *object:
		out := &object{}
		for i, k := range v.keys {
			if v.vals[i] == nil {
				continue
			}
			in, err := storable(v.vals[i])
			if err != nil {
				return nil, err
			}
			out.add(k, in)
		}
		return out, nil
	case *set:
		if !v.storable() {
			return nil, internalError("java.lang.IllegalStateException: Unknown set.")
		}
		return storable(v.stored())
	case *lambda:
		l := *v
		l.bound = nil
		return &l, nil
	}
	return v, nil
}

// storableObject is storable for an object.
func storableObject(o *object) (*object, error) {
	v, err := storable(o)
	if err != nil {
		return nil, err
	}
	return v.(*object), nil
}

// badRefs lists the refs in a write's parameters that are unresolved or point into
// another database.
func badRefs(v value, path []string) []failure {
	var bad []failure
	deeper := func(step string, v value) {
		bad = append(bad, badRefs(v, append(path[:len(path):len(path)], step))...)
	}
	switch v := v.(type) {
	case array:
		for i, el := range v {
			deeper(strconv.Itoa(i), el)
		}
	case *object:
		for i, k := range v.keys {
			deeper(k, v.vals[i])
		}
	case *ref:
		switch {
		case v.unresolved():
			return []failure{{path, "invalid reference", "Cannot read reference."}}
		case v.scope != nil:
			return []failure{{path, "invalid reference", "Reference cannot be scoped."}}
		}
	}
	return bad
}

// checkRefs returns an error for parameters with such refs. Their fields are
// paths from the root of the request.
func checkRefs(o *object, at *position) error {
	var prefix []string
	for _, p := range at.path() {
		step := p.key
		if step == "" {
			step = strconv.Itoa(p.index)
		}
		prefix = append([]string{step}, prefix...)
	}
	if bad := badRefs(o, prefix); len(bad) > 0 {
		return notValid(at, bad...)
	}
	return nil
}

// params reads the i-th argument, the parameters of a write. They are empty
// only if it was not sent.
func params(n *node, args []value, i int) (*object, error) {
	if !n.given(i) {
		return &object{}, nil
	}
	o, ok := asFields(args[i])
	if !ok {
		return nil, expected(n.place(i), "Object", args[i])
	}
	return o, measure(o)
}

// documentFields returns the fields of a document to be stored: data and ttl first,
// without credentials. at is the position of errors.
func documentFields(o *object, at *position) (*object, error) {
	in, err := storableObject(o)
	if err != nil {
		return nil, err
	}
	var bad []failure
	out := &object{}
	if data, ok := in.field("data"); ok {
		if d, isObject := data.(*object); !isObject {
			bad = append(bad, wrongType(data, "Map", "data"))
		} else if len(d.keys) > 0 {
			out.add("data", d)
		}
	}
	if ttl, ok := in.field("ttl"); ok {
		if _, isTime := ttl.(timeValue); !isTime {
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
	if len(bad) > 0 {
		return nil, notValid(at, bad...)
	}
	return out, nil
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
	default:
		if _, ok := asObject(v); ok {
			name = "Map"
		} else if _, isSet := v.(*set); isSet {
			name = "Map"
		}
	}
	return failure{field, "invalid type", fmt.Sprintf("Invalid type %s, expected type %s.", name, want)}
}
