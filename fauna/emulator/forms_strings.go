package emulator

import (
	"strconv"
	"strings"
	"time"
)

// maxRepeat bounds the bytes that Repeat makes.
const maxRepeat = 16 << 20

func (t formTable) addStrings() {
	t.add("concat separator?", 0, func(c *call) value {
		sep := ""
		if c.given(1) {
			sep = c.text(1)
		}
		list, place := c.operands()
		parts, size := make([]string, len(list)), len(sep)*len(list)
		for i, v := range list {
			parts[i] = as[string](v, "String", place(i))
			size += len(parts[i])
		}
		if size > maxRepeat {
			panic(badRequest("Transaction exceeded limit: got %d bytes, limit %d bytes", size, maxRepeat))
		}
		c.take(size)
		return strings.Join(parts, sep)
	})
	t.add("repeat number?", 0, func(c *call) value {
		s, times := c.text(0), int64(2)
		if c.given(1) {
			times = c.integer(1)
		}
		if times < 0 || times > maxRepeat || int64(len(s))*times > maxRepeat {
			panic(invalidArgument(c.place(1), "%d is not a number of times that a string can be repeated.", times))
		}
		c.take(len(s) * int(times))
		return strings.Repeat(s, int(times))
	})
	t.add("to_string", 0, toString)
	t.add("to_integer", 0, func(c *call) value {
		switch v := c.args[0].(type) {
		case int64:
			return v
		case float64:
			return int64(v)
		case string:
			if i, err := strconv.ParseInt(v, 10, 64); err == nil {
				return i
			}
		}
		panic(invalidArgument(c.place(0), "Cannot cast %s to Integer.", typeName(c.args[0])))
	})
	t.add("to_double", 0, func(c *call) value {
		switch v := c.args[0].(type) {
		case int64:
			return float64(v)
		case float64:
			return v
		case string:
			// As in Java, NaN is a number here and Infinity is not.
			if f, err := strconv.ParseFloat(v, 64); err == nil && !strings.ContainsAny(v, "iIxX_") {
				return f
			}
		}
		panic(invalidArgument(c.place(0), "Cannot cast %s to Double.", typeName(c.args[0])))
	})
}

func toString(c *call) value {
	switch v := c.args[0].(type) {
	case nil:
		return "null"
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return doubleText(v)
	case bool:
		return strconv.FormatBool(v)
	case time.Time:
		return string(appendTime(nil, v))
	case dateValue:
		return string(appendDate(nil, v.time()))
	}
	panic(invalidArgument(c.node.at, "Cannot cast %s to String.", typeName(c.args[0])))
}
