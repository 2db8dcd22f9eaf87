package row

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// texts makes the rows of a file into those of a JSONL file without a deletion
// column. Its results are good until the next; nil tells that a row holds what
// none can, and why says what.
type texts struct {
	keys  []string // `,"name":` of each column behind ts, in the file's order
	types []Type   // of the same columns
	scan  scanner
	out   []byte
	why   string

	rows  *Serializer // of documents of wire files
	batch Batch
}

func newTexts(l Layout) (*texts, error) {
	l.Deletion = ""
	t := &texts{}
	if l.Format == Wire {
		rows, err := NewSerializer(Layout{Collection: l.Collection, Format: JSONL})
		t.rows = rows
		return t, err
	}
	for _, c := range parquetColumns(l)[2:] {
		t.keys = append(t.keys, ","+jsonKey(c.name)+":")
		t.types = append(t.types, c.typ)
	}
	return t, nil
}

// line is a row of a JSONL file, whose deletion column begins at byte cut.
func (t *texts) line(line []byte, cut int) []byte {
	t.out = append(t.out[:0], line[:cut]...)
	if cut < len(line) {
		t.out = append(t.out, '}')
	}
	t.out = append(t.out, '\n')
	return t.out
}

// document is the row of a document as the server sent it.
func (t *texts) document(line []byte) []byte {
	t.batch.Reset()
	end, err := t.rows.element(&t.batch, line, 0, 0, nil)
	if err != nil || end != len(line) {
		return nil
	}
	return t.batch.Bytes
}

// counts are those of all documents so far.
func (t *texts) counts() Counts {
	var sum Counts
	sum.Merge(t.batch.work.counts)
	return sum
}

// record is the row of a record of a CSV file.
func (t *texts) record(r *csvRecord, id, ts int64) []byte {
	t.begin(id, ts)
	for i, typ := range t.types {
		t.out = append(t.out, t.keys[i]...)
		field := r.field(i + 2)
		start := len(t.out)
		switch {
		case r.null[i+2]:
			t.out = append(t.out, "null"...)
			continue
		case typ == TypeString:
			t.out = appendString(t.out, field)
			continue
		case typ == TypeTime, typ == TypeDate, typ == TypeFloat && len(field) > 0 && !isNumber(field[len(field)-1:]): // NaN, or infinite
			t.out = append(append(append(t.out, '"'), field...), '"')
		default:
			t.out = append(t.out, field...)
		}
		if t.scan.skip(t.out, start) != len(t.out) {
			t.why = "column " + t.keys[i][1:len(t.keys[i])-1] + " holds no " + string(typ)
			return nil
		}
	}
	return t.end()
}

// group is row i of a row group of a Parquet file.
func (t *texts) group(g *readGroup, i int) []byte {
	t.begin(g.ids[i], g.times[i])
	for k, typ := range t.types {
		t.out = append(t.out, t.keys[k]...)
		cell := g.cells[k+2][i]
		if cell.null {
			t.out = append(t.out, "null"...)
			continue
		}
		switch typ {
		case TypeString:
			t.out = appendString(t.out, cell.text.of(g.bytes))
		case TypeInt:
			t.out = strconv.AppendInt(t.out, int64(cell.bits), 10)
		case TypeFloat:
			t.out = appendFloat(t.out, math.Float64frombits(cell.bits))
		case TypeBool:
			t.out = strconv.AppendBool(t.out, cell.bits != 0)
		case TypeTime:
			t.out = append(append(append(t.out, '"'), FormatTime(int64(cell.bits))...), '"')
		case TypeDate:
			day := time.Unix(int64(cell.bits)*86400, 0).UTC()
			t.out = append(append(append(t.out, '"'), formatYears(day, "2006-01-02")...), '"')
		default:
			t.out = append(t.out, cell.text.of(g.bytes)...) // it was found to be JSON
		}
	}
	return t.end()
}

func (t *texts) begin(id, ts int64) {
	t.out = strconv.AppendInt(append(t.out[:0], `{"ref":"`...), id, 10)
	t.out = strconv.AppendInt(append(t.out, `","ts":`...), ts, 10)
}

func (t *texts) end() []byte {
	t.out = append(t.out, "}\n"...)
	return t.out
}

// appendString appends a text as a JSON string, escaped as the server does.
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

// appendFloat appends a number as the server writes one that is no whole number:
// with a point, and an exponent outside of 0.001 to 10 million. What is no number
// is a string.
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
