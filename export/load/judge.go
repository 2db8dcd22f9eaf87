package load

import (
	"bytes"
	"encoding/base64"
	"math"
	"strconv"
	"unicode/utf8"

	"fauna-export/export/row"
)

// class is the kind of a value, by what a type must support to hold it.
type class byte

const (
	isNull      class = iota
	isBool            // true or false
	isInt53           // an integer up to 2^53: a double holds every one of these
	isInt64           // a larger integer in the range of int64
	isHuge            // a larger integer
	isDouble          // a number that fits a double and is not written as an integer
	isMinusZero       // -0.0
	isDecimal         // a number with more digits than a double holds
	isOutsize         // a number with more digits than numeric holds
	isText            // a string
	isOddText         // a string with U+0000 or an unpaired surrogate
	isTime            // a time in whole microseconds, in the range of timestamptz
	isOddTime         // any other time
	isDate            // a date in the range of date
	isOddDate         // any other date
	isBytes           // bytes
	isRef             // a ref to a document
	isTree            // an object or array
	isOddTree         // one containing text or numbers that jsonb rejects
	isBad             // invalid UTF-8, or nested too deeply for any JSON type
	classes
)

// String returns the class's name for reports.
func (c class) String() string {
	return [...]string{"null", "boolean", "integer", "integer over 2^53", "integer over 64 bits", "double", "-0.0", "number with more digits than a double holds",
		"number with more digits than numeric holds", "string", "string with U+0000 or an unpaired surrogate", "time", "time finer than a microsecond or out of range",
		"date", "date out of range", "bytes", "ref", "object or array", "object or array that jsonb cannot hold", "value that is not UTF-8 or nested too deep"}[c]
}

// Limits of Postgres. Other targets use them too, so that plans are the same.
// Postgres has years before 1, but writes them differently.
const (
	minMicros  = -62_135_596_800_000_000 // year 1; the other end is beyond int64
	minDays    = -719_162                // year 1
	maxDays    = 2_145_042_905
	maxDepth   = 1000
	maxTree    = 255 << 20
	wholeDigit = 131_072
	fracDigit  = 16_383
	int53      = 1 << 53
)

// judged is a value with its class, in the form for a column of its own type.
type judged struct {
	class class
	n     int64 // bool, integer, microseconds, days, id
	f     float64
	text  []byte // an unescaped string, bytes, or a number's text
}

// judge determines a value's class. It builds text in scratch if needed.
func judge(v *row.Value, scratch *[]byte) judged {
	j := judged{text: v.JSON}
	switch v.Kind {
	case row.KindNull:
	case row.KindBool:
		j.class = isBool
		if v.JSON[0] == 't' {
			j.n = 1
		}
	case row.KindInt:
		j.integer()
	case row.KindNumber:
		j.number()
	case row.KindRef:
		j.class, j.n = isRef, v.ID
	case row.KindObject, row.KindArray:
		j.class = judgeTree(v.JSON)
	default:
		j.string(v, scratch)
	}
	return j
}

func (j *judged) integer() {
	n, err := strconv.ParseInt(string(j.text), 10, 64)
	switch {
	case err != nil && len(bytes.TrimPrefix(j.text, []byte("-"))) > wholeDigit:
		j.class = isOutsize
	case err != nil:
		j.class = isHuge
	case n == 0 && j.text[0] == '-':
		j.class, j.f = isMinusZero, math.Copysign(0, -1)
	default:
		j.class, j.n, j.f = isInt64, n, float64(n)
		if -int53 <= n && n <= int53 {
			j.class = isInt53
		}
	}
}

func (j *judged) number() {
	d := parseDecimal(j.text)
	f, err := strconv.ParseFloat(string(j.text), 64)
	j.f = f
	switch {
	case d.digits == 0 && j.text[0] == '-':
		j.class = isMinusZero
	case err == nil && d.digits <= 17 && (f != 0) == (d.digits > 0):
		j.class = isDouble
	case d.fits():
		j.class = isDecimal
	default:
		j.class = isOutsize
	}
}

