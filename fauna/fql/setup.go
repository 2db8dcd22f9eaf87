package fql

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"text/template"

	"fauna-export/assets"
)

// DefaultRole is the name that the role and its key get unless another one is
// chosen.
const DefaultRole = "connect-readonly"

// DefaultIndexPattern names the index of a collection for incremental sync.
const DefaultIndexPattern = "{collection}-ts"

// IndexName returns the name of a collection's index: the pattern with
// "{collection}" replaced.
func IndexName(pattern, collection string) string {
	return strings.ReplaceAll(pattern, "{collection}", collection)
}

// Setup is what somebody with admin rights must make once so that an export
// can read, and no more: a role, a key of that role and, for incremental sync,
// an index for each collection. Its methods return FQL to paste into the Fauna
// shell, each one expression.
type Setup struct {
	Role        string   // name of the role and of the key; "" means DefaultRole
	Collections []string // collections to read
	Indexes     []string // index of each collection, in the same order; empty for full sync
}

// Query is one query of a set-up, with what a person wants to know before
// running it.
type Query struct {
	Title string // "Role"
	Why   string // one sentence
	FQL   string
}

// Privilege is one read privilege of the role.
type Privilege struct {
	Resource string // FQL: Collection("users")
	Why      string // half a sentence: "to see which collections exist"
}

// RoleName returns the role's name, DefaultRole if none was chosen.
func (s Setup) RoleName() string {
	if s.Role == "" {
		return DefaultRole
	}
	return s.Role
}

// Index returns the index of the i-th collection, "" if it has none.
func (s Setup) Index(i int) string {
	if i < len(s.Indexes) {
		return s.Indexes[i]
	}
	return ""
}

// Privileges returns what the role allows, in the order of the text.
func (s Setup) Privileges() []Privilege {
	list := []Privilege{
		{"Collections()", "to see which collections exist and how long they keep history"},
		{"Indexes()", "to check the settings of indexes"},
	}
	for i, c := range s.Collections {
		list = append(list, Privilege{"Collection(" + Quote(c) + ")", "to read its documents"})
		if name := s.Index(i); name != "" {
			list = append(list, Privilege{"Index(" + Quote(name) + ")", "to find what changed since the last sync"})
		}
	}
	return list
}

// RoleFQL returns the query that creates the role.
func (s Setup) RoleFQL() string { return s.fill("role.tmpl", nil) }

// RoleUpdateFQL returns the query that gives the role, which exists already,
// exactly these privileges.
func (s Setup) RoleUpdateFQL() string { return s.fill("role-update.tmpl", nil) }

// KeyFQL returns the query that creates the key, whose answer holds the
// secret. The role must exist in an earlier query.
func (s Setup) KeyFQL() string { return s.fill("key.tmpl", nil) }

// IndexFQL returns the query that creates the index of the i-th collection, ""
// if it has none.
func (s Setup) IndexFQL(i int) string {
	if s.Index(i) == "" {
		return ""
	}
	return s.fill("index.tmpl", map[string]any{"Index": s.Index(i), "Collection": s.Collections[i]})
}

// CleanupFQL returns the query that deletes every key of the role and then the
// role, in one transaction. A key is found by its role, since a key's name is
// not stored.
func (s Setup) CleanupFQL() string { return s.fill("cleanup.tmpl", nil) }

// All returns the queries in the order in which they must be run: indexes, the
// role, the key.
func (s Setup) All() []Query {
	var list []Query
	for i, c := range s.Collections {
		if s.Index(i) == "" {
			continue
		}
		list = append(list, Query{
			Title: fmt.Sprintf("Index of %s", c),
			Why:   "Lists the documents by the time of their last change, so that a later sync finds what changed.",
			FQL:   s.IndexFQL(i),
		})
	}
	return append(list,
		Query{Title: "Role", Why: "Allows to read these collections, and nothing else: no writes, no other collections.", FQL: s.RoleFQL()},
		Query{Title: "Key", Why: "Makes a secret with that role. It is shown once: copy it from the answer.", FQL: s.KeyFQL()},
	)
}

// CollectionsFQL returns the query that lists the names of all collections.
func CollectionsFQL() string { return Setup{}.fill("collections.tmpl", nil) }

// HistoryFQL returns the query that keeps the history of the collections for a
// number of days, which lets a snapshot of them live that much longer. It must
// run before the snapshot is taken.
func HistoryFQL(collections []string, days int) string {
	if len(collections) == 0 {
		return ""
	}
	return Setup{}.fill("history.tmpl", map[string]any{"Collections": collections, "Days": days})
}

// fill runs a template of assets. The templates are part of the program and a
// test fills each, so a failure here is a mistake in the program.
func (s Setup) fill(name string, extra map[string]any) string {
	data := map[string]any{"Role": s.RoleName(), "Privileges": s.Privileges()}
	for k, v := range extra {
		data[k] = v
	}
	t, err := template.New(name).Funcs(template.FuncMap{"quote": Quote}).ParseFS(assets.FQL, "fql/*.tmpl")
	if err != nil {
		panic(fmt.Sprintf("fauna: read template %s: %v", name, err))
	}
	var b strings.Builder
	if err := t.ExecuteTemplate(&b, name, data); err != nil {
		panic(fmt.Sprintf("fauna: fill template %s: %v", name, err))
	}
	return strings.TrimSpace(b.String())
}

// Quote returns text as an FQL string. FQL is written in JavaScript, where
// every JSON string is a string.
func Quote(text string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(text); err != nil {
		return `""` // strings always encode
	}
	return strings.TrimSpace(b.String())
}
