package row

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func serializerOf(t testing.TB, l Layout) *Serializer {
	t.Helper()
	s, err := NewSerializer(l)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Fields in another order than the server's, and documents without data, give
// the same row.
func TestPage_anyOrderOfFields(t *testing.T) {
	t.Parallel()
	ref := `"ref":{"@ref":{"id":"7","collection":{"@ref":{"id":"users","collection":{"@ref":{"id":"collections"}}}}}}`
	want := `{"ref":"7","ts":5,"data":{"a":{"id":"c","type":"collection"}},"ttl":"2030-01-01T00:00:00Z"}`
	data, ttl := `"data":{"a":{"@ref":{"id":"c","collection":{"@ref":{"id":"collections"}}}}}`, `"ttl":{"@ts":"2030-01-01T00:00:00Z"}`
	for _, document := range []string{
		"{" + ref + `,"ts":5,` + data + "," + ttl + "}",
		"{" + ref + `,"ts":5,` + ttl + "," + data + "}",
		"{" + ttl + "," + data + `,"ts":5,` + ref + "}",
		"{" + data + "," + ref + "," + ttl + `,"ts":5 }`,
	} {
		if got := rowsOf(t, jsonl, pageOf(document))[0]; got != want {
			t.Errorf("%s\n got %s\nwant %s", document, got, want)
		}
	}
	for _, data := range []string{"", `,"data":{}`, `,"data":null`, `,"data":{"@obj":{}}`} {
		if got, want := rowsOf(t, jsonl, pageOf(documentOf(7, data)))[0], `{"ref":"7","ts":1659398359360007,"data":{},"ttl":null}`; got != want {
			t.Errorf("data %q: %s", data, got)
		}
	}
}

// Deep nesting does not use the goroutine's stack, and a string of 8 MiB works,
// in every format.
func TestPage_deepAndLong(t *testing.T) {
	t.Parallel()
	const depth = 200_000
	deep := strings.Repeat(`{"a":[`, depth) + `{"@obj":{"@x":1}}` + strings.Repeat(`]}`, depth)
	sets := strings.Repeat(`{"@obj":{"@set":{"distinct":`, 50_000) + `{"@ref":{"id":"x","collection":{"@ref":{"id":"indexes"}}}}` + strings.Repeat(`}}}`, 50_000)
	escaped := strings.Repeat(`{"@obj":{"@x":`, 100_000) + `1` + strings.Repeat(`}}`, 100_000)
	odd := strings.Repeat(`{"@obj":{"@x":`, 100_000) + `1` + strings.Repeat(`},"y":2}`, 100_000)
	refs := strings.Repeat(`{"@ref":{"id":"1","x":`, 100_000) + `1` + strings.Repeat(`}}`, 100_000)
	long := `"` + strings.Repeat("0123456789abcde\u00e9", 512<<10) + `"`
	for _, format := range Formats() {
		s := serializerOf(t, Layout{Collection: "users", Format: format})
		for name, value := range map[string]string{"deep": deep, "sets": sets, "escaped": escaped, "odd": odd, "refs": refs, "long": long} {
			var b Batch
			if err := s.Page(&b, pageOf(documentOf(1, `,"data":{"v":`+value+`}`)), nil); err != nil {
				t.Errorf("%s, %s: %v", format, name, err)
			}
			if format == JSONL && name == "long" && !strings.Contains(string(b.Bytes), long) {
				t.Errorf("the long string came out another")
			}
		}
	}
	if got, want := rowsOf(t, jsonl, pageOf(documentOf(1, `,"data":{"v":`+sets+`}`)))[0], strings.Repeat(`{\"@set\":{\"distinct\":`, 50_000); !strings.Contains(got, want) {
		t.Errorf("nested sets came out as %.200s", got)
	}
}

// Invalid UTF-8 is copied and counted, never repaired.
func TestPage_keepsInvalidUTF8(t *testing.T) {
	t.Parallel()
	bad := "a\xff\xc3(\xed\xa0\x80z"
	for _, l := range []Layout{
		{Collection: "users", Format: JSONL, Columns: []Column{{Name: "c", Path: []any{"data", "c"}, Type: TypeString}}},
		{Collection: "users", Format: CSV, Columns: []Column{{Name: "c", Path: []any{"data", "c"}, Type: TypeString}}},
		{Collection: "users", Format: Parquet, Columns: []Column{{Name: "c", Path: []any{"data", "c"}, Type: TypeString}}},
	} {
		var b Batch
		page := pageOf("["+documentOf(3, `,"data":{"v":"`+bad+`"}`)+`,"`+bad+`"]`, "["+documentOf(4, `,"data":{"v":"é"}`)+`,""]`)
		if err := serializerOf(t, l).Page(&b, page, nil); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(b.Bytes), bad); n != 2 {
			t.Errorf("%s: the bytes stand there %d times", l.Format, n)
		}
		if want := (Tally{Count: 1, IDs: []int64{3}}); !reflect.DeepEqual(b.Counts.NotUTF8, want) {
			t.Errorf("%s: counts %+v", l.Format, b.Counts.NotUTF8)
		}
	}
}

