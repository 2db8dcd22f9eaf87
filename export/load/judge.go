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

// cell is a value with its class, in the form for a column of its own type, or of
// the one that it is for. The zero cell is null.
type cell struct {
	class class
	n     int64 // bool, integer, microseconds, days, id
	f     float64
	text  []byte // JSON, an unescaped string, bytes, or a number's text
}

// judge determines a value's class. It builds text in scratch if needed.
func judge(v *row.Value, scratch *[]byte) cell {
	c := cell{text: v.JSON}
	switch v.Kind {
	case row.KindNull:
	case row.KindBool:
		c.class = isBool
		if v.JSON[0] == 't' {
			c.n = 1
		}
	case row.KindInt:
		c.integer()
	case row.KindNumber:
		c.number()
	case row.KindRef:
		c.class, c.n = isRef, v.ID
	case row.KindObject, row.KindArray:
		c.class = judgeTree(v.JSON)
	default:
		c.string(v, scratch)
	}
	return c
}

func (c *cell) integer() {
	n, err := strconv.ParseInt(string(c.text), 10, 64)
	switch {
	case err != nil && len(bytes.TrimPrefix(c.text, []byte("-"))) > wholeDigit:
		c.class = isOutsize
	case err != nil:
		c.class = isHuge
	case n == 0 && c.text[0] == '-':
		c.class, c.f = isMinusZero, math.Copysign(0, -1)
	default:
		c.class, c.n, c.f = isInt64, n, float64(n)
		if -int53 <= n && n <= int53 {
			c.class = isInt53
		}
	}
}

func (c *cell) number() {
	d := parseDecimal(c.text)
	f, err := strconv.ParseFloat(string(c.text), 64)
	c.f = f
	switch {
	case d.digits == 0 && c.text[0] == '-':
		c.class = isMinusZero
	case err == nil && d.digits <= 17 && (f != 0) == (d.digits > 0):
		c.class = isDouble
	case d.fits():
		c.class = isDecimal
	default:
		c.class = isOutsize
	}
}

func (c *cell) string(v *row.Value, scratch *[]byte) {
	quoted := v.JSON
	if bytes.IndexByte(quoted, '\\') < 0 {
		c.text = quoted[1 : len(quoted)-1]
	} else {
		start := len(*scratch)
		out, ok := row.Unquote(*scratch, quoted)
		*scratch = out
		c.text = out[start:len(out):len(out)]
		if !ok || bytes.IndexByte(c.text, 0) >= 0 {
			c.class = isOddText
			if !utf8.Valid(quoted) {
				c.class = isBad
			}
			return
		}
	}
	if !utf8.Valid(c.text) {
		c.class = isBad
		return
	}
	c.class = isText
	switch v.Kind {
	case row.KindTime:
		n, ok := row.Micros(c.text)
		c.class, c.n = isOddTime, n
		if ok && n >= minMicros {
			c.class = isTime
		}
	case row.KindDate:
		n, ok := row.Days(c.text)
		c.class, c.n = isOddDate, n
		if ok && n >= minDays && n <= maxDays {
			c.class = isDate
		}
	case row.KindBytes:
		start := len(*scratch)
		out, err := base64.URLEncoding.Strict().AppendDecode(*scratch, c.text)
		*scratch = out
		if err == nil {
			c.class, c.text = isBytes, out[start:len(out):len(out)]
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
