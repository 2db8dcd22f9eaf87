package emulator

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
)

// pubWorld has the collection pub with documents 1 to 40, every other one public, and
// the index pub-ts.
func pubWorld(t *testing.T) *world {
	w := newWorld(t)
	w.do(`CreateCollection({name: "pub"})`)
	w.pass(time.Second)
	w.do(`CreateIndex({name: "pub-ts", source: Collection("pub"), terms: [], values: [{field: "ts"}, {field: "ref"}]})`)
	w.pass(time.Second)
	for i := 1; i <= 40; i++ {
		w.do(`Create(Ref(Collection("pub"), %d), {data: {public: %t}})`, i, i%2 == 0)
	}
	return w
}

// What each key sees: Get of a missing document, a page of ids, a count, an index and
// the events. A number is a page's element count; a negative one is the status of an
// error.
func TestSeenRoles_whatEachKeySees(t *testing.T) {
	t.Parallel()
	read := func(resource string) string {
		return `{resource: ` + resource + `, actions: {read: true}}`
	}
	predicate := func(lambda string) string {
		return `{resource: Collection("pub"), actions: {read: Query(` + lambda + `)}}`
	}
	index := read(`Index("pub-ts")`)
	cases := []struct {
		name       string
		key        string // of a built-in role
		privileges string
		get        int
		ids        int
		index      int
		events     int
		documents  int
	}{
		{"admin", "admin", "", 404, 40, 40, 40, 40},
		{"server-readonly", "server-readonly", "", 404, 40, 40, 40, 40},
		{"role of the mission page", "", read(`Collections()`) + "," + read(`Indexes()`) + "," + read(`Collection("pub")`), 404, 40, -403, 40, 40},
		{"role of the mission page with its index", "", read(`Collection("pub")`) + "," + index, 404, 40, 40, 40, 40},
		{"index read only", "", index, 403, 0, 0, 0, 0},
		{"index unrestricted_read only", "", `{resource: Index("pub-ts"), actions: {unrestricted_read: true}}`, 403, 0, 40, 0, 0},
		{"predicate on data", "", predicate(`Lambda("ref", Select(["data", "public"], Get(Var("ref"))))`) + "," + index, 403, 20, 20, 20, 20},
		{"predicate true", "", predicate(`Lambda("ref", true)`), 404, 40, -403, 40, 40},
		{"predicate on id", "", predicate(`Lambda("ref", Not(Equals(Select("id", Var("ref")), "7")))`) + "," + index, 404, 39, 39, 39, 39},
		{"predicate false", "", predicate(`Lambda("ref", false)`), 403, 0, -403, 0, 0},
		{"predicate that fails", "", predicate(`Lambda("ref", Add(1, "x"))`), 403, 0, -403, 0, 0},
		{"predicate that is no boolean", "", predicate(`Lambda("ref", 1)`), 403, 0, -403, 0, 0},
		{"collection unrestricted_read only", "", `{resource: Collection("pub"), actions: {unrestricted_read: true}}`, 403, 40, -403, 40, -403},
	}
	w := pubWorld(t)
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w.t = t
			secret := w.s.Secret()
			if c.key == "" {
				secret = w.key(fmt.Sprintf("r%d", i), c.privileges)
			} else if c.key != "admin" {
				secret = w.secretOf(w.do(`CreateKey({role: %q})`, c.key))
			}
			w.want(secret, `Get(Ref(Collection("pub"), "0"))`, c.get, "")
			numbers := []struct {
				what, text string
				want       int
			}{
				{"ids", `Paginate(Documents(Collection("pub")), {size: 100})`, c.ids},
				{"index", `Paginate(Range(Match(Index("pub-ts")), [1], []), {size: 100})`, c.index},
				{"events", `Paginate(Events(Documents(Collection("pub"))), {size: 100})`, c.events},
				{"documents", `Map(Paginate(Documents(Collection("pub")), {size: 100}), Lambda("x", Get(Var("x"))))`, c.documents},
			}
			for _, n := range numbers {
				if got := dataLen(w.ask(secret, n.text)); got != n.want {
					t.Errorf("%s: %d, want %d", n.what, got, n.want)
				}
			}
			w.want(secret, `Count(Documents(Collection("pub")))`, 200, fmt.Sprintf(`{"resource":%d}`, c.ids))
		})
	}
}

// Pages are refilled to their size, so that a plan and a fetch agree.
func TestSeenRoles_filteredPagesAreFull(t *testing.T) {
	t.Parallel()
	w := pubWorld(t)
	secret := w.key("r", `{resource: Collection("pub"), actions: {read: Query(Lambda("ref", Select(["data", "public"], Get(Var("ref")))))}}`)
	got := w.ids(secret, `Map(Paginate(Documents(Collection("pub")), {size: 3, after: Ref(Collection("pub"), 5)}), Lambda("x", Select("id", Var("x"))))`)
	want := `"data":["6","8","10"]}`
	if !strings.Contains(got, want) || !strings.Contains(got, `"after":[{"@ref":{"id":"12"`) {
		t.Errorf("have %s, want %s and after 12", got, want)
	}
}

