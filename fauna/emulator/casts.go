package emulator

import "time"

// A cast checks an argument of a form and returns what the form works with. It
// fails at the argument's position. A ref to a missing item has its own error
// wherever a ref or a set can stand.
type cast func(v value, at *position) value

// casts are the types of arguments, by their names in the keys of forms.
var casts = map[string]cast{
	"array":      accept("Array", is[array]),
	"boolean":    accept("Boolean", is[bool]),
	"integer":    accept("Integer", is[int64]),
	"lambda":     accept("Lambda", is[*lambda]),
	"object":     accept("Object", is[*object]),
	"string":     accept("String", is[string]),
	"number":     asNumber,
	"time":       func(v value, at *position) value { return asMicros(v, at) },
	"temporal":   accept("Temporal", func(v value) bool { return is[time.Time](v) || is[dateValue](v) }),
	"unit":       accept("Time Unit", func(v value) bool { return is[string](v) && units[trimmed(v.(string))] != 0 }),
	"null":       accept("Null", func(v value) bool { return v == nil }),
	"any":        accept("Any", func(value) bool { return true }),
	"term":       accept("Any", func(v value) bool { return !is[*ref](v) || !v.(*ref).unresolved() }),
	"action":     asAction,
	"ref":        refTo("Ref", func(*ref) bool { return true }),
	"collection": refTo("Collection Ref", func(r *ref) bool { return r.native || r.class == clsCollections }),
	"database":   refTo("Database Ref", isItem(clsDatabases)),
	"home":       orName(refTo("Identifier", func(*ref) bool { return true })),
	"index":      orName(refTo("Identifier", isItem(clsIndexes))),
	"function":   orName(refTo("Identifier", isItem(clsFunctions))),
	"identifier": asIdentifier,
	"unresolved": asUnresolved,
	"set":        asSet,
	"iterable":   asIterable,
	"operand":    asOperand,
}

var asNumber = accept("Number", func(v value) bool { return rank(v) == rank(int64(0)) })

// accept is the cast that takes a value as it is, if it fits.
func accept(want string, fits func(v value) bool) cast {
	return func(v value, at *position) value {
		if !fits(v) {
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

// isItem is whether a ref is of an item of a class.
func isItem(of class) func(r *ref) bool {
	return func(r *ref) bool { return r.class == of && !r.native }
}

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

// asAction is an action on a document.
func asAction(v value, at *position) value {
	switch v {
	case "create", "update", "delete":
		return v
	}
	panic(invalidArgument(at, "String 'create', 'update', or 'delete' expected, %s provided.", typeName(v)))
}

// asUnresolved returns a ref, or the set of a set or of a native class.
func asUnresolved(v value, at *position) value {
	if s, ok := toSet(v); ok {
		return s
	}
	return as[*ref](v, "Ref or Set", at)
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
