package emulator

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"

	"fauna-export/fauna/fql"
)

func TestDouble_asJavaWritesIt(t *testing.T) {
	t.Parallel()
	for f, want := range map[float64]string{
		1: "1.0", 0: "0.0", math.Copysign(0, -1): "-0.0", 9999999: "9999999.0", 1e7: "1.0E7", 1e300: "1.0E300", 1e-3: "0.001", 1e-4: "1.0E-4",
		5e-324: "4.9E-324", -5e-324: "-4.9E-324", 123456789.25: "1.2345678925E8", -0.25: "-0.25", math.MaxFloat64: "1.7976931348623157E308",
		math.Inf(1): `"Infinity"`, math.Inf(-1): `"-Infinity"`, math.NaN(): `"NaN"`,
	} {
		if got := rendered(f); got != want {
			t.Errorf("%g: %s, want %s", f, got, want)
		}
	}
}

func TestTime_asJavasInstant(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"2020-01-01T00:00:00Z":           "2020-01-01T00:00:00Z",
		"2020-01-01T00:00:00.1Z":         "2020-01-01T00:00:00.100Z",
		"2020-01-01T00:00:00.1234Z":      "2020-01-01T00:00:00.123400Z",
		"2020-01-01T00:00:00.123456700Z": "2020-01-01T00:00:00.123456700Z",
		"2020-01-01T00:00:00+02:00":      "2019-12-31T22:00:00Z",
		"2020-01-01T00:00:00-0030":       "2020-01-01T00:30:00Z",
		"1969-12-31T23:59:59.5Z":         "1969-12-31T23:59:59.500Z",
		"0000-01-01T00:00:00Z":           "0000-01-01T00:00:00Z",
		"+10000-01-01T00:00:00Z":         "+10000-01-01T00:00:00Z",
		"-0001-11-28T00:00:00Z":          "-0001-11-28T00:00:00Z",
		"+999999999-12-31T23:59:59Z":     "+999999999-12-31T23:59:59Z",
		"9999-12-31T23:59:59.999999999Z": "9999-12-31T23:59:59.999999999Z",
		"2020-02-30T00:00:00Z":           "2020-02-29T00:00:00Z",
		"2021-04-31T00:00z":              "2021-04-30T00:00:00Z",
		"2020-12-31T24:00:00Z":           "2021-01-01T00:00:00Z",
	} {
		v, ok := parseTime(text)
		if got := string(fql.AppendTime(nil, v)); !ok || got != want {
			t.Errorf("%s: %s, %t, want %s", text, got, ok, want)
		}
	}
	for _, text := range []string{"2020-01-01", "2020-01-01T00:00:00", "2020-02-32T00:00:00Z", "2020-13-01T00:00:00Z", "2020-01-01T24:00:01Z", "2020-01-01T00:00:00+18:01",
		"+2020-01-01T00:00:00Z", "12020-01-01T00:00:00Z", "2020-01-01T00:00:00,5Z", "x", ""} {
		if _, ok := parseTime(text); ok {
			t.Errorf("%q was read", text)
		}
	}
}

func TestDate_daysGoThereAndBack(t *testing.T) {
	t.Parallel()
	for days := dateValue(-800_000); days < 4_000_000; days += 97 {
		text := string(fql.AppendDate(nil, days.time()))
		if back, ok := parseDate(text); !ok || back != days {
			t.Fatalf("%d is %s is %d", days, text, back)
		}
	}
}

