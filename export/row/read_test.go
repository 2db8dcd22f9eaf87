package row

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

// fileOfPage returns a page as a file in a layout.
func fileOfPage(t *testing.T, l Layout, page []byte) []byte {
	t.Helper()
	var b Batch
	if err := serializerOf(t, l).Page(&b, page, nil); err != nil {
		t.Fatal(err)
	}
	return fileOf(t, l, []*Batch{&b}, 0)
}

// jsonOf reads a file back as JSONL.
func jsonOf(t *testing.T, l Layout, file []byte) string {
	t.Helper()
	var out strings.Builder
	if _, err := Read(t.Context(), Source{Layout: l, File: bytes.NewReader(file), Size: int64(len(file)), Text: JSONText}, func(r Row) error {
		out.Write(r.Text)
		return nil
	}); err != nil {
		t.Fatalf("%s: %v", l.testName(), err)
	}
	return out.String()
}

func TestRead_sameBytesAsJSONL(t *testing.T) {
	t.Parallel()
	columns := typedColumns()
	var documents, elements []string
	for id, text := range []string{`"plain"`, `"a \"quote\", \\ and\nlines\r\t\b\f\u0000\u001f"`, `"é 😀"`, `""`, `null`} {
		document := documentOf(int64(id), `,"data":{"s":`+text+`,"e":{"@obj":{"@x":1}},"t":{"@ts":"2020-02-29T10:11:12.5Z"}},"ttl":{"@ts":"2030-01-01T00:00:00.120Z"}`)
		if id == 2 {
			document = documentOf(int64(id), "")
		}
		documents = append(documents, document)
		elements = append(elements, "["+document+`,{"a":[1,`+text+`]},`+text+fmt.Sprintf(`,%d,%d.25,%t,`, id-2, id, id%2 == 0)+
			`{"@ts":"+12345-01-02T03:04:05.123456Z"},{"@date":"+10000-12-31"}]`)
	}
	elements = append(elements, "["+documentOf(9, "")+`,null,null,null,"NaN",null,null,{"@date":"-0044-03-15"}]`,
		"["+documentOf(10, "")+`,0,"x",-9223372036854775808,1.0E7,true,{"@ts":"-0044-03-15T00:00:00Z"},{"@date":"0000-01-01"}]`,
		"["+documentOf(11, "")+`,0,"x",9223372036854775807,-1.5E-7,true,{"@ts":"1969-12-31T23:59:59.999Z"},{"@date":"1969-12-31"}]`,
		"["+documentOf(12, "")+`,0,"x",0,"-Infinity",true,null,null]`, "["+documentOf(13, "")+`,0,"x",0,-0.0,true,null,null]`)
	for _, deletion := range []string{"", "deleted_at"} {
		for _, noData := range []bool{false, true} {
			for _, with := range []struct {
				format  Format
				columns []Column
				page    []byte
			}{
				{JSONL, columns, pageOf(elements...)}, {CSV, columns, pageOf(elements...)}, {Parquet, columns, pageOf(elements...)}, {Wire, nil, pageOf(documents...)},
			} {
				l := Layout{Collection: "users", Format: with.format, Columns: with.columns, Deletion: deletion}
				if noData {
					if with.format == Wire {
						continue
					}
					l.NoData = true
					with.page = pageOf(`[`+refOf(1)+`,5,null,[],"x",1,1.5,true,null,null]`, `[`+refOf(2)+`,6,{"@ts":"2030-01-01T00:00:00Z"},"x",null,null,null,null,null,null]`)
				}
				plain := l
				plain.Format, plain.Deletion = JSONL, ""
				want := string(fileOfPage(t, plain, with.page))
				if got := jsonOf(t, l, fileOfPage(t, l, with.page)); got != want {
					t.Errorf("%s, deletion %q:\n%s\nwant\n%s", l.testName(), deletion, got, want)
				}
			}
		}
	}
}

