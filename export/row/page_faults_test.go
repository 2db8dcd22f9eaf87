package row

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

// A damaged document is named by its id, or by the plan if its own ref is
// damaged, and no row of the page is kept.
func TestPage_namesDamagedDocument(t *testing.T) {
	t.Parallel()
	good := documentOf(5, `,"data":{"a":1}`)
	for _, test := range []struct{ name, element, reason string }{
		{"value", documentOf(7, `,"data":{"a":tru}`), "a word"},
		{"control character", documentOf(7, ",\"data\":{\"a\":\"x\ny\"}"), "control character"},
		{"number", documentOf(7, `,"data":{"a":01}`), "comma"},
		{"key", documentOf(7, `,"data":{"a":1,}`), "key"},
		{"other field", documentOf(7, `,"data":{},"x":[1,]`), "value is missing"},
		{"ttl", documentOf(7, `,"data":{},"ttl":{"@ts":}`), "value is missing"},
		{"no ref", `{"ts":1,"data":{}}`, `no "ref"`},
		{"no ts", `{"ref":` + refOf(7) + `,"data":{}}`, `no "ts"`},
		{"ts is no number", `{"ref":` + refOf(7) + `,"ts":"1"}`, `"ts" is not`},
		{"ts with a fraction", `{"ref":` + refOf(7) + `,"ts":1.5}`, `"ts" is not`},
		{"ts beyond int64", `{"ref":` + refOf(7) + `,"ts":9223372036854775808}`, `"ts" is not`},
		{"id is no number", `{"ref":{"@ref":{"id":"seven"}},"ts":1}`, "id is not a number"},
		{"id beyond int64", `{"ref":{"@ref":{"id":"9223372036854775808"}},"ts":1}`, "id is not a number"},
		{"ref is a name", `{"ref":"7","ts":1}`, `not a document's ref`},
		{"not an object", `7`, "not an object"},
		{"null", `null`, "not an object"},
	} {
		for _, format := range Formats() {
			s := serializerOf(t, Layout{Collection: "users", Format: format})
			var b Batch
			err := s.Page(&b, pageOf(good, test.element, documentOf(9, "")), []int64{5, 7, 9})
			var damaged *DocumentError
			if !errors.As(err, &damaged) {
				t.Errorf("%s, %s: %v", test.name, format, err)
				continue
			}
			if damaged.ID != 7 || damaged.Position != 1 || damaged.Collection != "users" || !strings.Contains(err.Error(), "7") {
				t.Errorf("%s, %s: names %+v", test.name, format, damaged)
			}
			if format == JSONL && !strings.Contains(err.Error(), test.reason) {
				t.Errorf("%s: says %q, not %q", test.name, err, test.reason)
			}
			if len(b.Bytes)+len(b.Ends)+len(b.IDs) > 0 {
				t.Errorf("%s, %s: rows were kept", test.name, format)
			}
		}
	}
}

