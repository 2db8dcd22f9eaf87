package emulator

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A Time of FQL is a time.Time in UTC: seconds and nanoseconds, and years that
// may have more than four digits.

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

func appendDate(b []byte, t time.Time) []byte {
	if t.Year() > 9999 {
		b = append(b, '+')
	}
	return t.AppendFormat(b, time.DateOnly)
}

// appendTime writes the instant as Java's Instant does: seconds always, a
// fraction of 0, 3, 6 or 9 digits, always Z.
func appendTime(b []byte, t time.Time) []byte {
	layout := "T15:04:05Z"
	switch nanos := t.Nanosecond(); {
	case nanos == 0:
	case nanos%1_000_000 == 0:
		layout = "T15:04:05.000Z"
	case nanos%1_000 == 0:
		layout = "T15:04:05.000000Z"
	default:
		layout = "T15:04:05.000000000Z"
	}
	return t.AppendFormat(appendDate(b, t), layout)
}

var timePattern = regexp.MustCompile(`^([+-]?\d{4,9})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(Z|[+-]\d\d:?\d\d(?::?\d\d)?))?$`)

// parseDate reads an ISO date.
func parseDate(text string) (dateValue, bool) {
	t, offset, ok := parseISO(text)
	return dateValue(t.Unix() / daySeconds), ok && offset == ""
}

// parseTime reads an ISO time; the offset is required.
func parseTime(text string) (time.Time, bool) {
	t, offset, ok := parseISO(text)
	if !ok || offset == "" {
		return time.Time{}, false
	}
	if offset != "Z" {
		digits := strings.ReplaceAll(offset[1:], ":", "") + "00"
		seconds := wholeNumber(digits[:2])*3600 + wholeNumber(digits[2:4])*60 + wholeNumber(digits[4:6])
		if offset[0] == '+' {
			seconds = -seconds
		}
		t = t.Add(time.Duration(seconds) * time.Second)
	}
	return t, true
}

// parseISO reads a date, and a time of that day with its offset if there is one.
func parseISO(text string) (t time.Time, offset string, ok bool) {
	m := timePattern.FindStringSubmatch(text)
	if m == nil {
		return t, "", false
	}
	var parts [6]int
	for i := range parts {
		parts[i] = wholeNumber(m[i+1])
	}
	t = time.Date(parts[0], time.Month(parts[1]), parts[2], parts[3], parts[4], parts[5], wholeNumber((m[7] + "000000000")[:9]), time.UTC)
	same := [...]int{t.Year(), int(t.Month()), t.Day(), t.Hour(), t.Minute(), t.Second()}
	return t, m[8], same == parts // there is no 30 February, and no 25 o'clock
}

// wholeNumber is digits with an optional sign, 0 for none.
func wholeNumber(digits string) int {
	n, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	return n
}

// unitNanos returns the length of one of FQL's time units.
func unitNanos(unit string) (time.Duration, bool) {
	length, ok := map[string]time.Duration{
		"day": 24 * time.Hour, "half day": 12 * time.Hour, "hour": time.Hour, "minute": time.Minute, "second": time.Second,
		"millisecond": time.Millisecond, "microsecond": time.Microsecond, "nanosecond": 1,
	}[strings.TrimSuffix(strings.ToLower(unit), "s")]
	return length, ok
}

// plus returns the instant n units later.
func plus(t time.Time, n int64, unit time.Duration) time.Time {
	if unit >= time.Second {
		return time.Unix(t.Unix()+n*int64(unit/time.Second), int64(t.Nanosecond())).UTC()
	}
	inSecond := int64(time.Second / unit)
	return time.Unix(t.Unix()+n/inSecond, int64(t.Nanosecond())+n%inSecond*int64(unit)).UTC()
}
