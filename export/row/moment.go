package row

import (
	"math"
	"time"
)

// moment is a time or a date, in any year that a server can send.
type moment struct {
	days  int64 // since 1970-01-01
	secs  int64 // of the day, minus the offset from UTC
	nanos int64
}

// micros returns microseconds since 1970, rounded down, and whether the time is
// more precise than that and in the range of int64.
func (m moment) micros() (micros int64, finer, inRange bool) {
	const limit = math.MaxInt64/1_000_000 - 1
	secs := m.days*86400 + m.secs
	if secs > limit || secs < -limit {
		return 0, false, false
	}
	return secs*1_000_000 + m.nanos/1000, m.nanos%1000 != 0, true
}

// parseTime parses a time in the server's form, with any number of digits in the
// year, up to nine in the fraction, and Z or an offset at the end.
func parseTime(text []byte) (moment, bool) {
	m, i, ok := parseDay(text)
	if !ok || i >= len(text) || text[i] != 'T' {
		return moment{}, false
	}
	hour, ok1 := two(text, i+1, ':', 23)
	minute, ok2 := two(text, i+4, ':', 59)
	second, ok3 := two(text, i+7, 0, 59)
	if !ok1 || !ok2 || !ok3 {
		return moment{}, false
	}
	m.secs = hour*3600 + minute*60 + second
	i += 9
	if i < len(text) && text[i] == '.' {
		i++
		first := i
		for unit := int64(100_000_000); i < len(text) && text[i]-'0' <= 9; unit /= 10 {
			m.nanos += int64(text[i]-'0') * unit
			i++
		}
		if i == first || i-first > 9 {
			return moment{}, false
		}
	}
	zone := text[i:]
	if string(zone) == "Z" {
		return m, true
	}
	if len(zone) != len("+00:00") || zone[0] != '+' && zone[0] != '-' {
		return moment{}, false
	}
	hour, ok1 = two(zone, 1, ':', 23)
	minute, ok2 = two(zone, 4, 0, 59)
	offset := hour*3600 + minute*60
	if zone[0] == '-' {
		offset = -offset
	}
	m.secs -= offset
	return m, ok1 && ok2
}

// parseDate parses a date in the server's form.
func parseDate(text []byte) (moment, bool) {
	m, i, ok := parseDay(text)
	return m, ok && i == len(text)
}

// parseDay parses YYYY-MM-DD and returns the position after it. A year outside 0
// to 9999 has a sign or more digits.
func parseDay(text []byte) (moment, int, bool) {
	i, negative := 0, false
	if len(text) > 0 && (text[0] == '-' || text[0] == '+') {
		negative = text[0] == '-'
		i++
	}
	first := i
	var year int64
	for i < len(text) && text[i]-'0' <= 9 && i-first < 10 {
		year = year*10 + int64(text[i]-'0')
		i++
	}
	if i-first < 4 || i >= len(text) || text[i] != '-' {
		return moment{}, 0, false
	}
	if negative {
		year = -year
	}
	month, ok1 := two(text, i+1, '-', 12)
	day, ok2 := two(text, i+4, 0, 31)
	t := time.Date(int(year), time.Month(month), int(day), 0, 0, 0, 0, time.UTC)
	if !ok1 || !ok2 || month < 1 || int64(t.Day()) != day { // time.Date normalizes invalid days
		return moment{}, 0, false
	}
	return moment{days: t.Unix() / 86400}, i + 6, true
}

// two parses two digits, at most limit, and the byte after them if one is given.
func two(text []byte, i int, follows byte, limit int64) (int64, bool) {
	if i+2 > len(text) || text[i]-'0' > 9 || text[i+1]-'0' > 9 {
		return 0, false
	}
	if follows != 0 && (i+2 >= len(text) || text[i+2] != follows) {
		return 0, false
	}
	n := int64(text[i]-'0')*10 + int64(text[i+1]-'0')
	return n, n <= limit
}