// Writing rows allocates nothing once a batch has its memory.
func TestPage_allocatesNothing(t *testing.T) {
	page, plan := benchPage(t, 500, false)
	for _, format := range Formats() {
		s := serializerOf(t, Layout{Collection: "users", Format: format})
		var b Batch
		got := testing.AllocsPerRun(5, func() {
			b.Reset()
			if err := s.Page(&b, page, plan); err != nil {
				t.Fatal(err)
			}
		})
		if got > 4 {
			t.Errorf("%s: %v allocations a page of %d rows", format, got, len(plan))
		}
	}
}

// Typed columns contain what fits; the rest is counted, or an error if strict.
func TestPage_columns(t *testing.T) {
	t.Parallel()
	l := Layout{Collection: "users", Format: CSV, Columns: []Column{
		{Name: "n", Path: []any{"data", "n"}, Type: TypeInt},
		{Name: "at", Path: []any{"data", "at"}, Type: TypeTime},
	}}
	elements := []string{
		"[" + documentOf(1, "") + `,1,{"@ts":"2020-01-01T00:00:00.123456789Z"}]`,
		"[" + documentOf(2, "") + `,"one",null]`,
		"[" + documentOf(3, "") + `,1.5,{"@date":"2020-01-01"}]`,
		"[" + documentOf(4, "") + `,null,{"@ts":"+999999-01-01T00:00:00Z"}]`,
	}
	want := map[Format]Counts{}
	misfit := []Tally{{Name: "at", Count: 1, IDs: []int64{3}}, {Name: "n", Count: 2, IDs: []int64{2, 3}}}
	missing := []Tally{{Name: "at", Count: 1, IDs: []int64{2}}, {Name: "n", Count: 1, IDs: []int64{4}}}
	want[JSONL] = Counts{Missing: missing, Misfit: misfit}
	want[CSV] = want[JSONL]
	want[Parquet] = Counts{Missing: missing, Floored: []Tally{{Name: "at", Count: 1, IDs: []int64{1}}},
		Misfit: []Tally{{Name: "at", Count: 2, IDs: []int64{3, 4}}, misfit[1]}}
	for format, counts := range want {
		l.Format, l.Strict = format, false
		var b Batch
		if err := serializerOf(t, l).Page(&b, pageOf(elements...), nil); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(b.Counts, counts) {
			t.Errorf("%s counts %+v, want %+v", format, b.Counts, counts)
		}
		if format == CSV {
			rows := strings.Split(string(b.Bytes), "\n")
			for i, end := range []string{"1,2020-01-01T00:00:00.123456789Z", ",", ",", ",+999999-01-01T00:00:00Z"} {
				if !strings.HasSuffix(rows[i], ",{},,"+end) {
					t.Errorf("row %q does not end with %q", rows[i], end)
				}
			}
		}
		l.Strict = true
		err := serializerOf(t, l).Page(&b, pageOf(elements...), nil)
		if err == nil || err.Error() != `column "n" of document 2 of "users": the value is not of type int` {
			t.Errorf("%s, strict: %v", format, err)
		}
	}
}

// A batch says whether one of its documents has a ttl, whatever the format and the
// columns, until it is reset.
func TestPage_saysWhetherADocumentHasATTL(t *testing.T) {
	t.Parallel()
	const at = `{"@ts":"2030-01-01T00:00:00Z"}`
	selected := func(ttl string) string {
		return `[{"@ref":{"id":"7","collection":{"@ref":{"id":"users","collection":{"@ref":{"id":"collections"}}}}}},5,` + ttl + "]"
	}
	whole := func(ttl string) string { return documentOf(7, `,"data":{}`+ttl) }
	for _, c := range []struct {
		layout        Layout
		without, with string
	}{
		{jsonl, whole(""), whole(`,"ttl":` + at)},
		{Layout{Collection: "users", Format: CSV}, whole(""), whole(`,"ttl":` + at)},
		{Layout{Collection: "users", Format: Parquet}, whole(""), whole(`,"ttl":` + at)},
		{Layout{Collection: "users", Format: Wire}, whole(""), whole(`,"ttl":` + at)},
		{Layout{Collection: "users", Format: JSONL, NoData: true}, selected("null"), selected(at)},
	} {
		var b Batch
		s := serializerOf(t, c.layout)
		for _, page := range []struct {
			element  string
			expiring bool
		}{{c.without, false}, {c.with, true}, {c.without, true}} {
			if err := s.Page(&b, pageOf(page.element), nil); err != nil {
				t.Fatal(err)
			}
			if b.Expiring != page.expiring {
				t.Errorf("%+v, after %s: %t", c.layout, page.element, b.Expiring)
			}
			b.IDs = b.IDs[:0] // the same document again
		}
		if b.Reset(); b.Expiring {
			t.Errorf("%+v, after Reset", c.layout)
		}
	}
}

