package row

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
)

// seedPages adds recorded values, and broken variants of them, to a fuzz target.
func seedPages(f *testing.F, add func(wire string)) {
	f.Helper()
	for _, v := range recordedValues(f) {
		add(v.Wire)
	}
	for _, wire := range []string{
		`{"@obj":{"a":1},"b":2}`, `{"@obj":{"@set":{"match":{"@ref":{"id":"x"}}}},"b":2}`, `{"@ts":"x","y":{"@ts":"z"}}`,
		`{"@obj":{"@set":{"union":[{"@obj":{"@set":{"a":1}}}]}}}`, `{"@obj":{"@set":{"union":[]}}}`, `{ "@obj" : { "@set" : { "distinct" : {"@ref": {"id":"a"} } } } }`,
		`{"@bytes":"\/\u002b\\+"}`, "\"\xff\xfe\"", `"\ud83d\ude00"`, `{"@obj":{}}`, `{"@obj":{"@obj":{"@obj":{}}}}`, `[[[[[[{}]]]]]]`, `{"":{"":[]}}`,
		`{"@ref":{"id":"1","id":"2"}}`, `{"@ref":{"id":1}}`, `{"@ref":{"id":"1","collection":5}}`, `{"@set":{"a":{"@obj":{"@set":{"events":{"@ref":{}}}}}}}`,
		`{"@obj":{"@x":{"@obj":{"@y":1},"z":2}}}`, `{"@query":{"x":1},"y":2}`, `{"@set":5}`, `-`, `01`, `1.`, `{"a"}`, `[1,]`, `"\x"`, `nul`, "\"\n\"",
	} {
		add(wire)
	}
}

// Any bytes are a page or an error, in every layout, and the rows of a page form
// a file that Read accepts.
func FuzzPage_anyBytes(f *testing.F) {
	seedPages(f, func(wire string) {
		f.Add(pageOf(documentOf(1, `,"data":`+wire), documentOf(2, `,"x":`+wire+`,"ttl":`+wire)))
		f.Add(pageOf(`[` + documentOf(1, `,"data":{}`) + `,` + wire + `,2,3,4,5,6,7]`))
		f.Add(pageOf(`["5",6,` + wire + `]`))
	})
	f.Add([]byte(`{"resource":{"before":[],"after":[{"@ref":{"id":"9"}}],"data":[]}}`))
	f.Add([]byte(`{"errors":[{"code":"unauthorized"}]}`))
	layouts := layoutsOf()
	f.Fuzz(func(t *testing.T, page []byte) {
		for _, l := range layouts {
			if !l.Compress.plain() {
				continue
			}
			s, err := NewSerializer(l)
			if err != nil {
				t.Fatal(err)
			}
			var b Batch
			if err := s.Page(&b, page, nil); err != nil {
				if len(b.Bytes) != 0 || len(b.Ends) != 0 || len(b.IDs) != 0 {
					t.Fatalf("%s: rows after %v", l.testName(), err)
				}
				continue
			}
			if len(b.Ends) != len(b.IDs) {
				t.Fatalf("%s: %d rows of %d documents", l.testName(), len(b.Ends), len(b.IDs))
			}
			if l.Format == Parquet {
				continue // slow, and covered by other tests
			}
			file := fileOf(t, l, []*Batch{&b}, 0)
			sum, err := Read(context.Background(), Source{Layout: l, File: bytes.NewReader(file), Size: int64(len(file))}, nil)
			if err != nil || sum.Rows != int64(len(b.IDs)) {
				t.Fatalf("%s: %v, %d rows of %d in %q", l.testName(), err, sum.Rows, len(b.IDs), file)
			}
		}
	})
}

// A page with any JSON value gives one row per document, each valid and according
// to the rules; for a page with anything else the error names the document.
func FuzzPage_validValues(f *testing.F) {
	seedPages(f, func(wire string) { f.Add([]byte(wire)) })
	f.Fuzz(func(t *testing.T, wire []byte) {
		tree, valid := parseTree(wire)
		if !valid && bytes.Count(wire, []byte("["))+bytes.Count(wire, []byte("{")) > 9000 {
			return // deeper than the oracle can read
		}
		want := ""
		if valid {
			want = tree.row()
		}
		l := jsonl
		l.Columns = []Column{{Name: "c", Path: []any{"data", "c"}}}
		s, err := NewSerializer(l)
		if err != nil {
			t.Fatal(err)
		}
		for _, place := range []struct{ data, column, wantData, wantColumn string }{
			{`{"v":` + string(wire) + `}`, `1`, `{"v":` + want + `}`, `1`},
			{`{"v":[` + string(wire) + "\n, " + string(wire) + `]}`, `1`, `{"v":[` + want + `,` + want + `]}`, `1`},
			{`{"@obj":{"@x":` + string(wire) + `}}`, `1`, `{"@x":` + want + `}`, `1`},
			{`{}`, string(wire), `{}`, want},
		} {
			var b Batch
			err := s.Page(&b, pageOf("["+documentOf(1, `,"data":`+place.data)+","+place.column+"]", "["+documentOf(2, "")+",null]"), []int64{1, 2})
			if !valid {
				var damaged *DocumentError
				var page *PageError
				var ids *Mismatch
				if !errors.As(err, &damaged) && !errors.As(err, &page) && !errors.As(err, &ids) {
					// The text around the value may complete it to valid JSON.
					if _, whole := parseTree(pageOf("["+documentOf(1, `,"data":`+place.data)+","+place.column+"]", "["+documentOf(2, "")+",null]")); !whole {
						t.Fatalf("%q is no JSON, but the page was taken: %v", wire, err)
					}
				}
				continue
			}
			if err != nil {
				t.Fatalf("%q: %v", wire, err)
			}
			row := fmt.Sprintf(`{"ref":"1","ts":1659398359360001,"data":%s,"ttl":null,"c":%s}`+"\n"+`{"ref":"2","ts":1659398359360002,"data":{},"ttl":null,"c":null}`+"\n", place.wantData, place.wantColumn)
			if string(b.Bytes) != row {
				t.Fatalf("%s\n got %s\nwant %s", wire, b.Bytes, row)
			}
			for line := range bytes.Lines(b.Bytes) {
				if _, ok := parseTree(line); !ok {
					t.Fatalf("%s: the row is not JSON: %s", wire, line)
				}
			}
		}
	})
}

// For any bytes Read returns rows or an error, in every layout.
func FuzzRead_anyBytes(f *testing.F) {
	layouts := layoutsOf()
	for i, l := range layouts {
		file := fileOf(f, l, batchesOf(f, l, 20, "x\n\"y", 1), 0)
		f.Add(i, file)
		f.Add(i, file[:len(file)/2])
		f.Add(i, fileOf(f, l, nil, 0))
	}
	f.Fuzz(func(t *testing.T, i int, file []byte) {
		if i < 0 || i >= len(layouts) || len(file) > 1<<16 {
			return
		}
		sum, err := Read(context.Background(), Source{Layout: layouts[i], File: bytes.NewReader(file), Size: int64(len(file))}, nil)
		if err == nil && (sum.Rows == 0) != (sum.LastID == -1) {
			t.Fatalf("%+v", sum)
		}
	})
}
