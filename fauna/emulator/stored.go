package emulator

import (
	"fmt"
	"slices"
	"strconv"
)

// storable returns a value as a document stores it: without nulls, and with sets as
// objects.
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
		return storable(v.shape(true))
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

// eachRef calls f for each ref in a value, with its path, with or without indexes
// of arrays.
func eachRef(v value, path array, indexes bool, f func(r *ref, path array)) {
	switch v := v.(type) {
	case array:
		for i, el := range v {
			at := path
			if indexes {
				at = append(slices.Clip(path), strconv.Itoa(i))
			}
			eachRef(el, at, indexes, f)
		}
	case *object:
		for i, k := range v.keys {
			eachRef(v.vals[i], append(slices.Clip(path), k), indexes, f)
		}
	case *ref:
		f(v, path)
	}
}

// wrongType is the failure of a field whose value has the wrong type. A real server
// uses its names for stored types here.
func wrongType(v value, want string, field ...value) failure {
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
