package row

import "time"

// Removal appends the row of a deleted document: its id, ts, and the time for the
// deletion column, both in microseconds since 1970. JSONL leaves out the other
// columns, CSV and Parquet have null there, and a wire file gets a document with
// ref, ts and the deletion column. The layout must have a deletion column.
func (s *Serializer) Removal(b *Batch, id, ts, deleted int64) {
	s.rows.removal(b, id, ts, deleted)
	b.end(id, ts)
}

// Take appends row i of another batch with the same layout. It does not transfer
// counts.
func (b *Batch) Take(from *Batch, i int) {
	start := 0
	if i > 0 {
		start = from.Ends[i-1]
	}
	b.Bytes = append(b.Bytes, from.Bytes[start:from.Ends[i]]...)
	b.end(from.IDs[i], from.Times[i])
}

// end completes a row.
func (b *Batch) end(id, ts int64) {
	b.Ends = append(b.Ends, len(b.Bytes))
	b.IDs = append(b.IDs, id)
	b.Times = append(b.Times, ts)
}

// FormatTime formats microseconds since 1970 as the server formats a time: ISO
// 8601 in UTC with a fraction of 0, 3 or 6 digits.
func FormatTime(micros int64) string {
	t := time.UnixMicro(micros).UTC()
	layout := "2006-01-02T15:04:05.000000Z"
	switch {
	case micros%1_000_000 == 0:
		layout = "2006-01-02T15:04:05Z"
	case micros%1000 == 0:
		layout = "2006-01-02T15:04:05.000Z"
	}
	return formatYears(t, layout)
}

// formatYears formats a time or date whose year may be beyond 9999, which the
// server writes with a sign.
func formatYears(t time.Time, layout string) string {
	if t.Year() > 9999 {
		return "+" + t.Format(layout)
	}
	return t.Format(layout)
}
