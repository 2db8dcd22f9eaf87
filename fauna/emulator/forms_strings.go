package emulator

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"fauna-export/fauna/fql"
)

// maxRepeat limits the bytes of a generated text.
const maxRepeat = 16 << 20

func (t formTable) addStrings() {
	t.add("concat:string* separator:string?", 0, func(c *call) value {
		sep, _ := c.args[1].(string)
		list := c.args[0].(array)
		parts, size := make([]string, len(list)), len(sep)*len(list)
		for i, v := range list {
			parts[i] = v.(string)
			size += len(parts[i])
		}
		c.makes(size)
		return strings.Join(parts, sep)
	})
	t.add("repeat:string number:integer?", 0, func(c *call) value {
		times := int64(2)
		if c.given(1) {
			times = max(0, min(c.args[1].(int64), 1024))
		}
		text := c.args[0].(string)
		c.makes(len(text) * int(times))
		return strings.Repeat(text, int(times))
	})
	t.add("to_string", 0, toString)
	t.add("to_integer", 0, func(c *call) value {
		v := c.readNumber("Integer")
		if f, ok := v.(float64); ok {
			return truncated(f)
		}
		return v
	})
	t.add("to_double", 0, func(c *call) value { return toFloat(c.readNumber("Double")) })
}

// makes counts the bytes of a text before it is made.
func (c *call) makes(size int) {
	if size > maxRepeat {
		panic(badRequest("Transaction exceeded limit: got %d bytes, limit %d bytes", size, maxRepeat))
	}
	c.take(size)
}

// readNumber returns a number, or the one at the start of a text.
func (c *call) readNumber(want string) value {
	v := c.args[0]
	if text, ok := v.(string); ok {
		v = parseNumber(text)
	}
	if v == nil || rank(v) != rank(int64(0)) {
		panic(c.cannotCast(want))
	}
	return v
}

// truncated turns a double into an integer as Java does.
func truncated(v float64) int64 {
	switch {
	case math.IsNaN(v):
		return 0
	case v >= math.MaxInt64:
		return math.MaxInt64
	case v <= math.MinInt64:
		return math.MinInt64
	}
	return int64(v)
}

// numberPattern matches what Java's NumberFormat reads from a text, ignoring the rest.
// It knows groups of digits, E, NaN and ∞, but not Infinity.
var numberPattern = regexp.MustCompile(`^(?:NaN|-?(?:∞|(\d[\d,]*\d|\d)?(\.\d*)?(E-?\d+)?))`)

// parseNumber reads a number: an integer, a double, or nil.
func parseNumber(text string) value {
	m := numberPattern.FindStringSubmatch(trimmed(text))
	switch {
	case m[0] == "NaN":
		return math.NaN()
	case m[0] == "∞":
		return math.Inf(1)
	case m[0] == "-∞":
		return math.Inf(-1)
	case m[1] == "" && len(m[2]) < 2:
		return nil
	}
	plain := strings.ReplaceAll(m[0], ",", "")
	if i, err := strconv.ParseInt(plain, 10, 64); err == nil && (i != 0 || plain[0] != '-') {
		return i
	}
	f, _ := strconv.ParseFloat(plain, 64) // infinite if too large
	return f
}

// trimmed removes surrounding white space as Java defines it.
func trimmed(text string) string {
	return strings.TrimFunc(text, func(c rune) bool { return c <= ' ' })
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
		return string(fql.AppendTime(nil, v))
	case dateValue:
		return string(fql.AppendDate(nil, v.time()))
	case uuidValue:
		return string(v)
	}
	panic(invalidArgument(c.node.at, "Cannot cast %s to String.", typeName(c.args[0])))
}
