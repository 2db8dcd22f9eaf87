package emulator

import (
	"math"
	"math/bits"
)

func (t formTable) addNumbers() {
	arithmetic := func(head string, op func(a, b value) (value, bool)) {
		t.add(head, variadic(func(_ *env, n *node, list []value, place func(int) *position) (value, error) {
			var errs error
			for i, v := range list {
				if rank(v) != 0 {
					errs = join(errs, expected(place(i), "Number", v))
				}
			}
			if errs != nil {
				return nil, errs
			}
			if len(list) == 0 {
				return nil, invalidArgument(n.place(0), "Non-empty array expected.")
			}
			acc := list[0]
			for _, v := range list[1:] {
				out, ok := op(acc, v)
				if !ok {
					return nil, invalidArgument(n.at, "Illegal division by zero.")
				}
				acc = out
			}
			return acc, nil
		}))
	}
	arithmetic("add", func(a, b value) (value, bool) { return addNumbers(a, b), true })
	arithmetic("subtract", func(a, b value) (value, bool) {
		return onNumbers(a, b, func(x, y int64) int64 { return x - y }, func(x, y float64) float64 { return x - y }), true
	})
	arithmetic("multiply", func(a, b value) (value, bool) {
		return onNumbers(a, b, func(x, y int64) int64 { return x * y }, func(x, y float64) float64 { return x * y }), true
	})
	arithmetic("divide", func(a, b value) (value, bool) {
		if b == int64(0) && rank(a) == 0 {
			if _, whole := a.(int64); whole {
				return nil, false
			}
		}
		return onNumbers(a, b, func(x, y int64) int64 { return x / y }, func(x, y float64) float64 { return x / y }), true
	})
	arithmetic("modulo", func(a, b value) (value, bool) {
		if _, whole := a.(int64); whole && b == int64(0) {
			return nil, false
		}
		return onNumbers(a, b, func(x, y int64) int64 { return x % y }, math.Mod), true
	})
	for head, ok := range map[string]func(c int) bool{
		"lt": func(c int) bool { return c < 0 }, "lte": func(c int) bool { return c <= 0 },
		"gt": func(c int) bool { return c > 0 }, "gte": func(c int) bool { return c >= 0 },
	} {
		t.add(head, variadic(func(_ *env, _ *node, list []value, _ func(int) *position) (value, error) {
			if err := measure(list...); err != nil {
				return nil, err
			}
			for i := 1; i < len(list); i++ {
				if !ok(compareValues(list[i-1], list[i])) {
					return false, nil
				}
			}
			return true, nil
		}))
	}
	t.addRoots()
}

// addRoots adds the functions of one number.
func (t formTable) addRoots() {
	unary := func(head string, f func(n *node, x float64) (value, error)) {
		t.add(head, strict(func(_ *env, n *node, args []value) (value, error) {
			if rank(args[0]) != 0 {
				return nil, expected(n.place(0), "Number", args[0])
			}
			return f(n, toFloat(args[0]))
		}))
	}
	unary("sqrt", func(n *node, x float64) (value, error) {
		if x < 0 {
			return nil, invalidArgument(n.at, "%s must be positive", doubleText(x))
		}
		return math.Sqrt(x), nil
	})
	unary("ln", func(n *node, x float64) (value, error) {
		if x <= 0 {
			return nil, invalidArgument(n.at, "%s must be greater than 0", doubleText(x))
		}
		return math.Log(x), nil
	})
	unary("exp", func(_ *node, x float64) (value, error) { return math.Exp(x), nil })
	t.add("pow exp?", strict(func(_ *env, n *node, args []value) (value, error) {
		exp := args[1]
		if !n.given(1) {
			exp = int64(2)
		}
		if rank(args[0]) != 0 {
			return nil, expected(n.place(0), "Number", args[0])
		}
		if rank(exp) != 0 {
			return nil, expected(n.place(1), "Number", exp)
		}
		return onNumbers(args[0], exp, func(x, y int64) int64 { return int64(math.Pow(float64(x), float64(y))) }, math.Pow), nil
	}))
}

func toFloat(v value) float64 {
	if n, ok := v.(int64); ok {
		return float64(n)
	}
	f, _ := v.(float64)
	return f
}

// onNumbers computes with integers if both are.
func onNumbers(a, b value, whole func(x, y int64) int64, real func(x, y float64) float64) value {
	x, okX := a.(int64)
	y, okY := b.(int64)
	if okX && okY {
		return whole(x, y)
	}
	return real(toFloat(a), toFloat(b))
}

func addNumbers(a, b value) value {
	return onNumbers(a, b, func(x, y int64) int64 {
		sum, _ := bits.Add64(uint64(x), uint64(y), 0) // wraps as Java's does
		return int64(sum)
	}, func(x, y float64) float64 { return x + y })
}

// fold combines the numbers of a list.
func fold(list array, at *position, acc value, op func(a, b value) value) (value, error) {
	for i, v := range list {
		if rank(v) != 0 {
			return nil, expected(at.nth(i), "Number", v)
		}
		acc = op(acc, v)
	}
	return acc, nil
}
