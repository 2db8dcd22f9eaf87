package row

import "encoding/binary"

// parquetCodec is the format of Apache Parquet, with zstd inside.
//
// A row in a batch is: id and ts, 8 bytes each; then data, ttl, the additional
// columns and the deletion column, each as a byte 0 for null, or 1 and the value
// (8 bytes, or a 4-byte length and bytes). Numbers are little-endian.
type parquetCodec struct{}

func (parquetCodec) encoder(s *Serializer) encoder { return columnRows{s, parquetCells{s}} }

func (parquetCodec) body(l Layout, at limits) (body, error) { return newRowSets(l, at), nil }

func (parquetCodec) text(l Layout) (*texts, error) { return newTexts(l), nil }

type parquetCells struct{ s *Serializer }

func (c parquetCells) head(b *Batch, src []byte) {
	d := &b.work.document
	ts, _ := parseTS(d.ts.of(src)) // checked when it was found
	b.Bytes = binary.LittleEndian.AppendUint64(b.Bytes, uint64(d.id))
	b.Bytes = binary.LittleEndian.AppendUint64(b.Bytes, uint64(ts))
}

func (c parquetCells) data(b *Batch, src []byte, i int) int {
	length := len(b.Bytes) + 1
	b.Bytes = append(b.Bytes, 1, 0, 0, 0, 0)
	if b.Bytes, i = b.work.rewrite(src, i, b.Bytes); i < 0 {
		return -1
	}
	binary.LittleEndian.PutUint32(b.Bytes[length:], uint32(len(b.Bytes)-length-4))
	return i
}

func (c parquetCells) ttl(b *Batch, value []byte) { c.typed(b, &ttlColumn, value) }

func (c parquetCells) cell(b *Batch, column *column, src []byte, i int) (int, bool) {
	w := &b.work
	if w.value, i = w.rewrite(src, i, w.value[:0]); i < 0 {
		return -1, false
	}
	return i, c.typed(b, column, w.value)
}

// typed writes a JSON value as a cell of a type: null when it does not fit, or
// is a time or date out of the type's range.
func (c parquetCells) typed(b *Batch, column *column, value []byte) bool {
	w := &b.work
	v, null, fits := w.fit(column, value)
	if !null && !v.inRange {
		null, fits = true, false
		w.note(&w.counts.Misfit, column.name)
	}
	if null {
		b.Bytes = append(b.Bytes, 0)
		return fits
	}
	if v.finer {
		w.note(&w.counts.Floored, column.name)
	}
	b.Bytes = append(b.Bytes, 1)
	switch column.typ {
	case TypeJSON, TypeString:
		b.Bytes = binary.LittleEndian.AppendUint32(b.Bytes, uint32(len(v.text)))
		b.Bytes = append(b.Bytes, v.text...)
	default:
		b.Bytes = binary.LittleEndian.AppendUint64(b.Bytes, uint64(v.number))
	}
	return true
}

func (c parquetCells) tail(b *Batch) {
	if c.s.noDeletion != "" {
		b.Bytes = append(b.Bytes, 0)
	}
}

func (c parquetCells) removal(b *Batch, id, ts, deleted int64) {
	b.Bytes = binary.LittleEndian.AppendUint64(b.Bytes, uint64(id))
	b.Bytes = binary.LittleEndian.AppendUint64(b.Bytes, uint64(ts))
	for range c.s.between() {
		b.Bytes = append(b.Bytes, 0)
	}
	b.Bytes = append(b.Bytes, 1)
	b.Bytes = binary.LittleEndian.AppendUint64(b.Bytes, uint64(deleted))
}
