package row

import (
	"bytes"
	"math"
	"strconv"
)

// encoder builds the rows of one layout, in the form that a Batch holds.
type encoder interface {
	// row appends the row of the element at i of a page and returns the position
	// after it, -1 for a fault recorded by the scanner, or an error.
	row(b *Batch, src []byte, i int) (int, error)
	// removal appends the row of a deleted document: its id, ts, and the time
	// for the deletion column, in microseconds since 1970.
	removal(b *Batch, id, ts, deleted int64)
}

// cells writes the columns of a row for a format with columns.
type cells interface {
	// head starts a row with ref and ts.
	head(b *Batch, src []byte)
	// cell writes a column from the value at i, and reports whether the value
	// fits the column's type.
	cell(b *Batch, c *column, src []byte, i int) (int, bool)
}

// fit converts a JSON value to a column's type. null means that the cell is null,
// because the value is null or does not fit; fit records which.
func (w *work) fit(c *column, value []byte) (v cellValue, null, fits bool) {
	if value[0] == 'n' { // null
		if c.name != "ttl" {
			w.note(&w.counts.Missing, c.name)
		}
		return v, true, true
	}
	if c.typ == TypeJSON {
		return cellValue{text: value, inRange: true}, false, true
	}
	if v, fits = w.convert(c.typ, value); !fits {
		w.note(&w.counts.Misfit, c.name)
	}
	return v, !fits, fits
}

// cellValue is a value converted to a column's type.
type cellValue struct {
	text    []byte // in CSV's form; an integer is written from number
	number  int64  // an int; a float's bits; 0 or 1; microseconds or days since 1970
	inRange bool   // number can hold the time or date
	finer   bool   // the time is more precise than number
}

// convert converts JSON text to a type other than json. The returned text is valid until the next
// call.
func (w *work) convert(t Type, value []byte) (cellValue, bool) {
	v := cellValue{text: value, inRange: true}
	quoted := value[0] == '"'
	switch t {
	case TypeString:
		if !quoted {
			return v, false
		}
		var ok bool
		w.text, ok = Unquote(w.text[:0], value)
		v.text = w.text
		return v, ok
	case TypeInt:
		var ok bool
		v.number, ok = wholeNumber(value)
		return v, ok
	case TypeFloat:
		f, ok := 0.0, false
		if quoted {
			v.text = value[1 : len(value)-1]
			switch string(v.text) {
			case "NaN", "Infinity", "-Infinity":
				f, _ = strconv.ParseFloat(string(v.text), 64)
				ok = true
			}
		} else {
			f, ok = exactFloat(value)
		}
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
	default: // a time or a date
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
}

func isNumber(value []byte) bool { return value[0] == '-' || value[0]-'0' <= 9 }

// wholeNumber parses a number that an int64 holds exactly, even 12.0 and 1.2E1,
// but not -0.0, whose sign would be lost.
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

// exactFloat parses a number as a float64. An integer must be exact; a fraction
// is rounded as the server does.
func exactFloat(value []byte) (float64, bool) {
	if !isNumber(value) {
		return 0, false
	}
	f, err := strconv.ParseFloat(string(value), 64)
	if err != nil {
		return 0, false
	}
	if bytes.ContainsAny(value, ".eE") {
		return f, true
	}
	if math.Abs(f) < 1<<53 {
		return f, true
	}
	return f, strconv.FormatFloat(f, 'f', 0, 64) == string(value)
}
