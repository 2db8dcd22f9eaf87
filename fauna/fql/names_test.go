package fql

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func TestParseNames_allThatTheShellPrints(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, pasted string
		want         []string
		cut          string
	}{
		{"refs", "{\n  data: [\n    Collection(\"users\"),\n    Collection(\"products\"),\n    Collection(\"Ünï-cödé.1\"),\n    Collection(\"ttl_docs\")\n  ]\n}",
			[]string{"users", "products", "Ünï-cödé.1", "ttl_docs"}, ""},
		{"refs after their query", "> Paginate(Collections())\n{\n  data: [\n    Collection(\"users\")\n  ]\n}\n> ", []string{"users"}, ""},
		{"refs, one line", `> Paginate(Collections()) {   data: [     Collection("users"),     Collection("products")   ] }`, []string{"users", "products"}, ""},
		{"a page", "{\n  after: [ Collection(\"empty\") ],\n  data: [ Collection(\"users\"), Collection(\"products\"), Collection(\"types\") ]\n}",
			[]string{"users", "products", "types"}, "first page"},
		{"a page, after behind", "{ data: [ Collection(\"users\") ], after: [ Collection(\"empty\") ] }", []string{"users"}, "first page"},
		{"a whole page", "{ data: [ Collection(\"users\") ], after: null, before: [Collection(\"a\")] }", []string{"users"}, ""},
		{"names", "{\n  data: [\n    'users',      'products',\n    'types',      'empty',\n    'Ünï-cödé.1', 'kept',\n    'ttl_docs',   'withdata'\n  ]\n}",
			[]string{"users", "products", "types", "empty", "Ünï-cödé.1", "kept", "ttl_docs", "withdata"}, ""},
		{"names after their query", "> Map(Paginate(Collections(), {size: 1000}), Lambda(\"c\", Select(\"id\", Var(\"c\"))))\n{\n  data: [\n    'users' ]\n}",
			[]string{"users"}, ""},
		{"names after their query over several lines", "mydb> Map(\n...   Paginate(Collections(), { size: 1000 }),\n...   Lambda(\"c\", Select(\"id\", Var(\"c\")))\n... )\n{ data: [ 'users' ] }",
			[]string{"users"}, ""},
		{"names, cut", "{\n  data: [\n    'users', 'products',\n    ... 900 more items\n  ]\n}", []string{"users", "products"}, "900"},
		{"names, one cut", "{ data: [ 'users', ... 1 more item ] }", []string{"users"}, "cut off 1"},
		{"names, all cut on one line", "{   data: [     'users',     ... 900 more items   ],   after: [ Collection(\"x\") ] }", []string{"users"}, "900"},
		{"eval of refs", `{"data":[{"@ref":{"id":"users","collection":{"@ref":{"id":"collections"}}}},{"@ref":{"id":"products","collection":{"@ref":{"id":"collections"}}}}]}`,
			[]string{"users", "products"}, ""},
		{"eval of refs, cut", `{"after":[{"@ref":{"id":"x","collection":{"@ref":{"id":"collections"}}}}],"data":[{"@ref":{"id":"users","collection":{"@ref":{"id":"collections"}}}}]}`,
			[]string{"users"}, "first page"},
		{"eval of names", `{"data":["users","products","types"]}`, []string{"users", "products", "types"}, ""},
		{"an answer over HTTP", "{\n  \"resource\": { \"data\": [\"users\"] }\n}", []string{"users"}, ""},
		{"documents of collections", `{ data: [ { ref: Collection("users"), ts: 1795342078440000, history_days: 0, name: 'users' }, { ref: Collection("b"), ts: 1, name: 'b' } ] }`,
			[]string{"users", "b"}, ""},
		{"document refs are no names", `{"data":[{"@ref":{"id":"1","collection":{"@ref":{"id":"users","collection":{"@ref":{"id":"collections"}}}}}}]}`, nil, ""},
		{"another kind of ref", `{ data: [ Index("a"), Role("b"), Ref(Collection("users"), "1") ] }`, nil, ""},
		{"a role", `{ ref: Role("connect-readonly"), ts: 1, name: 'connect-readonly', privileges: [ { resource: Collections(), actions: { read: true } } ] }`, nil, ""},
		{"an array of strings", `["users", 'products', ` + "`types`]", []string{"users", "products", "types"}, ""},
		{"an array of words", `[users, products]`, []string{"users", "products"}, ""},
		{"escapes", `["us\u0065rs", "\u00dcn\u00ef", 'it\'s']`, []string{"users", "Ünï"}, ""},
		{"refs alone", "Collection(\"users\"), Collection('products')", []string{"users", "products"}, ""},
		{"refs and words", "types, Collection(\"users\")", []string{"types", "users"}, ""},
		{"refs of another database", `Collection("users", Database("x"))`, []string{"users"}, ""},
		{"in colour", "{ data: [ \x1b[32m'users'\x1b[39m, \x1b[32m'b'\x1b[39m ] }", []string{"users", "b"}, ""},
		{"not closed", "{ data: [ 'users', 'prod", []string{"users", "prod"}, "middle of a list"},
		{"the query alone", "Map(Paginate(Collections(), { size: 1000 }), Lambda(\"c\", Select(\"id\", Var(\"c\"))))", nil, ""},
		{"two pages", "{ data: [ 'a' ] }\n{ data: [ 'b' ] }", []string{"a", "b"}, ""},
		{"chatter", "Starting shell for database mydb\nConnected to http://localhost:8443\n{ data: [ 'users' ] }", []string{"users"}, ""},
		{"an error", `{"errors":[{"position":[],"code":"permission denied","description":"x"}]}`, nil, ""},

		{"typed", "users", []string{"users"}, ""},
		{"commas", "users, products,line-items ,", []string{"users", "products", "line-items"}, ""},
		{"spaces", "users products\tline-items", []string{"users", "products", "line-items"}, ""},
		{"lines", "users\nproducts\r\n\n line-items\n", []string{"users", "products", "line-items"}, ""},
		{"bullets", "- users\n* products\n• types", []string{"users", "products", "types"}, ""},
		{"quoted", `"users" 'products', types`, []string{"users", "products", "types"}, ""},
		{"odd characters", "a;b @c +d $e .f !g ~h %i ; 123", []string{"a;b", "@c", "+d", "$e", ".f", "!g", "~h", "%i", ";", "123"}, ""},
		{"words that printed values hold", "null, Object", []string{"null", "Object"}, ""},
		{"nothing", " \n ", nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := ParseNames(tt.pasted)
			if !reflect.DeepEqual(got.Names, tt.want) {
				t.Errorf("names are %q, want %q (bad %q)", got.Names, tt.want, got.Bad)
			}
			if (got.Cut != "") != (tt.cut != "") || !strings.Contains(got.Cut, tt.cut) {
				t.Errorf("cut: %q, want %q", got.Cut, tt.cut)
			}
		})
	}
}

