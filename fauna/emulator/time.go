package emulator

import (
	"math"
	"regexp"
	"strconv"
	"time"

	"fauna-export/fauna/fql"
)

// An FQL Time is a time.Time in UTC: seconds and nanoseconds, and years that may have
// more than four digits.

// maxMicros is the latest instant that a transaction time can hold.
const maxMicros = math.MaxInt64

func microsTime(us int64) time.Time { return time.UnixMicro(us).UTC() }

// micros returns a time in microseconds, rounded down and clamped to 64 bits.
func micros(t time.Time) int64 {
	const edge = maxMicros/1_000_000 - 1
	switch sec := t.Unix(); {
	case sec > edge:
		return maxMicros
	case sec < -edge:
		return -maxMicros
	}
	return t.UnixMicro()
}

// A dateValue counts days since 1 January 1970.
type dateValue int64

const daySeconds = 24 * 60 * 60

func (d dateValue) time() time.Time { return time.Unix(int64(d)*daySeconds, 0).UTC() }

var timePattern = regexp.MustCompile(`(?i)^(\d{4}|\+\d{5,9}|-\d{4,9})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{0,9}))?)?(Z|[+-](\d\d):?(\d\d)(?::(\d\d))?))?$`)

// parseDate reads an ISO date.
func parseDate(text string) (dateValue, bool) {
	m := timePattern.FindStringSubmatch(text)
	if m == nil || m[8] != "" {
		return 0, false
	}
	t, ok := dayOf(m)
	return dateValue(t.Unix() / daySeconds), ok && t.Day() == wholeNumber(m[3])
}

// parseTime reads an ISO time; the offset is required. As in Java, the 31st of a
// shorter month is its last day, and 24:00 is the next midnight.
func parseTime(text string) (time.Time, bool) {
	m := timePattern.FindStringSubmatch(text)
	if m == nil || m[8] == "" {
		return time.Time{}, false
	}
	t, ok := dayOf(m)
	clock := [...]int{wholeNumber(m[4]), wholeNumber(m[5]), wholeNumber(m[6]), wholeNumber((m[7] + "000000000")[:9])}
	offset := [...]int{wholeNumber(m[9]), wholeNumber(m[10]), wholeNumber(m[11])}
	east := offset[0]*3600 + offset[1]*60 + offset[2]
	if !ok || clock[0] > 23 && clock != [...]int{24, 0, 0, 0} || max(clock[1], clock[2], offset[1], offset[2]) > 59 || east > 18*3600 {
		return time.Time{}, false
	}
	if m[8][0] == '-' {
		east = -east
	}
	return time.Unix(t.Unix()+int64(clock[0]*3600+clock[1]*60+clock[2]-east), int64(clock[3])).UTC(), true
}

// dayOf returns the day in a match of timePattern, or the month's last day if it has no
// such day.
func dayOf(m []string) (time.Time, bool) {
	year, month, day := wholeNumber(m[1]), wholeNumber(m[2]), wholeNumber(m[3])
	last := time.Date(year, time.Month(month+1), 0, 0, 0, 0, 0, time.UTC).Day()
	ok := month >= 1 && month <= 12 && day >= 1 && day <= 31 && m[1] != "-0000"
	return time.Date(year, time.Month(month), min(day, last), 0, 0, 0, 0, time.UTC), ok
}

// wholeNumber parses a few digits with an optional sign; no digits give 0.
func wholeNumber(digits string) int {
	n, _ := strconv.Atoi(digits) // "" is no number
	return n
}

// units are FQL's units of time.
var units = map[string]time.Duration{
	"day": 24 * time.Hour, "days": 24 * time.Hour, "half day": 12 * time.Hour, "half days": 12 * time.Hour,
	"hour": time.Hour, "hours": time.Hour, "minute": time.Minute, "minutes": time.Minute, "second": time.Second, "seconds": time.Second,
	"millisecond": time.Millisecond, "milliseconds": time.Millisecond, "microsecond": time.Microsecond, "microseconds": time.Microsecond,
	"nanosecond": 1, "nanoseconds": 1,
}

// The range of instants in Java.
var (
	earliest = time.Date(-1_000_000_000, 1, 1, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(1_000_000_000, 12, 31, 23, 59, 59, 999_999_999, time.UTC)
)

// plus returns the instant n units later. It fails if there is none.
func plus(t time.Time, n int64, unit time.Duration, at *position) time.Time {
	nanos := int64(0)
	seconds := n * max(1, int64(unit/time.Second))
	overflow := seconds/max(1, int64(unit/time.Second)) != n
	if unit < time.Second {
		inSecond := int64(time.Second / unit)
		seconds, nanos = n/inSecond, n%inSecond*int64(unit)
	}
	if !overflow && seconds < 1<<56 && seconds > -1<<56 {
		sum := time.Unix(t.Unix()+seconds, int64(t.Nanosecond())+nanos).UTC()
		if !sum.Before(earliest) && !sum.After(latest) {
			return sum
		}
	}
	panic(invalidArgument(at, "dates and times must be between %s and %s", fql.AppendTime(nil, earliest), fql.AppendTime(nil, latest)))
}
