package emulator

import "time"

func (t formTable) addTimes() {
	t.add("now:null", 0, func(c *call) value { return microsTime(c.tx.now) })
	t.add("time:string", 0, func(c *call) value {
		text := c.args[0].(string)
		if text == "now" {
			return microsTime(c.tx.now)
		}
		v, ok := parseTime(trimmed(text))
		if !ok {
			panic(invalidArgument(c.node.at, "Cannot cast '%s' to a time.", text))
		}
		return v
	})
	t.add("date:string", 0, func(c *call) value {
		v, ok := parseDate(trimmed(c.args[0].(string)))
		if !ok {
			panic(invalidArgument(c.node.at, "Cannot cast '%s' to a date.", c.args[0]))
		}
		return v
	})
	t.add("epoch:integer unit:unit", 0, func(c *call) value {
		return plus(time.Unix(0, 0), c.args[0].(int64), c.unit(1), c.node.at)
	})
	t.add("time_add:temporal offset:integer unit:unit", 0, func(c *call) value { return c.shifted(1) })
	t.add("time_subtract:temporal offset:integer unit:unit", 0, func(c *call) value { return c.shifted(-1) })
	t.add("to_micros", 0, func(c *call) value {
		if t, ok := c.args[0].(time.Time); ok {
			return t.UnixMicro() // wraps as in Java
		}
		return asMicros(c.args[0], c.place(0))
	})
}

func (c *call) unit(i int) time.Duration { return units[trimmed(c.args[i].(string))] }

// shifted returns the time or date in the first argument, moved by the second.
func (c *call) shifted(sign int64) value {
	count, unit := sign*c.args[1].(int64), c.unit(2)
	if t, isTime := c.args[0].(time.Time); isTime {
		return plus(t, count, unit, c.place(1))
	}
	if unit != 24*time.Hour {
		panic(invalidArgument(c.place(2), "Invalid time unit '%s'.", c.args[2]))
	}
	return dateValue(plus(c.args[0].(dateValue).time(), count, unit, c.place(1)).Unix() / daySeconds)
}
