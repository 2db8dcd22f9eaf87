package fauna

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	f "github.com/fauna/faunadb-go/v4/faunadb"
)

// The exact bodies that worked on a real server.
func TestExpressions_asSeenToWork(t *testing.T) {
	t.Parallel()
	documents := func(at, from int64, size int, paths [][]any) f.Expr {
		return documentsExpr(PageRequest{Collection: "docs", At: at, From: from, Size: size, Paths: paths}, nil)
	}
	const c = `{"collection":"docs"}`
	for _, tt := range []struct {
		name string
		expr f.Expr
		want string
	}{
		{"ids", idsExpr(PageRequest{Collection: "docs", At: 1795345123200000, From: 147, Size: 50}),
			`{"at":1795345123200000,"expr":{"map":{"lambda":"x","expr":{"select":"id","from":{"var":"x"}}},"collection":{"paginate":{"documents":` + c + `},"after":[{"ref":` + c + `,"id":"147"}],"size":50}}}`},
		{"ids from the beginning, now", idsExpr(PageRequest{Collection: "docs", Size: 50}),
			`{"map":{"lambda":"x","expr":{"select":"id","from":{"var":"x"}}},"collection":{"paginate":{"documents":` + c + `},"size":50}}`},
		{"documents", documents(7, 9223372036854775807, 2, nil),
			`{"at":7,"expr":{"map":{"lambda":"x","expr":{"get":{"var":"x"}}},"collection":{"paginate":{"documents":` + c + `},"after":[{"ref":` + c + `,"id":"9223372036854775807"}],"size":2}}}`},
		{"columns", documents(0, 0, 2, [][]any{{}, {"data", "parent", "id"}, {"data", "list", 0, "id"}}),
			`{"map":{"lambda":"x","expr":{"let":[{"d":{"get":{"var":"x"}}}],"in":[{"var":"d"},{"select":["data","parent","id"],"from":{"var":"d"},"default":null},{"select":["data","list",0,"id"],"from":{"var":"d"},"default":null}]}},"collection":{"paginate":{"documents":` + c + `},"size":2}}`},
		{"columns without data", documents(0, 0, 2, [][]any{{"ref", "id"}, {"ts"}, {"ttl"}}),
			`{"map":{"lambda":"x","expr":{"let":[{"d":{"get":{"var":"x"}}}],"in":[{"select":["ref","id"],"from":{"var":"d"},"default":null},{"select":["ts"],"from":{"var":"d"},"default":null},{"select":["ttl"],"from":{"var":"d"},"default":null}]}},"collection":{"paginate":{"documents":` + c + `},"size":2}}`},
		{"no columns", documents(0, 0, 2, [][]any{}),
			`{"map":{"lambda":"x","expr":{"let":[{"d":{"get":{"var":"x"}}}],"in":[]}},"collection":{"paginate":{"documents":` + c + `},"size":2}}`},
		{"probe", probeExpr("docs", 0), `{"select":"ts","from":{"get":{"ref":` + c + `,"id":"0"}}}`},
		{"a name of any script", idsExpr(PageRequest{Collection: "Ünï-cödé.1", Size: 1}),
			`{"map":{"lambda":"x","expr":{"select":"id","from":{"var":"x"}}},"collection":{"paginate":{"documents":{"collection":"Ünï-cödé.1"}},"size":1}}`},
	} {
		got, err := json.Marshal(tt.expr)
		if err != nil || string(got) != tt.want {
			t.Errorf("%s is\n%s, %v\nwant\n%s", tt.name, got, err, tt.want)
		}
	}
}

