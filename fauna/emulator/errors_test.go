package emulator

import (
	"strings"
	"testing"
)

// The errors that a client distinguishes: status, position, code, description.
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
		{`{"time_add":{"now":null},"offset":1,"unit":"eons"}`, 400, `["unit"]|invalid argument|Time Unit expected, String provided.`},
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

// Arguments that were not recorded, answered by a real server's rules.
func TestForms_argumentsByTheGeneralRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(`CreateCollection({name: "c"})`)
	w.do(`Foreach([1, 2, 3, 4, 5], Lambda("i", Create(Ref(Collection("c"), Var("i")), {data: {}})))`)
	failed := func(parts ...string) string {
		var list []string
		for _, part := range parts {
			at, text, _ := strings.Cut(part, "|")
			code := "invalid argument"
			if kind, rest, ok := strings.Cut(text, "|"); ok {
				code, text = kind, rest
			}
			list = append(list, `{"position":`+at+`,"code":"`+code+`","description":"`+text+`"}`)
		}
		return `{"errors":[` + strings.Join(list, ",") + `]}`
	}
	const bounds = "dates and times must be between -1000000000-01-01T00:00:00Z and +1000000000-12-31T23:59:59.999999999Z"
	for body, want := range map[string]string{
		`{"union":[[1,1],[1,2]]}`:                               `{"resource":[1,1,2]}`,
		`{"intersection":[[1,1,2],[1,3,1,1]]}`:                  `{"resource":[1,1]}`,
		`{"difference":[[1,1,2],[1]]}`:                          `{"resource":[1,2]}`,
		`{"divide":[1.5,0]}`:                                    failed(`[]|Illegal division by zero.`),
		`{"modulo":[1,0.0]}`:                                    failed(`[]|Illegal division by zero.`),
		`{"to_integer":" 1,234.9kg"}`:                           `{"resource":1234}`,
		`{"to_integer":1e30}`:                                   `{"resource":9223372036854775807}`,
		`{"to_double":"1E3"}`:                                   `{"resource":1000.0}`,
		`{"to_double":"-.5"}`:                                   `{"resource":-0.5}`,
		`{"to_double":"."}`:                                     failed(`["to_double"]|Cannot cast String to Double.`),
		`{"equals":[]}`:                                         failed(`["equals"]|Non-empty array expected.`),
		`{"lt":[{"collection":"x"},1]}`:                         failed(`["lt"]|invalid ref|Ref refers to undefined collection 'x'`),
		`{"sum":[1,"a"]}`:                                       failed(`["sum"]|Number expected, String provided.`),
		`{"max":[[1,2]]}`:                                       `{"resource":2}`,
		`{"min":{"paginate":{"documents":{"collection":"c"}}}}`: `{"resource":{"data":[{"@ref":{"id":"1","collection":{"@ref":{"id":"c","collection":{"@ref":{"id":"collections"}}}}}}]}}`,
		`{"merge":1,"with":[2,{"object":{}}]}`:                  failed(`["merge"]|Object expected, Integer provided.`, `["with",0]|Object expected, Integer provided.`),
		`{"concat":[1,"a",2]}`:                                  failed(`["concat",0]|String expected, Integer provided.`, `["concat",2]|String expected, Integer provided.`),
		`{"to_object":[[1,2],3]}`:                               failed(`["to_object",0]|Field/Value expected, Array provided.`, `["to_object",1]|Field/Value expected, Integer provided.`),
		`{"filter":{"lambda":"x","expr":{"var":"x"}},"collection":[1,true,null]}`:                  failed(`[0]|Boolean expected, Integer provided.`, `[2]|Boolean expected, Null provided.`),
		`{"select":[1.5,0,null],"from":[1]}`:                                                       failed(`["select",0]|String or Integer expected, Double provided.`, `["select",2]|String or Integer expected, Null provided.`),
		`{"ref":1,"id":true}`:                                                                      failed(`["ref"]|Collection Ref expected, Integer provided.`, `["id"]|String or Number expected, Boolean provided.`),
		`{"ref":{"roles":null},"id":"1"}`:                                                          failed(`["ref"]|Regular Class Ref expected, Schema Class Ref provided.`),
		`{"ref":{"collection":"c"},"id":""}`:                                                       failed(`["id"]|The id provided is too large: ''`),
		`{"exists":{"ref":{"collection":"c"},"id":-1}}`:                                            `{"resource":false}`,
		`{"collections":1}`:                                                                        failed(`["collections"]|Database Ref or Null expected, Integer provided.`),
		`{"collection":"c","scope":null}`:                                                          failed(`["scope"]|Database Ref expected, Null provided.`),
		`{"now":1}`:                                                                                failed(`["now"]|Null expected, Integer provided.`),
		`{"singleton":{"collection":"x"}}`:                                                         failed(`["singleton"]|invalid ref|Ref refers to undefined collection 'x'`),
		`{"map":{"lambda":"x","expr":1},"collection":{"collection":"x"}}`:                          failed(`["collection"]|invalid ref|Ref refers to undefined collection 'x'`),
		`{"map":1,"collection":[]}`:                                                                failed(`["map"]|invalid expression|Lambda expected, Integer provided.`),
		`{"map":{"now":null},"collection":[]}`:                                                     failed(`["map"]|invalid expression|No form/function found, or invalid argument keys: { now }.`),
		`{"lambda":"x","expr":1}`:                                                                  failed(`[]|invalid expression|No form/function found, or invalid argument keys: { lambda, expr }.`),
		`{"let":[5,{"a":1,"b":2}],"in":{"bad":1}}`:                                                 failed(`["let",0]|invalid expression|Object expected, Integer provided.`, `["let",1]|invalid expression|Object expected, Object provided.`, `["in"]|invalid expression|No form/function found, or invalid argument keys: { bad }.`),
		`{"epoch":9223372036854775807,"unit":"days"}`:                                              failed(`[]|` + bounds),
		`{"time_add":{"date":"2024-01-01"},"offset":-9223372036854775807,"unit":"day"}`:            failed(`["offset"]|` + bounds),
		`{"time_add":1,"offset":true,"unit":"day"}`:                                                failed(`["time_add"]|Temporal expected, Integer provided.`),
		`{"time_subtract":{"date":"2024-01-01"},"offset":1,"unit":"hour"}`:                         failed(`["unit"]|Invalid time unit 'hour'.`),
		`{"time":" 2024-01-01t00:00+05:30 "}`:                                                      `{"resource":{"@ts":"2023-12-31T18:30:00Z"}}`,
		`{"create":5}`:                                                                             failed(`["create"]|Identifier expected, Integer provided.`),
		`{"update":{"collection":"c"},"params":{"get":{"collection":"c"}}}`:                        failed(`["params"]|Object expected, Object provided.`),
		`{"insert":{"ref":{"collection":"c"},"id":1},"ts":1,"action":"add"}`:                       failed(`["action"]|String 'create', 'update', or 'delete' expected, String provided.`),
		`{"remove":{"collection":"c"},"ts":1,"action":"create"}`:                                   failed(`[]|Cannot remove event for specified ref.`),
		`{"join":{"documents":{"collection":"c"}},"with":5}`:                                       failed(`["with"]|Lambda or Index Ref expected, Integer provided.`),
		`{"union":[{"events":{"documents":{"collection":"c"}}},{"documents":{"collection":"c"}}]}`: failed(`["union"]|Sets are not compatible.`),
		`{"map":{"lambda":"r","expr":{"select":"id","from":{"var":"r"}}},"collection":{"drop":1,"collection":{"take":2,"collection":{"paginate":{"documents":{"collection":"c"}}}}}}`: `{"resource":{"before":[` + refOf("2") + `],"after":[` + refOf("3") + `],"data":["2"]}}`,
		`{"paginate":{"documents":{"collection":"c"}},"size":0,"after":7}`:  `{"resource":{"before":[7],"after":[7],"data":[]}}`,
		`{"paginate":{"documents":{"collection":"c"}},"size":-1,"after":7}`: `{"resource":{"before":[7],"data":[]}}`,
		`{"with":{"y":2},"merge":{"x":1}}`:                                  failed(`["merge"]|invalid expression|No form/function found, or invalid argument keys: { x }.`),
		`{"create_key":{"object":{"role":[1]}}}`:                            `{"errors":[{"position":["create_key"],"code":"validation failed","description":"document data is not valid.","failures":[{"field":["role"],"code":"invalid type","description":"Invalid type Array, expected type Role."}]}]}`,
		`{"repeat":"ab","number":-1}`:                                       `{"resource":""}`,
	} {
		status := 200
		if strings.Contains(want, `"code"`) {
			status = 400
		}
		w.compare(body, w.send(w.s.Secret(), body), status, want)
	}
}

// refOf returns the wire form of a ref to a document in c.
func refOf(id string) string {
	return `{"@ref":{"id":"` + id + `","collection":{"@ref":{"id":"c","collection":{"@ref":{"id":"collections"}}}}}}`
}

// Settings of indexes stay as they were given, with the same meaning.
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

// A database's keys can't reach the keys and documents of another.
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

// A key's name is not stored, but its data is; its secret is shown once.
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
