package archive

import "time"

// FormatTime formats microseconds since 1970 as the server does: ISO 8601, Z,
// and a fraction of 0, 3 or 6 digits.
func FormatTime(micros int64) string {
	return FormatMoment(time.UnixMicro(micros))
}

// FormatMoment formats a time as the server does: ISO 8601, Z, and a fraction
// of 0, 3, 6 or 9 digits.
func FormatMoment(t time.Time) string {
	t = t.UTC()
	switch ns := t.Nanosecond(); {
	case ns == 0:
		return t.Format("2006-01-02T15:04:05Z")
	case ns%1_000_000 == 0:
		return t.Format("2006-01-02T15:04:05.000Z")
	case ns%1_000 == 0:
		return t.Format("2006-01-02T15:04:05.000000Z")
	default:
		return t.Format("2006-01-02T15:04:05.000000000Z")
	}
}
