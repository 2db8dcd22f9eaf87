package emulator

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A timeValue is an instant with nanoseconds: nsec is 0 to 999 999 999.
type timeValue struct {
	sec  int64
	nsec int64
}

// maxMicros is the latest instant that a transaction time can hold.
const maxMicros = 1<<63 - 1

func microsTime(us int64) timeValue {
	sec, rest := us/1e6, us%1e6
	if rest < 0 {
		sec, rest = sec-1, rest+1e6
	}
	return timeValue{sec, rest * 1000}
}

// micros returns the instant in microseconds, rounded down and clamped to 64 bits.
func (t timeValue) micros() int64 {
	if t.sec > maxMicros/1_000_000-1 {
		return maxMicros
	}
	if t.sec < -maxMicros/1_000_000+1 {
		return -maxMicros
	}
	return t.sec*1e6 + t.nsec/1000
}

func (t timeValue) compare(o timeValue) int {
	if c := cmp.Compare(t.sec, o.sec); c != 0 {
		return c
	}
	return cmp.Compare(t.nsec, o.nsec)
}

// days returns the number of days since 1970.
func (t timeValue) days() int64 { return floorDiv(t.sec, 86400) }

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// civil turns days since 1970 into a date of the proleptic Gregorian calendar.
func civil(days int64) (year, month, day int64) {
	days += 719468
	era := floorDiv(days, 146097)
	doe := days - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	day = doy - (153*mp+2)/5 + 1
	month = mp + 3
	if month > 12 {
		month -= 12
	}
	year = yoe + era*400
	if month <= 2 {
		year++
	}
	return year, month, day
}

// dayNumber is the inverse of civil.
func dayNumber(year, month, day int64) int64 {
	if month <= 2 {
		year--
	}
	era := floorDiv(year, 400)
	yoe := year - era*400
	m := month - 3
	if m < 0 {
		m += 12
	}
	doy := (153*m+2)/5 + day - 1
	doe := yoe*365 + yoe/4 - yoe/100 + doy
	return era*146097 + doe - 719468
}

func appendDate(b []byte, days int64) []byte {
	y, m, d := civil(days)
	switch {
	case y > 9999:
		b = fmt.Appendf(b, "+%d", y)
	case y < 0:
		b = fmt.Appendf(b, "-%04d", -y)
	default:
		b = fmt.Appendf(b, "%04d", y)
	}
	return fmt.Appendf(b, "-%02d-%02d", m, d)
}

// appendTime writes the instant as Java's Instant does: seconds always, a
// fraction of 0, 3, 6 or 9 digits, always Z.
func appendTime(b []byte, t timeValue) []byte {
	b = appendDate(b, t.days())
	rest := t.sec - t.days()*86400
	b = fmt.Appendf(b, "T%02d:%02d:%02d", rest/3600, rest/60%60, rest%60)
	switch {
	case t.nsec == 0:
	case t.nsec%1_000_000 == 0:
		b = fmt.Appendf(b, ".%03d", t.nsec/1_000_000)
	case t.nsec%1000 == 0:
		b = fmt.Appendf(b, ".%06d", t.nsec/1000)
	default:
		b = fmt.Appendf(b, ".%09d", t.nsec)
	}
	return append(b, 'Z')
}

var (
	timePattern = regexp.MustCompile(`^([+-]?\d{4,9})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(Z|[+-]\d\d:?\d\d(?::?\d\d)?)$`)
	datePattern = regexp.MustCompile(`^([+-]?\d{4,9})-(\d\d)-(\d\d)$`)
)

// parseDate reads an ISO date.
func parseDate(text string) (dateValue, bool) {
	m := datePattern.FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	return dateOf(m[1], m[2], m[3])
}

func dateOf(year, month, day string) (dateValue, bool) {
	y, m, d := atoi(year), atoi(month), atoi(day)
	n := dayNumber(y, m, d)
	if ry, rm, rd := civil(n); ry != y || rm != m || rd != d {
		return 0, false
	}
	return dateValue(n), true
}

func atoi(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// parseTime reads an ISO time; the offset is required.
func parseTime(text string) (timeValue, bool) {
	m := timePattern.FindStringSubmatch(text)
	if m == nil {
		return timeValue{}, false
	}
	days, ok := dateOf(m[1], m[2], m[3])
	h, min, s := atoi(m[4]), atoi(m[5]), int64(0)
	if m[6] != "" {
		s = atoi(m[6])
	}
	if !ok || h > 23 || min > 59 || s > 59 {
		return timeValue{}, false
	}
	sec := int64(days)*86400 + h*3600 + min*60 + s
	if m[8] != "Z" {
		digits := strings.ReplaceAll(m[8][1:], ":", "") + "00"
		off := atoi(digits[:2])*3600 + atoi(digits[2:4])*60 + atoi(digits[4:6])
		if m[8][0] == '-' {
			off = -off
		}
		sec -= off
	}
	nsec := int64(0)
	if m[7] != "" {
		nsec = atoi((m[7] + "00000000")[:9])
	}
	return timeValue{sec, nsec}, true
}

// unitNanos returns the length of one of FQL's time units.
func unitNanos(unit string) (time.Duration, bool) {
	switch strings.TrimSuffix(strings.ToLower(unit), "s") {
	case "day":
		return 24 * time.Hour, true
	case "half day":
		return 12 * time.Hour, true
	case "hour":
		return time.Hour, true
	case "minute":
		return time.Minute, true
	case "second":
		return time.Second, true
	case "millisecond":
		return time.Millisecond, true
	case "microsecond":
		return time.Microsecond, true
	case "nanosecond":
		return 1, true
	}
	return 0, false
}

// plus returns the instant n units later.
func (t timeValue) plus(n int64, unit time.Duration) timeValue {
	sec := n / int64(time.Second/min(unit, time.Second))
	var nsec int64
	if unit >= time.Second {
		sec = n * int64(unit/time.Second)
	} else {
		nsec = n % int64(time.Second/unit) * int64(unit)
	}
	t.sec += sec
	t.nsec += nsec
	if t.nsec >= 1e9 {
		t.sec, t.nsec = t.sec+1, t.nsec-1e9
	}
	if t.nsec < 0 {
		t.sec, t.nsec = t.sec-1, t.nsec+1e9
	}
	return t
}
