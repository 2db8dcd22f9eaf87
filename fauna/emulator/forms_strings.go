package emulator

import (
	"strconv"
	"strings"
)

// maxRepeat bounds the bytes that Repeat makes.
const maxRepeat = 16 << 20

func (t formTable) addStrings() {
	t.add("concat separator?", strict(func(e *env, n *node, args []value) (value, error) {
		sep := ""
		if n.given(1) {
			var err error
			if sep, err = asString(args[1], n.place(1)); err != nil {
				return nil, err
			}
		}
		list, isArray := args[0].(array)
		if !isArray {
			list = array{args[0]}
		}
		parts := make([]string, len(list))
		for i, v := range list {
			at := n.place(0)
			if isArray {
				at = at.nth(i)
			}
			s, err := asString(v, at)
			if err != nil {
				return nil, err
			}
			parts[i] = s
		}
		size := len(sep) * len(parts)
		for _, part := range parts {
			size += len(part)
		}
		if size > maxRepeat {
			return nil, badRequest("Transaction exceeded limit: got %d bytes, limit %d bytes", size, maxRepeat)
		}
		return strings.Join(parts, sep), e.take(size)
	}))
	t.add("repeat number?", strict(func(e *env, n *node, args []value) (value, error) {
		s, err := asString(args[0], n.place(0))
		if err != nil {
			return nil, err
		}
		times := int64(2)
		if n.given(1) {
			if times, err = asInt(args[1], n.place(1)); err != nil {
				return nil, err
			}
		}
		if times < 0 || times > maxRepeat || int64(len(s))*times > maxRepeat {
			return nil, invalidArgument(n.place(1), "%d is not a number of times that a string can be repeated.", times)
		}
		if err := e.take(len(s) * int(times)); err != nil {
			return nil, err
		}
		return strings.Repeat(s, int(times)), nil
	}))
	t.add("to_string", strict(toString))
	t.add("to_integer", strict(toNumber("Integer")))
	t.add("to_double", strict(toNumber("Double")))
}

func toString(_ *env, n *node, args []value) (value, error) {
	switch v := args[0].(type) {
	case string:
		return v, nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case float64:
		return doubleText(v), nil
	case bool:
		return strconv.FormatBool(v), nil
	case timeValue:
		return string(appendTime(nil, v)), nil
	case dateValue:
		return string(appendDate(nil, int64(v))), nil
	case nil:
		return "null", nil
	}
	return nil, invalidArgument(n.at, "Cannot cast %s to String.", typeName(args[0]))
}

// toNumber casts to Integer or Double.
func toNumber(kind string) evalFunc {
	return func(_ *env, n *node, args []value) (value, error) {
		whole := kind == "Integer"
		switch v := args[0].(type) {
		case int64:
			if whole {
				return v, nil
			}
			return float64(v), nil
		case float64:
			if whole {
				return int64(v), nil
			}
			return v, nil
		case string:
			if i, err := strconv.ParseInt(v, 10, 64); err == nil && whole {
				return i, nil
			}
			// As in Java, NaN is a number here and Infinity is not.
			if f, err := strconv.ParseFloat(v, 64); err == nil && !whole && !strings.ContainsAny(v, "iIxX_") {
				return f, nil
			}
		}
		return nil, invalidArgument(n.place(0), "Cannot cast %s to %s.", typeName(args[0]), kind)
	}
}
