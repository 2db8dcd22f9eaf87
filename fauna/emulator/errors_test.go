package emulator

import (
	"strings"
	"testing"
)

// The errors that a client tells apart: status, position, code, description.
func TestErrors_statusPositionAndText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, text := range []string{`CreateCollection({name: "c"})`, `CreateIndex({name: "i", source: Collection("c")})`, `CreateDatabase({name: "d"})`,
		`CreateRole({name: "r", privileges: []})`, `CreateFunction({name: "f", body: Query(Lambda("x", Add(Var("x"), "y")))})`, `Create(Ref(Collection("c"), 1), {data: {}})`} {
		w.do(text)
	}
	cases := []struct {
		body   string
		status int
		errors string
	}{
		{`{"var":"x"}`, 400, `[]|invalid expression|Variable 'x' is not defined.`},
		{`{"a":1,"b":{"c":2}}`, 400, `[]|invalid expression|No form/function found, or invalid argument keys: { a, b }.`},
		{`{}`, 400, `[]|invalid expression|No form/function found, or invalid argument keys: {  }.`},
		{`{"@ts":"2020-01-01"}`, 400, `[]|invalid expression|Invalid time.`},
		{`{"@date":"x"}`, 400, `[]|invalid expression|Invalid date.`},
		{`{"@ref":5}`, 400, `[]|invalid expression|Invalid ref.`},
		{`{"get":1}`, 400, `["get"]|invalid argument|Ref or Set expected, Integer provided.`},
		{`{"paginate":"x"}`, 400, `["paginate"]|invalid argument|Ref or Set expected, String provided.`},
		{`{"paginate":{"collections":null},"cursor":{"object":{"x":1}}}`, 400, `["cursor"]|invalid argument|Invalid cursor object. Expected an object with either 'before' or 'after' key in it.`},
		{`{"map":{"lambda":["a","b"],"expr":1},"collection":[[1,2,3]]}`, 400, `["map","lambda"]|invalid argument|Lambda expects an array with 2 elements. Array contains 3.`},
		{`{"get":{"index":"x"}}`, 400, `["get"]|invalid ref|Ref refers to undefined index 'x'`},
		{`{"get":{"role":"x"}}`, 400, `["get"]|invalid ref|Ref refers to undefined role 'x'`},
		{`{"get":{"database":"x"}}`, 400, `["get"]|invalid ref|Ref refers to undefined database 'x'`},
		{`{"get":{"function":"x"}}`, 400, `["get"]|invalid ref|Ref refers to undefined function 'x'`},
		{`{"get":{"access_provider":"x"}}`, 400, `["get"]|invalid ref|Ref refers to undefined access_provider 'x'`},
		{`{"paginate":{"match":{"index":"x"}}}`, 400, `["paginate","match"]|invalid ref|Ref refers to undefined index 'x'`},
		{`{"paginate":{"range":{"documents":{"collection":"c"}},"from":{"ref":{"collection":"x"},"id":1},"to":[]}}`, 400, `["paginate","from"]|invalid ref|Ref refers to undefined collection 'x'`},
		{`{"at":{"now":null},"expr":{"get":{"ref":{"collection":"c"},"id":5}}}`, 404, `["expr"]|instance not found|Document not found.`},
		{`{"get":{"documents":{"collection":"c"}}}`, 200, ``},
		{`{"get":{"match":{"index":"i"},"terms":["x"]}}`, 404, `[]|instance not found|Set not found.`},
		{`{"ref":{"collection":"c"},"id":"9223372036854775808"}`, 400, `["id"]|invalid argument|The id provided is too large: '9223372036854775808'`},
		{`{"current_identity":null}`, 400, `[]|missing identity|Authentication does not contain an identity`},
		{`{"create_index":{"object":{"name":"i","source":{"collection":"c"}}}}`, 400, `["create_index"]|instance already exists|Index already exists.`},
		{`{"create_database":{"object":{"name":"d"}}}`, 400, `["create_database"]|instance already exists|Database already exists.`},
		{`{"create_role":{"object":{"name":"r","privileges":[]}}}`, 400, `["create_role"]|instance already exists|Role already exists.`},
		{`{"create_function":{"object":{"name":"f","body":{"query":{"lambda":"x","expr":1}}}}}`, 400, `["create_function"]|instance already exists|Function already exists.`},
		{`{"create":{"ref":{"collection":"c"},"id":1},"params":{"object":{}}}`, 400, `["create"]|instance already exists|Document already exists.`},
		{`{"create":{"collection":"x"},"params":{"object":{}}}`, 400, `["create"]|invalid ref|Ref refers to undefined collection 'x'`},
		{`{"map":{"lambda":["a","b"],"expr":1},"collection":[1]}`, 400, `["map","lambda"]|invalid argument|Lambda expects an array with 2 elements. Array contains 1.`},
		{`{"paginate":{"collections":null},"after":1,"before":2}`, 400, `[]|invalid expression|No form/function found, or invalid argument keys: { paginate, after, before }.`},
		{`{"paginate":{"events":{"documents":{"collection":"c"}}},"after":{"object":{"ts":1,"x":2}}}`, 400, `["after"]|invalid argument|Cannot create event cursor with keys ts, x`},
		{`{"select":"id","from":{"ref":{"collection":"x"},"id":1}}`, 400, `["from"]|invalid ref|Ref refers to undefined collection 'x'`},
		{`{"update":{"ref":{"collection":"c"},"id":9},"params":{"object":{}}}`, 404, `["update"]|instance not found|Document not found.`},
		{`{"replace":{"ref":{"collection":"c"},"id":9},"params":{"object":{}}}`, 404, `["replace"]|instance not found|Document not found.`},
		{`{"delete":{"ref":{"collection":"c"},"id":9}}`, 404, `[]|instance not found|Document not found.`},
		{`{"at":1,"expr":{"create":{"collection":"c"},"params":{"object":{}}}}`, 400, `["expr","create"]|invalid write time|Cannot write outside of snapshot time.`},
		{`{"at":1,"expr":{"update":{"ref":{"collection":"c"},"id":1},"params":{"object":{}}}}`, 400, `["expr"]|invalid write time|Cannot write outside of snapshot time.`},
		{`{"do":[1,{"create":{"collection":"c"},"params":{"object":{"data":{"object":{"r":[{"collection":"x"}]}}}}}]}`, 400, `["do",1]|validation failed|document data is not valid.`},
		{`{"update":{"collection":"c"},"params":{"object":{"history_days":-1}}}`, 400, `[]|validation failed|document data is not valid.`},
		{`{"exists":{"ref":{"collection":"x"},"id":1}}`, 200, ``},
		{`{"do":[]}`, 400, `["do"]|invalid expression|Expression list cannot be empty.`},
		{`{"add":[]}`, 400, `["add"]|invalid argument|Non-empty array expected.`},
		{`{"time":"x"}`, 400, `[]|invalid argument|Cannot cast 'x' to a time.`},
		{`{"time_add":{"now":null},"offset":1,"unit":"eons"}`, 400, `["unit"]|invalid argument|Invalid time unit 'eons'.`},
		{`{"let":{"f":{"lambda":"g","expr":{"map":{"var":"g"},"collection":[{"var":"g"}]}}},"in":{"map":{"var":"f"},"collection":[{"var":"f"}]}}`, 400, ``},
		{`{"get":{"collections":null},"size":1}`, 400, `[]|invalid expression|No form/function found, or invalid argument keys: { get, size }.`},
		{`{"documents":{"role":"r"}}`, 400, `["documents"]|invalid argument|Collection Ref expected, Ref provided.`},
		{`{"call":{"function":"f"},"arguments":1}`, 400, `[]|call error|Calling the function resulted in an error.`},
		{`{"add":["a",{"b":1},"c"]}`, 400, `["add",1]|invalid expression|No form/function found, or invalid argument keys: { b }.`},
		{`[{"add":["a",1]},{"add":[1,"b"]}]`, 400, `[0,"add",0]|invalid argument|Number expected, String provided.`},
		{strings.Repeat("[", 1002) + strings.Repeat("]", 1002), 400, `[]|invalid expression|Request body JSON exceeds nesting limit.`},
		{`9223372036854775808`, 400, `[]|invalid expression|Request body is not valid JSON.`},
		{`1 2`, 400, `[]|invalid expression|Request body is not valid JSON.`},
	}
	for _, c := range cases {
		want := ""
		if c.errors != "" {
			parts := strings.SplitN(c.errors, "|", 3)
			want = `{"errors":[{"position":` + parts[0] + `,"code":"` + parts[1] + `","description":"` + parts[2] + `"…`
		}
		name := c.body[:min(len(c.body), 80)]
		w.compare(name, w.send(w.s.Secret(), c.body), c.status, want)
	}
	w.compare("bytes that are none", w.send(w.s.Secret(), `{"@bytes":"!!"}`), 500, "")
}

