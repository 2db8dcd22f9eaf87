package fql

import (
	"os"
	"strings"
	"testing"
	"unicode"
)

// readPage returns the queries in testdata/setup.txt by title; they are from the
// connector's set-up page.
func readPage(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("testdata/setup.txt")
	if err != nil {
		t.Fatal(err)
	}
	page := map[string]string{}
	for _, part := range strings.Split(string(text), "## ")[1:] {
		title, query, _ := strings.Cut(part, "\n")
		page[title] = query
	}
	return page
}

func removeSpace(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text)
}

func TestSetup_sameTextAsTheSetupPage(t *testing.T) {
	t.Parallel()
	page := readPage(t)
	one := Setup{Collections: []string{"COLLECTION_NAME"}}
	two := Setup{Collections: []string{"users", "products"}}
	oneIndexed := Setup{Collections: one.Collections, Indexes: []string{"INDEX_NAME"}}
	twoIndexed := Setup{Collections: two.Collections, Indexes: []string{"users-ts", "products-ts"}}
	for title, got := range map[string]string{
		"role of one collection":                  one.RoleFQL(),
		"role of users and products":              two.RoleFQL(),
		"role of one collection, incremental":     oneIndexed.RoleFQL(),
		"role of users and products, incremental": twoIndexed.RoleFQL(),
		"key":   two.KeyFQL(),
		"index": oneIndexed.IndexFQL(0),
	} {
		want, ok := page[title]
		if !ok || removeSpace(got) != removeSpace(want) {
			t.Errorf("%s is\n%s\nwant but for white space\n%s", title, got, want)
		}
	}
}

func TestSetup_exactText(t *testing.T) {
	t.Parallel()
	s := Setup{Role: "r", Collections: []string{"a"}, Indexes: []string{"a-ts"}}
	for _, tt := range []struct{ name, got, want string }{
		{"role", Setup{Role: "r", Collections: []string{"a"}}.RoleFQL(), `CreateRole({
  name: "r",
  privileges: [
    {
      resource: Collections(),
      actions: { read: true }
    },
    {
      resource: Indexes(),
      actions: { read: true }
    },
    {
      resource: Collection("a"),
      actions: { read: true }
    }
  ],
})`},
		{"update", Setup{Role: "r"}.RoleUpdateFQL(), `Update(Role("r"), {
  privileges: [
    {
      resource: Collections(),
      actions: { read: true }
    },
    {
      resource: Indexes(),
      actions: { read: true }
    }
  ],
})`},
		{"key", s.KeyFQL(), "CreateKey({\n  name: \"r\",\n  role: Role(\"r\"),\n})"},
		{"index", s.IndexFQL(0), `CreateIndex({
  name: "a-ts",
  source: Collection("a"),
  terms: [],
  values: [
    { "field": "ts" },
    { "field": "ref" }
  ]
})`},
		{"no index", Setup{Collections: []string{"a"}}.IndexFQL(0), ""},
		{"cleanup", s.Cleanup()[0].FQL, `Do(
  Foreach(
    Filter(
      Paginate(Keys(), { size: 80000 }),
      Lambda("k", Equals(Select("role", Get(Var("k")), null), Role("r")))
    ),
    Lambda("k", Delete(Var("k")))
  ),
  Delete(Role("r"))
)`},
		{"collections", CollectionsFQL(V4), `Map(
  Paginate(Collections(), { size: 1000 }),
  Lambda("c", Select("id", Var("c")))
)`},
		{"history of two", HistoryFQL(V4, []string{"a", "b"}, 7), `Foreach(
  ["a", "b"],
  Lambda("c", If(
    LT(Select("history_days", Get(Collection(Var("c"))), 7), 7),
    Update(Collection(Var("c")), { history_days: 7 }),
    null
  ))
)`},
		{"history of none", HistoryFQL(V4, nil, 1), ""},
	} {
		if tt.got != tt.want {
			t.Errorf("%s is\n%s\nwant\n%s", tt.name, tt.got, tt.want)
		}
	}
}

func TestSetup_quotesNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		`plain`:         `"plain"`,
		`a"b`:           `"a\"b"`,
		`a\b`:           `"a\\b"`,
		"a\nb":          `"a\nb"`,
		"Ünï-cödé.1":    `"Ünï-cödé.1"`,
		`"}), Delete(`:  `"\"}), Delete("`,
		"<&>":           `"<&>"`,
		"a\u2028b":      `"a\u2028b"`,
		"{{.Role}}":     `"{{.Role}}"`,
		"\x1b[31m":      `"\u001b[31m"`,
		"bad\xffutf8":   `"bad` + "\ufffd" + `utf8"`,
		"it's $ 50 %d":  `"it's $ 50 %d"`,
		"; DROP TABLE;": `"; DROP TABLE;"`,
	} {
		s := Setup{Role: name, Collections: []string{name}, Indexes: []string{name}}
		for _, q := range append(s.All(), Query{FQL: s.Cleanup()[0].FQL}, Query{FQL: s.RoleUpdateFQL()}, Query{FQL: HistoryFQL(V4, s.Collections, 1)}) {
			if !strings.Contains(q.FQL, want) && !strings.Contains(strings.ReplaceAll(q.FQL, "\\ufffd", "\ufffd"), want) {
				t.Errorf("%q is not quoted as %s in\n%s", name, want, q.FQL)
			}
		}
	}
}

func TestSetup_allInTheOrderToRun(t *testing.T) {
	t.Parallel()
	s := Setup{Collections: []string{"users", "products"}, Indexes: []string{"users-ts", "products-ts"}}
	var titles []string
	for _, q := range s.All() {
		titles = append(titles, q.Title)
		if q.Why == "" || q.FQL == "" {
			t.Errorf("%+v", q)
		}
	}
	if got, want := strings.Join(titles, ", "), "Index of users, Index of products, Role, Key"; got != want {
		t.Errorf("titles are %s, want %s", got, want)
	}
	if got := len(Setup{Collections: s.Collections}.All()); got != 2 {
		t.Errorf("a full sync has %d queries, want 2", got)
	}
	for _, p := range s.Privileges() {
		if p.Why == "" || !strings.Contains(s.RoleFQL(), "resource: "+p.Resource+",") {
			t.Errorf("privilege %+v is not in the role", p)
		}
	}
	if got := len(s.Privileges()); got != 6 {
		t.Errorf("%d privileges, want 6", got)
	}
	if got := IndexName(DefaultIndexPattern, "users"); got != "users-ts" {
		t.Errorf("IndexName = %q", got)
	}
}
