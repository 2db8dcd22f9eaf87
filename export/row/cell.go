package row

import (
	"encoding/binary"
	"math"
	"strconv"
)

// Rows of JSONL, CSV and wire stand in Batch.Bytes as they stand in the file.
// A row for Parquet is: id and ts, 8 bytes each; then data, ttl, the additional
// columns and the deletion column, each as a byte 0 for null, or 1 and the value
// (8 bytes, or a 4-byte length and bytes). Numbers are little-endian.

// head begins a row with ref and ts.
func (s *Serializer) head(b *Batch, src []byte) {
	d := &b.work.document
	switch s.layout.Format {
	case CSV:
		b.Bytes = append(b.Bytes, src[d.name.start+1:d.name.end-1]...)
		b.Bytes = append(b.Bytes, ',')
		b.Bytes = append(b.Bytes, d.ts.of(src)...)
	case Parquet:
		ts, _ := parseTS(d.ts.of(src)) // checked when it was found
		b.Bytes = binary.LittleEndian.AppendUint64(b.Bytes, uint64(d.id))
		b.Bytes = binary.LittleEndian.AppendUint64(b.Bytes, uint64(ts))
	default:
		b.Bytes = append(b.Bytes, `{"ref":`...)
		b.Bytes = append(b.Bytes, d.name.of(src)...)
		b.Bytes = append(b.Bytes, `,"ts":`...)
		b.Bytes = append(b.Bytes, d.ts.of(src)...)
	}
}

// data writes the value at the start of at, an empty object for none, and
// returns the position behind it. The value's end need not be known.
func (s *Serializer) data(b *Batch, src []byte, at span) int {
	w := &b.work
	none := at.empty()
	if !none {
		at.start = space(src, at.start)
	}
	if !none && hasPrefix(src, at.start, "null") {
		none = true
		at.end = at.start + len("null")
	}
	i := at.end
	switch s.layout.Format {
	case CSV:
		if none {
			b.Bytes = append(b.Bytes, ",{}"...)
			break
		}
		if w.value, i = w.rewrite(src, at.start, w.value[:0]); i < 0 {
			return -1
		}
		b.Bytes = appendCSV(append(b.Bytes, ','), w.value)
	case Parquet:
		length := len(b.Bytes) + 1
		b.Bytes = append(b.Bytes, 1, 0, 0, 0, 0)
		if none {
			b.Bytes = append(b.Bytes, "{}"...)
		} else if b.Bytes, i = w.rewrite(src, at.start, b.Bytes); i < 0 {
			return -1
		}
		binary.LittleEndian.PutUint32(b.Bytes[length:], uint32(len(b.Bytes)-length-4))
	default:
		b.Bytes = append(b.Bytes, `,"data":`...)
		if none {
			b.Bytes = append(b.Bytes, "{}"...)
		} else if b.Bytes, i = w.rewrite(src, at.start, b.Bytes); i < 0 {
			return -1
		}
	}
	return i
}

// ttl writes the ttl that was found.
func (s *Serializer) ttl(b *Batch, src []byte) {
	w := &b.work
	at := w.document.ttl
	w.value = append(w.value[:0], "null"...)
	if !at.empty() {
		// It was read when it was found, so rewriting has no fault but an
		// "@obj" beside other keys, which again then takes care of.
		w.value, _ = w.rewrite(src, at.start, w.value[:0])
	}
	if s.layout.Format == JSONL {
		b.Bytes = append(b.Bytes, `,"ttl":`...)
		b.Bytes = append(b.Bytes, w.value...)
		return
	}
	s.typed(b, "ttl", TypeTime, w.value)
}

// cell writes the additional column k from the value at i and reports whether
// it fits the column's type.
func (s *Serializer) cell(b *Batch, k int, src []byte, i int) (int, bool) {
	w, c := &b.work, &s.columns[k]
	if s.layout.Format != JSONL {
		if w.value, i = w.rewrite(src, i, w.value[:0]); i < 0 {
			return -1, false
		}
		return i, s.typed(b, c.name, c.typ, w.value)
	}
	b.Bytes = append(b.Bytes, c.key...)
	start := len(b.Bytes)
	if b.Bytes, i = w.rewrite(src, i, b.Bytes); i < 0 {
		return -1, false
	}
	value := b.Bytes[start:]
	if string(value) == "null" {
		w.note(missingNote, c.name)
		return i, true
	}
	if _, ok := w.convert(c.typ, value); !ok {
		w.note(misfitNote, c.name)
		return i, false
	}
	return i, true
}

// tail ends a row.
func (s *Serializer) tail(b *Batch) {
	switch s.layout.Format {
	case CSV:
		if s.noDeletion != "" {
			b.Bytes = append(b.Bytes, ',')
		}
		b.Bytes = append(b.Bytes, '\n')
	case Parquet:
		if s.noDeletion != "" {
			b.Bytes = append(b.Bytes, 0)
		}
	default:
		b.Bytes = append(b.Bytes, s.noDeletion...)
		b.Bytes = append(b.Bytes, "}\n"...)
	}
}

