package export

import (
	"fmt"
	"strconv"
	"time"
)

// ParseAt parses a time to read at: RFC 3339 with an offset, or microseconds
// since 1970. A fraction finer than microseconds is an error, since the
// server's times are microseconds.
func ParseAt(text string) (int64, error) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		if n <= 0 {
			return 0, fmt.Errorf("%q is not after 1970", text)
		}
		return n, nil
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return 0, fmt.Errorf("%q is neither a time like 2026-11-22T10:31:02Z nor microseconds since 1970", text)
	}
	if t.Nanosecond()%1000 != 0 {
		return 0, fmt.Errorf("%q is finer than a microsecond", text)
	}
	if t.UnixMicro() <= 0 {
		return 0, fmt.Errorf("%q is not after 1970", text)
	}
	return t.UnixMicro(), nil
}