// Other top-level fields are left out, counted by name, and reported in warnings
// without control characters.
func TestPage_countsOtherFields(t *testing.T) {
	t.Parallel()
	var b, c Batch
	s := serializerOf(t, jsonl)
	var elements []string
	for id := int64(1); id <= 9; id++ {
		elements = append(elements, documentOf(id, `,"data":{},"credentials":{"password":"x"},"odd\u001b[31m":1`))
	}
	if err := s.Page(&b, pageOf(elements...), nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Page(&c, pageOf(documentOf(10, `,"data":{},"data":{"second":1},"ttl":null,"ttl":5`)), nil); err != nil {
		t.Fatal(err)
	}
	var sum Counts
	sum.Merge(c.Counts)
	sum.Merge(b.Counts)
	var other Counts
	other.Merge(b.Counts)
	other.Merge(c.Counts)
	if !reflect.DeepEqual(sum, other) {
		t.Errorf("merged in another order: %+v and %+v", sum, other)
	}
	want := []string{
		`field "credentials" of 9 documents (ids 1, 2, 3, 4, 5, …) is left out of the rows (the wire format keeps it)`,
		`field "data" of 1 document (id 10) is left out of the rows (the wire format keeps it)`,
		`field "odd\\u001b[31m" of 9 documents (ids 1, 2, 3, 4, 5, …) is left out of the rows (the wire format keeps it)`,
		`field "ttl" of 1 document (id 10) is left out of the rows (the wire format keeps it)`,
	}
	if got := sum.Warnings(); !reflect.DeepEqual(got, want) {
		t.Errorf("warnings %s", strings.Join(got, "\n"))
	}
	var many Counts
	for i := range maxNames + 5 {
		many.otherField([]byte(fmt.Sprint(i)), 1)
	}
	if len(many.Other) != maxNames || many.Overflow != 5 {
		t.Errorf("%d names, %d beyond", len(many.Other), many.Overflow)
	}
}

// Goroutines share a serializer, each with its own batch.
func TestSerializer_concurrentUse(t *testing.T) {
	t.Parallel()
	page, plan := benchPage(t, 200, false)
	for _, format := range columnFormats() {
		s := serializerOf(t, Layout{Collection: "users", Format: format})
		var want Batch
		if err := s.Page(&want, page, plan); err != nil {
			t.Fatal(err)
		}
		results := make(chan error)
		for range 4 {
			go func() {
				var b Batch
				for range 5 {
					b.Reset()
					if err := s.Page(&b, page, plan); err != nil {
						results <- err
						return
					}
				}
				if string(b.Bytes) != string(want.Bytes) {
					results <- errors.New("other rows")
					return
				}
				results <- nil
			}()
		}
		for range 4 {
			if err := <-results; err != nil {
				t.Errorf("%s: %v", format, err)
			}
		}
	}
}

// White space outside of strings changes no row, wherever it stands alone.
func TestPage_whiteSpaceChangesNothing(t *testing.T) {
	t.Parallel()
	element := documentOf(7, `,"data":{"a b":[1,{"@obj":{"@set":{"documents":{"@ref":{"id":"x","collection":{"@ref":{"id":"collections"}}}}}}},{"@ts":"2020-01-01T00:00:00Z"},{"@bytes":"+/=="},{"@query":{"lambda":"x","expr":{"var":"x"}}},{"@obj":{"@x":{"@ref":{"id":"roles"}}}},{"@obj":{"@y":2},"z":null}]},"ttl":{"@ts":"2030-01-01T00:00:00Z"},"x":{"y":[]}`)
	for _, l := range []Layout{
		{Format: JSONL}, {Format: CSV}, {Format: Parquet}, {Format: Wire},
		{Format: JSONL, Columns: []Column{{Name: "c", Path: []any{"data"}}}}, {Format: CSV, NoData: true},
	} {
		l.Collection = "users"
		one := element
		switch {
		case l.NoData:
			one = `[` + refOf(7) + `,5,{"@ts":"2030-01-01T00:00:00Z"}]`
		case len(l.Columns) > 0:
			one = `[` + element + `,{"@ref":{"id":"9","collection":{"@ref":{"id":"users","collection":{"@ref":{"id":"collections"}}}}}}]`
		}
		page := string(pageOf(one))
		s := serializerOf(t, l)
		var want, got Batch
		if err := s.Page(&want, []byte(page), nil); err != nil {
			t.Fatal(err)
		}
		quoted := false
		for i, c := range []byte(page) {
			if c == '"' {
				quoted = !quoted
			}
			if quoted || !strings.ContainsRune(`{}[],:"`, rune(c)) {
				continue
			}
			got.Reset()
			if err := s.Page(&got, []byte(page[:i+1]+"\n "+page[i+1:]), nil); err != nil || !reflect.DeepEqual(got.Bytes, want.Bytes) || !reflect.DeepEqual(got.Counts, want.Counts) {
				t.Fatalf("%s: after byte %d: %v\n got %q\nwant %q", l.Format, i, err, got.Bytes, want.Bytes)
			}
		}
	}
}
