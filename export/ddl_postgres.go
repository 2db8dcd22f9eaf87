package export

import (
	"fmt"
	"strings"

	"fauna-export/export/row"
)

// postgresTypes: json and not jsonb, which refuses \u0000 and changes numbers and
// the order of members; text for times, which a timestamp cuts to microseconds
// and refuses beyond its range.
func postgresTypes() map[row.Type]string {
	return map[row.Type]string{
		row.TypeJSON: "json", row.TypeString: "text", row.TypeInt: "bigint", row.TypeFloat: "double precision",
		row.TypeBool: "boolean", row.TypeTime: "text", row.TypeDate: "text",
	}
}

// postgresView shows the times that Postgres has.
func postgresView(c tableColumn) string {
	name := identifier(c.name)
	if c.key == "ts" {
		return "timestamptz 'epoch' + " + name + " * interval '1 microsecond'"
	}
	typ := map[row.Type]string{row.TypeTime: "timestamptz", row.TypeDate: "date"}[c.typ]
	return "CASE WHEN " + name + " ~ '^(?!0000)\\d{4}-' THEN " + name + "::" + typ + " END"
}

// JSON's escape of U+0000 cannot be read by Postgres, not even to reach another
// member. It is covered by two characters that no text means, and uncovered again
// in what stays JSON. A backslash before it that is itself escaped is no cover.
const (
	coveredNUL = `\uf8fe\uf8ff`
	coverNUL   = `regexp_replace(line, '(?<!\\)((?:\\\\)*)\\u0000', '\1\\uf8fe\\uf8ff', 'g')::json`
)

// postgres writes the commands for psql.
func (t *table) postgres(b *strings.Builder) {
	from := literal(t.path)
	if command := t.unpacked(); command != "" {
		from = "PROGRAM " + literal(command)
	}
	b.WriteString(t.definition(postgresTypes()))
	if t.format == row.CSV {
		fmt.Fprintf(b, "\\copy %s FROM %s WITH (FORMAT csv, HEADER true)\n", identifier(t.name), from)
		b.WriteString(t.definitionOfView(postgresView))
		return
	}
	var values []string
	for _, c := range t.columns {
		key := literal(c.key)
		switch {
		case t.format == row.Wire && c.key == "ref":
			values = append(values, "(j #>> '{ref,@ref,id}')::bigint")
		case t.format == row.Wire && c.key == "document":
			values = append(values, "line::json")
		case c.typ == row.TypeJSON:
			values = append(values, "replace(NULLIF((j -> "+key+")::text, 'null'), '"+coveredNUL+"', '\\u0000')::json")
		case c.typ == row.TypeString:
			values = append(values, "replace(j ->> "+key+", U&'\\F8FE\\F8FF', U&'\\2400')")
		default:
			values = append(values, "(j ->> "+key+")::"+postgresTypes()[c.typ])
		}
	}
	// A line as it is: no JSON text holds the characters 1 and 2, so that as quote
	// and delimiter they leave it alone.
	fmt.Fprintf(b, "CREATE TEMP TABLE lines (line text);\n\\copy lines FROM %s WITH (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')\n", from)
	fmt.Fprintf(b, "INSERT INTO %s SELECT\n  %s\nFROM (SELECT line, %s AS j FROM lines OFFSET 0) AS covered;\nDROP TABLE lines;\n",
		identifier(t.name), strings.Join(values, ",\n  "), coverNUL)
	b.WriteString(t.definitionOfView(postgresView))
}
