package row

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
)

// typedColumns returns one column of every type.
func typedColumns() []Column {
	var columns []Column
	for _, t := range []Type{TypeJSON, TypeString, TypeInt, TypeFloat, TypeBool, TypeTime, TypeDate} {
		columns = append(columns, Column{Name: "as " + string(t) + ", \"é\"", Path: []any{"data", string(t)}, Type: t})
	}
	return columns
}

// generator generates values that a server could send.
type generator struct{ *rand.Rand }

func (g generator) pick(of ...string) string { return of[g.IntN(len(of))] }

func (g generator) text() string {
	return g.pick(`""`, `"plain"`, `" padded "`, `"a,b"`, `"two\nlines"`, `"cr\r"`, `"quote \" and \\"`, `"\u0000"`, `"é 😀"`, `"\ud83d\ude00"`,
		`"\\."`, `"null"`, `"NaN"`, `"Infinity"`, `"2020-02-29"`, `"2020-02-29T10:11:12.5Z"`, `"\ud83d"`, `"true"`, `"17"`, `"=1+1"`, `"\u2028/\/"`)
}

func (g generator) scalar() string {
	return g.pick("null", "true", "false", "0", "-1", "9007199254740993", "-9223372036854775808", "9223372036854775807", "9223372036854775808", "1e3", "1.0", "-0.0",
		"1.5", "1E400", "0.1", "1.0E300", "123456789012345680000", strconv.FormatInt(g.Int64(), 10), strconv.FormatFloat(g.NormFloat64(), 'E', -1, 64), g.text(), g.text())
}

func (g generator) time() string {
	year := g.pick("2020", "1969", "0001", "9999", "+10000", "-0044", "+290000", "-999999999", "+294247", "-290307")
	return fmt.Sprintf(`%s-%02d-%02dT%02d:%02d:%02d%s%s`, year, 1+g.IntN(12), 1+g.IntN(28), g.IntN(24), g.IntN(60), g.IntN(60),
		g.pick("", ".120", ".123456", ".123456789", ".999999999"), g.pick("Z", "Z", "+02:00"))
}

func (g generator) value(depth int) string {
	if depth <= 0 {
		return g.scalar()
	}
	switch g.IntN(12) {
	case 0:
		return `{"@ts":"` + g.time() + `"}`
	case 1:
		return `{"@date":"` + g.pick("2020-02-29", "2021-02-29", "0001-01-01", "+10000-01-01", "-0001-12-31", "+9999999-01-01", "not a date") + `"}`
	case 2:
		return `{"@bytes":"` + g.pick("", "+/8=", "aGk=") + `"}`
	case 3:
		return `{"@ref":{"id":"` + strconv.Itoa(g.IntN(1e6)) + `","collection":{"@ref":{"id":"users","collection":{"@ref":{"id":"collections"}}}}}}`
	case 4:
		return `{"@obj":{"@set":{"match":{"@ref":{"id":"i","collection":{"@ref":{"id":"indexes"}}}},"terms":` + g.value(depth-1) + `}}}`
	case 5:
		return `{"@obj":{"@type":` + g.value(depth-1) + `,"n":` + g.value(depth-1) + `}}`
	case 6:
		return `[` + g.value(depth-1) + `,` + g.value(depth-1) + `]`
	case 7:
		return `{"a":` + g.value(depth-1) + `,` + g.text() + `:` + g.value(depth-1) + `}`
	}
	return g.scalar()
}

// cell is the expected content of a CSV or Parquet cell: null, or text.
type cell struct {
	text string
	null bool
}

