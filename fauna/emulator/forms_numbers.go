package emulator

import "math"

// An operation works on integers, wrapping like Java's, and on doubles.
type operation struct {
	whole func(x, y int64) int64
	real  func(x, y float64) float64
}

func (op operation) of(a, b value) value {
	x, okX := a.(int64)
	y, okY := b.(int64)
	if okX && okY {
		return op.whole(x, y)
	}
	return op.real(toFloat(a), toFloat(b))
}

func addNumbers(a, b value) value {
	return operation{func(x, y int64) int64 { return x + y }, func(x, y float64) float64 { return x + y }}.of(a, b)
}

func (t formTable) addNumbers() {
	for head, op := range map[string]operation{
		"subtract": {func(x, y int64) int64 { return x - y }, func(x, y float64) float64 { return x - y }},
		"multiply": {func(x, y int64) int64 { return x * y }, func(x, y float64) float64 { return x * y }},
		"divide":   {func(x, y int64) int64 { return x / y }, func(x, y float64) float64 { return x / y }},
		"modulo":   {func(x, y int64) int64 { return x % y }, math.Mod},
	} {
		t.add(head+":number+", 0, arithmetic(op.of))
	}
	t.add("add:number+", 0, arithmetic(addNumbers))
	for head, ok := range map[string]func(c int) bool{
		"lt": func(c int) bool { return c < 0 }, "lte": func(c int) bool { return c <= 0 },
		"gt": func(c int) bool { return c > 0 }, "gte": func(c int) bool { return c >= 0 },
	} {
		t.add(head+":any+", 0, func(c *call) value {
			list := c.args[0].(array)
			c.comparable(list)
			for i := 1; i < len(list); i++ {
				if !ok(compareValues(list[i-1], list[i])) {
					return false
				}
			}
			return true
		})
	}
	t.add("sqrt:number", 0, func(c *call) value {
		x := toFloat(c.args[0])
		if x < 0 {
			panic(invalidArgument(c.node.at, "%s must be positive", doubleText(x)))
		}
		return math.Sqrt(x)
	})
	t.add("ln:number", 0, func(c *call) value {
		x := toFloat(c.args[0])
		if x <= 0 {
			panic(invalidArgument(c.node.at, "%s must be greater than 0", doubleText(x)))
		}
		return math.Log(x)
	})
	t.add("exp:number", 0, func(c *call) value { return math.Exp(toFloat(c.args[0])) })
	t.add("pow:number exp:number?", 0, func(c *call) value {
		exp := value(int64(2))
		if c.given(1) {
			exp = c.args[1]
		}
		return operation{func(x, y int64) int64 { return int64(math.Pow(float64(x), float64(y))) }, math.Pow}.of(c.args[0], exp)
	})
}

// arithmetic combines operands from left to right.
func arithmetic(op func(a, b value) value) func(c *call) value {
	return func(c *call) value {
		list := c.args[0].(array)
		divides := c.node.form.keys[0] == "divide" || c.node.form.keys[0] == "modulo"
		acc := list[0]
		for _, v := range list[1:] {
			if divides && toFloat(v) == 0 {
				panic(invalidArgument(c.node.at, "Illegal division by zero."))
			}
			acc = op(acc, v)
		}
		return acc
	}
}

// comparable fails for values too large to compare, and for refs to missing items.
func (c *call) comparable(list array) {
	measure(list...)
	each(list, func(_ int, v value) {
		if r, ok := v.(*ref); ok {
			r.mustExist(c.place(0))
		}
	})
}

func toFloat(v value) float64 {
	if n, ok := v.(int64); ok {
		return float64(n)
	}
	f, _ := v.(float64)
	return f
}
