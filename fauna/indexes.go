package fauna

import (
	"context"
	"fmt"
	"slices"
	"strings"

	f "github.com/fauna/faunadb-go/v4/faunadb"

	"fauna-export/fauna/fql"
)

// IndexCheck is the result of checking a collection's index for incremental
// sync, which must list every document of that one collection by ts and ref,
// ascending.
type IndexCheck struct {
	Collection string
	Index      string
	Exists     bool
	Building   bool        // it is correct, but not active yet: wait for it
	Problems   []string    // what is wrong, as phrases: "it is sorted in reverse"
	Settings   []string    // which settings are wrong: source, terms, values, order; nil if it is something else
	Fix        []fql.Query // what an admin can run to fix it, in order; nil if no FQL for the index helps
}

// Ready reports whether the index can be read as an incremental sync needs it.
func (c IndexCheck) Ready() bool { return c.Exists && !c.Building && len(c.Problems) == 0 }

// CheckIndexes checks the index of each collection, named in the same order.
// Wrong, missing and unreadable indexes are not errors.
func (c *Client) CheckIndexes(ctx context.Context, collections, indexes []string) ([]IndexCheck, error) {
	const op = "check the indexes"
	if len(collections) != len(indexes) {
		return nil, fmt.Errorf("%s: %d collections with %d indexes", op, len(collections), len(indexes))
	}
	settings := make([]f.Expr, len(indexes))
	reads := make([]f.Expr, len(indexes))
	for i, name := range indexes {
		settings[i] = f.Get(f.Index(name))
		reads[i] = f.Paginate(f.Match(f.Index(name)), f.Size(1))
	}
	r := c.reading(op, 0)
	read, err := c.each(ctx, r, reads)
	if err != nil {
		return nil, err
	}
	r.values = true
	found, err := c.each(ctx, r, settings)
	if err != nil {
		return nil, err
	}
	checks := make([]IndexCheck, len(indexes))
	for i := range checks {
		checks[i].Collection, checks[i].Index = collections[i], indexes[i]
		if err := c.checkIndex(op, &checks[i], found[i], read[i].problem); err != nil {
			return nil, err
		}
	}
	return checks, nil
}

// checkIndex checks an index's settings and the result of reading it.
func (c *Client) checkIndex(op string, check *IndexCheck, settings result, reading *problem) error {
	setup := fql.Setup{Collections: []string{check.Collection}, Indexes: []string{check.Index}}
	if p := settings.problem; p != nil {
		switch p.kind() {
		case KindMissing:
			check.Problems = []string{"it does not exist"}
			check.Fix = []fql.Query{setup.All()[0]}
		case KindDenied:
			check.Exists = true // as far as the key can know
			check.Problems = []string{"the key can't read Indexes(), so its settings cannot be checked; add the privilege to the role"}
		default:
			return c.problemError(op, p)
		}
		return nil
	}
	check.Exists = true
	index := settings.value
	if index == nil || index.Kind != fql.Object {
		return c.strange(op, "the settings of the index %s are not an object", quoteName(check.Index))
	}
	if check.Settings, check.Problems = wrongSettings(index, check.Collection); len(check.Problems) > 0 {
		for i, problem := range check.Problems {
			check.Problems[i] = c.secret.clean(problem)
		}
		check.Fix = []fql.Query{{
			Title: "Delete the index " + check.Index,
			Why:   "Its settings cannot be changed. If something else uses it, leave it and choose another name for the export's index.",
			FQL:   "Delete(Index(" + fql.Quote(check.Index) + "))",
		}, setup.All()[0]}
		return nil
	}
	if index.Member("active").Is("false") {
		check.Building = true
		return nil
	}
	switch {
	case reading == nil:
	case reading.kind() == KindDenied:
		check.Problems = []string{"the key can't read it; add the privilege Index(" + fql.Quote(check.Index) + ") to the role"}
	case strings.Contains(reading.Description, "is not active"):
		check.Building = true
	default:
		return c.problemError(op, reading)
	}
	return nil
}

// wrongSettings returns which of an index's settings are wrong for a sync, and
// how.
func wrongSettings(index *fql.Node, collection string) (settings, problems []string) {
	wrong := func(setting, format string, args ...any) {
		settings, problems = append(settings, setting), append(problems, fmt.Sprintf(format, args...))
	}
	switch sources := index.Member("source").Elements(); {
	case len(sources) != 1:
		wrong("source", "it has %d sources, not one", len(sources))
	case sourceName(sources[0]) != collection:
		wrong("source", "its source is not the collection %s", quoteName(collection))
	}
	if len(index.Member("terms").Elements()) > 0 {
		wrong("terms", "it has terms, but must have none")
	}
	values := index.Member("values").Elements()
	if len(values) != 2 || fieldName(values[0]) != "ts" || fieldName(values[1]) != "ref" {
		wrong("values", "its values are %s, but must be ts, ref", describeFields(values))
	}
	if slices.ContainsFunc(values, func(v *fql.Node) bool { return v.Member("reverse").Is("true") }) {
		wrong("order", "it is sorted in reverse")
	}
	return settings, problems
}

// sourceName returns the collection of a source, which is a ref or an object
// with one; "" for anything else.
func sourceName(v *fql.Node) string {
	if v.Member("@ref") == nil {
		if len(v.Keys) != 1 {
			return "" // it has bindings
		}
		v = v.Member("collection")
	}
	ref := v.Member("@ref")
	if ref.Member("collection", "@ref", "id").Str() != "collections" || ref.Member("database") != nil {
		return ""
	}
	return ref.Member("id").Str()
}

// fieldName returns the path of a field, given as "ts" or ["ts"], with its
// steps joined by dots; "" for anything else.
func fieldName(v *fql.Node) string {
	var steps []string
	for _, step := range v.Member("field").Elements() {
		steps = append(steps, step.Text)
	}
	return strings.Join(steps, ".")
}

func describeFields(values []*fql.Node) string {
	if len(values) == 0 {
		return "not given"
	}
	names := make([]string, len(values))
	for i, v := range values {
		if names[i] = fql.Printable(fieldName(v)); names[i] == "" {
			names[i] = "a binding"
		}
	}
	return strings.Join(names, ", ")
}
