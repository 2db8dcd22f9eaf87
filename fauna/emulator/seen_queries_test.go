package emulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"fauna-export/fauna/fql"
)

// An exporter's queries as JSON, byte for byte as a driver sends them.

func idsWorld(t *testing.T) *world {
	w := newWorld(t)
	w.do(`CreateCollection({name: "docs"})`)
	w.do(`CreateCollection({name: "other"})`)
	id := int64(1)
	for range 19 {
		for k := range int64(11) {
			if n := id + k*7%max(1, id*9); n > 0 {
				w.ask(w.s.Secret(), fmt.Sprintf(`Create(Ref(Collection("docs"), "%d"), {data: {n: %d}})`, n, k))
			}
		}
		id *= 10
		if id <= 0 {
			break
		}
	}
	return w
}

func TestSeenQueries_idsInPagesAreNumericAndWhole(t *testing.T) {
	t.Parallel()
	w := idsWorld(t)
	at := w.now()
	all := strings.Fields(w.idsAt(w.s.Secret(), "docs", at))
	if len(all) < 100 {
		t.Fatalf("only %d documents", len(all))
	}
	var paged []string
	after := ""
	for range 100 {
		resp := w.send(w.s.Secret(), fmt.Sprintf(`{"at":%d,"expr":{"map":{"lambda":"x","expr":{"select":"id","from":{"var":"x"}}},"collection":{"paginate":{"documents":{"collection":"docs"}}%s,"size":50}}}`, at, after))
		var out struct {
			Resource struct {
				After []struct {
					Ref struct{ ID string } `json:"@ref"`
				}
				Data []string
			}
		}
		if err := json.Unmarshal(resp.Body, &out); err != nil || resp.Status != 200 {
			t.Fatalf("%d %s", resp.Status, resp.Body)
		}
		paged = append(paged, out.Resource.Data...)
		if len(out.Resource.After) == 0 {
			break
		}
		after = fmt.Sprintf(`,"after":[{"ref":{"collection":"docs"},"id":%q}]`, out.Resource.After[0].Ref.ID)
	}
	if strings.Join(paged, " ") != strings.Join(all, " ") {
		t.Errorf("pages have %d ids, one page has %d", len(paged), len(all))
	}
	last := int64(-1)
	for _, text := range paged {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n <= last {
			t.Fatalf("%s after %d", text, last)
		}
		last = n
	}
}

func TestSeenQueries_columnsAsArrayKeepTheirOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(`CreateCollection({name: "docs"})`)
	w.do(`Create(Ref(Collection("docs"), 3), {data: {list: [Ref(Collection("docs"), 1)]}})`)
	resp := w.send(w.s.Secret(), `{"map":{"lambda":"x","expr":{"let":[{"d":{"get":{"var":"x"}}}],"in":[{"select":["ref","id"],"from":{"var":"d"}},{"select":["ttl"],"from":{"var":"d"},"default":null},{"select":["data","parent","id"],"from":{"var":"d"},"default":null},{"select":["data","list",0,"id"],"from":{"var":"d"},"default":null}]}},"collection":{"paginate":{"documents":{"collection":"docs"}}}}`)
	w.compare("columns", resp, 200, `{"resource":{"data":[["3",null,null,"1"]]}}`)
}

func TestSeenQueries_manyProbesReportEveryErrorAndTheWorstStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(`CreateCollection({name: "a"})`)
	w.do(`CreateCollection({name: "b"})`)
	w.do(`Create(Ref(Collection("a"), 1), {data: {}})`)
	secret := w.key("r", `{resource: Collection("a"), actions: {read: true}}`)
	gone := `{"position":[%d],"code":"instance not found","description":"Document not found."}`
	denial := `{"position":[%d],"code":"permission denied","description":"Insufficient privileges to perform the action."}`
	w.want(secret, `[Get(Ref(Collection("a"), "0")), Get(Ref(Collection("b"), "0")), Get(Ref(Collection("a"), "1")), Get(Ref(Collection("b"), "5"))]`, 403,
		`{"errors":[`+fmt.Sprintf(gone, 0)+","+fmt.Sprintf(denial, 1)+","+fmt.Sprintf(denial, 3)+`]}`)
	w.want(secret, `[Get(Ref(Collection("a"), "0")), Get(Ref(Collection("a"), "7"))]`, 404,
		`{"errors":[`+fmt.Sprintf(gone, 0)+","+fmt.Sprintf(gone, 1)+`]}`)
	w.want(secret, `[Get(Ref(Collection("a"), "0")), Get(Ref(Collection("nope"), "7"))]`, 400, "")
	w.want(secret, `Map([Ref(Collection("a"), "0"), Ref(Collection("b"), "0")], Lambda("x", Get(Var("x"))))`, 404,
		`{"errors":[{"position":["map","expr"],"code":"instance not found","description":"Document not found."}]}`)
}