func TestSeenRoles_predicatesAreJudgedOnThePresentInsideAt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(`CreateCollection({name: "pub"})`)
	w.do(`Create(Ref(Collection("pub"), 1), {data: {public: false}})`)
	w.do(`Create(Ref(Collection("pub"), 2), {data: {public: true}})`)
	secret := w.key("r", `{resource: Collection("pub"), actions: {read: Query(Lambda("ref", Select(["data", "public"], Get(Var("ref")))))}}`)
	at := w.now()
	if got := w.idsAt(secret, "pub", at); got != "2" {
		t.Fatalf("before: %q", got)
	}
	w.pass(time.Second)
	w.do(`Update(Ref(Collection("pub"), 2), {data: {public: false}})`)
	w.do(`Update(Ref(Collection("pub"), 1), {data: {public: true}})`)
	if got := w.idsAt(secret, "pub", at); got != "1" {
		t.Errorf("the page at the old time has %q, want 1", got)
	}
}

func TestSeenRoles_privilegeTakenAwayGivesEmptyPageAtOnce(t *testing.T) {
	t.Parallel()
	w := pubWorld(t)
	secret := w.key("r", `{resource: Collection("pub"), actions: {read: true}}`)
	at := w.now()
	w.do(`Update(Role("r"), {privileges: []})`)
	w.want(secret, fmt.Sprintf(`At(%d, Paginate(Documents(Collection("pub"))))`, at), 200, `{"resource":{"data":[]}}`)
	w.want(secret, `Get(Ref(Collection("pub"), "1"))`, 403, "")
	w.do(`Delete(Role("r"))`)
	w.want(secret, `Paginate(Documents(Collection("pub")))`, 200, `{"resource":{"data":[]}}`)
}

func TestSeenRoles_deletedKeyIsUnauthorizedAtOnce(t *testing.T) {
	t.Parallel()
	w := pubWorld(t)
	secret := w.key("r", `{resource: Collection("pub"), actions: {read: true}}`)
	w.want(secret, `Now()`, 200, "")
	w.do(`Foreach(Filter(Paginate(Keys(), {size: 1000}), Lambda("k", Equals(Select("role", Get(Var("k")), null), Role("r")))), Lambda("k", Delete(Var("k"))))`)
	w.want(secret, `Now()`, 401, `{"errors":[{"code":"unauthorized","description":"Unauthorized"}]}`)
}

func TestSeenRoles_restrictedRoleMayListKeysAndRolesButNotReadItsOwn(t *testing.T) {
	t.Parallel()
	w := pubWorld(t)
	secret := w.key("r", `{resource: Collections(), actions: {read: true}}, {resource: Collection("pub"), actions: {read: true}}`)
	w.want(secret, `Paginate(Keys())`, 200, `{"resource":{"data":[]}}`)
	w.want(secret, `Paginate(Roles())`, 200, `{"resource":{"data":[]}}`)
	w.want(secret, `Get(Role("r"))`, 403, `{"errors":[{"position":[],"code":"permission denied"…`)
}

func TestSeenRoles_positionsOfDenials(t *testing.T) {
	t.Parallel()
	w := pubWorld(t)
	secret := w.key("r", `{resource: Collections(), actions: {read: true}}`)
	denial := func(position string) string {
		return `{"errors":[{"position":` + position + `,"code":"permission denied","description":"Insufficient privileges to perform the action."}]}`
	}
	w.want(secret, `Get(Ref(Collection("pub"), 1))`, 403, denial(`[]`))
	w.want(secret, `At(Now(), Get(Ref(Collection("pub"), 1)))`, 403, denial(`["expr"]`))
	w.want(secret, `Map([1], Lambda("x", Get(Ref(Collection("pub"), 1))))`, 403, denial(`["map","expr"]`))
	w.want(secret, `Paginate(Match(Index("pub-ts")))`, 403, denial(`["paginate"]`))
	w.want(secret, `Map(Paginate(Match(Index("pub-ts"))), Lambda("x", Var("x")))`, 403, denial(`["collection","paginate"]`))
	w.want(secret, `Get(Match(Index("pub-ts")))`, 403, denial(`["get"]`))
	w.want(secret, `Paginate(Events(Ref(Collection("pub"), 1)))`, 403, denial(`["paginate"]`))
}