func (j *judged) string(v *row.Value, scratch *[]byte) {
	quoted := v.JSON
	if bytes.IndexByte(quoted, '\\') < 0 {
		j.text = quoted[1 : len(quoted)-1]
	} else {
		start := len(*scratch)
		out, ok := row.Unquote(*scratch, quoted)
		*scratch = out
		j.text = out[start:len(out):len(out)]
		if !ok || bytes.IndexByte(j.text, 0) >= 0 {
			j.class = isOddText
			if !utf8.Valid(quoted) {
				j.class = isBad
			}
			return
		}
	}
	if !utf8.Valid(j.text) {
		j.class = isBad
		return
	}
	j.class = isText
	switch v.Kind {
	case row.KindTime:
		n, ok := row.Micros(j.text)
		j.class, j.n = isOddTime, n
		if ok && n >= minMicros {
			j.class = isTime
		}
	case row.KindDate:
		n, ok := row.Days(j.text)
		j.class, j.n = isOddDate, n
		if ok && n >= minDays && n <= maxDays {
			j.class = isDate
		}
	case row.KindBytes:
		start := len(*scratch)
		out, err := base64.URLEncoding.Strict().AppendDecode(*scratch, j.text)
		*scratch = out
		if err == nil {
			j.class, j.text = isBytes, out[start:len(out):len(out)]
		}
	}
}

// judgeTree searches an object or array for values that jsonb, or every JSON
// type, cannot represent.
func judgeTree(src []byte) class {
	found := isTree
	if len(src) > maxTree {
		found = isOddTree
	}
	if !utf8.Valid(src) {
		return isBad
	}
	depth := 0
	for i := 0; i < len(src); i++ {
		switch c := src[i]; {
		case c == '"':
			end, escaped := stringEnd(src, i)
			if escaped && bytes.Contains(src[i:end], []byte(`\u`)) {
				text, ok := row.Unquote(nil, src[i:end])
				if !ok || bytes.IndexByte(text, 0) >= 0 {
					found = isOddTree
				}
			}
			i = end - 1
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return isBad
			}
		case c == '}' || c == ']':
			depth--
		case c == '-' || c-'0' <= 9:
			end := i + 1
			for end < len(src) && isNumberByte(src[end]) {
				end++
			}
			if end-i > 15 || bytes.ContainsAny(src[i:end], "eE") {
				if !parseDecimal(src[i:end]).fits() {
					found = isOddTree
				}
			}
			i = end - 1
		}
	}
	return found
}

// stringEnd returns where the JSON string that begins at i ends, and whether it
// has escapes.
func stringEnd(src []byte, i int) (end int, escaped bool) {
	for i++; src[i] != '"'; i++ {
		if src[i] == '\\' {
			escaped = true
			i++
		}
	}
	return i + 1, escaped
}

func isNumberByte(c byte) bool {
	return c-'0' <= 9 || c == '.' || c|0x20 == 'e' || c == '-' || c == '+'
}

// decimal is a number parsed from text: ±0.d1d2d3… × 10^point.
type decimal struct {
	negative    bool
	digits      int // significant digits, without zeros at either end
	point       int
	scale       int // digits after the point, as written
	first, last int // positions of the significant digits in the text
}

func (d decimal) fits() bool {
	return d.point <= wholeDigit && d.digits-d.point <= fracDigit && d.scale <= fracDigit
}

// parseDecimal reads a JSON number.
func parseDecimal(text []byte) decimal {
	d := decimal{negative: text[0] == '-'}
	exponent := 0
	e := max(bytes.IndexByte(text, 'e'), bytes.IndexByte(text, 'E'))
	if e >= 0 {
		var err error
		exponent, err = strconv.Atoi(string(bytes.TrimPrefix(text[e+1:], []byte("+"))))
		if err != nil { // far beyond every limit
			exponent = math.MaxInt32
			if text[e+1] == '-' {
				exponent = -exponent
			}
		}
		text = text[:e]
	}
	dot := bytes.IndexByte(text, '.')
	if dot < 0 {
		dot = len(text)
	}
	d.scale = max(0, max(0, len(text)-dot-1)-exponent)
	for d.first < len(text) && text[d.first] < '1' { // a sign, zeros, the point
		d.first++
	}
	if d.first == len(text) {
		return d
	}
	for d.last = len(text) - 1; text[d.last] < '1'; {
		d.last--
	}
	d.digits = d.last - d.first + 1
	if d.first < dot && dot < d.last {
		d.digits--
	}
	d.point = exponent + dot - d.first
	if dot < d.first {
		d.point++ // the dot itself
	}
	return d
}
