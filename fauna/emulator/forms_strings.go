package emulator

import (
	"strconv"
	"strings"
)

// maxRepeat bounds the bytes that Repeat makes.
const maxRepeat = 16 << 20

func (t formTable) addStrings() {
	simple := func(head string, f func(s string) value) {
		t.add(head, strict(func(_ *env, n *node, args []value) (value, error) {
			s, err := asString(args[0], n.place(0))
			if err != nil {
				return nil, err
			}
			return f(s), nil
		}))
	}
	simple("length", func(s string) value { return int64(len([]rune(s))) })
	simple("lowercase", func(s string) value { return strings.ToLower(s) })
	simple("uppercase", func(s string) value { return strings.ToUpper(s) })
	simple("trim", func(s string) value { return strings.TrimSpace(s) })
	simple("ltrim", func(s string) value { return strings.TrimLeft(s, " \t\r\n") })
	simple("rtrim", func(s string) value { return strings.TrimRight(s, " \t\r\n") })
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
	t.add("substring start? length?", strict(func(_ *env, n *node, args []value) (value, error) {
		s, err := asString(args[0], n.place(0))
		if err != nil {
			return nil, err
		}
		runes := []rune(s)
		from, count := int64(0), int64(len(runes))
		for i, dst := range []*int64{&from, &count} {
			if n.given(i + 1) {
				if *dst, err = asInt(args[i+1], n.place(i+1)); err != nil {
					return nil, err
				}
			}
		}
		if from < 0 {
			from += int64(len(runes))
		}
		from = max(0, min(from, int64(len(runes))))
		count = max(0, min(count, int64(len(runes))-from))
		return string(runes[from : from+count]), nil
	}))
	for head, f := range map[string]func(s, part string) bool{"startswith": strings.HasPrefix, "endswith": strings.HasSuffix, "containsstr": strings.Contains} {
		t.add(head+" search", strict(func(_ *env, n *node, args []value) (value, error) {
			s, err := asString(args[0], n.place(0))
			if err != nil {
				return nil, err
			}
			part, err := asString(args[1], n.place(1))
			return f(s, part), err
		}))
	}
	t.add("space", strict(func(e *env, n *node, args []value) (value, error) {
		count, err := asInt(args[0], n.place(0))
		if err != nil || count < 0 || count > maxRepeat {
			return nil, expected(n.place(0), "Integer", args[0])
		}
		if err := e.take(int(count)); err != nil {
			return nil, err
		}
		return strings.Repeat(" ", int(count)), nil
	}))
	t.add("to_string", strict(toString))
	t.add("to_number", strict(toNumber("Number")))
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
	return nil, invalidArgument(n.place(0), "Cannot cast %s to String.", typeName(args[0]))
}

// toNumber casts to a kind of number.
func toNumber(kind string) evalFunc {
	return func(_ *env, n *node, args []value) (value, error) {
		bad := invalidArgument(n.place(0), "Cannot cast %s to %s.", typeName(args[0]), kind)
		switch v := args[0].(type) {
		case int64:
			if kind == "Double" {
				return float64(v), nil
			}
			return v, nil
		case float64:
			if kind == "Integer" {
				return int64(v), nil
			}
			return v, nil
		case timeValue:
			if kind == "Integer" || kind == "Number" {
				return v.micros(), nil
			}
		case string:
			if i, err := strconv.ParseInt(v, 10, 64); err == nil && kind != "Double" {
				return i, nil
			}
			if kind == "Integer" || strings.ContainsAny(v, "iIxX_") { // as Java: NaN is a number here, Infinity is not
				return nil, bad
			}
			if f, err := strconv.ParseFloat(v, 64); err == nil {
				return f, nil
			}
		}
		return nil, bad
	}
}
