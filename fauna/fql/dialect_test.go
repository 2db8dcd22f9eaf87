package fql

import (
	"reflect"
	"strings"
	"testing"
)

func TestSetup_v10TextIsWhatWasSeenToWork(t *testing.T) {
	t.Parallel()
	s := Setup{Dialect: V10, Collections: []string{"users", "line-items", "Ünï-cödé.1"}}
	one := func(text string) string { return strings.Join(strings.Fields(text), " ") }
	privileges := `{ privileges: [ { resource: "Collection", actions: { read: true } }, { resource: "users", actions: { read: true } }, ` +
		`{ resource: "line-items", actions: { read: true } }, { resource: "Ünï-cödé.1", actions: { read: true } } ] })`
	for name, tt := range map[string]struct{ got, want string }{
		"role":        {s.RoleFQL(), `Role.create({ name: "connect_readonly", ` + privileges[2:]},
		"role update": {s.RoleUpdateFQL(), `Role.byName("connect_readonly")!.update(` + privileges},
		"key":         {s.KeyFQL(), `Key.create({ role: "connect_readonly", data: { name: "connect_readonly" } })`},
		"keys go":     {s.Cleanup()[0].FQL, `Key.where(.role == "connect_readonly").forEach(.delete())`},
		"role goes":   {s.Cleanup()[1].FQL, `Role.byName("connect_readonly")!.delete()`},
		"collections": {CollectionsFQL(V10), `Collection.all().map(.name).toArray()`},
		"history":     {HistoryFQL(V10, []string{"users"}, 2), `if ((Collection.byName("users")!.history_days ?? 2) < 2) { Collection.byName("users")!.update({ history_days: 2 }) }`},
	} {
		if one(tt.got) != tt.want {
			t.Errorf("%s is\n%s\nwant\n%s", name, one(tt.got), tt.want)
		}
	}
	if n := len(s.Cleanup()); n != 2 {
		t.Errorf("%d queries clean up", n)
	}
}

func TestSetup_whatNeedsAnIndexIsV4InV10AndSaysHowToRunIt(t *testing.T) {
	t.Parallel()
	s := Setup{Dialect: V10, Collections: []string{"users"}, Indexes: []string{"users-ts"}}
	v4 := s
	v4.Dialect, v4.Role = V4, "connect_readonly"
	for i, q := range s.All() {
		text := q.Text(V10)
		if q.Title == "Key" {
			if q.Dialect != V10 || text != q.FQL {
				t.Errorf("the key is %s", text)
			}
			continue
		}
		if q.Dialect != V4 || q.FQL != v4.All()[i].FQL {
			t.Errorf("%s is not the text of v4:\n%s", q.Title, q.FQL)
		}
		if !strings.Contains(text, "--api-version 4") || !strings.HasSuffix(text, q.FQL) || q.Text(V4) != q.FQL {
			t.Errorf("%s does not say how to run it:\n%s", q.Title, text)
		}
	}
}

func TestSetup_namesOfRolesAreIdentifiersInV10(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{"": true, "connect_readonly": true, "_r1": false, "r_1": true, "admin": false, "server": false, "connect-readonly": false, "1r": false, "röle": false, "a.b": false} {
		if err := (Setup{Dialect: V10, Role: name}).Check(); (err == nil) != want {
			t.Errorf("%q: %v", name, err)
		}
	}
	if err := (Setup{Role: "connect-readonly"}).Check(); err != nil {
		t.Errorf("v4: %v", err)
	}
}

func TestParseNames_readsWhatAV10ShellPrints(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"> Collection.all().map(.name).toArray()\n[\n  \"users\",\n  \"line-items\"\n]":                                                {"users", "line-items"},
		"Collection.all()\n{\n  data: [\n    {\n      name: \"users\",\n      coll: Collection,\n      history_days: 0\n    }\n  ]\n}": {"users"},
	} {
		if got := ParseNames(text); !reflect.DeepEqual(got.Names, want) || len(got.Bad) > 0 || got.Cut != "" {
			t.Errorf("%s: %+v", text, got)
		}
	}
}
