package fql

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
)

// recordedText is one recorded exchange whose query was written as text.
type recordedText struct {
	Name    string          `json:"name"`
	FQL     string          `json:"fql"`
	Raw     *string         `json:"raw"`
	Request json.RawMessage `json:"request"`
}

// recordedTexts returns the recorded exchanges that have a text.
func recordedTexts(t testing.TB) []recordedText {
	t.Helper()
	file, err := os.Open("../emulator/testdata/recorded.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var texts []recordedText
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var r recordedText
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		if r.FQL != "" && r.Raw == nil {
			texts = append(texts, r)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return texts
}

// The JavaScript driver made the recorded requests from the recorded texts.
func TestParse_recordedTextsBecomeTheirRequests(t *testing.T) {
	t.Parallel()
	texts := recordedTexts(t)
	if len(texts) < 470 {
		t.Fatalf("the record holds %d texts", len(texts))
	}
	for _, r := range texts {
		if r.Name == "return set in object" {
			continue // this object was sent unchanged, bypassing the driver
		}
		got, err := Parse(r.FQL)
		if err != nil {
			t.Errorf("%s: %v in %s", r.Name, err, r.FQL)
			continue
		}
		var want bytes.Buffer
		if err := json.Compact(&want, r.Request); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want.Bytes()) {
			t.Errorf("%s: %s\n got %s\nwant %s", r.Name, r.FQL, got, want.Bytes())
		}
	}
}

func TestParse_readsWhatPeopleWrite(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"trailing commas", "CreateKey({ name: \"r\", role: Role(\"r\"), })", `{"create_key":{"object":{"name":"r","role":{"role":"r"}}}}`},
		{"quoted keys", `CreateIndex({values: [{ "field": "ts" }, {'field': ["ref"]},],})`, `{"create_index":{"object":{"values":[{"object":{"field":"ts"}},{"object":{"field":["ref"]}}]}}}`},
		{"comments", "// a comment\nNow( /* none */ ) // the end", `{"now":null}`},
		{"prefix", `q.Get(q.Ref(q.Collection("c"), "1"))`, `{"get":{"ref":{"collection":"c"},"id":"1"}}`},
		{"semicolon", "Now();", `{"now":null}`},
		{"brackets", "(((Now())))", `{"now":null}`},
		{"bracketed object", "({a: 1})", `{"object":{"a":1}}`},
		{"top level object", "{a: 1, 'b c': [true, false, null]}", `{"object":{"a":1,"b c":[true,false,null]}}`},
		{"key twice", "{a: 1, b: 2, 'a': 3}", `{"object":{"a":3,"b":2}}`},
		{"numeric key", "{1: 'x'}", `{"object":{"1":"x"}}`},
		{"numbers", "[0, -0, 1.0, -1.5, 1e21, 1e300, 1e-7, 0.000001, .5, 5., -1e999, 0x10, 1_000, 9007199254740993, +2]", `[0,0,1,-1.5,1e+21,1e+300,1e-7,0.000001,0.5,5,null,16,1000,9007199254740992,2]`},
		{"a number JavaScript cannot hold", "9223372036854775807", `9223372036854776000`},
		{"escapes", `"a\n\t\"\'\\\/\x41\u00e9\u{1F600}\uD83D\uDE00\0"`, `"a\n\t\"'\\/Aé😀😀\u0000"`},
		{"half a pair", `'\ud83d'`, `"�"`},
		{"a tab escaped by itself", "'a\\\tb'", `"a\tb"`},
		{"single quotes", `'it\'s "so"'`, `"it's \"so\""`},
		{"line goes on", "'a\\\nb'", `"ab"`},
		{"line of Windows goes on", "'a\\\r\nb'", `"ab"`},
		{"line separator in a string", "'a\u2028b'", "\"a\u2028b\""},
		{"arrow", "Map(Paginate(Collections()), c => Get(c))", `{"map":{"lambda":"c","expr":{"get":{"var":"c"}}},"collection":{"paginate":{"collections":null}}}`},
		{"arrow of two", "Map(x(), (ts, ref) => [ref, ts])", ""},
		{"lambda of an arrow", "Query(Lambda((a, b) => Add(a, b)))", `{"query":{"lambda":["a","b"],"expr":{"add":[{"var":"a"},{"var":"b"}]}}}`},
		{"nested arrows", "Query(x => Map(x, y => [x, y]))", `{"query":{"lambda":"x","expr":{"map":{"lambda":"y","expr":[{"var":"x"},{"var":"y"}]},"collection":{"var":"x"}}}}`},
		{"arrow of an object", "Query(x => ({x, y: x}))", `{"query":{"lambda":"x","expr":{"object":{"x":{"var":"x"},"y":{"var":"x"}}}}}`},
		{"Let", "Let({a: 1, b: Var('a')}, Var('b'))", `{"let":[{"a":1},{"b":{"var":"a"}}],"in":{"var":"b"}}`},
		{"Let of an array", "Let([{a: 1}, {b: 2}], Var('b'))", `{"let":[{"a":1},{"b":2}],"in":{"var":"b"}}`},
		{"Let of an arrow", "Let({a: 1, b: 2}, (x, y) => Add(x, y))", `{"let":[{"a":1},{"b":2}],"in":{"add":[{"var":"a"},{"var":"b"}]}}`},
		{"Select with null", "Select(['a', 0], Var('x'), null)", `{"select":["a",0],"from":{"var":"x"},"default":null}`},
		{"Get at a time", "Get(Var('x'), 5)", `{"get":{"var":"x"},"ts":5}`},
		{"Get at null", "Get(Var('x'), null)", `{"get":{"var":"x"}}`},
		{"Do of one", "Do(1)", `{"do":[1]}`},
		{"Add of an array", "Add([1, 2])", `{"add":[1,2]}`},
		{"Match with terms", "Match(Index('i'), 'a', 2)", `{"match":{"index":"i"},"terms":["a",2]}`},
		{"old ref", "Ref('collections/users/1')", `{"@ref":"collections/users/1"}`},
		{"bytes", "Bytes('-_8')", `{"@bytes":"+/8="}`},
		{"scope", "Collection('c', Database('d'))", `{"collection":"c","scope":{"database":"d"}}`},
		{"all options", "Paginate(Var('s'), {size: 1, after: [1], before: null, ts: Now(), events: true, sources: true})", `{"paginate":{"var":"s"},"size":1,"after":[1],"before":null,"ts":{"now":null},"events":true,"sources":true}`},
		{"odd names", `Collection("Ünï-cödé.1")`, `{"collection":"Ünï-cödé.1"}`},
		{"byte order mark", "\ufeffNow()", `{"now":null}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Parse(c.text)
			if c.want == "" {
				if err == nil {
					t.Fatalf("%s was read as %s", c.text, got)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != c.want {
				t.Errorf("%s\n got %s\nwant %s", c.text, got, c.want)
			}
		})
	}
}

func TestParse_saysWhereAndWhy(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"", "line 1, column 1: there is no query"},
		{" \n // nothing", "line 2, column 12: there is no query"},
		{"Foo()", "line 1, column 1: there is no function Foo in FQL v4"},
		{"createrole({})", "line 1, column 1: there is no function createrole in FQL v4; did you mean CreateRole?"},
		{"CreateRole({\n  name: \"r\"\n  privileges: []\n})", "line 3, column 3: expected ',' or '}', found 'privileges'"},
		{"Get(", "line 1, column 5: expected an expression, found end of text"},
		{"Get()", "line 1, column 1: Get takes 1 to 2 arguments, not 0"},
		{"Now(1)", "line 1, column 1: Now takes no arguments, not 1"},
		{"Map(1)", "line 1, column 1: Map takes 2 arguments, not 1"},
		{"'a", "line 1, column 1: unterminated string"},
		{"'a\nb'", "line 1, column 1: unterminated string"},
		{"  “x”", "line 1, column 3: this is a typographic quote; use a plain one"},
		{"`x`", "line 1, column 1: template strings are not supported; use single or double quotes"},
		{"/* x", "line 1, column 1: unterminated comment"},
		{"users.all()", "line 1, column 1: unknown name users"},
		{"COLLECTION_NAME", "line 1, column 1: unknown name COLLECTION_NAME"},
		{"Now() Now()", "line 1, column 7: expected a semicolon or a new line before the next expression, found 'Now'"},
		{"Now()\nNow()", "line 2, column 1: a second expression starts here; expected only one"},
		{"Collections", "line 1, column 12: expected '(' after Collections, found end of text"},
		{"1x", "line 1, column 1: this is not a number"},
		{"é", "line 1, column 1: unknown name é"},
		{"é\u0000", "line 1, column 2: unexpected character U+0000"},
		{"\u0007", "line 1, column 1: unexpected character U+0007"},
		{"Paginate(Collections(), 5)", "line 1, column 25: expected an object of options, found a number"},
		{"Bytes('!')", "line 1, column 1: Bytes takes a string of base64"},
		{"[1, 2", "line 1, column 6: expected ',' or ']', found end of text"},
		{strings.Repeat("[", 5000), "line 1, column 1001: nested too deeply"},
	} {
		_, err := Parse(c.text)
		if err == nil {
			t.Errorf("%.60q was read", c.text)
			continue
		}
		if err.Error() != c.want {
			t.Errorf("%.60q\n got %s\nwant %s", c.text, err, c.want)
		}
	}
}

func TestParseStatements_readsEachWhereItStands(t *testing.T) {
	t.Parallel()
	statements, err := ParseStatements("\n  CreateRole({\n name: 'r'})\n\nCreateKey({role: Role('r')}); ;Now()")
	if err != nil {
		t.Fatal(err)
	}
	want := []Statement{
		{2, 3, []byte(`{"create_role":{"object":{"name":"r"}}}`)},
		{5, 1, []byte(`{"create_key":{"object":{"role":{"role":"r"}}}}`)},
		{5, 32, []byte(`{"now":null}`)},
	}
	if !reflect.DeepEqual(statements, want) {
		t.Errorf("got %+v, want %+v", statements, want)
	}
}

func FuzzParse(f *testing.F) {
	for i, r := range recordedTexts(f) {
		if i%7 == 0 {
			f.Add(r.FQL)
		}
	}
	f.Add("Map(x, (a, b) => {a})")
	f.Add("'\\u{110000}'")
	f.Add("0x")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := Parse(text)
		if err != nil {
			return
		}
		if !json.Valid(got) {
			t.Errorf("%q became %s, which is not JSON", text, got)
		}
	})
}
