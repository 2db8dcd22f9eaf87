package row

import (
	"math"
	"strconv"
	"strings"
)

// begin and end are what every row of a JSONL file has around its columns.
func (c *checker) begin(id int64) {
	c.text = strconv.AppendInt(append(c.text[:0], `{"ref":"`...), id, 10)
	c.text = strconv.AppendInt(append(c.text, `","ts":`...), c.found.TS, 10)
}

func (c *checker) end() {
	c.text = append(c.text, "}\n"...)
	c.found.Text = c.text
}

// jsonKey quotes a name as JSON.
func jsonKey(name string) string { return string(Quote(nil, []byte(name))) }

// Quote appends a string as JSON, escaped as the server does.
func Quote(out, text []byte) []byte {
	out = append(out, '"')
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			out = append(out, '\\', c)
		case c >= 0x20:
			out = append(out, c)
		case strings.IndexByte("\b\t\n\f\r", c) >= 0:
			out = append(out, '\\', "btnfr"[strings.IndexByte("\b\t\n\f\r", c)])
		default:
			out = append(out, `\u00`...)
			out = append(out, "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
		}
	}
	return append(out, '"')
}

// appendFloat appends a float in the server's form: with a point, and with an
// exponent outside 0.001 to 10 million. NaN and infinities become strings.
func appendFloat(out []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(out, `"NaN"`...)
	case math.IsInf(f, 0):
		text := strconv.FormatFloat(f, 'g', -1, 64)[:1] + "Infinity"
		return append(append(append(out, '"'), strings.TrimPrefix(text, "+")...), '"')
	}
	if abs := math.Abs(f); abs == 0 || abs >= 1e-3 && abs < 1e7 {
		start := len(out)
		out = strconv.AppendFloat(out, f, 'f', -1, 64)
		if !strings.Contains(string(out[start:]), ".") {
			out = append(out, ".0"...)
		}
		return out
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'E', -1, 64), "E")
	out = append(out, mantissa...)
	if !strings.Contains(mantissa, ".") {
		out = append(out, ".0"...)
	}
	n, negative := strings.CutPrefix(strings.TrimPrefix(exponent, "+"), "-")
	out = append(out, 'E')
	if negative {
		out = append(out, '-')
	}
	return append(out, strings.TrimPrefix(n, "0")...)
}
