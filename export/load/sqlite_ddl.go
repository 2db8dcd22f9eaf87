package load

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// definition creates a table with its keys: SQLite can't add keys later, but
// accepts them while rows are missing.
func (s *sqlite) definition(t *Table) string {
	if t.Action == Apply && !t.rebuilt() {
		var b strings.Builder
		for _, c := range t.Changes {
			if c.From != "" {
				continue // another of our types, but the same in SQLite
			}
			fmt.Fprintf(&b, "ALTER TABLE %s ADD COLUMN %s %s;\n", identifier(t.Name), identifier(c.Column.Name), sqliteDialect.types[c.Column.Type])
		}
		return b.String()
	}
	return s.createAs(t, t.Name)
}

// rebuilt reports whether the table must be recreated, since SQLite can't change
// types.
func (t *Table) rebuilt() bool {
	for _, c := range t.Changes {
		if c.From != "" && sqliteDialect.types[c.From] != sqliteDialect.types[c.Column.Type] || c.From == Text && c.Column.Type != Text || c.From == Numeric {
			return true
		}
	}
	return false
}

// constraints returns none: they are part of the table.
func (s *sqlite) constraints(*Table) string { return "" }

func (s *sqlite) createAs(t *Table, name string) string {
	return s.create(t, identifier(name), func(c Column) string {
		switch {
		case c.Name == "ref":
			return " PRIMARY KEY"
		case c.Name == "ts":
			return " NOT NULL"
		case c.keyed() && c.Missing == 0:
			return " REFERENCES " + identifier(c.target) + " (ref)"
		}
		return ""
	}) + " STRICT;\n"
}

// rebuild recreates a table with its rows, indexes and triggers.
func (s *sqlite) rebuild(ctx context.Context, t *Table) error {
	again, err := s.texts(ctx, "look for indexes", "SELECT sql FROM sqlite_schema WHERE tbl_name = $1 AND type IN ('index', 'trigger') AND sql IS NOT NULL", t.Name)
	if err != nil {
		return err
	}
	if err := s.onlyOurs(ctx, t); err != nil {
		return err
	}
	made := "fauna_export_rebuilt"
	for {
		have, err := s.foreign(ctx, []string{made})
		if err != nil {
			return err
		}
		if len(have) == 0 {
			break
		}
		made += "_"
	}
	changes := map[string]Change{}
	for _, c := range t.Changes {
		changes[c.Column.Name] = c
	}
	var values []string
	for _, c := range t.all() {
		value := "t." + identifier(c.Name)
		if change, ok := changes[c.Name]; ok {
			value = sqliteUsing(value, change)
		}
		values = append(values, value)
	}
	sql := s.createAs(t, made) + fmt.Sprintf("INSERT INTO %s SELECT %s FROM %s t;\nDROP TABLE %s;\nALTER TABLE %s RENAME TO %s;\n", made, strings.Join(values, ", "), identifier(t.Name), identifier(t.Name), made, identifier(t.Name))
	return s.exec(ctx, sql+strings.Join(again, ";\n"))
}

// onlyOurs returns an error if the table has columns that no load made, which would
// be lost if it was recreated.
func (s *sqlite) onlyOurs(ctx context.Context, t *Table) error {
	have, err := s.texts(ctx, "look for columns", "SELECT name FROM pragma_table_xinfo($1)", t.Name)
	if err != nil {
		return err
	}
	for _, c := range t.all() {
		have = slices.DeleteFunc(have, func(name string) bool { return name == c.Name })
	}
	if len(have) == 0 {
		return nil
	}
	return &Error{Kind: KindUsage, Where: s.name(), What: fmt.Sprintf("the table %s must be recreated, which would lose what no load made: the column %s", t.Name, strings.Join(have, ", ")),
		Do: "move that to another table, and load again"}
}

// sqliteUsing returns the exact conversion of a column's values to its new type.
func sqliteUsing(value string, c Change) string {
	number := func(v string) string {
		return "CASE typeof(" + v + ") WHEN 'real' THEN printf('%!.17g', " + v + ") ELSE CAST(" + v + " AS TEXT) END"
	}
	asJSON := number(value)
	switch c.From {
	case "":
		return "NULL"
	case Bool:
		asJSON = "CASE " + value + " WHEN 1 THEN 'true' WHEN 0 THEN 'false' END"
	case Ref:
		asJSON = "CASE WHEN " + value + " IS NOT NULL THEN '{\"id\":\"' || " + value + " || '\",\"collection\":' || json_quote(" + literal(c.Left) + ") || ',\"type\":\"document\"}' END"
	case Text:
		asJSON = "CASE WHEN " + value + " IS NOT NULL THEN json_quote(" + value + ") END"
	case JSON, JSONB, Numeric:
		asJSON = value
	}
	switch c.Column.Type {
	case Double:
		return "CAST(" + value + " AS REAL)"
	case Numeric:
		return number(value)
	case Raw:
		return "CAST(" + asJSON + " AS BLOB)"
	}
	return asJSON
}
