package emulator

import "time"

func (t formTable) addTimes() {
	t.add("now", ofNull, func(c *call) value { return microsTime(c.tx.now) })
	t.add("time", 0, func(c *call) value {
		text := c.text(0)
		if text == "now" {
			return microsTime(c.tx.now)
		}
		v, ok := parseTime(trimmed(text))
		if !ok {
			panic(invalidArgument(c.node.at, "Cannot cast '%s' to a time.", text))
		}
		return v
	})
	t.add("date", 0, func(c *call) value {
		v, ok := parseDate(trimmed(c.text(0)))
		if !ok {
			panic(invalidArgument(c.node.at, "Cannot cast '%s' to a date.", c.text(0)))
		}
		return v
	})
	t.add("epoch unit", 0, func(c *call) value { return plus(time.Unix(0, 0), c.integer(0), c.unit(1), c.node.at) })
	t.add("time_add offset unit", 0, func(c *call) value { return c.shifted(1) })
	t.add("time_subtract offset unit", 0, func(c *call) value { return c.shifted(-1) })
	t.add("to_micros", 0, func(c *call) value {
		if t, ok := c.args[0].(time.Time); ok {
			return t.UnixMicro() // wraps as Java's does
		}
		return c.micros(0)
	})
}

// unit is an argument that is one of FQL's time units.
func (c *call) unit(i int) time.Duration {
	text, _ := c.args[i].(string)
	unit, ok := units[trimmed(text)]
	if !ok {
		panic(expected(c.place(i), "Time Unit", c.args[i]))
	}
	return unit
}

// shifted is the time or date in the first argument, moved by the second.
func (c *call) shifted(sign int64) value {
	day, isDate := c.args[0].(dateValue)
	t, isTime := c.args[0].(time.Time)
	if !isDate && !isTime {
		panic(expected(c.place(0), "Temporal", c.args[0]))
	}
	count, unit := sign*c.integer(1), c.unit(2)
	if isTime {
		return plus(t, count, unit, c.place(1))
	}
	if unit != 24*time.Hour {
		panic(invalidArgument(c.place(2), "Invalid time unit '%s'.", c.args[2]))
	}
	return dateValue(plus(day.time(), count, unit, c.place(1)).Unix() / daySeconds)
}