func TestDecodeIDs(t *testing.T) {
	t.Parallel()
	ref := func(id, collection string) string {
		return `{"@ref":{"id":"` + id + `","collection":{"@ref":{"id":"` + collection + `","collection":{"@ref":{"id":"collections"}}}}}}`
	}
	cursor := `"after":[` + ref("147", "docs") + `],`
	for _, tt := range []struct {
		name, body, ids string
		next            int64
	}{
		{"a page", `{"resource":{` + cursor + `"data":["0","22","146"]}}`, "[0 22 146]", 147},
		{"the largest id", `{"resource":{"data":["0","9223372036854775807"]}}`, "[0 9223372036854775807]", -1},
		{"the last page", `{"resource":{"data":["1"]}}`, "[1]", -1},
		{"a cursor that is no array", `{"resource":{"after":` + ref("9", "docs") + `,"data":["1"]}}`, "[1]", 9},
		{"empty", `{"resource":{"data":[]}}`, "[]", -1},
		{"blanks", "{ \"resource\" : { \"data\" : [ \"1\" ,\n\t\"2\" ] } }", "[1 2]", -1},
	} {
		ids, next, err := decodeIDs([]byte(tt.body), "docs", 0, 10)
		if err != nil || fmt.Sprint(ids) != tt.ids || next != tt.next {
			t.Errorf("%s: %v, %d, %v", tt.name, ids, next, err)
		}
	}
	for name, body := range map[string]string{
		"no page":       `{"resource":1}`,
		"no data":       `{"resource":{}}`,
		"null":          `{"resource":null}`,
		"no array":      `{"resource":{"data":{}}}`,
		"numbers":       `{"resource":{"data":[1]}}`,
		"no number":     `{"resource":{"data":["a"]}}`,
		"negative":      `{"resource":{"data":["-1"]}}`,
		"signed":        `{"resource":{"data":["+1"]}}`,
		"too large":     `{"resource":{"data":["9223372036854775808"]}}`,
		"empty id":      `{"resource":{"data":[""]}}`,
		"escaped":       `{"resource":{"data":["\u0031"]}}`,
		"leading zero":  `{"resource":{"data":["01"]}}`,
		"odd cursor":    `{"resource":{"after":[1],"data":["1"]}}`,
		"no id cursor":  `{"resource":{"after":[{"@ref":{}}],"data":["1"]}}`,
		"two cursors":   `{"resource":{"after":[` + ref("2", "docs") + `,` + ref("3", "docs") + `],"data":["1"]}}`,
		"string cursor": `{"resource":{"after":"x","data":["1"]}}`,

		"a cursor of another collection":  `{"resource":{"after":[` + ref("147", "others") + `],"data":["1"]}}`,
		"a cursor of no collection":       `{"resource":{"after":[{"@ref":{"id":"147"}}],"data":["1"]}}`,
		"a cursor of schema":              `{"resource":{"after":[{"@ref":{"id":"147","collection":{"@ref":{"id":"docs"}}}}],"data":["1"]}}`,
		"a cursor that does not lead on":  `{"resource":{"after":[` + ref("5", "docs") + `],"data":["1","5"]}}`,
		"an empty page that goes on":      `{"resource":{"after":[` + ref("5", "docs") + `],"data":[]}}`,
		"a first page that is the second": `{"resource":{"before":[` + ref("1", "docs") + `],"data":["1"]}}`,
		"descending":                      `{"resource":{"data":["2","1"]}}`,
		"one twice":                       `{"resource":{"data":["2","2"]}}`,
		"more than asked for":             `{"resource":{"data":["0","1","2","3","4","5","6","7","8","9","10"]}}`,
		"two lists":                       `{"resource":{"data":["1"],"data":["2"]}}`,
		"two resources":                   `{"resource":{"data":["1"]},"resource":{"data":[]}}`,
		"an error beside it":              `{"resource":{"data":["1"]},"errors":[]}`,
		"a list beside it":                `{"resource":{"data":["1"]},"data":["2"]}`,
		"a list outside it":               `{"data":["1"],"resource":{"data":[]}}`,
		"a page inside it":                `{"resource":{"data":["1"],"resource":{}}}`,
		"text behind it":                  `{"resource":{"data":["1"]}} {}`,
	} {
		if ids, next, err := decodeIDs([]byte(body), "docs", 0, 10); err == nil {
			t.Errorf("%s is read as %v, %d", name, ids, next)
		}
	}
	later := `{"resource":{"before":[` + ref("7", "docs") + `],"data":["7"]}}`
	if _, _, err := decodeIDs([]byte(later), "docs", 7, 10); err != nil {
		t.Errorf("a later page: %v", err)
	}
	for name, body := range map[string]string{
		"from another id":       `{"resource":{"before":[` + ref("8", "docs") + `],"data":["8"]}}`,
		"of another collection": `{"resource":{"before":[` + ref("7", "others") + `],"data":["7"]}}`,
		"below its first id":    `{"resource":{"data":["6"]}}`,
	} {
		if ids, next, err := decodeIDs([]byte(body), "docs", 7, 10); err == nil {
			t.Errorf("a later page %s is read as %v, %d", name, ids, next)
		}
	}
}

// Whatever comes before the ids is passed over, at a cost that does not grow with
// its depth.
func TestDecodeIDs_passesOverWhatIsBeforeThem(t *testing.T) {
	const deep = 5000
	nested := strings.Repeat(`{"a":`, deep) + "[" + strings.Repeat("1,", deep) + "1]" + strings.Repeat("}", deep)
	body := []byte(`{"resource":{"before":` + nested + `,"data":["1"]}}`)
	read := testing.AllocsPerRun(1, func() {
		if _, _, err := decodeIDs(body, "docs", 0, 10); err == nil {
			t.Error("a nested cursor is read")
		}
	})
	if read > 10*deep {
		t.Errorf("%v allocations", read)
	}
	escaped := `{"resou\u0072ce" : {"after":null, "d\u0061ta" : ["1"]}}`
	if ids, _, err := decodeIDs([]byte(escaped), "docs", 0, 10); err != nil || fmt.Sprint(ids) != "[1]" {
		t.Errorf("escaped keys: %v, %v", ids, err)
	}
}

func TestReadPage_saysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"resource":{"data":[],"data":[]}}`:              "occurs twice",
		`{"resource":{"data":[],"after":"\ud800"}}`:       "not Unicode",
		"{\"resource\":{\"data\":[],\"after\":\"\xff\"}}": "not Unicode",
		`{"resource":{}}`:                                 "has no data",
		`{"resource":{"data":[],"more":1}}`:               `unexpected key "more"`,
	} {
		if _, err := readPage([]byte(body)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func FuzzDecodeIDs(f *testing.F) {
	f.Add([]byte(`{"resource":{"after":[{"@ref":{"id":"147"}}],"data":["0","22"]}}`))
	f.Add([]byte(`{"resource":{"after":{"@ref":{"id":"9"}},"data":[]}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		ids, next, err := decodeIDs(body, "docs", 0, 100)
		if err != nil {
			return
		}
		if next < -1 {
			t.Errorf("next is %d", next)
		}
		for _, id := range ids {
			if id < 0 {
				t.Errorf("id %d", id)
			}
		}
	})
}

func BenchmarkDecodeIDs(b *testing.B) {
	ids := make([]string, 50_000)
	for i := range ids {
		ids[i] = fmt.Sprint(481383656859894272 + int64(i))
	}
	data, err := json.Marshal(map[string]any{"resource": map[string]any{"data": ids}})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, _, err := decodeIDs(data, "docs", 0, len(ids)); err != nil {
			b.Fatal(err)
		}
	}
}
