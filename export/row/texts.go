package row

import (
	"math"
	"strconv"
	"strings"
)

// texts converts the rows of a file to those of a JSONL file without a deletion
// column. A result is valid until the next one; nil means that a row contains
// something that no JSONL row can, as why describes.
type texts struct {
	columns []column // after ts, in the file's order
	scan    rewriter
	out     []byte
	why     string

	raw   bool        // keep documents of wire files unchanged
	rows  *Serializer // for documents of wire files
	batch Batch
}

// newTexts returns the texts of a layout's files. Those of wire files are rows of
// the documents, the same as from a page of them.
func newTexts(l Layout) (t *texts, err error) {
	if !l.Format.Can().Columns {
		t = &texts{}
		t.rows, err = NewSerializer(Layout{Collection: l.Collection, Format: JSONL})
		return t, err
	}
	l.Deletion = ""
	return &texts{columns: l.columns()[2:]}, nil
}

// counts returns the counts of all documents so far.
func (t *texts) counts() Counts {
	var sum Counts
	sum.Merge(t.batch.work.counts)
	return sum
}

func (t *texts) begin(id, ts int64) {
	t.out = strconv.AppendInt(append(t.out[:0], `{"ref":"`...), id, 10)
	t.out = strconv.AppendInt(append(t.out, `","ts":`...), ts, 10)
}

func (t *texts) end() []byte {
	t.out = append(t.out, "}\n"...)
	return t.out
}

// jsonKey quotes a name as JSON.
func jsonKey(name string) string { return string(appendString(nil, []byte(name))) }

// appendString appends a JSON string, escaped as the server does.
func appendString(out, text []byte) []byte {
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
