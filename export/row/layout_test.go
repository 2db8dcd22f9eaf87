package row

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestParseColumn(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		collection string
		column     Column
	}{
		"users:parent=data.parent.id":                   {"users", Column{Name: "parent", Type: TypeJSON, Path: []any{"data", "parent", "id"}}},
		"users:parent:string=data.parent.collection.id": {"users", Column{Name: "parent", Type: TypeString, Path: []any{"data", "parent", "collection", "id"}}},
		`users:first:time=["data","list",0,"a.b"]`:      {"users", Column{Name: "first", Type: TypeTime, Path: []any{"data", "list", int64(0), "a.b"}}},
		"a%b:x=y=z":                          {"a%b", Column{Name: "x", Type: TypeJSON, Path: []any{"y=z"}}},
		"users:0=data.list.0":                {"users", Column{Name: "0", Type: TypeJSON, Path: []any{"data", "list", "0"}}},
		`users:big=[9223372036854775807,""]`: {"users", Column{Name: "big", Type: TypeJSON, Path: []any{int64(1<<63 - 1), ""}}},
	} {
		collection, column, err := ParseColumn(text)
		if err != nil || collection != want.collection || !reflect.DeepEqual(column, want.column) {
			t.Errorf("%s: %q %+v, %v", text, collection, column, err)
		}
		if path, err := ParsePath(FormatPath(want.column.Path)); err != nil || !reflect.DeepEqual(path, want.column.Path) {
			t.Errorf("%s: the path written and read again: %v, %v", text, path, err)
		}
	}
	for text, wrong := range map[string]string{
		"users":              "write it like",
		"users=data":         "write it like",
		":x=data":            "write it like",
		"a:b:int:c=data":     "write it like",
		"users:=data":        "needs a name",
		"users:x=":           "path is empty",
		"users:x=[]":         "path is empty",
		"users:x=data..a":    "empty part",
		"users:x=[1.5]":      "not an array position",
		"users:x=[-1]":       "not an array position",
		"users:x=[null]":     "a step",
		"users:x=[1":         "not a JSON array",
		"users:x=[1]2":       "text after",
		"users:x:number=d":   "unknown column type",
		"users:ts=d":         "reserved",
		"users:Data:int=d":   "reserved",
		"users:a\x1b[31m=d":  "control characters",
		"users:a\xff:int=d":  "not UTF-8",
		"users:ttl=data.ttl": "reserved",
	} {
		if _, _, err := ParseColumn(text); err == nil || !strings.Contains(err.Error(), wrong) {
			t.Errorf("%s: %v, want %q", text, err, wrong)
		}
	}
}

func TestLayout_validate(t *testing.T) {
	t.Parallel()
	a := Column{Name: "a", Path: []any{"a"}}
	for wrong, l := range map[string]Layout{
		"unknown format":          {Format: "xml"},
		"unknown compression":     {Format: JSONL, Compress: "lz4"},
		"compressed internally":   {Format: Parquet, Compress: Gzip},
		"as the server sent it":   {Format: Wire, Columns: []Column{a}},
		"leave out --column and":  {Format: Wire, NoData: true},
		`two columns are named`:   {Format: CSV, Columns: []Column{a, {Name: "A", Path: []any{"b"}}}},
		"is reserved":             {Format: CSV, Columns: []Column{{Name: "ref", Path: []any{"b"}}}},
		"the path is empty":       {Format: CSV, Columns: []Column{{Name: "b"}}},
		"not float64":             {Format: CSV, Columns: []Column{{Name: "b", Path: []any{1.0}}}},
		"-1 is not an array":      {Format: CSV, Columns: []Column{{Name: "b", Path: []any{int64(-1)}}}},
		"unknown column type":     {Format: CSV, Columns: []Column{{Name: "b", Path: []any{"b"}, Type: "number"}}},
		"deletion column: two":    {Format: CSV, Columns: []Column{a}, Deletion: "a"},
		"deletion column: column": {Format: CSV, Deletion: "ttl"},
	} {
		if err := l.Validate(); err == nil || !strings.Contains(err.Error(), wrong) {
			t.Errorf("%+v: %v, want %q", l, err, wrong)
		}
		if _, err := NewSerializer(l); err == nil {
			t.Errorf("%+v has a serializer", l)
		}
		if _, err := NewFile(l); err == nil {
			t.Errorf("%+v has a file", l)
		}
	}
}