// Stored values come back: nulls dropped, sets as objects, keys with @ wrapped, order
// kept.
func TestValues_writtenAndRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(`CreateCollection({name: "c"})`)
	cases := []struct{ sent, want string }{
		{`{"object":{"a":null,"b":[1,null,2],"c":{"object":{"d":null}}}}`, `{"b":[1,2],"c":{}}`},
		{`{"object":{"z":1,"a":2,"m":3}}`, `{"z":1,"a":2,"m":3}`},
		{`{"object":{"k":{"object":{"@obj":{"@ref":"x"}}}}}`, `{"k":{"@obj":{"@ref":"x"}}}`},
		{`{"@obj":{"object":{"k":{"@obj":{"add":[1,2]}}}}}`, `{"k":3}`}, // @obj contains an expression
		{`{"object":{"u":{"@uuid":"7B7C1E9E-6f0e-4b1a-8f67-4b1b0c4c9d0a"}}}`, `{"u":{"@uuid":"7b7c1e9e-6f0e-4b1a-8f67-4b1b0c4c9d0a"}}`},
		{`{"object":{"k":{"quote":{"get":{"@ts":"2020-01-01T00:00:00Z"}}}}}`, `{"k":{"get":{"@ts":"2020-01-01T00:00:00Z"}}}`},
		{`{"object":{"s":{"@set":{"documents":{"@ref":{"id":"c","collection":{"@ref":{"id":"collections"}}}}}}}}`,
			`{"s":{"@obj":{"@set":{"documents":{"@ref":{"id":"c","collection":{"@ref":{"id":"collections"}}}}}}}}`},
		{`{"object":{"b":{"@bytes":"_-8"}}}`, `{"b":{"@bytes":"/+8="}}`},
		{`{"object":{"old":{"@ref":"classes/c/12"}}}`, `{"old":{"@ref":{"id":"12","collection":{"@ref":{"id":"c","collection":{"@ref":{"id":"collections"}}}}}}}`},
		{`{"object":{"r":{"ref":{"collection":"c"},"id":1}}}`, `{"r":{"@ref":{"id":"1","collection":{"@ref":{"id":"c","collection":{"@ref":{"id":"collections"}}}}}}}`},
		{`{"object":{"q":{"@query":{"api_version":"4","lambda":["a","_"],"expr":{"add":[{"var":"a"},1.0]}}}}}`, `{"q":{"@query":{"api_version":"4","lambda":["a","_"],"expr":{"add":[{"var":"a"},1.0]}}}}`},
		{`{"object":{"u":"\u0001\u007f\u2028\/\ud83d\ude00\ud800"}}`, "{\"u\":\"\\u0001\u007f\u2028/😀?\"}"},
		{`{"object":{"a":1,"a":2}}`, `{"a":1}`},
		{`{"object":{"d":1e400,"n":{"subtract":[1e400,1e400]}}}`, `{"d":"Infinity","n":"NaN"}`},
	}
	for i, c := range cases {
		body := fmt.Sprintf(`{"select":"data","from":{"create":{"ref":{"collection":"c"},"id":%d},"params":{"object":{"data":%s}}}}`, i, c.sent)
		w.compare(c.sent, w.send(w.s.Secret(), body), 200, `{"resource":`+c.want+`}`)
		w.compare(c.sent, w.send(w.s.Secret(), fmt.Sprintf(`{"select":"data","from":{"get":{"ref":{"collection":"c"},"id":%d}}}`, i)), 200, `{"resource":`+c.want+`}`)
	}
}

