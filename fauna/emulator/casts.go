package emulator

import "time"

// A cast checks an argument of a form and returns what the form works with. It
// fails at the argument's position. A ref to a missing item has its own error
// wherever a ref or a set can stand.
type cast func(v value, at *position) value

// casts are the types of arguments, by their names in the keys of forms.
var casts = map[string]cast{
	"array":      only[array]("Array"),
	"boolean":    only[bool]("Boolean"),
	"integer":    only[int64]("Integer"),
	"lambda":     only[*lambda]("Lambda"),
	"object":     only[*object]("Object"),
	"string":     only[string]("String"),
	"number":     asNumber,
	"time":       func(v value, at *position) value { return asMicros(v, at) },
	"temporal":   asTemporal,
	"unit":       asUnit,
	"null":       asNull,
	"any":        func(v value, _ *position) value { return v },
	"term":       asTerm,
	"action":     asAction,
	"ref":        refTo("Ref", func(*ref) bool { return true }),
	"collection": refTo("Collection Ref", func(r *ref) bool { return r.native || r.class == clsCollections }),
	"database":   refTo("Database Ref", isDatabase),
	"home":       orName(refTo("Identifier", func(*ref) bool { return true })),
	"index":      orName(refTo("Identifier", func(r *ref) bool { return r.class == clsIndexes && !r.native })),
	"function":   orName(refTo("Identifier", func(r *ref) bool { return r.class == clsFunctions && !r.native })),
	"identifier": asIdentifier,
	"unresolved": asUnresolved,
	"set":        asSet,
	"iterable":   asIterable,
	"operand":    asOperand,
}

// only accepts one Go type.
func only[T value](want string) cast {
	return func(v value, at *position) value {
		if _, ok := v.(T); !ok {
			panic(expected(at, want, v))
		}
		return v
	}
}

// refTo accepts refs to what exists.
func refTo(want string, accepts func(r *ref) bool) cast {
	return func(v value, at *position) value {
		if r, ok := v.(*ref); ok {
			if r.mustExist(at); accepts(r) {
				return r
			}
		}
		panic(expected(at, want, v))
	}
}

func isDatabase(r *ref) bool { return r.class == clsDatabases && !r.native }

// orName accepts a name as well.
func orName(other cast) cast {
	return func(v value, at *position) value {
		if _, ok := v.(string); ok {
			return v
		}
		return other(v, at)
	}
}

// each accepts an array of what one accepts, or just that; it returns an array.
// All errors are reported. If some is set, the array must not be empty.
func (one cast) each(some bool) cast {
	return func(v value, at *position) value {
		list, isArray := v.(array)
		if !isArray {
			return array{one(v, at)}
		}
		if len(list) == 0 && some {
			panic(invalidArgument(at, "Non-empty array expected."))
		}
		out := make(array, len(list))
		each(list, func(i int, v value) { out[i] = one(v, at.nth(i)) })
		return out
	}
}

func asNumber(v value, at *position) value {
	if rank(v) != rank(int64(0)) {
		panic(expected(at, "Number", v))
	}
	return v
}

func asNull(v value, at *position) value {
	if v != nil {
		panic(expected(at, "Null", v))
	}
	return nil
}

// asMicros returns a time, or a number of microseconds, as microseconds.
func asMicros(v value, at *position) int64 {
	switch v := v.(type) {
	case int64:
		return v
	case time.Time:
		return micros(v)
	}
	panic(expected(at, "Time", v))
}

func asTemporal(v value, at *position) value {
	switch v.(type) {
	case time.Time, dateValue:
		return v
	}
	panic(expected(at, "Temporal", v))
}

func asUnit(v value, at *position) value {
	text, _ := v.(string)
	if units[trimmed(text)] == 0 {
		panic(expected(at, "Time Unit", v))
	}
	return v
}

// asAction is an action on a document.
func asAction(v value, at *position) value {
	switch v {
	case "create", "update", "delete":
		return v
	}
	panic(invalidArgument(at, "String 'create', 'update', or 'delete' expected, %s provided.", typeName(v)))
}

func asTerm(v value, at *position) value {
	if r, ok := v.(*ref); ok && r.unresolved() {
		panic(expected(at, "Any", v))
	}
	return v
}

// asUnresolved returns a ref, or the set of a set or of a native class.
func asUnresolved(v value, at *position) value {
	switch v := v.(type) {
	case *set:
		return v
	case *ref:
		if v.native {
			return &set{kind: setNative, ref: v}
		}
		return v
	}
	panic(expected(at, "Ref or Set", v))
}

func asIdentifier(v value, at *position) value {
	v = asUnresolved(v, at)
	if r, ok := v.(*ref); ok {
		r.mustExist(at)
	}
	return v
}

func asSet(v value, at *position) value { return setOr("Set", v, at) }

// setOr is the set of a set or of a native class; want says what could stand in
// its place.
func setOr(want string, v value, at *position) value {
	if s, ok := toSet(v); ok {
		return s
	}
	if r, ok := v.(*ref); ok {
		r.mustExist(at)
	}
	panic(expected(at, want, v))
}

func toSet(v value) (*set, bool) {
	if r, ok := v.(*ref); ok && r.native {
		return &set{kind: setNative, ref: r}, true
	}
	s, ok := v.(*set)
	return s, ok
}

func asIterable(v value, at *position) value {
	switch v.(type) {
	case array, *page:
		return v
	}
	return setOr("Array, Set, or Page", v, at)
}

// asOperand is an operand of Union and its like.
func asOperand(v value, at *position) value {
	if _, isPage := v.(*page); isPage {
		panic(expected(at, "Set or Array", v))
	}
	return asIterable(v, at)
}
