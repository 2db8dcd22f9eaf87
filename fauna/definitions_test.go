package fauna_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"fauna-export/fauna"
	"fauna-export/fauna/emulator"
	"fauna-export/fauna/fql"
)

// schemaText creates one of everything that a schema can contain.
const schemaText = `
CreateCollection({ name: "users" })
CreateCollection({ name: "kept", history_days: 30, ttl_days: 5, data: { owner: "dba", n: 1, "odd key": [1.5, -7], big: ToInteger("9007199254740993"), whole: ToDouble(2) } })
CreateCollection({ name: "for_ever", history_days: null })
CreateCollection({ name: "größe;@+$-_.!~%" })
CreateIndex({ name: "users_by_name", source: Collection("users"), terms: [{ field: ["data", "name"] }], unique: true })
CreateIndex({ name: "all_users", source: Collection("users") })
CreateIndex({ name: "users-ts", source: Collection("users"), terms: [], values: [{ field: "ts" }, { field: "ref" }], serialized: false })
CreateIndex({
  name: "bound",
  source: [{ collection: Collection("users") }, { collection: Collection("kept") }],
  terms: [{ field: ["data", "short"], transform: "casefold" }],
  values: [{ field: ["data", "n"], reverse: true }]
})
CreateFunction({ name: "double", body: Query(Lambda("x", Multiply(Var("x"), 2))) })
CreateFunction({ name: "by_two", body: Query(Lambda(["a", "b"], Let({ c: Call("double", Var("a")), d: Var("b") }, { sum: Add(Var("c"), Var("d")), list: [null, true, "tab\t\"q\" \u2028"] }))), role: "server" })
CreateFunction({ name: "pages", data: { why: "paging" }, body: Query(Lambda("n", Map(Paginate(Match(Index("users_by_name"), "a", "b"), { size: Var("n") }), Lambda("r", If(Exists(Var("r")), Get(Var("r")), null))))) })
CreateFunction({ name: "nothing", body: Query(Lambda("_", Do(Now(), Paginate(Match(Index("all_users"))), Collections(), Select("x", {}, null), Time("2020-01-01T00:00:00Z"), Ref(Collection("users"), "1")))) })
CreateRole({ name: "reader", privileges: [
  { resource: Collections(), actions: { read: true } },
  { resource: Collection("users"), actions: { read: Query(Lambda("ref", LT(ToInteger(Select("id", Var("ref"))), 105))), write: false } },
  { resource: Index("users-ts"), actions: { read: true, unrestricted_read: true } },
  { resource: Function("double"), actions: { call: true } }
] })
CreateRole({ name: "member", membership: [{ resource: Collection("users"), predicate: Query(Lambda("r", Select(["data", "vip"], Get(Var("r")), false))) }], privileges: [] })
CreateFunction({ name: "as_reader", body: Query(Lambda("x", Var("x"))), role: Role("reader") })
`

// read reads the schema with a client, and also returns it as text without
// times.
func read(t *testing.T, c *fauna.Client) (*fql.Definitions, string) {
	t.Helper()
	d, err := c.Definitions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, kind := range fql.DefinitionKinds() {
		for _, one := range d.List[kind] {
			b.WriteString(string(kind) + " " + one.Name + " " + regexp.MustCompile(`"ts":\d+,`).ReplaceAllString(string(one.Document), "") + "\n")
		}
	}
	return d, b.String()
}

func TestDefinitions_theirFQLMakesTheSameSchemaElsewhere(t *testing.T) {
	t.Parallel()
	from := newServer(t, emulator.Options{})
	from.run(schemaText)
	d, want := read(t, from.admin)
	text, cannot := d.FQL()
	if len(cannot) > 0 {
		t.Fatalf("not written: %+v", cannot)
	}
	if n := strings.Count(want, "\n"); n != 4+4+5+2 {
		t.Fatalf("%d definitions were read:\n%s", n, want)
	}
	to := newServer(t, emulator.Options{})
	to.run(text)
	again, got := read(t, to.admin)
	// A function with a custom role is created without it first, so the role is
	// the last member afterwards.
	if sortMembers(t, got) != sortMembers(t, want) {
		t.Errorf("made again it is\n%s\nnot\n%s\nThe text:\n%s", got, want, text)
	}
	if twice, _ := again.FQL(); twice != text {
		t.Errorf("the text of what it made is another:\n%s\nnot\n%s", twice, text)
	}
	if notes := strings.Count(text, "// "); notes != 0 {
		t.Errorf("%d comments for lambdas that are identical:\n%s", notes, text)
	}
}

// sortMembers sorts the members of all objects in lines of "kind name JSON".
func sortMembers(t *testing.T, lines string) string {
	t.Helper()
	var b strings.Builder
	for line := range strings.Lines(lines) {
		words := strings.SplitN(strings.TrimSpace(line), " ", 3)
		d := json.NewDecoder(strings.NewReader(words[2]))
		d.UseNumber()
		var v any
		if err := d.Decode(&v); err != nil {
			t.Fatal(err)
		}
		sorted, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(words[0] + " " + words[1] + " " + string(sorted) + "\n")
	}
	return b.String()
}

func TestDefinitions_ofTheSampleComeBack(t *testing.T) {
	t.Parallel()
	from := newServer(t, emulator.Options{})
	if err := from.LoadSample(); err != nil {
		t.Fatal(err)
	}
	d, want := read(t, from.admin)
	text, cannot := d.FQL()
	if len(cannot) > 0 {
		t.Fatalf("not written: %+v", cannot)
	}
	to := newServer(t, emulator.Options{})
	to.run(text)
	if _, got := read(t, to.admin); got != want {
		t.Errorf("made again it is\n%s\nnot\n%s", got, want)
	}
}

func TestDefinitions_moreThanAPageOfThem(t *testing.T) {
	t.Parallel()
	s := newServer(t, emulator.Options{})
	s.run(`Map([` + strings.TrimSuffix(strings.Repeat(`0,`, 250), ",") + `], Lambda("_", CreateCollection({ name: Concat(["c", NewId()]) })))`)
	d, _ := read(t, s.admin)
	if n := len(d.List[fql.CollectionDefinitions]); n != 250 {
		t.Errorf("%d of 250 collections were read", n)
	}
}

func TestDefinitions_sayWhatTheKeyMayNotList(t *testing.T) {
	t.Parallel()
	s := newServer(t, emulator.Options{})
	s.run(schemaText)
	answer := s.run(`CreateKey({ role: "server-readonly" })`)
	secret, _ := fauna.FindSecret(answer)
	c, err := fauna.NewClient(fauna.Options{Endpoint: s.endpoint, Secret: secret})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	d, err := c.Definitions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Denied) != 1 || d.Denied[0] != fql.RoleDefinitions || len(d.List[fql.FunctionDefinitions]) != 5 {
		t.Errorf("denied %v, %d functions", d.Denied, len(d.List[fql.FunctionDefinitions]))
	}
	text, _ := d.FQL()
	if want := "// Refers to items missing from this text: Role(\"reader\").\nUpdate(Function(\"as_reader\"), { role: Role(\"reader\") })"; !strings.Contains(text, want) {
		t.Errorf("the role that is missing is not named where it is needed:\n%s", text)
	}
	none := s.key("none", `{resource: Collection("users"), actions: {read: true}}`)
	if _, err := none.Definitions(t.Context()); err == nil || !strings.Contains(err.Error(), "privilege") {
		t.Errorf("a key that may list nothing: %v", err)
	}
}
