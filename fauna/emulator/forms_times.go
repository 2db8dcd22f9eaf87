package emulator

import (
	"strings"
	"time"
)

func (t formTable) addTimes() {
	t.add("time", strict(func(e *env, n *node, args []value) (value, error) {
		text, err := asString(args[0], n.place(0))
		if err != nil {
			return nil, err
		}
		if text == "now" {
			return microsTime(e.tx.now), nil
		}
		v, ok := parseTime(text)
		if !ok {
			return nil, invalidArgument(n.at, "Cannot cast '%s' to a time.", text)
		}
		return v, nil
	}))
	t.add("date", strict(func(_ *env, n *node, args []value) (value, error) {
		text, err := asString(args[0], n.place(0))
		if err != nil {
			return nil, err
		}
		v, ok := parseDate(text)
		if !ok {
			return nil, invalidArgument(n.at, "Cannot cast '%s' to a date.", text)
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
	t.add("to_micros", strict(func(_ *env, n *node, args []value) (value, error) {
		return asMicros(args[0], n.place(0))
	}))
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