// Settings of indexes stand as they were given, and mean the same.
func TestIndexes_shapesOfSettings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(`CreateCollection({name: "c"})`)
	ref := `{"@ref":{"id":"c","collection":{"@ref":{"id":"collections"}}}}`
	cases := []struct{ given, shown string }{
		{`{name: "i0", source: Collection("c"), values: [{field: "ts"}, {field: ["ref"]}]}`, `"source":` + ref + `,"values":[{"field":"ts"},{"field":["ref"]}],"partitions":8`},
		{`{name: "i1", source: [Collection("c")], terms: [], values: [{field: ["ts"], reverse: false}, {field: "ref"}]}`, `"source":[` + ref + `],"terms":[],"values":[{"field":["ts"],"reverse":false},{"field":"ref"}],"partitions":8`},
		{`{name: "i2", source: {collection: Collection("c")}, values: [{field: "ts"}, {field: "ref"}]}`, `"source":{"collection":` + ref + `},"values":[{"field":"ts"},{"field":"ref"}],"partitions":8`},
		{`{name: "i3", source: Collection("c"), values: [{field: "ts", reverse: true}, {field: "ref"}]}`, `"source":` + ref + `,"values":[{"field":"ts","reverse":true},{"field":"ref"}],"partitions":8`},
	}
	for _, c := range cases {
		if got := w.do(`CreateIndex(` + c.given + `)`); !strings.Contains(got, c.shown) {
			t.Errorf("%s\n have %s\n want %s", c.given, got, c.shown)
		}
	}
	w.do(`Create(Ref(Collection("c"), 1), {data: {}})`)
	w.do(`Create(Ref(Collection("c"), 2), {data: {}})`)
	for name, want := range map[string]string{"i0": "1 2", "i1": "1 2", "i2": "1 2", "i3": "2 1"} {
		if got := idList(w.ask(w.s.Secret(), `Map(Paginate(Match(Index("`+name+`"))), Lambda(["t", "r"], Select("id", Var("r"))))`)); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// Keys and documents of a database are out of reach of another's keys.
func TestDatabases_areScopes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(`CreateDatabase({name: "d"})`)
	child := w.secretOf(w.do(`CreateKey({role: "admin", database: Database("d")})`))
	w.do(`CreateCollection({name: "c"})`)
	w.want(child, `Paginate(Documents(Collection("c")))`, 400, "")
	w.want(child, `CreateCollection({name: "c"})`, 201, "")
	w.want(child, `Create(Ref(Collection("c"), 7), {data: {}})`, 201, "")
	w.want(w.s.Secret(), `Paginate(Documents(Collection("c")))`, 200, `{"resource":{"data":[]}}`)
	w.want(child, `Paginate(Keys())`, 200, `{"resource":{"data":[]}}`)
	w.want(child, `CurrentToken()`, 400, `{"errors":[{"position":[],"code":"invalid token"…`)
	w.do(`Delete(Database("d"))`)
	w.want(child, `Now()`, 401, "")
}

// A key's name is not stored, its data is; its secret is shown once.
func TestKeys_whatIsStored(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.do(`CreateKey({name: "n", role: "server", data: {note: "x"}})`)
	secret := w.secretOf(made)
	if !strings.HasPrefix(secret, "fnA") || len(secret) != 40 {
		t.Errorf("the secret looks like no secret: %d characters", len(secret))
	}
	kept := w.do(`Get(Select("ref", KeyFromSecret(%q)))`, secret)
	if strings.Contains(made+kept, `"name"`) || strings.Contains(kept, secret) || !strings.Contains(kept, `"data":{"note":"x"}`) {
		t.Errorf("made %s\nkept %s", made, kept)
	}
	w.want(secret, `CreateKey({role: "server"})`, 403, "")
	w.want(secret, `CreateCollection({name: "c"})`, 201, "")
	w.want(secret, `Paginate(Roles())`, 403, "")
}