// Anything but a page is rejected, and a truncated page is distinguished from a
// malformed one.
func TestPage_refusesWhatIsNoPage(t *testing.T) {
	t.Parallel()
	whole := string(pageOf(documentOf(1, `,"data":{"a":"x"}`), documentOf(2, "")))
	spaced := strings.NewReplacer("{", "{ ", "}", " }", ":", " : ", ",", "\n, ").Replace(whole)
	s := serializerOf(t, jsonl)
	var b Batch
	for _, whole := range []string{whole, spaced} {
		for n := range len(whole) {
			err := s.Page(&b, []byte(whole[:n]), nil)
			var page *PageError
			if !errors.As(err, &page) || !page.Short {
				t.Fatalf("cut after %d of %d bytes: %v", n, len(whole), err)
			}
		}
	}
	if err := s.Page(&b, []byte(whole+"\n"), nil); err != nil || len(b.IDs) != 2 {
		t.Errorf("with a line end: %v", err)
	}
	b.Reset()
	for _, body := range []string{
		`{"errors":[{"code":"unauthorized","description":"Unauthorized"}]}`, `{"resource":5}`, `{"resource":{}}`, `{"resource":{"data":{}}}`, `[]`, `null`,
		`<html></html>`, whole + "x", `{"resource":{"data":[],"after":5}}`, `{"resource":{"data":[],"after":[5]}}`, `{"resource":{"data":[,]}}`,
	} {
		err := s.Page(&b, []byte(body), nil)
		var page *PageError
		var document *DocumentError
		if !errors.As(err, &page) && !errors.As(err, &document) {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// The next page's first id is in "after". What a page says about its position and
// its documents must match the request.
func TestPage_isOfTheCollectionAndThePlaceAskedFor(t *testing.T) {
	t.Parallel()
	s := serializerOf(t, jsonl)
	other := strings.ReplaceAll(refOf(9), "users", "others")
	one := documentOf(7, "")
	for body, want := range map[string]int64{
		`{"resource":{"data":[]}}`:              -1,
		`{"resource":{"data":[] }}`:             -1,
		`{"resource":{"after":null,"data":[]}}`: 0,
		`{"resource":{"before":[` + refOf(7) + `],"after":[` + refOf(1<<63-1) + `],"data":[` + one + `]}}`: 1<<63 - 1,
		`{"resource":{"data":[` + one + `],"after":[ ` + refOf(8) + ` , 5 ]}}`:                             8,
	} {
		b := Batch{Next: 77, From: 7}
		err := s.Page(&b, []byte(body), nil)
		if want == 0 && err == nil || want != 0 && (err != nil || b.Next != want) {
			t.Errorf("%s: next %d, %v", body, b.Next, err)
		}
	}
	for name, body := range map[string]string{
		"before of another collection": `{"resource":{"before":[` + other + `],"data":[` + one + `]}}`,
		"before of another place":      `{"resource":{"before":[` + refOf(6) + `],"data":[` + one + `]}}`,
		"before of a number":           `{"resource":{"before":[7],"data":[` + one + `]}}`,
		"after of another collection":  `{"resource":{"after":[` + other + `],"data":[` + one + `]}}`,
		"after that stays":             `{"resource":{"after":[` + refOf(7) + `],"data":[` + one + `]}}`,
		"after of nothing":             `{"resource":{"after":[` + refOf(9) + `],"data":[]}}`,
		"two lists":                    `{"resource":{"data":[` + one + `],"data":[]}}`,
		"two resources":                `{"resource":{"data":[` + one + `]},"resource":{"data":[]}}`,
		"an error beside it":           `{"errors":[],"resource":{"data":[` + one + `]}}`,
		"a key that no page has":       `{"resource":{"data":[` + one + `],"x":1}}`,
		"a document of another one":    `{"resource":{"data":[` + strings.ReplaceAll(one, "users", "others") + `]}}`,
		"the same in another order":    `{"resource":{"data":[{"ts":1,"ref":` + other + `}]}}`,
		"a document of no collection":  `{"resource":{"data":[{"ref":{"@ref":{"id":"7"}},"ts":1}]}}`,
		"a time after the snapshot":    `{"resource":{"data":[{"ref":` + refOf(7) + `,"ts":1659398359360008}]}}`,
		"a time before all time":       `{"resource":{"data":[{"ref":` + refOf(7) + `,"ts":-1}]}}`,
	} {
		for _, format := range Formats() {
			b := Batch{From: 7, At: 1659398359360007}
			var page *PageError
			if err := serializerOf(t, Layout{Collection: "users", Format: format}).Page(&b, []byte(body), nil); !errors.As(err, &page) || len(b.IDs) > 0 {
				t.Errorf("%s, %s: %v", name, format, err)
			}
		}
	}
	var b Batch
	if err := s.Page(&b, []byte(`{"resource":{"before":[`+refOf(0)+`],"data":[`+one+`]}}`), nil); err == nil {
		t.Error("a first page has a before")
	}
	noData := Layout{Collection: "users", Format: CSV, NoData: true}
	for element, right := range map[string]bool{`[` + refOf(7) + `,1,null]`: true, `[` + other + `,1,null]`: false, `["7",1,null]`: false} {
		var b Batch
		if err := serializerOf(t, noData).Page(&b, pageOf(element), nil); (err == nil) != right {
			t.Errorf("no data, %s: %v", element, err)
		}
	}
}

// A page without exactly the planned documents, in order, is a Mismatch, with
// everything that a caller needs to find out why.
func TestPage_mismatch(t *testing.T) {
	t.Parallel()
	s := serializerOf(t, jsonl)
	page := func(ids ...int64) []byte {
		var elements []string
		for _, id := range ids {
			elements = append(elements, documentOf(id, ""))
		}
		return pageOf(elements...)
	}
	for _, test := range []struct {
		name      string
		got, plan []int64
	}{
		{"one is missing", []int64{1, 3}, []int64{1, 2, 3}},
		{"the last is missing", []int64{1, 2}, []int64{1, 2, 3}},
		{"one too many", []int64{1, 2, 3}, []int64{1, 3}},
		{"another", []int64{1, 4}, []int64{1, 3}},
		{"none", nil, []int64{1}},
		{"none planned", []int64{1}, []int64{}},
		{"out of order", []int64{2, 1}, nil},
		{"doubled", []int64{1, 1}, nil},
		{"doubled as planned", []int64{1, 1}, []int64{1, 1}},
	} {
		var b Batch
		err := s.Page(&b, page(test.got...), test.plan)
		var mismatch *Mismatch
		if !errors.As(err, &mismatch) {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if len(mismatch.Got) != len(test.got) || len(mismatch.Planned) != len(test.plan) || mismatch.Next != -1 || len(b.Bytes) > 0 || mismatch.Error() == "" {
			t.Errorf("%s: %+v", test.name, mismatch)
		}
	}
	for want, e := range map[string]Mismatch{
		"the page has 1 documents instead of the 0 planned":                                      {Planned: []int64{}, Got: []int64{1}},
		"the page has 2 documents instead of the 3 planned; they differ starting at document 3":  {Planned: []int64{1, 3, 4}, Got: []int64{1, 4}},
		"the page holds document 1 after 2: ids must ascend":                                     {Planned: []int64{1, 2}, Got: []int64{2, 1}},
		"the page of 2 documents begins at or before the last row written":                       {Got: []int64{2, 3}},
		"the page has 0 documents instead of the 1 planned; they differ starting at document 10": {Planned: []int64{10}},
	} {
		if got := e.Error(); got != want {
			t.Errorf("says %q, not %q", got, want)
		}
	}
	var b Batch
	if err := s.Page(&b, page(5, 6), nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Page(&b, page(6), nil); err == nil || len(b.IDs) != 2 || len(b.Ends) != 2 {
		t.Errorf("a page that begins with the last row: %v", err)
	}
	if err := s.Page(&b, page(7), []int64{7}); err != nil || !reflect.DeepEqual(b.IDs, []int64{5, 6, 7}) {
		t.Errorf("a second page: %v", err)
	}
}

// An element with too few or too many values is a damaged document.
func TestPage_elementsOfAnotherShape(t *testing.T) {
	t.Parallel()
	l := Layout{Collection: "users", Format: JSONL, Columns: []Column{{Name: "c", Path: []any{"data", "c"}}}}
	for _, element := range []string{documentOf(1, ""), "[" + documentOf(1, "") + "]", "[" + documentOf(1, "") + ",1,2]", "[]", `["1",2,null,3]`} {
		var b Batch
		var damaged *DocumentError
		if err := serializerOf(t, l).Page(&b, pageOf(element), []int64{1}); !errors.As(err, &damaged) || damaged.ID != 1 {
			t.Errorf("%s: %v", element, err)
		}
	}
	l = Layout{Collection: "users", Format: JSONL, NoData: true}
	for _, element := range []string{documentOf(1, ""), "[" + refOf(1) + ",2]", "[" + refOf(1) + ",2,null,3]", "[1,2,null]", "[" + refOf(1) + `,"2",null]`} {
		var b Batch
		var damaged *DocumentError
		if err := serializerOf(t, l).Page(&b, pageOf(element), []int64{1}); !errors.As(err, &damaged) {
			t.Errorf("no data, %s: %v", element, err)
		}
	}
	if got, want := rowsOf(t, l, pageOf(`[`+refOf(1)+`,2,{"@ts":"2030-01-01T00:00:00Z"}]`))[0], `{"ref":"1","ts":2,"ttl":"2030-01-01T00:00:00Z"}`; got != want {
		t.Errorf("got %s", got)
	}
}
