package row

import "encoding/binary"

// parquetCells writes the rows of Apache Parquet as a Batch holds them: id and
// ts, 8 bytes each; then data, ttl, the additional columns and the deletion
// column, each as a byte 0 for null, or 1 and the value (8 bytes, or a 4-byte
// length and bytes). Numbers are little-endian.
type parquetCells struct{}

func (parquetCells) head(b *Batch, _ []byte) {
	d := &b.work.document
	b.Bytes = binary.LittleEndian.AppendUint64(b.Bytes, uint64(d.id))
	b.Bytes = binary.LittleEndian.AppendUint64(b.Bytes, uint64(d.ts))
}

// cell writes null for a value that does not fit, and for a time or date outside
// the type's range.
func (parquetCells) cell(b *Batch, c *column, src []byte, i int) (int, bool) {
	w := &b.work
	start := len(b.Bytes)
	text := start + 5
	b.Bytes = append(b.Bytes, 1, 0, 0, 0, 0)
	if b.Bytes, i = w.rewrite(src, i, b.Bytes); i < 0 {
		return -1, false
	}
	v, null, fits := w.fit(c, b.Bytes[text:])
	if !null && !v.inRange {
		null, fits = true, false
		w.note(&w.counts.Misfit, c.name)
	}
	if v.finer && !null {
		w.note(&w.counts.Floored, c.name)
	}
	switch {
	case null:
		b.Bytes = append(b.Bytes[:start], 0)
	case c.typ == TypeJSON, c.typ == TypeString:
		if c.typ == TypeString {
			b.Bytes = append(b.Bytes[:text], v.text...)
		}
		binary.LittleEndian.PutUint32(b.Bytes[start+1:], uint32(len(b.Bytes)-text))
	default:
		b.Bytes = binary.LittleEndian.AppendUint64(b.Bytes[:start+1], uint64(v.number))
	}
	return i, fits
}
