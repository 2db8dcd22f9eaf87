package row

import (
	"encoding/binary"
	"strconv"
	"time"
)

// Removal appends the row of a document that is gone: its id, ts, and the time
// in the deletion column, both in microseconds since 1970. It has nothing else:
// JSONL leaves the other columns out, CSV and Parquet hold null there; a wire
// file gets a document of ref, ts and the deletion column. The layout must have a deletion column.
func (s *Serializer) Removal(b *Batch, id, ts, deleted int64) {
	at := FormatTime(deleted)
	switch s.layout.Format {
	case CSV:
		b.Bytes = strconv.AppendInt(b.Bytes, id, 10)
		b.Bytes = append(b.Bytes, ',')
		b.Bytes = strconv.AppendInt(b.Bytes, ts, 10)
		for range s.between() {
			b.Bytes = append(b.Bytes, ',')
		}
		b.Bytes = append(append(append(b.Bytes, ','), at...), '\n')
	case Parquet:
		b.Bytes = binary.LittleEndian.AppendUint64(b.Bytes, uint64(id))
		b.Bytes = binary.LittleEndian.AppendUint64(b.Bytes, uint64(ts))
		for range s.between() {
			b.Bytes = append(b.Bytes, 0)
		}
		b.Bytes = append(b.Bytes, 1)
		b.Bytes = binary.LittleEndian.AppendUint64(b.Bytes, uint64(deleted))
	case Wire:
		b.Bytes = append(append(b.Bytes, documentHead...), '"')
		b.Bytes = append(strconv.AppendInt(b.Bytes, id, 10), '"')
		b.Bytes = strconv.AppendInt(append(b.Bytes, s.afterID...), ts, 10)
		b.Bytes = append(append(b.Bytes, ','), jsonKey(s.layout.Deletion)...)
		b.Bytes = append(append(append(b.Bytes, `:{"@ts":"`...), at...), "\"}}\n"...)
	default:
		b.Bytes = append(b.Bytes, `{"ref":"`...)
		b.Bytes = strconv.AppendInt(b.Bytes, id, 10)
		b.Bytes = append(b.Bytes, `","ts":`...)
		b.Bytes = strconv.AppendInt(b.Bytes, ts, 10)
		b.Bytes = append(append(b.Bytes, ','), jsonKey(s.layout.Deletion)...)
		b.Bytes = append(append(append(b.Bytes, `:"`...), at...), "\"}\n"...)
	}
	b.end(id, ts)
}

// Take appends row i of another batch of the same layout. Counts stay where they
// are.
func (b *Batch) Take(from *Batch, i int) {
	start := 0
	if i > 0 {
		start = from.Ends[i-1]
	}
	b.Bytes = append(b.Bytes, from.Bytes[start:from.Ends[i]]...)
	b.end(from.IDs[i], from.Times[i])
}

// end ends a row.
func (b *Batch) end(id, ts int64) {
	b.Ends = append(b.Ends, len(b.Bytes))
	b.IDs = append(b.IDs, id)
	b.Times = append(b.Times, ts)
}

// between is the number of columns between ts and the deletion column.
func (s *Serializer) between() int {
	n := 1 + len(s.columns) // ttl
	if !s.layout.NoData {
		n++
	}
	return n
}

// FormatTime writes microseconds since 1970 as the server writes a time: ISO
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

// formatYears writes a time or a date whose year may be beyond 9999, which the
// server then writes with a sign.
func formatYears(t time.Time, layout string) string {
	if t.Year() > 9999 {
		return "+" + t.Format(layout)
	}
	return t.Format(layout)
}
