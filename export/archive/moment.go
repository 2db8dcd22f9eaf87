package archive

import (
	"time"

	"fauna-export/export/row"
)

// FormatTime formats microseconds since 1970 as the server does: ISO 8601, Z,
// and a fraction of 0, 3 or 6 digits.
func FormatTime(micros int64) string { return row.FormatTime(micros) }

// FormatMoment is FormatTime for a time of this machine, to the millisecond.
func FormatMoment(t time.Time) string { return row.FormatTime(t.UnixMilli() * 1000) }