// Loaded documents must be the same as if queries had written them.
func TestLoad_documentsAreLikeWrittenOnes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(`CreateCollection({name: "c", history_days: 10})`)
	w.do(`CreateIndex({name: "i", source: Collection("c"), terms: [{field: ["data", "r"]}], values: [{field: ["data", "n"]}]})`)
	data := `{"n":5,"r":{"@ref":{"id":"1","collection":{"@ref":{"id":"c","collection":{"@ref":{"id":"collections"}}}}}},"k":{"@obj":{"@x":1}}}`
	docs := []Document{{ID: 3, TS: dawn - 5_000_000, Data: []byte(data), TTL: dawn + 3600e6}, {ID: 1, Data: []byte(`{}`)}}
	if err := w.s.Load("c", func(yield func(Document) bool) {
		for _, d := range docs {
			if !yield(d) {
				return
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	doc := `{"ref":{"@ref":{"id":"3","collection":{"@ref":{"id":"c","collection":{"@ref":{"id":"collections"}}}}}},"ts":1795341595000000,"data":` + data + `,"ttl":{"@ts":"2026-11-22T11:00:00Z"}}`
	w.want(w.s.Secret(), `Get(Ref(Collection("c"), 3))`, 200, `{"resource":`+doc+`}`)
	w.want(w.s.Secret(), `Paginate(Match(Index("i"), Ref(Collection("c"), 1)))`, 200, `{"resource":{"data":[5]}}`)
	w.want(w.s.Secret(), `At(Time("2026-11-22T09:59:56Z"), Count(Documents(Collection("c"))))`, 200, `{"resource":1}`)
	w.want(w.s.Secret(), `Select(["data", "k", "@x"], Get(Ref(Collection("c"), 3)))`, 200, `{"resource":1}`)
	w.do(`Update(Collection("c"), {name: "d"})`)
	w.want(w.s.Secret(), `Get(Ref(Collection("d"), 3))`, 200, `{"resource":`+strings.ReplaceAll(doc, `"id":"c"`, `"id":"d"`)+`}`)
	if err := w.s.Load("c", func(yield func(Document) bool) { yield(Document{ID: 1, Data: []byte(`{`)}) }); err == nil {
		t.Error("data that is no JSON was loaded")
	}
}

func TestVersions_oldOnesNameClassesAndInstances(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(`CreateCollection({name: "c"})`)
	w.do(`Create(Ref(Collection("c"), 1), {data: {}})`)
	old := func(body string) response {
		return w.s.query(t.Context(), request{Secret: w.s.Secret(), Body: []byte(body), APIVersion: "2.1"})
	}
	w.compare("2.1", old(`{"paginate":{"documents":{"collection":"c"}}}`), 200,
		`{"resource":{"data":[{"@ref":{"id":"1","class":{"@ref":{"id":"c","class":{"@ref":{"id":"classes"}}}}}}]}}`)
	w.compare("2.1", old(`{"get":{"ref":{"collection":"c"},"id":2}}`), 404, `{"errors":[{"position":[],"code":"instance not found","description":"Instance not found."}]}`)
	w.compare("2.1", old(`{"select":["data",0],"from":{"paginate":{"events":{"documents":{"class":"c"}}}}}`), 200, `{"resource":{"ts":1795341600001000,"action":"add","instance":{"@ref":…`)
}

func TestLimits_versionAndTransaction(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(`CreateCollection({name: "c"})`)
	w.want(w.s.Secret(), `Select("ts", Create(Ref(Collection("c"), 1), {data: {s: Repeat(Repeat(Repeat("x", 1000), 1000), 8)}}))`, 200, "")
	resp := w.ask(w.s.Secret(), `Create(Ref(Collection("c"), 2), {data: {s: Repeat(Repeat(Repeat("x", 1024), 1024), 8)}})`)
	if resp.Status != 400 || !bytes.HasSuffix(resp.Body, []byte("\n}\n")) {
		t.Errorf("8 MiB: %d %.200s", resp.Status, resp.Body)
	}
	resp = w.ask(w.s.Secret(), `Map([1, 2, 3], Lambda("i", Create(Collection("c"), {data: {s: Repeat(Repeat(Repeat("x", 1000), 1000), 8)}})))`)
	if resp.Status != 400 || !strings.Contains(string(resp.Body), "Transaction exceeded limit: got 24000") {
		t.Errorf("24 MB: %d %.200s", resp.Status, resp.Body)
	}
	w.want(w.s.Secret(), `Count(Documents(Collection("c")))`, 200, `{"resource":1}`)
}

// Values that share their parts would give an endless answer.
func TestLimits_sharedPartsEndInAnError(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body, last := "", "[0,0,0,0,0,0,0,0]"
	for i := range 25 {
		v := fmt.Sprintf(`{"var":"v%d"}`, i)
		body += fmt.Sprintf(`{"v%d":%s},`, i, last)
		last = "[" + strings.TrimSuffix(strings.Repeat(v+",", 8), ",") + "]"
	}
	for _, in := range []string{`{"equals":[%s,%s]}`, `{"max":[%s,%s]}`} {
		resp := w.send(w.s.Secret(), fmt.Sprintf(`{"let":[%s],"in":`+in+`}`, strings.TrimSuffix(body, ","), last, last))
		if resp.Status != 400 {
			t.Errorf("%s: %d %.200s", in, resp.Status, resp.Body)
		}
	}
	resp := w.s.query(t.Context(), request{Secret: w.s.Secret(), APIVersion: "4", Timeout: 50e6, Body: []byte(fmt.Sprintf(`{"let":[%s],"in":%s}`, strings.TrimSuffix(body, ","), last))})
	if resp.Status != 503 {
		t.Errorf("rendered: %d %.200s", resp.Status, resp.Body)
	}
}