// CSV and Parquet keep types and values, for generated values in every type of
// column; what did not fit is null.
func TestRead_valuesOfEveryType(t *testing.T) {
	t.Parallel()
	const documents = 800
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	g := generator{rand.New(rand.NewPCG(seed, 0))}
	columns := typedColumns()
	types := []Type{TypeJSON, TypeTime}
	for _, c := range columns {
		types = append(types, c.Type)
	}
	var elements []string
	for id := range documents {
		values := ""
		for range columns {
			values += "," + g.value(1)
		}
		elements = append(elements, "["+documentOf(int64(id), `,"data":{"v":`+g.value(3)+`},"ttl":{"@ts":"`+g.time()+`"}`)+values+"]")
	}
	page := pageOf(elements...)
	l := Layout{Collection: "users", Format: JSONL, Columns: columns}
	want := strings.Split(strings.TrimSuffix(string(fileOfPage(t, l, page)), "\n"), "\n")
	for _, format := range columnFormats() {
		if format == JSONL {
			continue // the reference for the others
		}
		l.Format = format
		got := strings.Split(strings.TrimSuffix(jsonOf(t, l, fileOfPage(t, l, page)), "\n"), "\n")
		if len(got) != documents {
			t.Fatalf("%s: %d rows of %d", format, len(got), documents)
		}
		for i := range got {
			is, ok := parseTree([]byte(got[i]))
			was, _ := parseTree([]byte(want[i]))
			if !ok || len(is.children) != len(was.children) {
				t.Fatalf("%s: row %s", format, got[i])
			}
			for k, typ := range types {
				value, back := was.children[k+2].compactText(), is.children[k+2].compactText()
				inCSV, inParquet := cellsOf(t, typ, value)
				held := inCSV
				if format == Parquet {
					held = inParquet
				}
				exact := format.Can().Exact // exact formats keep even what fits no type
				same := exact && value == back
				if !same && (exact || !sameValue(t, typ, format, held, value, back)) {
					t.Errorf("%s %s: %s came back as %s", format, typ, value, back)
				}
			}
			if t.Failed() {
				t.FailNow()
			}
		}
	}
}

// sameValue compares a value with what came back from its cell.
func sameValue(t *testing.T, typ Type, format Format, held cell, value, back string) bool {
	t.Helper()
	if held.null || back == "null" {
		return back == "null" && (held.null || held.text == "null")
	}
	unquoted := func(text string) string {
		var s string
		if err := json.Unmarshal([]byte(text), &s); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		return s
	}
	switch {
	case typ == TypeString:
		return unquoted(value) == unquoted(back)
	case typ == TypeInt:
		was, _ := new(big.Rat).SetString(value)
		is, ok := new(big.Rat).SetString(back)
		return ok && was.Cmp(is) == 0
	case typ == TypeFloat && value[0] != '"':
		was, err1 := strconv.ParseFloat(value, 64)
		is, err2 := strconv.ParseFloat(back, 64)
		return err1 == nil && err2 == nil && was == is
	case typ == TypeTime && format == Parquet:
		at, ok := timeOf(unquoted(back))
		return ok && new(big.Int).Div(at, big.NewInt(1000)).String() == held.text
	}
	return value == back
}

func TestRead_namesARowThatCannotBe(t *testing.T) {
	t.Parallel()
	l := Layout{Collection: "users", Format: CSV, Columns: []Column{{Name: "n", Path: []any{"data", "n"}, Type: TypeInt}}}
	file := []byte("ref,ts,data,ttl,n\n1,5,{},,1\n2,6,{},,nonsense\n")
	_, err := Read(t.Context(), Source{Layout: l, File: bytes.NewReader(file), Size: int64(len(file)), Text: JSONText}, func(Row) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "row 2") || !strings.Contains(err.Error(), `"n"`) {
		t.Errorf("%v", err)
	}
}

// Rows that were read as RawText are split into their fields.
func TestFields_splitWhatWasRead(t *testing.T) {
	t.Parallel()
	page := pageOf(documentOf(1, `,"data":{"@obj":{"@a":{"@ref":{"id":"2","collection":{"@ref":{"id":"users","collection":{"@ref":{"id":"collections"}}}}}},"b":[1]}}`))
	for _, format := range Formats() {
		l := Layout{Collection: "users", Format: format}
		file := fileOfPage(t, l, page)
		fields := NewFields(format)
		_, err := Read(t.Context(), Source{Layout: l, File: bytes.NewReader(file), Size: int64(len(file)), Text: RawText}, func(one Row) error {
			return fields.Split(one.Text)
		})
		if err != nil || len(fields.List) != 2 || string(fields.List[0].Name) != "@a" || fields.List[0].Kind != KindRef || fields.List[1].Kind != KindArray {
			t.Errorf("%s: %+v, %v", format, fields.List, err)
		}
		spaced := []byte(` { "ref" : "1" , "ts" : 1 , "data" : { "a" : 1 } } `)
		if err := NewFields(JSONL).Split(spaced); err != nil {
			t.Error(err)
		}
	}
}
