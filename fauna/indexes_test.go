package fauna_test

import (
	"strings"
	"testing"
	"time"

	"fauna-export/fauna"
	"fauna-export/fauna/emulator"
	"fauna-export/fauna/fql"
)

func TestServer_checkIndexes(t *testing.T) {
	t.Parallel()
	clock := &testClock{now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
	s := newServer(t, emulator.Options{Clock: clock.Now})
	s.fill("users", 3)
	s.fill("other", 1)
	const right = `values: [{field: "ts"}, {field: "ref"}]`
	tests := []struct {
		name, settings string // of CreateIndex; "" if there is no index
		problem        string // "" if it is right
	}{
		{"right", `source: Collection("users"), terms: [], ` + right, ""},
		{"right-without-terms", `source: Collection("users"), ` + right, ""},
		{"right-as-arrays", `source: [Collection("users")], terms: [], values: [{field: ["ts"]}, {field: ["ref"], reverse: false}]`, ""},
		{"right-as-object", `source: {collection: Collection("users")}, ` + right, ""},
		{"right-more-partitions", `source: Collection("users"), partitions: 1, ` + right, ""},
		{"missing", "", "it does not exist"},
		{"other-source", `source: Collection("other"), ` + right, `its source is not the collection "users"`},
		{"two-sources", `source: [Collection("users"), Collection("other")], ` + right, "2 sources"},
		{"bindings", `source: {collection: Collection("users"), fields: {b: Query(Lambda("d", 1))}}, ` + right, "its source is not"},
		{"terms", `source: Collection("users"), terms: [{field: ["data", "n"]}], ` + right, "it has terms"},
		{"no-values", `source: Collection("users")`, "not given"},
		{"other-values", `source: Collection("users"), values: [{field: ["data", "n"]}]`, "its values are data.n"},
		{"ref-first", `source: Collection("users"), values: [{field: "ref"}, {field: "ts"}]`, "its values are ref, ts"},
		{"one-more", `source: Collection("users"), values: [{field: "ts"}, {field: "ref"}, {field: ["data", "n"]}]`, "ts, ref, data.n"},
		{"reverse", `source: Collection("users"), values: [{field: "ts", reverse: true}, {field: "ref"}]`, "reverse"},
	}
	var names, collections []string
	for _, tt := range tests {
		names = append(names, tt.name)
		collections = append(collections, "users")
		if tt.settings != "" {
			if printed, err := s.Shell(t.Context(), s.Secret(), `CreateIndex({name: "`+tt.name+`", `+tt.settings+`})`); err != nil {
				t.Fatalf("%s: %v %s", tt.name, err, printed)
			}
		}
	}
	checks, err := s.admin.CheckIndexes(t.Context(), collections, names)
	if err != nil {
		t.Fatal(err)
	}
	for i, tt := range tests {
		c := checks[i]
		if c.Index != tt.name || c.Collection != "users" || c.Exists != (tt.settings != "") || c.Ready() != (tt.problem == "") {
			t.Errorf("%s: %+v", tt.name, c)
		}
		if got := strings.Join(c.Problems, "; "); !strings.Contains(got, tt.problem) || (tt.problem == "") != (got == "") {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.problem)
		}
		if settings := len(c.Settings); settings != len(c.Problems) && c.Exists || settings > 0 && !c.Exists {
			t.Errorf("%s: the settings %q are wrong, and %q", tt.name, c.Settings, c.Problems)
		}
		if (len(c.Fix) == 0) != (tt.problem == "") {
			t.Errorf("%s: the fix is %v", tt.name, c.Fix)
		}
		for _, q := range c.Fix {
			s.run(q.FQL)
		}
	}
	checks, err = s.admin.CheckIndexes(t.Context(), collections, names)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range checks {
		if !c.Ready() {
			t.Errorf("after its fix: %+v", c)
		}
	}

	blind := s.key("no-index", `{resource: Indexes(), actions: {read: true}}`)
	checks, err = blind.CheckIndexes(t.Context(), collections[:1], names[:1])
	if err != nil || checks[0].Ready() || !strings.Contains(checks[0].Problems[0], `Index("right")`) {
		t.Errorf("without the index's privilege: %+v, %v", checks, err)
	}
	blind = s.key("no-indexes", readCollections)
	checks, err = blind.CheckIndexes(t.Context(), collections[:1], names[:1])
	if err != nil || checks[0].Ready() || !strings.Contains(checks[0].Problems[0], "Indexes()") {
		t.Errorf("without the privilege on settings: %+v, %v", checks, err)
	}
	if _, err := s.admin.CheckIndexes(t.Context(), collections[:2], names[:1]); err == nil {
		t.Error("2 collections with 1 index are taken")
	}
}

func TestServer_checkIndexes_waitsForABuild(t *testing.T) {
	t.Parallel()
	clock := &testClock{now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
	s := newServer(t, emulator.Options{Clock: clock.Now})
	s.fill("many", 200) // over 128 documents an index is not active immediately
	setup := fql.Setup{Collections: []string{"many"}, Indexes: []string{"many-ts"}}
	s.run(setup.IndexFQL(0))
	check := func() fauna.IndexCheck {
		t.Helper()
		checks, err := s.admin.CheckIndexes(t.Context(), setup.Collections, setup.Indexes)
		if err != nil {
			t.Fatal(err)
		}
		return checks[0]
	}
	if c := check(); !c.Building || c.Ready() || len(c.Problems) != 0 {
		t.Errorf("while it is built: %+v", c)
	}
	clock.Advance(time.Minute)
	if c := check(); !c.Ready() {
		t.Errorf("when it is built: %+v", c)
	}
}
