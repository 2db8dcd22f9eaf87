package row

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
)

// value is a value in the wire format and in the form that rows use.
type value struct{ Group, Wire, Out string }

// recordedValues reads the pairs of testdata/values.jsonl.
func recordedValues(t testing.TB) []value {
	t.Helper()
	file, err := os.Open("testdata/values.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var values []value
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var v value
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(v.Wire, `\u2028`) {
			// The same string: the recording program unescapes it, but rows keep
			// the bytes of strings.
			v.Out = strings.ReplaceAll(v.Out, "\u2028", `\u2028`)
		}
		values = append(values, v)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	if len(values) != 136 {
		t.Fatalf("%d recorded values, want 136", len(values))
	}
	return values
}

// documentOf returns a document of users as the server sends it.
func documentOf(id int64, fields string) string {
	return fmt.Sprintf(`{"ref":%s,"ts":%d%s}`, refOf(id), 1659398359360000+id, fields)
}

// refOf returns the ref of a document of users.
func refOf(id int64) string {
	return fmt.Sprintf(`{"@ref":{"id":"%d","collection":{"@ref":{"id":"users","collection":{"@ref":{"id":"collections"}}}}}}`, id)
}

// pageOf returns a page with these elements.
func pageOf(elements ...string) []byte {
	return []byte(`{"resource":{"data":[` + strings.Join(elements, ",") + `]}}`)
}

// rowsOf serializes a page and returns its rows, which must be lines.
func rowsOf(t testing.TB, l Layout, page []byte) []string {
	t.Helper()
	s, err := NewSerializer(l)
	if err != nil {
		t.Fatal(err)
	}
	var b Batch
	if err := s.Page(&b, page, nil); err != nil {
		t.Fatalf("%v\npage %s", err, page)
	}
	var rows []string
	start := 0
	for _, end := range b.Ends {
		rows = append(rows, strings.TrimSuffix(string(b.Bytes[start:end]), "\n"))
		start = end
	}
	return rows
}

var jsonl = Layout{Collection: "users", Format: JSONL}

// Recorded values are rewritten as recorded, wherever they occur.
func TestPage_recordedValues(t *testing.T) {
	t.Parallel()
	places := []struct{ name, wire, out string }{
		{"in an object", `{"v":%s}`, `{"v":%s}`},
		{"between other values", `{"a":"x","v":%s,"b":{"c":[1,"é"]}}`, `{"a":"x","v":%s,"b":{"c":[1,"é"]}}`},
		{"in an array", `{"list":[%s]}`, `{"list":[%s]}`},
		{"twice in an array", `{"list":[%[1]s,%[1]s,0]}`, `{"list":[%[1]s,%[1]s,0]}`},
		{"deep", `{"a":{"b":[[{"c":%s}],2]}}`, `{"a":{"b":[[{"c":%s}],2]}}`},
		{"in an escaped object", `{"@obj":{"@x":%s,"y":1}}`, `{"@x":%s,"y":1}`},
		{"behind an escaped object", `{"e":{"@obj":{"@x":1}},"v":%s}`, `{"e":{"@x":1},"v":%s}`},
		{"with white space", "{ \"v\" :\n\t[ %s , %[1]s ]\r\n}", `{"v":[%s,%[1]s]}`},
	}
	for _, v := range recordedValues(t) {
		for _, place := range places {
			rows := rowsOf(t, jsonl, pageOf(documentOf(7, `,"data":`+fmt.Sprintf(place.wire, v.Wire))))
			want := `{"ref":"7","ts":1659398359360007,"data":` + fmt.Sprintf(place.out, v.Out) + `,"ttl":null}`
			if rows[0] != want {
				t.Errorf("%s, %s:\n got %s\nwant %s", v.Group, place.name, rows[0], want)
			}
		}
	}
}

// Numbers, strings and key order are copied, not regenerated: without anything to
// rewrite the bytes equal those of the page.
func TestPage_copiesBytes(t *testing.T) {
	t.Parallel()
	for _, v := range recordedValues(t) {
		if strings.Contains(v.Wire, `"@`) {
			continue
		}
		wire := v.Wire
		rows := rowsOf(t, jsonl, pageOf(documentOf(7, `,"data":{"v":`+wire+`}`)))
		if want := `"data":{"v":` + wire + `}`; !strings.Contains(rows[0], want) {
			t.Errorf("got %s\nwant %s in it", rows[0], want)
		}
	}
}

// Recorded values as additional columns, and as the data itself.
func TestPage_recordedValuesAsColumns(t *testing.T) {
	t.Parallel()
	l := jsonl
	l.Columns = []Column{{Name: "one", Path: []any{"data", "v"}}, {Name: "tw\"o", Path: []any{"data", "w", int64(0)}}}
	for _, v := range recordedValues(t) {
		rows := rowsOf(t, l, pageOf("["+documentOf(7, `,"data":{}`)+","+v.Wire+`,"x"]`, "[ "+documentOf(8, "")+" , 1 , "+v.Wire+" ]"))
		for i, want := range []string{
			`{"ref":"7","ts":1659398359360007,"data":{},"ttl":null,"one":` + v.Out + `,"tw\"o":"x"}`,
			`{"ref":"8","ts":1659398359360008,"data":{},"ttl":null,"one":1,"tw\"o":` + v.Out + `}`,
		} {
			if rows[i] != want {
				t.Errorf("%s:\n got %s\nwant %s", v.Group, rows[i], want)
			}
		}
	}
}

// A wire file keeps each document exactly as received.
func TestPage_wireKeepsBytes(t *testing.T) {
	t.Parallel()
	l := Layout{Collection: "users", Format: Wire}
	for _, v := range recordedValues(t) {
		document := documentOf(7, `,"data":{"v":`+v.Wire+`},"ttl":{"@ts":"2030-01-01T00:00:00Z"},"other":`+v.Wire)
		if got := rowsOf(t, l, pageOf(document))[0]; got != document {
			t.Errorf("got %s\nwant %s", got, document)
		}
		spaced := "{ \"ts\":\n 5,\t\"ref\" : " + strings.ReplaceAll(refOf(9), "}}}", "} } }") + " ,\"data\":{\"s\":\" \\\" \"} }"
		if got, want := rowsOf(t, l, pageOf(spaced))[0], `{"ts":5,"ref":`+refOf(9)+`,"data":{"s":" \" "}}`; got != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
	}
}

// The indented form of a page gives the same rows as the compact one.
func TestPage_indented(t *testing.T) {
	t.Parallel()
	var elements []string
	for i, v := range recordedValues(t) {
		elements = append(elements, documentOf(int64(i), `,"data":{"v":`+v.Wire+`},"ttl":{"@ts":"2030-01-01T00:00:00Z"},"other":[]`))
	}
	page := []byte(strings.Replace(string(pageOf(elements...)), `"data":[`, `"after":[{"@ref":{"id":"500","collection":{"@ref":{"id":"users","collection":{"@ref":{"id":"collections"}}}}}}],"data":[`, 1))
	var indented bytes.Buffer
	if err := json.Indent(&indented, page, "  ", "\t"); err != nil {
		t.Fatal(err)
	}
	for _, format := range Formats() {
		s, err := NewSerializer(Layout{Collection: "users", Format: format})
		if err != nil {
			t.Fatal(err)
		}
		var one, two Batch
		if err := s.Page(&one, page, nil); err != nil {
			t.Fatal(err)
		}
		if err := s.Page(&two, indented.Bytes(), nil); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(one.Bytes, two.Bytes) || one.Next != 500 || two.Next != 500 || !reflect.DeepEqual(one.Counts, two.Counts) {
			t.Errorf("%s: the indented page gives other rows", format)
		}
	}
}
