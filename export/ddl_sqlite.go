package export

import (
	"fmt"
	"strings"

	"fauna-export/export/row"
)

func sqliteTypes() map[row.Type]string {
	return map[row.Type]string{
		row.TypeJSON: "TEXT", row.TypeString: "TEXT", row.TypeInt: "INTEGER", row.TypeFloat: "REAL",
		row.TypeBool: "INTEGER", row.TypeTime: "TEXT", row.TypeDate: "TEXT",
	}
}

// sqliteView shows ts as a text with all its digits. Other times are text already.
func sqliteView(c tableColumn) string {
	if c.key != "ts" {
		return ""
	}
	ts := identifier(c.name)
	micros := "((" + ts + " % 1000000 + 1000000) % 1000000)"
	return "strftime('%Y-%m-%dT%H:%M:%S', (" + ts + " - " + micros + ") / 1000000, 'unixepoch') || printf('.%06dZ', " + micros + ")"
}

// sqlite writes the commands for the sqlite3 shell, version 3.38 or later.
func (t *table) sqlite(b *strings.Builder) {
	from := dotArgument(t.path)
	if command := t.unpacked(); command != "" {
		from = dotArgument("|" + command)
	}
	b.WriteString(t.definition(sqliteTypes()))
	defer func() { b.WriteString(t.definitionOfView(sqliteView)) }()
	if t.format == row.CSV {
		// What is imported is text; the table's own types make numbers of it. An
		// empty field comes as an empty text, so here null and "" fall together.
		fmt.Fprintf(b, ".mode csv\n.import --csv --skip 1 %s %s\n", from, dotArgument(t.name))
		var nulls []string
		for _, c := range t.columns[2:] {
			name := identifier(c.name)
			if c.typ == row.TypeBool {
				nulls = append(nulls, name+" = CASE "+name+" WHEN 'true' THEN 1 WHEN 'false' THEN 0 END")
				continue
			}
			nulls = append(nulls, name+" = NULLIF("+name+", '')")
		}
		if len(nulls) > 0 {
			fmt.Fprintf(b, "-- SQLite reads null and the empty text of a CSV file as the same: both become null.\nUPDATE %s SET\n  %s;\n", identifier(t.name), strings.Join(nulls, ",\n  "))
		}
		return
	}
	var values []string
	for _, c := range t.columns {
		switch {
		case t.format == row.Wire && c.key == "ref":
			values = append(values, `CAST(line ->> '$.ref."@ref".id' AS INTEGER)`)
		case t.format == row.Wire && c.key == "document":
			values = append(values, "line")
		case c.typ == row.TypeJSON:
			values = append(values, "NULLIF(line -> "+jsonKey(c.key)+", 'null')")
		case c.key == "ref":
			values = append(values, "CAST(line ->> "+jsonKey(c.key)+" AS INTEGER)")
		default:
			values = append(values, "line ->> "+jsonKey(c.key))
		}
	}
	fmt.Fprintf(b, "CREATE TEMP TABLE lines (line TEXT);\n.mode ascii\n.separator \"\\001\" \"\\n\"\n.import %s lines\n", from)
	fmt.Fprintf(b, "INSERT INTO %s SELECT\n  %s\nFROM lines;\nDROP TABLE lines;\n", identifier(t.name), strings.Join(values, ",\n  "))
}

// dotArgument quotes an argument of a command of the sqlite3 shell, which reads it
// as C does and not as SQL does.
func dotArgument(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}