func TestSeenRoles_scopedSecretsOfAnAdmin(t *testing.T) {
	t.Parallel()
	w := pubWorld(t)
	w.do(`CreateDatabase({name: "child"})`)
	restricted := w.key("r", `{resource: Collection("pub"), actions: {read: true}}`)
	admin := w.s.Secret()
	w.want(admin+":child:admin", `CreateCollection({name: "c"})`, 201, "")
	w.want(admin+":child:server-readonly", `CreateCollection({name: "d"})`, 403, "")
	w.want(admin+":child:admin", `Paginate(Collections())`, 200, `{"resource":{"data":[{"@ref":{"id":"c","collection":{"@ref":{"id":"collections"}}}}]}}`)
	w.want(admin+":@role/r", `Paginate(Collections())`, 403, "")
	w.want(admin+":nobody", `Now()`, 401, "")
	w.want(admin+":nowhere:admin", `Now()`, 401, "")
	w.want(restricted+":server", `Now()`, 401, "")
	w.want(admin+":", `Now()`, 200, "")
	w.want(admin, `Paginate(Collections(Database("child")))`, 200,
		`{"resource":{"data":[{"@ref":{"id":"c","collection":{"@ref":{"id":"collections"}},"database":{"@ref":{"id":"child","collection":{"@ref":{"id":"databases"}}}}}}]}}`)
}

// Write privileges with and without predicates, and the positions of denials.
func TestRoles_writePrivileges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(`CreateCollection({name: "c"})`)
	w.do(`Create(Ref(Collection("c"), 1), {data: {owner: "a"}})`)
	none := w.key("none", `{resource: Collection("c"), actions: {read: true}}`)
	some := w.key("some", `{resource: Collection("c"), actions: {
		create: Query(Lambda("new", Equals(Select(["data", "owner"], Var("new"), null), "a"))),
		write: Query(Lambda(["old", "new"], Equals(Select(["data", "owner"], Var("old")), "a"))),
		delete: Query(Lambda("ref", Equals(Select("id", Var("ref")), "1")))}}`)
	denial := func(position string) string {
		return `{"errors":[{"position":` + position + `,"code":"permission denied"…`
	}
	w.want(none, `Create(Collection("c"), {data: {}})`, 403, denial(`["create"]`))
	w.want(none, `Update(Ref(Collection("c"), 1), {data: {}})`, 403, denial(`[]`))
	w.want(none, `Delete(Ref(Collection("c"), 1))`, 403, denial(`[]`))
	w.want(none, `Delete(Ref(Collection("c"), 2))`, 404, "")
	w.want(none, `Insert(Ref(Collection("c"), 1), 1, "create", {})`, 403, denial(`[]`))
	w.want(none, `Paginate(Events(Ref(Collection("c"), 1)))`, 403, denial(`["paginate"]`))
	w.want(some, `Create(Collection("c"), {data: {owner: "a"}})`, 201, "")
	w.want(some, `Create(Collection("c"), {data: {owner: "b"}})`, 403, denial(`["create"]`))
	w.want(some, `Create(Ref(Collection("c"), 9), {data: {owner: "a"}})`, 403, denial(`["create"]`))
	w.want(some, `Update(Ref(Collection("c"), 1), {data: {owner: "b"}})`, 200, "")
	w.want(some, `Update(Ref(Collection("c"), 1), {data: {owner: "a"}})`, 403, denial(`[]`))
	w.want(some, `Delete(Ref(Collection("c"), 1))`, 200, "")
	w.want(some, `Exists(Collections())`, 403, denial(`["exists"]`))
}

// Functions run with the privilege to call them.
func TestRoles_callOfFunctions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(`CreateFunction({name: "double", body: Query(Lambda("x", Multiply(Var("x"), 2)))})`)
	caller := w.key("caller", `{resource: Function("double"), actions: {call: true}}`)
	other := w.key("other", `{resource: Collections(), actions: {read: true}}`)
	w.want(caller, `Call(Function("double"), 4)`, 200, `{"resource":8}`)
	w.want(caller, `Call("double", [4])`, 200, `{"resource":8}`)
	w.want(other, `Call(Function("double"), 4)`, 403, "")
	w.want(caller, `Call(Function("none"), 4)`, 400, `{"errors":[{"position":["call"],"code":"invalid ref"…`)
}

func TestKey_anUpdateChangesItsRoleAndKeepsItsSecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.do(`CreateKey({role: "server-readonly", hashed_secret: "x"})`)
	secret, id := w.secretOf(made), regexp.MustCompile(`"id":"(\d+)"`).FindStringSubmatch(made)[1]
	w.want(secret, `CreateCollection({name: "c"})`, 403, "")
	w.do(`Update(Ref(Keys(), %q), {role: "server", data: {why: "it writes"}})`, id)
	w.want(secret, `CreateCollection({name: "c"})`, 201, "")
	w.do(`Replace(Ref(Keys(), %q), {role: "server-readonly"})`, id)
	w.want(secret, `CreateCollection({name: "d"})`, 403, "")
	if got := w.do(`Get(Ref(Keys(), %q))`, id); strings.Contains(got, "it writes") || !strings.Contains(got, `"hashed_secret":"$2a$05$`) || strings.Contains(got, secret) {
		t.Errorf("after Replace: %s", got)
	}
	w.do(`Delete(Ref(Keys(), %q))`, id)
	w.want(secret, `Now()`, 401, "")
}
