package fql

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"text/template"

	"fauna-export/assets"
)

// Dialect is a version of FQL, as a shell speaks it.
type Dialect string

// The dialects. An export always uses FQL v4, whichever dialect created its
// key.
const (
	V4  Dialect = "v4"
	V10 Dialect = "v10"
)

// DefaultRole is the default name of the role and its key in FQL v4.
const DefaultRole = "connect-readonly"

// DefaultIndexPattern is the default name of a collection's index for
// incremental sync.
const DefaultIndexPattern = "{collection}-ts"

// IndexName returns the name of a collection's index: the pattern with
// "{collection}" replaced.
func IndexName(pattern, collection string) string {
	return strings.ReplaceAll(pattern, "{collection}", collection)
}

// Setup is the least that an admin must create once so that an export can read:
// a role, a key of that role and, for incremental sync, an index for each
// collection. Its methods return FQL to paste into the Fauna shell, each one
// query, in the dialect of that shell.
//
// FQL v10 cannot create a v4 index or refer to one in a role. Queries that need
// to are FQL v4 in a v10 set-up too: Query.Dialect says so, and Query.Text adds
// how to run them.
type Setup struct {
	Dialect     Dialect  // of the shell; "" means V4
	Role        string   // name of the role and of the key; "" means the dialect's default
	Collections []string // collections to read
	Indexes     []string // index of each collection, in the same order; empty for full sync
}

// Query is one query of a set-up, with what a person should know before running
// it.
type Query struct {
	Title   string // "Role"
	Why     string // one sentence
	FQL     string
	Dialect Dialect // of the query; "" means V4
}

// Text returns the query to print for a shell of a dialect. For a v10 shell, a
// comment above a v4 query says how to run it.
func (q Query) Text(shell Dialect) string {
	if shell == V10 && q.Dialect != V10 {
		return v4Note + "\n" + q.FQL
	}
	return q.FQL
}

// v4Note precedes FQL v4 in a v10 set-up.
const v4Note = `// FQL v10 has no such index, so this is FQL v4:
// run it in a shell started with
//   fauna shell --api-version 4
// (before fauna-shell 4.0: --version 4)`

// Privilege is one read privilege of the role.
type Privilege struct {
	Resource string // FQL: Collection("users")
	Why      string // a phrase: "to see which collections exist"
}

// RoleName returns the role's name, or the dialect's default.
func (s Setup) RoleName() string {
	switch {
	case s.Role != "":
		return s.Role
	case s.Dialect == V10:
		return "connect_readonly"
	}
	return DefaultRole
}

// Check returns nil, or what is wrong with the role's name in the dialect.
func (s Setup) Check() error {
	name := s.RoleName()
	if s.Dialect == V10 {
		if !identifier.MatchString(name) || name[0] == '_' {
			return errors.New("in FQL v10 a role's name can only have letters, digits and _, and must start with a letter")
		}
		if name == "admin" || name == "server" {
			return fmt.Errorf("%s is the name of a built-in role", name)
		}
	}
	return CheckName(name)
}

var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// Index returns the index of the i-th collection, "" if it has none.
func (s Setup) Index(i int) string {
	if i < len(s.Indexes) {
		return s.Indexes[i]
	}
	return ""
}

// RoleDialect returns the dialect that the role is written in: V4 for a role
// with indexes, else that of the set-up.
func (s Setup) RoleDialect() Dialect {
	if s.Dialect == V10 && len(s.Indexes) == 0 {
		return V10
	}
	return V4
}

// Privileges returns what the role allows, in the order of the text.
func (s Setup) Privileges() []Privilege {
	const all = "to list collections and their history"
	const one = "to read its documents"
	if s.RoleDialect() == V10 {
		list := []Privilege{{`"Collection"`, all}}
		for _, c := range s.Collections {
			list = append(list, Privilege{Quote(c), one})
		}
		return list
	}
	list := []Privilege{{"Collections()", all}, {"Indexes()", "to check the settings of indexes"}}
	for i, c := range s.Collections {
		list = append(list, Privilege{"Collection(" + Quote(c) + ")", one})
		if name := s.Index(i); name != "" {
			list = append(list, Privilege{"Index(" + Quote(name) + ")", "to find what changed since the last sync"})
		}
	}
	return list
}