func TestLayout_pathsNamesExtension(t *testing.T) {
	t.Parallel()
	a := Column{Name: "a", Path: []any{"data", "a"}}
	for _, test := range []struct {
		layout    Layout
		paths     [][]any
		names     string
		extension string
	}{
		{Layout{Format: JSONL}, nil, "ref ts data ttl", "jsonl"},
		{Layout{Format: CSV, Columns: []Column{a}, Compress: Gzip}, [][]any{{}, {"data", "a"}}, "ref ts data ttl a", "csv.gz"},
		{Layout{Format: Parquet, NoData: true, Columns: []Column{a}, Deletion: "gone"}, [][]any{{"ref"}, {"ts"}, {"ttl"}, {"data", "a"}}, "ref ts ttl a gone", "parquet"},
		{Layout{Format: JSONL, NoData: true, Compress: None}, [][]any{{"ref"}, {"ts"}, {"ttl"}}, "ref ts ttl", "jsonl"},
		{Layout{Format: Wire, Compress: Zstd}, nil, "", "wire.zst"},
	} {
		if got := test.layout.Paths(); len(got) != len(test.paths) || len(got) > 0 && !reflect.DeepEqual(got, test.paths) {
			t.Errorf("%+v: paths %v", test.layout, got)
		}
		if got := test.layout.Names(); !slices.Equal(got, strings.Fields(test.names)) {
			t.Errorf("%+v: names %v", test.layout, got)
		}
		if got := test.layout.Extension(); got != test.extension {
			t.Errorf("%+v: extension %s", test.layout, got)
		}
	}
}

// A state is only accepted with the layout it was created with.
func TestResumeFile_refusesOtherStates(t *testing.T) {
	t.Parallel()
	for _, l := range layoutsOf() {
		f, err := NewFile(l)
		if err != nil {
			t.Fatal(err)
		}
		state, err := f.State()
		if err != nil {
			t.Fatal(err)
		}
		for _, other := range layoutsOf() {
			_, err := ResumeFile(other, state)
			same := other.testName() == l.testName()
			if (err == nil) != same {
				t.Errorf("%s resumed with a state of %s: %v", other.testName(), l.testName(), err)
			}
		}
		for _, broken := range []string{"", "{", "[]", `{"format":"parquet"}`} {
			if _, err := ResumeFile(l, []byte(broken)); err == nil {
				t.Errorf("%s resumed with %q", l.testName(), broken)
			}
		}
	}
}

// columnFormats returns the formats with a column for each field: all but wire.
func columnFormats() []Format {
	return slices.DeleteFunc(Formats(), func(f Format) bool { return f == Wire })
}

func TestFormats_areNamedAndRead(t *testing.T) {
	t.Parallel()
	for _, f := range Formats() {
		if got, err := ParseFormat(string(f)); err != nil || got != f || f.Title() == "" || f.About() == "" {
			t.Errorf("%s: read as %s, %v; %q: %q", f, got, err, f.Title(), f.About())
		}
	}
	if _, err := ParseFormat(""); err == nil {
		t.Error("no format was accepted")
	}
}

func TestParsePath_quotesWantTheJSONForm(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`data."a.b"`, `data['a']`, `data.tags[0]`} {
		if path, err := ParsePath(text); err == nil || !strings.Contains(err.Error(), `["data","a.b",0]`) {
			t.Errorf("%s: %q, %v", text, path, err)
		}
	}
	if path, err := ParsePath(`["data","a.b"]`); err != nil || FormatPath(path) != `["data","a.b"]` {
		t.Errorf("%q, %v", path, err)
	}
}

// A manifest may claim any number of columns: each is looked at once.
func TestLayout_manyColumns(t *testing.T) {
	t.Parallel()
	l := Layout{Collection: "users", Format: JSONL, Deletion: "gone"}
	for i := range 200_000 {
		l.Columns = append(l.Columns, Column{Name: fmt.Sprint("c", i), Path: []any{"data"}})
	}
	folded := 0
	err := l.validate(func(name string) string {
		folded++
		return Fold(name)
	})
	if want := len(l.Columns) + 1; err != nil || folded != want {
		t.Errorf("%d names were compared, not %d: %v", folded, want, err)
	}
	l.Columns[7].Name = "C199999"
	if l.Validate() == nil {
		t.Error("two names that differ in case alone were taken")
	}
}
