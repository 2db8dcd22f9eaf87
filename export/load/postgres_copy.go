package load

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"math"
)

// COPY's binary format is written and read here, not by pgx, so that the proof
// compares the exact bytes sent, and nothing is silently converted.

const (
	copyHeader      = "PGCOPY\n\377\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	copyEnd         = "\377\377"
	nullLength      = "\377\377\377\377"
	microsTo2000    = 946_684_800_000_000
	daysTo2000      = 10_957
	copyPacket      = 64 << 10
	longestCopyRow  = 1 << 30
	jsonbVersionTag = 1
)

// rowEncoder encodes the rows of a table in COPY's format, and hashes them.
type rowEncoder struct {
	types    []Type
	out      []byte
	values   [][]byte // in out, nil for null
	compared []byte
	rows     sum
}

func newRowEncoder(t *Table) *rowEncoder {
	e := &rowEncoder{}
	for _, c := range t.all() {
		e.types = append(e.types, c.Type)
	}
	e.values = make([][]byte, len(e.types))
	return e
}

// row returns a row, valid until the next call.
func (e *rowEncoder) row(cells []cell) []byte {
	e.out = binary.BigEndian.AppendUint16(e.out[:0], uint16(len(cells)))
	for i, c := range cells {
		e.values[i] = nil
		e.out = append(e.out, nullLength...)
		if c.class == isNull {
			continue
		}
		at := len(e.out)
		e.out = appendBinary(e.out, e.types[i], c)
		e.values[i] = e.out[at:]
		binary.BigEndian.PutUint32(e.out[at-4:], uint32(len(e.out)-at))
	}
	e.sum(e.values)
	return e.out
}

// sum adds the values of a row to the hash, those of jsonb in canonical form.
func (e *rowEncoder) sum(values [][]byte) {
	out := binary.BigEndian.AppendUint16(e.compared[:0], uint16(len(values)))
	for i, v := range values {
		out = append(out, nullLength...)
		if v == nil {
			continue
		}
		at := len(out)
		if e.types[i] == JSONB {
			out = canonical(out, v[1:])
		} else {
			out = append(out, v...)
		}
		binary.BigEndian.PutUint32(out[at-4:], uint32(len(out)-at))
	}
	e.rows.add(out)
	e.compared = out
}

func appendBinary(out []byte, t Type, c cell) []byte {
	switch t {
	case Bool:
		return append(out, byte(c.n))
	case Int, Ref:
		return binary.BigEndian.AppendUint64(out, uint64(c.n))
	case Double:
		return binary.BigEndian.AppendUint64(out, math.Float64bits(c.f))
	case Time:
		return binary.BigEndian.AppendUint64(out, uint64(c.n-microsTo2000))
	case Date:
		return binary.BigEndian.AppendUint32(out, uint32(int32(c.n-daysTo2000)))
	case Numeric:
		return appendNumeric(out, c.text)
	case JSONB:
		out = append(out, jsonbVersionTag)
	}
	return append(out, c.text...)
}

// appendNumeric appends a JSON number in Postgres's format, as base-10000 digits.
func appendNumeric(out, text []byte) []byte {
	d := parseDecimal(text)
	at := len(out)
	out = append(out, 0, 0, 0, 0, 0, 0)
	scale := d.scale
	if d.digits > 0 {
		scale = max(scale, d.digits-d.point)
	}
	out = binary.BigEndian.AppendUint16(out, uint16(scale))
	if d.digits == 0 {
		return out
	}
	if d.negative {
		binary.BigEndian.PutUint16(out[at+4:], 0x4000)
	}
	// The first digit's group of four, and its place there.
	weight := floorDiv(d.point-1, 4)
	place := weight*4 + 4 - d.point // zeros before the first digit in its group
	group, n, groups := 0, place, 0
	for i := d.first; i <= d.last; i++ {
		if text[i] == '.' {
			continue
		}
		group = group*10 + int(text[i]-'0')
		if n++; n == 4 {
			out = binary.BigEndian.AppendUint16(out, uint16(group))
			group, n = 0, 0
			groups++
		}
	}
	if n > 0 {
		for ; n < 4; n++ {
			group *= 10
		}
		out = binary.BigEndian.AppendUint16(out, uint16(group))
		groups++
	}
	// Trailing groups of zeros are not stored.
	for groups > 0 && out[len(out)-1] == 0 && out[len(out)-2] == 0 {
		out = out[:len(out)-2]
		groups--
	}
	binary.BigEndian.PutUint16(out[at:], uint16(groups))
	binary.BigEndian.PutUint16(out[at+2:], uint16(int16(weight)))
	return out
}

func floorDiv(a, b int) int {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// sendRows writes the rows of a job to COPY, and returns the ids of removals.
func sendRows(to io.Writer, j *job) (sent sum, gone []int64, err error) {
	e := newRowEncoder(j.table)
	out := bufio.NewWriterSize(to, copyPacket)
	out.WriteString(copyHeader) // its errors are those of Flush too
	err = j.each(postgresDialect, func(id int64) error {
		gone = append(gone, id)
		return nil
	}, func(cells []cell) error {
		row := e.row(cells)
		if len(row) > longestCopyRow {
			return errors.New("the row exceeds Postgres's limit of 1 GB")
		}
		_, err := out.Write(row)
		return err
	})
	if err == nil {
		out.WriteString(copyEnd)
		err = out.Flush()
	}
	return e.rows, gone, err
}
