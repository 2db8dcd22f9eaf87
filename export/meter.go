package export

import "time"

const meterSeconds = 10

// meter counts over the last seconds.
type meter struct {
	slots [meterSeconds + 1]struct{ second, rows, bytes int64 }
	first int64 // the second of the first count, 0 for none
}

func (m *meter) add(now time.Time, rows, bytes int64) {
	sec := now.Unix()
	if m.first == 0 || sec < m.first { // a clock may be set back
		m.first = sec
	}
	s := &m.slots[sec%int64(len(m.slots))]
	if s.second != sec {
		s.second, s.rows, s.bytes = sec, 0, 0
	}
	s.rows += rows
	s.bytes += bytes
}

// rates returns rows and bytes per second over the last whole seconds, or over
// the current second if none has passed.
func (m *meter) rates(now time.Time) (rows, bytes float64) {
	if m.first == 0 {
		return 0, 0
	}
	sec := now.Unix()
	for _, s := range m.slots {
		if s.second > sec-meterSeconds && s.second <= sec {
			rows += float64(s.rows)
			bytes += float64(s.bytes)
		}
	}
	from := max(min(m.first, sec), sec-meterSeconds+1)
	span := now.Sub(time.Unix(from, 0)).Seconds()
	span = max(span, 0.25)
	return rows / span, bytes / span
}
