package emulator

import (
	"strings"
	"time"
)

func (t formTable) addTimes() {
	t.add("now", 0, func(c *call) value { return microsTime(c.tx.now) })
	t.add("time", 0, func(c *call) value {
		text := c.text(0)
		if text == "now" {
			return microsTime(c.tx.now)
		}
		v, ok := parseTime(text)
		if !ok {
			panic(invalidArgument(c.node.at, "Cannot cast '%s' to a time.", text))
		}
		return v
	})
	t.add("date", 0, func(c *call) value {
		v, ok := parseDate(c.text(0))
		if !ok {
			panic(invalidArgument(c.node.at, "Cannot cast '%s' to a date.", c.text(0)))
		}
		return v
	})
	t.add("epoch unit", 0, func(c *call) value { return plus(time.Unix(0, 0), c.integer(0), c.unit(1)) })
	t.add("time_add offset unit", 0, func(c *call) value { return c.shifted(c.integer(1)) })
	t.add("time_subtract offset unit", 0, func(c *call) value { return c.shifted(-c.integer(1)) })
	t.add("to_micros", 0, func(c *call) value { return c.micros(0) })
}

// unit is an argument that is one of FQL's time units.
func (c *call) unit(i int) time.Duration {
	text := c.text(i)
	unit, ok := unitNanos(strings.TrimSpace(text))
	if !ok {
		panic(invalidArgument(c.place(i), "Invalid time unit '%s'.", text))
	}
	return unit
}

// shifted is the time or date in the first argument, moved by count units.
func (c *call) shifted(count int64) value {
	unit := c.unit(2)
	switch v := c.args[0].(type) {
	case time.Time:
		return plus(v, count, unit)
	case dateValue:
		if unit != 24*time.Hour {
			panic(invalidArgument(c.place(2), "The unit of a Date is days."))
		}
		return v + dateValue(count)
	}
	panic(expected(c.place(0), "Time or Date", c.args[0]))
}