// RoleFQL returns the query that creates the role.
func (s Setup) RoleFQL() string { return s.fill(s.RoleDialect(), "role.tmpl", nil) }

// RoleUpdateFQL returns the query that changes the existing role to exactly
// these privileges.
func (s Setup) RoleUpdateFQL() string { return s.fill(s.RoleDialect(), "role-update.tmpl", nil) }

// KeyFQL returns the query that creates the key. Its answer contains the
// secret. The role must exist in an earlier query.
func (s Setup) KeyFQL() string { return s.fill(s.Dialect, "key.tmpl", nil) }

// IndexFQL returns the query that creates the index of the i-th collection, ""
// if it has none. It is FQL v4 in every dialect.
func (s Setup) IndexFQL(i int) string {
	if s.Index(i) == "" {
		return ""
	}
	return s.fill(V4, "index.tmpl", map[string]any{"Index": s.Index(i), "Collection": s.Collections[i]})
}

// Cleanup returns the queries that delete every key of the role and then the
// role, in the order in which they must be run. A key is found by its role, since
// a key's name is not stored.
func (s Setup) Cleanup() []Query {
	role := Query{Title: "Cleanup", Why: "Deletes the keys of the role, and the role.", FQL: s.fill(s.Dialect, "cleanup.tmpl", nil), Dialect: s.Dialect}
	if s.Dialect != V10 {
		return []Query{role}
	}
	role.Title, role.Why = "Delete the role", "Fails while a key refers to the role."
	keys := Query{Title: "Delete the keys", Why: "Deletes every key of the role.", FQL: s.fill(V10, "cleanup-keys.tmpl", nil), Dialect: V10}
	return []Query{keys, role}
}

// All returns the queries in the order in which they must be run: indexes, the
// role, the key.
func (s Setup) All() []Query {
	var list []Query
	for i, c := range s.Collections {
		if s.Index(i) == "" {
			continue
		}
		list = append(list, Query{
			Title:   fmt.Sprintf("Index of %s", c),
			Why:     "Lists the documents by the time of their last change, so that a later sync finds what changed.",
			FQL:     s.IndexFQL(i),
			Dialect: V4,
		})
	}
	return append(list,
		Query{Title: "Role", Why: "Allows reading these collections, and nothing else: no writes, no other collections.", FQL: s.RoleFQL(), Dialect: s.RoleDialect()},
		Query{Title: "Key", Why: "Creates a secret with that role. Shown once: copy it from the answer.", FQL: s.KeyFQL(), Dialect: s.Dialect},
	)
}

// CollectionsFQL returns the query that lists the names of all collections.
func CollectionsFQL(d Dialect) string { return Setup{}.fill(d, "collections.tmpl", nil) }

// HistoryFQL returns the query that keeps the history of the collections for at
// least a number of days, so that snapshots of them stay readable that much
// longer. It changes none that is kept longer already, or forever (then the field
// is missing). It must run before the snapshot is taken.
func HistoryFQL(d Dialect, collections []string, days int) string {
	if len(collections) == 0 {
		return ""
	}
	return Setup{}.fill(d, "history.tmpl", map[string]any{"Collections": collections, "Days": days})
}

// fill executes a template of assets. The templates are embedded and a test
// fills each, so a failure here is a bug.
func (s Setup) fill(d Dialect, name string, extra map[string]any) string {
	data := map[string]any{"Role": s.RoleName(), "Privileges": s.Privileges()}
	for k, v := range extra {
		data[k] = v
	}
	t := template.Must(template.New(name).Funcs(template.FuncMap{"quote": Quote}).ParseFS(assets.FQL, "fql/"+string(cmp.Or(d, V4))+"/*.tmpl"))
	var b strings.Builder
	if err := t.ExecuteTemplate(&b, name, data); err != nil {
		panic(fmt.Sprintf("fql: fill template %s: %v", name, err))
	}
	return strings.TrimSpace(b.String())
}

// Quote returns text as an FQL string of either dialect: FQL v4 is written in
// JavaScript, where every JSON string is a string, and FQL v10 has the same
// escapes; "#{", which starts an expression there, can't be in a name.
func Quote(text string) string {
	return lineOf(AppendString(nil, text))
}