func TestSeenQueries_probeThatSelectsAnswersAlike(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(`CreateCollection({name: "a"})`)
	w.do(`Create(Ref(Collection("a"), 0), {data: {}})`)
	w.want(w.s.Secret(), `Select("ts", Get(Ref(Collection("a"), "0")))`, 200, fmt.Sprintf(`{"resource":%d}`, w.now()-1000))
	w.want(w.s.Secret(), `Select("ts", Get(Ref(Collection("a"), "1")))`, 404, `{"errors":[{"position":["from"],"code":"instance not found","description":"Document not found."}]}`)
	w.want(w.s.Secret(), `[Select("ts", Get(Ref(Collection("a"), "1")))]`, 404, `{"errors":[{"position":[0,"from"],"code":"instance not found"…`)
}

func TestSeenQueries_cursorsThatAreSilentlyWrong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(`CreateCollection({name: "c"})`)
	w.do(`CreateCollection({name: "other"})`)
	w.do(`Map([1, 2, 3, 4], Lambda("i", Create(Ref(Collection("c"), Var("i")), {data: {}})))`)
	cases := map[string]string{
		`null`: "", `2`: "1 2 3 4", `"2"`: "1 2 3 4",
		`{"ref":{"collection":"other"},"id":3}`: "3 4",
		`[{"ref":{"collection":"c"},"id":3}]`:   "3 4",
		`{"ref":{"collection":"c"},"id":"3"}`:   "3 4",
		`[{"@ref":{"id":"3","collection":{"@ref":{"id":"c","collection":{"@ref":{"id":"collections"}}}}}}]`: "3 4",
	}
	for after, want := range cases {
		resp := w.send(w.s.Secret(), `{"map":{"lambda":"x","expr":{"select":"id","from":{"var":"x"}}},"collection":{"paginate":{"documents":{"collection":"c"}},"after":`+after+`}}`)
		if got := idList(resp); got != want {
			t.Errorf("after %s: %q, want %q", after, got, want)
		}
	}
	w.compare("a missing collection", w.send(w.s.Secret(), `{"paginate":{"documents":{"collection":"c"}},"after":{"ref":{"collection":"nope"},"id":3}}`), 400,
		`{"errors":[{"position":["after"],"code":"invalid ref","description":"Ref refers to undefined collection 'nope'"}]}`)
	w.want(w.s.Secret(), `Map(Paginate(Documents(Collection("c")), {size: 1, before: null}), Lambda("x", Select("id", Var("x"))))`, 200, "")
	if got := idList(w.ask(w.s.Secret(), `Map(Paginate(Documents(Collection("c")), {size: 1, before: null}), Lambda("x", Select("id", Var("x"))))`)); got != "4" {
		t.Errorf("before null: %q, want the last", got)
	}
}

func TestSeenQueries_indexCursors(t *testing.T) {
	t.Parallel()
	w := incWorld(t)
	at := w.now()
	w.do(`Map([1, 2, 3, 4, 5], Lambda("i", Create(Ref(Collection("c"), Var("i")), {data: {}})))`)
	page := func(after string) string {
		return idList(w.send(w.s.Secret(), `{"map":{"lambda":["t","r"],"expr":{"select":"id","from":{"var":"r"}}},"collection":{"paginate":{"match":{"index":"c-ts"}},"size":2,"after":`+after+`}}`))
	}
	ref := `{"ref":{"collection":"c"},"id":3}`
	for after, want := range map[string]string{
		fmt.Sprintf(`[%d,%s,%s]`, at, ref, ref): "3 4",
		fmt.Sprintf(`[%d,%s]`, at, ref):         "3 4",
		fmt.Sprintf(`[%d]`, at):                 "1 2", // repeats the first page forever
		fmt.Sprintf(`[%d]`, at+1):               "",
	} {
		if got := page(after); got != want {
			t.Errorf("after %s: %q, want %q", after, got, want)
		}
	}
}

