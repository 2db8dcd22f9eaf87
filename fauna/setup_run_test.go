package fauna_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"fauna-export/fauna/emulator"
	"fauna-export/fauna/emulator/fault"
	"fauna-export/fauna/fql"
)

// asQuery returns the decoded query of an FQL text.
func asQuery(t *testing.T, text string) any {
	t.Helper()
	body, err := fql.Parse(text)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return decoded(t, string(body))
}

func decoded(t *testing.T, body string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return v
}

// The queries of the texts, as they were sent to a real server.
func TestSetup_textIsTheQueryThatWasSeenToWork(t *testing.T) {
	t.Parallel()
	full := fql.Setup{Collections: []string{"users", "products"}}
	indexed := fql.Setup{Collections: []string{"users"}, Indexes: []string{"users-ts"}}
	const privileges = `[{"object":{"resource":{"collections":null},"actions":{"object":{"read":true}}}},` +
		`{"object":{"resource":{"indexes":null},"actions":{"object":{"read":true}}}},` +
		`{"object":{"resource":{"collection":"users"},"actions":{"object":{"read":true}}}},` +
		`{"object":{"resource":{"collection":"products"},"actions":{"object":{"read":true}}}}]`
	for _, tt := range []struct{ name, fql, want string }{
		{"role", full.RoleFQL(), `{"create_role":{"object":{"name":"connect-readonly","privileges":` + privileges + `}}}`},
		{"role update", full.RoleUpdateFQL(), `{"update":{"role":"connect-readonly"},"params":{"object":{"privileges":` + privileges + `}}}`},
		{"key", full.KeyFQL(), `{"create_key":{"object":{"name":"connect-readonly","role":{"role":"connect-readonly"}}}}`},
		{"index", indexed.IndexFQL(0), `{"create_index":{"object":{"name":"users-ts","source":{"collection":"users"},"terms":[],"values":[{"object":{"field":"ts"}},{"object":{"field":"ref"}}]}}}`},
		{"names", fql.CollectionsFQL(fql.V4), `{"map":{"lambda":"c","expr":{"select":"id","from":{"var":"c"}}},"collection":{"paginate":{"collections":null},"size":1000}}`},
		{"clean-up", full.Cleanup()[0].FQL, `{"do":[{"foreach":{"lambda":"k","expr":{"delete":{"var":"k"}}},"collection":` +
			`{"filter":{"lambda":"k","expr":{"equals":[{"select":"role","from":{"get":{"var":"k"}},"default":null},{"role":"connect-readonly"}]}},` +
			`"collection":{"paginate":{"keys":null},"size":80000}}},{"delete":{"role":"connect-readonly"}}]}`},
	} {
		if got, want := asQuery(t, tt.fql), decoded(t, tt.want); !reflect.DeepEqual(got, want) {
			t.Errorf("%s is\n%v\nwant\n%v", tt.name, got, want)
		}
	}
}

// Apply does what running the printed text would do.
func TestServer_applySendsWhatTheTextSays(t *testing.T) {
	t.Parallel()
	s := newServer(t, emulator.Options{})
	s.fill("users", 1)
	s.fill("products", 1)
	setup := fql.Setup{Role: "röle", Collections: []string{"users", "products"}, Indexes: []string{"users-ts", "products-ts"}}
	s.Faults().Add(fault.When{Times: -1}, fault.Do("listen", func() {}))
	var want []any
	for _, q := range setup.All() {
		want = append(want, asQuery(t, q.FQL))
	}
	if _, err := s.admin.Apply(t.Context(), setup); err != nil {
		t.Fatal(err)
	}
	var got []any
	for _, served := range s.Faults().Served() {
		got = append(got, decoded(t, served.Body))
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("Apply sends\n%v\nwant\n%v", got, want)
	}
	// Again; the role now exists, so it is updated.
	if _, err := s.admin.Apply(t.Context(), setup); err != nil {
		t.Fatal(err)
	}
	served := s.Faults().Served()
	if update := decoded(t, served[len(served)-2].Body); !reflect.DeepEqual(update, asQuery(t, setup.RoleUpdateFQL())) {
		t.Errorf("Apply updates with %v", update)
	}
}
