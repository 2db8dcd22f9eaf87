package emulator

import (
	"strings"
	"time"
)

func (t formTable) addTimes() {
	t.add("time", strict(func(e *env, n *node, args []value) (value, error) {
		if v, ok := args[0].(timeValue); ok {
			return v, nil
		}
		text, err := asString(args[0], n.place(0))
		if err != nil {
			return nil, err
		}
		if text == "now" {
			return microsTime(e.tx.now), nil
		}
		v, ok := parseTime(text)
		if !ok {
			return nil, invalidArgument(n.place(0), "Cannot cast '%s' to a time.", text)
		}
		return v, nil
	}))
	t.add("date", strict(func(_ *env, n *node, args []value) (value, error) {
		if v, ok := args[0].(dateValue); ok {
			return v, nil
		}
		text, err := asString(args[0], n.place(0))
		if err != nil {
			return nil, err
		}
		v, ok := parseDate(text)
		if !ok {
			return nil, invalidArgument(n.place(0), "Cannot cast '%s' to a date.", text)
		}
		return v, nil
	}))
	t.add("epoch unit", strict(func(_ *env, n *node, args []value) (value, error) {
		count, err := asInt(args[0], n.place(0))
		if err != nil {
			return nil, err
		}
		unit, err := asUnit(args[1], n.place(1))
		if err != nil {
			return nil, err
		}
		return timeValue{}.plus(count, unit), nil
	}))
	t.add("time_add offset unit", shift(1))
	t.add("time_subtract offset unit", shift(-1))
	t.add("time_diff other unit", strict(func(_ *env, n *node, args []value) (value, error) {
		a, err := asTime(args[0], n.place(0))
		if err != nil {
			return nil, err
		}
		b, err := asTime(args[1], n.place(1))
		if err != nil {
			return nil, err
		}
		unit, err := asUnit(args[2], n.place(2))
		if err != nil {
			return nil, err
		}
		if unit >= time.Second {
			sec := b.sec - a.sec
			if sec > 0 && b.nsec < a.nsec {
				sec--
			}
			return sec / int64(unit/time.Second), nil
		}
		return (b.sec-a.sec)*int64(time.Second/unit) + (b.nsec-a.nsec)/int64(unit), nil
	}))
	for head, unit := range map[string]time.Duration{"to_micros": time.Microsecond, "to_millis": time.Millisecond, "to_seconds": time.Second} {
		t.add(head, strict(func(_ *env, n *node, args []value) (value, error) {
			v, err := asTime(args[0], n.place(0))
			if err != nil {
				return nil, err
			}
			return v.sec*int64(time.Second/unit) + v.nsec/int64(unit), nil
		}))
	}
	for head, unit := range map[string]int64{"year": 0, "month": 1, "day_of_month": 2} {
		t.add(head, strict(func(_ *env, n *node, args []value) (value, error) {
			v, err := asTime(args[0], n.place(0))
			y, m, d := civil(v.days())
			return [3]int64{y, m, d}[unit], err
		}))
	}
	for head, part := range map[string][2]int64{"hour": {3600, 24}, "minute": {60, 60}, "second": {1, 60}} {
		t.add(head, strict(func(_ *env, n *node, args []value) (value, error) {
			v, err := asTime(args[0], n.place(0))
			return (v.sec - v.days()*86400) / part[0] % part[1], err
		}))
	}
	t.add("to_time", strict(func(_ *env, n *node, args []value) (value, error) {
		if text, ok := args[0].(string); ok {
			if v, ok := parseTime(text); ok {
				return v, nil
			}
		}
		if _, isString := args[0].(string); !isString {
			if v, err := asTime(args[0], n.place(0)); err == nil {
				return v, nil
			}
		}
		return nil, invalidArgument(n.place(0), "Cannot cast %s to Time.", typeName(args[0]))
	}))
	t.add("to_date", strict(func(_ *env, n *node, args []value) (value, error) {
		switch v := args[0].(type) {
		case dateValue:
			return v, nil
		case timeValue:
			return dateValue(v.days()), nil
		case string:
			if d, ok := parseDate(v); ok {
				return d, nil
			}
		}
		return nil, invalidArgument(n.place(0), "Cannot cast %s to Date.", typeName(args[0]))
	}))
}

// asTime reads a time; a date is its first moment.
func asTime(v value, at *position) (timeValue, error) {
	switch v := v.(type) {
	case timeValue:
		return v, nil
	case dateValue:
		return timeValue{sec: int64(v) * 86400}, nil
	}
	return timeValue{}, expected(at, "Time or Date", v)
}

func asUnit(v value, at *position) (time.Duration, error) {
	text, err := asString(v, at)
	if err != nil {
		return 0, err
	}
	unit, ok := unitNanos(strings.TrimSpace(text))
	if !ok {
		return 0, invalidArgument(at, "Invalid time unit '%s'.", text)
	}
	return unit, nil
}

// shift adds to a time or a date, or subtracts from it.
func shift(sign int64) func(e *env, n *node) (value, error) {
	return strict(func(_ *env, n *node, args []value) (value, error) {
		count, err := asInt(args[1], n.place(1))
		if err != nil {
			return nil, err
		}
		unit, err := asUnit(args[2], n.place(2))
		if err != nil {
			return nil, err
		}
		switch v := args[0].(type) {
		case timeValue:
			return v.plus(sign*count, unit), nil
		case dateValue:
			if unit != 24*time.Hour {
				return nil, invalidArgument(n.place(2), "The unit of a Date is days.")
			}
			return v + dateValue(sign*count), nil
		}
		return nil, expected(n.place(0), "Time or Date", args[0])
	})
}