func TestSeenQueries_selectDefaultCovers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(`CreateCollection({name: "c"})`)
	w.do(`CreateIndex({name: "i", source: Collection("c")})`)
	w.do(`Create(Ref(Collection("c"), 1), {data: {s: "text", n: 1, t: Time("2020-01-01T00:00:00Z"), b: Bytes("AQI="), r: Ref(Collection("c"), 2), set: Match(Index("i")), q: Query(Lambda("x", Var("x"))), list: [1], o: {"0": "zero"}}})`)
	sel := func(path string) response {
		return w.send(w.s.Secret(), `{"select":`+path+`,"from":{"get":{"ref":{"collection":"c"},"id":1}},"default":null}`)
	}
	for _, path := range []string{`["data","x"]`, `["data","s","x"]`, `["data","n","x"]`, `["data","t","x"]`, `["data","b","x"]`, `["data","r","x"]`,
		`["data","set","x"]`, `["data","q","x"]`, `["data","list",7]`, `["data","list",-1]`, `["data","list","0"]`, `["data","o",0]`} {
		w.compare(path, sel(path), 200, `{"resource":null}`)
	}
	w.compare("0 of an object", sel(`["data","o","0"]`), 200, `{"resource":"zero"}`)
	w.compare("into a stored set", sel(`["data","set","@set","match","id"]`), 200, `{"resource":"i"}`)
	w.compare("a stored set", sel(`["data","set"]`), 200, `{"resource":{"@obj":{"@set":{"match":{"@ref":{"id":"i","collection":{"@ref":{"id":"indexes"}}}}}}}}`)
	w.compare("the empty path", sel(`[]`), 200, `{"resource":{"ref":…`)
	for _, path := range []string{`["data",null]`, `["data",1.5]`, `["data",true]`} {
		w.compare(path, sel(path), 400, `{"errors":[{"position":["select",1],"code":"invalid argument"…`)
	}
}

func TestSeenQueries_defaultSizeIs64(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 70 {
		w.do(`CreateCollection({name: "c%d"})`, i)
	}
	if n := dataLen(w.ask(w.s.Secret(), `Paginate(Collections())`)); n != 64 {
		t.Errorf("%d", n)
	}
}

