package load

import (
	"context"
	"fmt"
	"strings"
)

func (p *postgres) change(ctx context.Context, t *Table) error { return p.exec(ctx, p.definition(t)) }

func (p *postgres) definition(t *Table) string {
	table := p.table(t.Name)
	if t.Action == Apply {
		var lines []string
		for _, c := range t.Changes {
			name := identifier(c.Column.Name)
			if c.From == "" {
				lines = append(lines, fmt.Sprintf("ALTER TABLE %s ADD COLUMN %s %s;\n", table, name, postgresDialect.types[c.Column.Type]))
				continue
			}
			lines = append(lines, fmt.Sprintf("ALTER TABLE %s ALTER COLUMN %s TYPE %s USING %s;\n", table, name, postgresDialect.types[c.Column.Type], using(name, c)))
		}
		return strings.Join(lines, "")
	}
	return p.create(t, table, func(c Column) string {
		if !c.optional() {
			return " NOT NULL"
		}
		return ""
	}) + ";\n"
}

func (p *postgres) primaryKey(t *Table) string {
	return fmt.Sprintf("ALTER TABLE %s ADD CONSTRAINT %s PRIMARY KEY (ref);\n", p.table(t.Name), identifier(t.PrimaryKey))
}

func (p *postgres) foreignKey(t *Table, c *Column) string {
	return fmt.Sprintf("ALTER TABLE %s ADD CONSTRAINT %s FOREIGN KEY (%s) REFERENCES %s (ref);\n", p.table(t.Name), identifier(c.Key), identifier(c.Name), p.table(c.target))
}

// constraints returns the keys that a load adds after the rows: a foreign key
// only if no ref is dangling.
func (p *postgres) constraints(t *Table) string {
	text := ""
	if t.Action == Create {
		text = p.primaryKey(t)
	}
	for _, c := range t.Columns {
		if c.keyed() {
			text += p.foreignKey(t, c)
		}
	}
	return text
}

// using returns the exact conversion of a column's values to its new type.
func using(name string, c Change) string {
	asJSON := "to_jsonb(" + name + ")"
	utc := "(" + name + " AT TIME ZONE 'UTC')"
	sign := func(year string) string {
		return "CASE WHEN extract(year FROM " + year + ") > 9999 THEN '+' ELSE '' END || "
	}
	text := name + "::text"
	switch c.From {
	case Time:
		us := "to_char(" + utc + ", 'US')"
		text = sign(utc) + "to_char(" + utc + ", 'YYYY-MM-DD\"T\"HH24:MI:SS') || CASE WHEN " + us + " = '000000' THEN '' WHEN right(" + us + ", 3) = '000' THEN '.' || left(" + us + ", 3) ELSE '.' || " + us + " END || 'Z'"
		asJSON = "to_jsonb(" + text + ")"
	case Date:
		text = sign(name) + "to_char(" + name + ", 'YYYY-MM-DD')"
		asJSON = "to_jsonb(" + text + ")"
	case Ref:
		asJSON = "CASE WHEN " + name + " IS NOT NULL THEN jsonb_build_object('id', " + name + "::text, 'collection', " + literal(c.Left) + ", 'type', 'document') END"
	case JSON, JSONB:
		asJSON = name
	}
	switch c.Column.Type {
	case Double:
		return name + "::double precision"
	case Numeric:
		return name + "::text::numeric" // a direct cast would round to 15 digits
	case Text:
		return text
	case JSONB:
		return asJSON
	case JSON:
		return "(" + asJSON + ")::json"
	}
	return "convert_to((" + asJSON + ")::text, 'UTF8')"
}
