package emulator

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"
)

// rank orders values by type; null comes last.
func rank(v value) int {
	switch v.(type) {
	case int64, float64:
		return 0
	case bytesValue:
		return 1
	case string:
		return 2
	case array:
		return 3
	case *object, *page, *docValue:
		return 4
	case *ref, *set:
		return 5
	case time.Time:
		return 6
	case dateValue:
		return 7
	case bool:
		return 8
	case nil:
		return 10
	}
	return 9
}

// compareValues is the order of elements in a set: by type, then by value.
func compareValues(a, b value) int {
	if ra, rb := rank(a), rank(b); ra != rb {
		return cmp.Compare(ra, rb)
	}
	switch a := a.(type) {
	case int64, float64:
		x, isX := a.(int64)
		y, isY := b.(int64)
		if isX && isY {
			return cmp.Compare(x, y)
		}
		return cmp.Compare(toFloat(a), toFloat(b))
	case string:
		return strings.Compare(a, b.(string))
	case bytesValue:
		return cmp.Compare(a, b.(bytesValue))
	case uuidValue:
		b, _ := b.(uuidValue)
		return cmp.Compare(a, b)
	case bool:
		return cmp.Compare(number(a), number(b.(bool)))
	case time.Time:
		return a.Compare(b.(time.Time))
	case dateValue:
		return cmp.Compare(a, b.(dateValue))
	case array:
		return compareTuples(a, b.(array))
	case *ref:
		if b, ok := b.(*ref); ok {
			return a.compare(b)
		}
		return -1
	case *object, *page, *docValue:
		oa, _ := asObject(a)
		ob, _ := asObject(b)
		if c := compareTuples(oa.vals, ob.vals); c != 0 {
			return c
		}
		return cmp.Compare(strings.Join(oa.keys, "\x00"), strings.Join(ob.keys, "\x00"))
	}
	return 0
}

func compareTuples(a, b []value) int {
	for i := range min(len(a), len(b)) {
		if c := compareValues(a[i], b[i]); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// sameValue implements Equals: numbers are equal by value, as Java's Double.compare
// has it.
func sameValue(a, b value) bool {
	if rank(a) != rank(int64(0)) || rank(b) != rank(a) || is[int64](a) && is[int64](b) {
		return equal(a, b)
	}
	x, y := toFloat(a), toFloat(b)
	return x == y && math.Signbit(x) == math.Signbit(y) || math.IsNaN(x) && math.IsNaN(y)
}

// equal compares what is inside of values: whole numbers are not doubles there, and
// the order of keys does not count.
func equal(a, b value) bool {
	switch a := a.(type) {
	case *ref:
		b, ok := b.(*ref)
		return ok && *a == *b
	case array:
		b, ok := b.(array)
		return ok && slices.EqualFunc(a, b, equal)
	case *object, *page, *docValue:
		oa, _ := asObject(a)
		ob, ok := asObject(b)
		if !ok || len(oa.keys) != len(ob.keys) {
			return false
		}
		for i, k := range oa.keys {
			v, ok := ob.field(k)
			if !ok || !equal(oa.vals[i], v) {
				return false
			}
		}
		return true
	case *set:
		b, ok := b.(*set)
		return ok && rendered(a) == rendered(b)
	case *lambda:
		b, ok := b.(*lambda)
		return ok && (a == b || equal(a.shown(), b.shown()))
	case time.Time:
		b, ok := b.(time.Time)
		return ok && a.Equal(b)
	}
	return a == b
}