// cellsOf returns the expected CSV and Parquet cells for a JSONL value, without
// the package's own code.
func cellsOf(t *testing.T, typ Type, value string) (inCSV, inParquet cell) {
	t.Helper()
	null := cell{null: true}
	both := func(text string) (cell, cell) { return cell{text: text}, cell{text: text} }
	if value == "null" {
		return null, null
	}
	var text string
	isText := value[0] == '"'
	if isText {
		if err := json.Unmarshal([]byte(value), &text); err != nil {
			t.Fatal(err)
		}
	}
	number := value[0] == '-' || value[0] >= '0' && value[0] <= '9'
	switch typ {
	case TypeJSON:
		return both(value)
	case TypeString:
		if !isText || strings.ContainsRune(text, utf8.RuneError) {
			return null, null
		}
		return both(text)
	case TypeInt:
		r, ok := new(big.Rat).SetString(value)
		if !number || !ok || len(value) > 300 || !r.IsInt() || !r.Num().IsInt64() || r.Sign() == 0 && value[0] == '-' {
			return null, null
		}
		if strings.ContainsAny(value, ".eE") && r.Num().CmpAbs(big.NewInt(1<<53)) > 0 {
			return null, null
		}
		return both(r.Num().String())
	case TypeFloat:
		switch text {
		case "NaN", "Infinity", "-Infinity":
			f, _ := strconv.ParseFloat(text, 64)
			return cell{text: text}, cell{text: strconv.FormatFloat(f, 'g', -1, 64)}
		}
		f, err := strconv.ParseFloat(value, 64)
		if !number || err != nil {
			return null, null
		}
		if r, _ := new(big.Rat).SetString(value); !strings.ContainsAny(value, ".eE") && r.Cmp(new(big.Rat).SetFloat64(f)) != 0 {
			return null, null
		}
		return cell{text: value}, cell{text: strconv.FormatFloat(f, 'g', -1, 64)}
	case TypeBool:
		if value != "true" && value != "false" {
			return null, null
		}
		return both(value)
	case TypeTime:
		at, ok := timeOf(text)
		if !ok {
			return null, null
		}
		micros := new(big.Int).Div(at, big.NewInt(1000)) // rounded down
		// The package gives up within a second of the range's ends.
		if !micros.IsInt64() || new(big.Int).Abs(micros).Cmp(big.NewInt(math.MaxInt64-2_000_000)) > 0 {
			return cell{text: text}, null
		}
		return cell{text: text}, cell{text: micros.String()}
	case TypeDate:
		if strings.Contains(text, "T") {
			return null, null
		}
		at, ok := timeOf(text + "T00:00:00Z")
		if !ok {
			return null, null
		}
		days := new(big.Int).Div(at, big.NewInt(86_400_000_000_000))
		if days.Int64() != int64(int32(days.Int64())) {
			return cell{text: text}, null
		}
		return cell{text: text}, cell{text: days.String()}
	}
	t.Fatalf("type %s", typ)
	return null, null
}

// timeOf parses a time of any year as nanoseconds since 1970, by moving it to a
// year that package time can parse: 400 years are 146097 days.
func timeOf(text string) (*big.Int, bool) {
	end := strings.IndexByte(text[min(1, len(text)):], '-') + 1
	if end < 1 {
		return nil, false
	}
	year, err := strconv.Atoi(text[:end])
	if err != nil || len(strings.TrimLeft(text[:end], "+-")) < 4 {
		return nil, false
	}
	cycles := (year - 2000) / 400
	at, err := time.Parse(time.RFC3339Nano, fmt.Sprintf("%04d%s", year-cycles*400, text[end:]))
	if err != nil {
		return nil, false
	}
	nanos := new(big.Int).Mul(big.NewInt(at.Unix()+int64(cycles)*146097*86400), big.NewInt(1_000_000_000))
	return nanos.Add(nanos, big.NewInt(int64(at.Nanosecond()))), true
}