func TestParseNames_marksWhatIsWrong(t *testing.T) {
	t.Parallel()
	got := ParseNames("users, a b, users, _, x/y, prod\x07ucts, users")
	if want := []string{"users"}; !reflect.DeepEqual(got.Names, want) {
		t.Errorf("names are %q", got.Names)
	}
	want := []BadName{
		{"a b", "it has a space"}, {"_", "_ is reserved"}, {"x/y", "it has the character /"}, {"products", "it has a control character"},
	}
	if !reflect.DeepEqual(got.Bad, want) {
		t.Errorf("bad are %q, want %q", got.Bad, want)
	}
	if got := ParseNames(`{ data: [ 'a b', "c'd" ] }`); len(got.Names) != 0 || len(got.Bad) != 2 {
		t.Errorf("%+v", got)
	}
	if got := ParseNames("user's"); len(got.Bad) != 1 || got.Bad[0].Why != "it has the character '" {
		t.Errorf("%+v", got)
	}
}

func TestCheckName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"users", "a", "__", "_a", "Ünï-cödé.1", "用户", "मराठी", "a\u200db", "x‿y", "٣", ".", "..", ";@+$-_.!~%", strings.Repeat("a", 1000)} {
		if err := CheckName(name); err != nil {
			t.Errorf("CheckName(%q) = %v", name, err)
		}
	}
	for name, why := range map[string]string{
		"": "it is empty", "_": "_ is reserved", "a b": "it has a space", "a/b": "it has the character /", "a:b": "it has the character :", `a"b`: `it has the character "`,
		"a[b": "it has the character [", "a,b": "it has the character ,", "a\tb": "it has white space", "a\x1b": "control", "a\u202eb": "control", "a\xff": "UTF-8", "a€": "it has the character €",
		"a\u00a0b": "white space",
	} {
		if err := CheckName(name); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("CheckName(%q) = %v, want %q", name, err, why)
		}
	}
}

func TestParseNames_manyNames(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&b, "Collection(\"c%d\"), ", i)
	}
	if got := ParseNames("{ data: [" + b.String() + "] }"); len(got.Names) != 100_000 {
		t.Errorf("%d names", len(got.Names))
	}
	for _, junk := range []string{"[", "{", "(", "A(", "'", `\`, "...", "> ", "{a:"} {
		ParseNames(strings.Repeat(junk, 100_000)) // must end soon
	}
}

func FuzzParseNames(f *testing.F) {
	for _, s := range []string{
		"{ data: [ Collection(\"users\"), 'b' ], after: [ 1 ] }", `{"data":[{"@ref":{"id":"users","collection":{"@ref":{"id":"collections"}}}}]}`,
		"a, b c", "'\\u12", "... 9 more items", "> Map(x)", "{a:[{b:", "Ref(Collections(), 'x')", "\"\\ud83d\\ude00\"",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, pasted string) {
		got := ParseNames(pasted)
		seen := map[string]bool{}
		for _, name := range got.Names {
			if err := CheckName(name); err != nil || seen[name] {
				t.Errorf("%q of %q: %v, twice %v", name, pasted, err, seen[name])
			}
			seen[name] = true
		}
		for _, bad := range got.Bad {
			if bad.Why == "" || Printable(bad.Name) != bad.Name {
				t.Errorf("%q of %q", bad, pasted)
			}
		}
	})
}
