package load

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"sync"

	"fauna-export/export/row"
)

// COPY's binary format is written and read here and not by pgx, so that the
// proof compares the very bytes sent, and nothing is silently converted.

const (
	copyHeader      = "PGCOPY\n\377\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	microsTo2000    = 946_684_800_000_000
	daysTo2000      = 10_957
	copyPacket      = 64 << 10
	longestCopyRow  = 1 << 30
	jsonbVersionTag = 1
)

// rowEncoder writes the rows of a table in COPY's format.
type rowEncoder struct {
	types    []Type
	inexact  bool // some column may return different bytes for an equal value
	out      []byte
	compared []byte
}

func newRowEncoder(t *Table) *rowEncoder {
	e := &rowEncoder{}
	for _, c := range t.all() {
		e.types = append(e.types, c.Type)
		e.inexact = e.inexact || c.Type == JSONB
	}
	return e
}

// add appends a row, and returns the bytes by which it is compared.
func (e *rowEncoder) add(cells []cell) []byte {
	start := len(e.out)
	e.out = binary.BigEndian.AppendUint16(e.out, uint16(len(cells)))
	for i, c := range cells {
		if c.null {
			e.out = append(e.out, 255, 255, 255, 255)
			continue
		}
		at := len(e.out)
		e.out = append(e.out, 0, 0, 0, 0)
		e.out = appendBinary(e.out, e.types[i], c)
		binary.BigEndian.PutUint32(e.out[at:], uint32(len(e.out)-at-4))
	}
	if e.inexact {
		return e.comparable(e.out[start:])
	}
	return e.out[start:]
}

// comparable returns the row with jsonb values in canonical form.
func (e *rowEncoder) comparable(src []byte) []byte {
	e.compared = append(e.compared[:0], src[:2]...)
	src = src[2:]
	for _, t := range e.types {
		n := int32(binary.BigEndian.Uint32(src))
		size := max(0, int(n))
		value := src[4 : 4+size]
		if n < 0 || t != JSONB {
			e.compared = append(e.compared, src[:4+size]...)
		} else {
			at := len(e.compared)
			e.compared = append(e.compared, 0, 0, 0, 0)
			e.compared = canonical(e.compared, value[1:])
			binary.BigEndian.PutUint32(e.compared[at:], uint32(len(e.compared)-at-4))
		}
		src = src[4+size:]
	}
	return e.compared
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

// appendNumeric writes a JSON number in Postgres's format: digits to the base
// 10000.
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
	// The group of four digits that the first one is in, and where in it.
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
	// Groups of zeros at the end are not kept.
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

// copySource feeds the rows of a job to COPY. It succeeds only if the rows do.
type copySource struct {
	job     *job
	shape   *shaper
	encode  *rowEncoder
	next    func() (row.Row, error, bool)
	removed func(id int64) // takes the removals
	sent    sum
	begun   bool
	done    bool
	given   int // of encode.out
	failed  error

	// A lost connection ends the statement, but not immediately the goroutine
	// that reads from here.
	mu struct {
		sync.Mutex
		ended bool
	}
}

// end stops remaining readers from using the rows.
func (s *copySource) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.ended = true
}

// Read gives the next bytes.
func (s *copySource) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mu.ended {
		return 0, io.ErrClosedPipe
	}
	for s.given == len(s.encode.out) {
		s.encode.out, s.given = s.encode.out[:0], 0
		if s.failed != nil || s.done {
			if s.failed == nil {
				return 0, io.EOF
			}
			return 0, s.failed
		}
		s.fill(len(p))
	}
	n := copy(p, s.encode.out[s.given:])
	s.given += n
	return n, nil
}

func (s *copySource) fill(size int) {
	if !s.begun {
		s.begun = true
		s.encode.out = append(s.encode.out, copyHeader...)
	}
	for len(s.encode.out) < size {
		one, err, more := s.next()
		if err != nil {
			s.failed = err
			return
		}
		if !more {
			s.encode.out = append(s.encode.out, 255, 255)
			s.done = true
			return
		}
		s.job.step(1)
		if one.Removed {
			s.removed(one.ID)
			continue
		}
		cells, err := s.shape.row(one)
		if err == nil {
			before := len(s.encode.out)
			s.sent.add(s.encode.add(cells))
			if len(s.encode.out)-before > longestCopyRow {
				err = fmt.Errorf("the row is larger than the gigabyte that Postgres takes")
			}
		}
		if err != nil {
			s.failed = at(s.job.table.Collection, one.ID, err)
			return
		}
	}
}

// copySink receives the rows that COPY returns.
type copySink struct {
	encode *rowEncoder
	back   sum
	buf    []byte
	begun  bool
	ended  bool
}

// Write takes the next bytes.
func (s *copySink) Write(p []byte) (int, error) {
	s.buf = append(s.buf, p...)
	src := s.buf
	if !s.begun {
		if len(src) < len(copyHeader) {
			return len(p), nil
		}
		if string(src[:11]) != copyHeader[:11] {
			return 0, fmt.Errorf("the answer is no binary COPY")
		}
		s.begun, src = true, src[len(copyHeader):]
	}
	for {
		n := s.rowSize(src)
		if n == 0 {
			break
		}
		if n < 0 {
			s.ended, src = true, src[2:]
			break
		}
		if s.encode.inexact {
			s.back.add(s.encode.comparable(src[:n]))
		} else {
			s.back.add(src[:n])
		}
		src = src[n:]
	}
	s.buf = append(s.buf[:0], src...)
	return len(p), nil
}

// rowSize returns the length of the row at the start of src, 0 if it is
// incomplete, -1 for the end.
func (s *copySink) rowSize(src []byte) int {
	if len(src) < 2 {
		return 0
	}
	columns := int16(binary.BigEndian.Uint16(src))
	if columns < 0 {
		return -1
	}
	n := 2
	for range columns {
		if len(src) < n+4 {
			return 0
		}
		n += 4 + max(0, int(int32(binary.BigEndian.Uint32(src[n:]))))
	}
	if len(src) < n {
		return 0
	}
	return n
}