// parquetRows reads a Parquet file with the library's own reader.
func parquetRows(t *testing.T, file []byte) [][]cell {
	t.Helper()
	f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	var out [][]cell
	for _, group := range f.RowGroups() {
		rows := group.Rows()
		buffer := make([]parquet.Row, 7)
		for {
			n, err := rows.ReadRows(buffer)
			for _, row := range buffer[:n] {
				cells := make([]cell, len(row))
				for _, v := range row {
					c := cell{null: v.IsNull()}
					switch v.Kind() {
					case parquet.Double:
						c.text = strconv.FormatFloat(v.Double(), 'g', -1, 64)
					default:
						c.text = v.String()
					}
					if c.null {
						c.text = ""
					}
					cells[v.Column()] = c
				}
				out = append(out, cells)
			}
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// csvRows reads a CSV file with the package's reader, which distinguishes null
// from the empty string, and compares it with encoding/csv.
func csvRows(t *testing.T, file []byte) [][]cell {
	t.Helper()
	other, err := csv.NewReader(bytes.NewReader(file)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	r := NewCSVReader(bytes.NewReader(file), len(other[0]))
	var out [][]cell
	for {
		n, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			break
		}
		var cells []cell
		for i := range n {
			text, null := r.Field(i)
			cells = append(cells, cell{text: string(text), null: null})
			// encoding/csv drops the carriage return before a line end.
			if got, want := other[len(out)][i], strings.ReplaceAll(string(text), "\r\n", "\n"); got != want {
				t.Fatalf("encoding/csv reads %q, not %q", got, want)
			}
		}
		out = append(out, cells)
	}
	if len(out) != len(other) {
		t.Fatalf("encoding/csv reads %d records, not %d", len(other), len(out))
	}
	return out
}

// CSV and Parquet have the same content as JSONL, for generated values in every
// type of column; what does not fit is null there and counted everywhere.
func TestFormats_saySame(t *testing.T) {
	t.Parallel()
	const documents = 1500
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	g := generator{rand.New(rand.NewPCG(seed, 0))}
	columns := typedColumns()
	var elements []string
	for id := range documents {
		fields := ""
		if g.IntN(5) > 0 {
			fields += `,"data":` + g.pick(`{}`, `{"v":`+g.value(3)+`}`, `{"@obj":{"@x":`+g.value(2)+`}}`)
		}
		if g.IntN(3) == 0 {
			fields += `,"ttl":{"@ts":"` + g.time() + `"}`
		}
		values := ""
		for range columns {
			values += "," + g.value(1)
		}
		elements = append(elements, "["+documentOf(int64(id), fields)+values+"]")
	}
	page := pageOf(elements...)
	files := map[Format][]byte{}
	counts := map[Format]Counts{}
	for _, format := range columnFormats() {
		l := Layout{Collection: "users", Format: format, Columns: columns}
		s, err := NewSerializer(l)
		if err != nil {
			t.Fatal(err)
		}
		var b Batch
		if err := s.Page(&b, page, nil); err != nil {
			t.Fatal(err)
		}
		files[format] = fileOf(t, l, []*Batch{&b}, 0)
		counts[format] = b.Counts
	}
	csvRows, parquetRows := csvRows(t, files[CSV]), parquetRows(t, files[Parquet])
	var header []string
	for _, c := range csvRows[0] {
		header = append(header, c.text)
	}
	if want := (Layout{Format: CSV, Columns: columns}).Names(); !slices.Equal(header, want) {
		t.Errorf("header %q, want %q", header, want)
	}
	csvRows = csvRows[1:]
	lines := bytes.Split(bytes.TrimSuffix(files[JSONL], []byte("\n")), []byte("\n"))
	if len(lines) != documents || len(csvRows) != documents || len(parquetRows) != documents {
		t.Fatalf("%d, %d, %d rows of %d documents", len(lines), len(csvRows), len(parquetRows), documents)
	}
	types := append([]Type{TypeString, TypeInt, TypeJSON, TypeTime}, make([]Type, 0, len(columns))...)
	for _, c := range columns {
		types = append(types, c.Type)
	}
	misfits := map[Format]map[string]int64{CSV: {}, Parquet: {}}
	for i, line := range lines {
		tree, ok := parseTree(line)
		if !ok {
			t.Fatalf("row %d is not JSON: %s", i, line)
		}
		for k, typ := range types {
			value := tree.children[k].compactText()
			inCSV, inParquet := cellsOf(t, typ, value)
			if got := csvRows[i][k]; got != inCSV {
				t.Errorf("%s %s: CSV holds %+v, want %+v", header[k], value, got, inCSV)
			}
			if got := parquetRows[i][k]; got != inParquet {
				t.Errorf("%s %s: Parquet holds %+v, want %+v", header[k], value, got, inParquet)
			}
			if value != "null" && inCSV.null {
				misfits[CSV][header[k]]++
			}
			if value != "null" && inParquet.null {
				misfits[Parquet][header[k]]++
			}
		}
		if t.Failed() && i > 50 {
			t.FailNow()
		}
	}
	for format, counted := range map[Format]map[string]int64{JSONL: misfits[CSV], CSV: misfits[CSV], Parquet: misfits[Parquet]} {
		for _, tally := range counts[format].Misfit {
			if tally.Count != counted[tally.Name] {
				t.Errorf("%s: column %s counts %d misfits of %d", format, tally.Name, tally.Count, counted[tally.Name])
			}
		}
		if len(counts[format].Misfit) != len(counted) {
			t.Errorf("%s counts misfits %v, want %v", format, counts[format].Misfit, counted)
		}
	}
}