func TestSeenQueries_widthAndCompute(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.s.Load("big", func(yield func(Document) bool) {
		for i := range int64(120_000) {
			if !yield(Document{ID: i}) {
				return
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	resp := w.ask(w.s.Secret(), `Map(Paginate(Documents(Collection("big")), {size: 80000}), Lambda("x", 1))`)
	if n := strings.Count(string(resp.Body), "1,") + 1; resp.Status != 200 || n < 80000 {
		t.Errorf("80 000: %d with %d", resp.Status, n)
	}
	resp = w.ask(w.s.Secret(), `Paginate(Documents(Collection("big")), {size: 90000})`)
	if resp.Status != 400 || !bytes.HasSuffix(resp.Body, []byte("\n}\n")) || !strings.Contains(string(resp.Body), `"Query exceeds max width. Max: 100000, current: 100352."`) {
		t.Errorf("90 000: %d %s", resp.Status, resp.Body)
	}
	thousand := "[" + strings.Repeat("0,", 999) + "0]"
	resp = w.ask(w.s.Secret(), `Let({l: `+thousand+`}, Map(Var("l"), Lambda("x", Map(Var("l"), Lambda("y", Var("y"))))))`)
	if resp.Status != 400 || !strings.Contains(string(resp.Body), `"Transaction does too much compute: got 12001, limit: 12000"`) {
		t.Errorf("a million lambdas: %d %.200s", resp.Status, resp.Body)
	}
}

func TestSeenQueries_timeoutIsAnIndented503(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.s.Load("c", func(yield func(Document) bool) {
		for i := range int64(1000) {
			if !yield(Document{ID: i}) {
				return
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	body, _ := fql.Parse(`Map(Paginate(Documents(Collection("c")), {size: 1000}), Lambda("x", Get(Var("x"))))`)
	resp := w.s.query(t.Context(), request{Secret: w.s.Secret(), Body: body, APIVersion: "4", Timeout: 40 * time.Millisecond})
	w.compare("1 000 documents in 40 ms", resp, 503, "{\n  \"errors\": [\n    {\n      \"code\": \"time out\",\n      \"description\": \"Read timed out (Query eval has timed out.)\"\n    }\n  ]\n}\n")
}

func TestSeenQueries_rowsAsObjects(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(`CreateCollection({name: "docs"})`)
	w.do(`Create(Ref(Collection("docs"), 3), {data: {}})`)
	resp := w.send(w.s.Secret(), `{"map":{"lambda":"x","expr":{"let":[{"d":{"get":{"var":"x"}}}],"in":{"object":{"@x":1,"data":{"select":["data"],"from":{"var":"d"},"default":null},"ref":{"select":["ref","id"],"from":{"var":"d"}}}}}},"collection":{"paginate":{"documents":{"collection":"docs"}}}}`)
	w.compare("a row with a name that begins with @", resp, 200, `{"resource":{"data":[{"@obj":{"@x":1,"data":null,"ref":"3"}}]}}`)
}

func TestSeenQueries_historyIsANumberOrAbsent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, days := range map[string]string{"a": "0", "b": "1", "c": "null"} {
		w.do(`CreateCollection({name: %q, history_days: %s})`, name, days)
		w.want(w.s.Secret(), fmt.Sprintf(`Select("history_days", Get(Collection(%q)), null)`, name), 200, `{"resource":`+days+`}`)
	}
}

func TestSeenQueries_bindingsOfAStoredLetAreOneObject(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for sent, want := range map[string]string{
		`{"let":[{"a":1},{"b":2}],"in":{"var":"b"}}`:                                       `{"let":{"a":1,"b":2},"in":{"var":"b"}}`,
		`{"let":[{"a":1},{"b":2},{"a":3}],"in":{"var":"a"}}`:                               `{"let":{"a":3,"b":2},"in":{"var":"a"}}`,
		`{"let":{"a":{"let":[{"b":1}],"in":{"var":"b"}}},"in":[{"let":[{"c":1}],"in":0}]}`: `{"let":{"a":{"let":{"b":1},"in":{"var":"b"}}},"in":[{"let":{"c":1},"in":0}]}`,
		`{"object":{"let":[{"object":{"a":1}}],"in":2}}`:                                   `{"object":{"let":[{"object":{"a":1}}],"in":2}}`,
		`{"quote":{"let":[{"a":1}],"in":2}}`:                                               `{"let":[{"a":1}],"in":2}`,
		`{"size":2,"paginate":{"var":"x"}}`:                                                `{"paginate":{"var":"x"},"size":2}`,
		`{"and":true}`:                                                                     `{"and":[true]}`,
	} {
		w.compare(sent, w.send(w.s.Secret(), `{"query":{"lambda":"x","expr":`+sent+`}}`), 200,
			`{"resource":{"@query":{"api_version":"4","lambda":"x","expr":`+want+`}}}`)
	}
}

func TestSeenQueries_unknownActionsOfARoleAreDropped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(`CreateCollection({name: "c"})`)
	w.want(w.s.Secret(), `Select("privileges", CreateRole({name: "r", privileges: [{resource: Collection("c"), actions: {fly: true, read: true, swim: 1}}]}))`, 200,
		`{"resource":[{"resource":{"@ref":{"id":"c","collection":{"@ref":{"id":"collections"}}}},"actions":{"read":true}}]}`)
	w.want(w.s.Secret(), `Select("privileges", CreateRole({name: "s", privileges: [{resource: Collections(), actions: {fly: true}}]}))`, 200,
		`{"resource":[{"resource":{"@ref":{"id":"collections"}}}]}`)
}