// typed writes a JSON value as a CSV or Parquet cell of a type: null when it is
// null or does not fit. It reports whether it fits.
func (s *Serializer) typed(b *Batch, name string, t Type, value []byte) bool {
	w := &b.work
	parquet := s.layout.Format == Parquet
	if !parquet {
		b.Bytes = append(b.Bytes, ',')
	}
	if string(value) == "null" {
		if name != "ttl" {
			w.note(missingNote, name)
		}
		if parquet {
			b.Bytes = append(b.Bytes, 0)
		}
		return true
	}
	v, ok := w.convert(t, value)
	if ok && parquet {
		ok = v.inRange
	}
	if !ok {
		w.note(misfitNote, name)
		if parquet {
			b.Bytes = append(b.Bytes, 0)
		}
		return false
	}
	if !parquet {
		if t == TypeInt {
			b.Bytes = strconv.AppendInt(b.Bytes, v.number, 10)
		} else {
			b.Bytes = appendCSV(b.Bytes, v.text)
		}
		return true
	}
	if v.finer {
		w.note(flooredNote, name)
	}
	b.Bytes = append(b.Bytes, 1)
	switch t {
	case TypeJSON, TypeString:
		b.Bytes = binary.LittleEndian.AppendUint32(b.Bytes, uint32(len(v.text)))
		b.Bytes = append(b.Bytes, v.text...)
	default:
		b.Bytes = binary.LittleEndian.AppendUint64(b.Bytes, uint64(v.number))
	}
	return true
}

// cellValue is a value of one of the column types.
type cellValue struct {
	text    []byte // as CSV writes it; a whole number is written from number
	number  int64  // int; the bits of a float; 0 or 1; microseconds or days since 1970
	inRange bool   // number holds the time or date
	finer   bool   // the time is finer than number
}

// convert reads JSON text as a type. The text that it returns is good until the
// next conversion.
func (w *work) convert(t Type, value []byte) (cellValue, bool) {
	v := cellValue{text: value, inRange: true}
	quoted := value[0] == '"'
	switch t {
	case TypeJSON:
		return v, true
	case TypeString:
		if !quoted {
			return v, false
		}
		var ok bool
		w.text, ok = unquote(w.text[:0], value)
		v.text = w.text
		return v, ok
	case TypeInt:
		var ok bool
		v.number, ok = wholeNumber(value)
		return v, ok
	case TypeFloat:
		if quoted {
			v.text = value[1 : len(value)-1]
			switch string(v.text) {
			case "NaN":
				v.number = int64(math.Float64bits(math.NaN()))
			case "Infinity":
				v.number = int64(math.Float64bits(math.Inf(1)))
			case "-Infinity":
				bits := math.Float64bits(math.Inf(-1))
				v.number = int64(bits)
			default:
				return v, false
			}
			return v, true
		}
		f, ok := exactFloat(value)
		bits := math.Float64bits(f)
		v.number = int64(bits)
		return v, ok
	case TypeBool:
		switch string(value) {
		case "true":
			v.number = 1
			return v, true
		case "false":
			return v, true
		}
		return v, false
	case TypeTime, TypeDate:
		if !quoted {
			return v, false
		}
		v.text = value[1 : len(value)-1]
		var m moment
		var ok bool
		if t == TypeTime {
			m, ok = parseTime(v.text)
			v.number, v.finer, v.inRange = m.micros()
		} else {
			m, ok = parseDate(v.text)
			v.number, v.inRange = m.days, m.days == int64(int32(m.days))
		}
		return v, ok
	}
	return v, false
}

func isNumber(value []byte) bool { return value[0] == '-' || value[0]-'0' <= 9 }

// wholeNumber reads a number that an int64 holds exactly, 12.0 and 1.2E1 too,
// but not -0.0, whose sign it would lose.
func wholeNumber(value []byte) (int64, bool) {
	if !isNumber(value) {
		return 0, false
	}
	if n, ok := parseInt(value); ok {
		return n, true
	}
	f, err := strconv.ParseFloat(string(value), 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 || f == 0 && math.Signbit(f) {
		return 0, false
	}
	return int64(f), true
}

// exactFloat reads a number as a float64. A whole number must be held exactly;
// a fraction is what the server itself reads it as.
func exactFloat(value []byte) (float64, bool) {
	if !isNumber(value) {
		return 0, false
	}
	f, err := strconv.ParseFloat(string(value), 64)
	if err != nil {
		return 0, false
	}
	for _, c := range value {
		if c == '.' || c|0x20 == 'e' {
			return f, true
		}
	}
	if math.Abs(f) < 1<<53 {
		return f, true
	}
	return f, strconv.FormatFloat(f, 'f', 0, 64) == string(value)
}
