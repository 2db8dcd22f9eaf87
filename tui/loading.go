package tui

import (
	"fmt"
	"path/filepath"
	"strings"

	"fauna-export/export"
	"fauna-export/export/row"
)

var databaseNames = map[string]string{"postgres": "Postgres", "sqlite": "SQLite", "duckdb": "DuckDB"}

// loading is the commands that load every file of an export: for psql, for the
// sqlite3 shell, or for duckdb. Table names are those of the collections.
func loading(database string, m *export.Manifest, spec export.Spec) string {
	var b strings.Builder
	intro := map[string]string{
		"postgres": "-- psql DATABASE, then (JSON lines with \\u0000 in them Postgres refuses: use CSV):",
		"sqlite":   "-- sqlite3 fauna.db, then:",
		"duckdb":   "-- duckdb fauna.duckdb, then:",
	}
	fmt.Fprintln(&b, intro[database])
	for _, e := range m.Collections {
		l := layoutOf(spec, e)
		path := filepath.Join(spec.Dir, filepath.FromSlash(e.File))
		fmt.Fprintln(&b)
		switch database {
		case "postgres":
			postgresLoad(&b, l, path)
		case "sqlite":
			sqliteLoad(&b, l, path)
		default:
			duckdbLoad(&b, l, path)
		}
	}
	return b.String()
}

// identifier quotes an SQL name; text an SQL string.
func identifier(s string) string { return `"` + strings.ReplaceAll(clean(s), `"`, `""`) + `"` }
func literal(s string) string    { return `'` + strings.ReplaceAll(s, `'`, `''`) + `'` }

// unpack is the command that writes a file's plain bytes, "" for a plain file.
func unpack(c row.Compression, path string) string {
	switch c {
	case row.Gzip:
		return "gzip -dc " + shellPath(path)
	case row.Zstd:
		return "zstd -dc " + shellPath(path)
	}
	return ""
}

func shellPath(path string) string { return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'" }

// sqlTypes are the column types of the three databases for the types of rows.
func sqlType(database string, t row.Type) string {
	types := map[string]map[row.Type]string{
		"postgres": {row.TypeJSON: "json", row.TypeString: "text", row.TypeInt: "bigint", row.TypeFloat: "double precision", row.TypeBool: "boolean", row.TypeTime: "text", row.TypeDate: "text"},
		"sqlite":   {row.TypeJSON: "TEXT", row.TypeString: "TEXT", row.TypeInt: "INTEGER", row.TypeFloat: "REAL", row.TypeBool: "TEXT", row.TypeTime: "TEXT", row.TypeDate: "TEXT"},
		"duckdb":   {row.TypeJSON: "JSON", row.TypeString: "VARCHAR", row.TypeInt: "BIGINT", row.TypeFloat: "DOUBLE", row.TypeBool: "BOOLEAN", row.TypeTime: "VARCHAR", row.TypeDate: "VARCHAR"},
	}
	if t == "" {
		t = row.TypeJSON
	}
	return types[database][t]
}

// A sqlColumn is a column of the table with its type. Times and dates stay text
// where years beyond 9999 or nanoseconds would not fit the database's own type.
type sqlColumn struct {
	name string
	typ  row.Type
}

func sqlColumns(l row.Layout) []sqlColumn {
	columns := []sqlColumn{{"ref", row.TypeString}, {"ts", row.TypeInt}}
	if !l.NoData {
		columns = append(columns, sqlColumn{"data", row.TypeJSON})
	}
	columns = append(columns, sqlColumn{"ttl", row.TypeTime})
	for _, c := range l.Columns {
		columns = append(columns, sqlColumn{c.Name, c.Type})
	}
	return columns
}

// table is CREATE TABLE for a layout.
func table(database string, l row.Layout) string {
	var defs []string
	for i, c := range sqlColumns(l) {
		def := identifier(c.name) + " " + sqlType(database, c.typ)
		if i == 0 {
			def += " PRIMARY KEY"
		}
		defs = append(defs, def)
	}
	return "CREATE TABLE " + identifier(l.Collection) + " (\n  " + strings.Join(defs, ", ") + ");\n"
}

// fromJSON is the list of expressions that take a row out of a JSON text line.
func fromJSON(database string, l row.Layout) string {
	var out []string
	for _, c := range sqlColumns(l) {
		key := literal(c.name)
		switch {
		case c.typ == row.TypeJSON || c.typ == "":
			e := "line::json -> " + key
			if database == "sqlite" {
				e = "line -> " + literal(`$."`+c.name+`"`)
			}
			out = append(out, e)
		case database == "sqlite":
			out = append(out, "line ->> "+literal(`$."`+c.name+`"`))
		case c.typ == row.TypeString, c.typ == row.TypeTime, c.typ == row.TypeDate:
			out = append(out, "line::json ->> "+key)
		default:
			out = append(out, "(line::json ->> "+key+")::"+sqlType(database, c.typ))
		}
	}
	return strings.Join(out, ",\n         ")
}

func postgresLoad(b *strings.Builder, l row.Layout, path string) {
	from := literal(path)
	if cmd := unpack(l.Compress, path); cmd != "" {
		from = "PROGRAM " + literal(cmd)
	}
	name := identifier(l.Collection)
	switch l.Format {
	case row.Parquet:
		fmt.Fprintf(b, "-- Postgres reads no Parquet: load %s with DuckDB, or export CSV.\n", filepath.Base(path))
	case row.CSV:
		b.WriteString(table("postgres", l))
		fmt.Fprintf(b, "\\copy %s FROM %s WITH (FORMAT csv, HEADER true)\n", name, from)
	default:
		// A line as it is: no JSON text holds the bytes 1 and 2, so that as
		// quote and delimiter they leave it alone.
		b.WriteString("CREATE TEMP TABLE lines (line text);\n")
		fmt.Fprintf(b, "\\copy lines FROM %s WITH (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')\n", from)
		if l.Format == row.Wire {
			fmt.Fprintf(b, "CREATE TABLE %s (document json);\nINSERT INTO %s SELECT line::json FROM lines;\n", name, name)
		} else {
			b.WriteString(table("postgres", l))
			fmt.Fprintf(b, "INSERT INTO %s\n  SELECT %s\n  FROM lines;\n", name, fromJSON("postgres", l))
		}
		b.WriteString("DROP TABLE lines;\n")
	}
}

// dotArgument quotes an argument of a dot command of the sqlite3 shell, which
// reads it as C does and not as SQL does.
func dotArgument(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

func sqliteLoad(b *strings.Builder, l row.Layout, path string) {
	from := dotArgument(path)
	if cmd := unpack(l.Compress, path); cmd != "" {
		from = dotArgument("|" + cmd)
	}
	name := identifier(l.Collection)
	switch l.Format {
	case row.Parquet:
		fmt.Fprintf(b, "-- SQLite reads no Parquet: load %s with DuckDB, or export CSV.\n", filepath.Base(path))
	case row.CSV:
		b.WriteString(table("sqlite", l))
		fmt.Fprintf(b, ".import --csv --skip 1 %s %s\n", from, dotArgument(clean(l.Collection)))
		var nulls []string
		for _, c := range sqlColumns(l)[2:] {
			nulls = append(nulls, identifier(c.name)+" = nullif("+identifier(c.name)+", '')")
		}
		fmt.Fprintf(b, "UPDATE %s SET %s; -- an empty field was null\n", name, strings.Join(nulls, ", "))
	default:
		b.WriteString("CREATE TEMP TABLE lines (line TEXT);\n")
		fmt.Fprintf(b, ".mode ascii\n.separator \"\\001\" \"\\n\"\n.import %s lines\n", from)
		if l.Format == row.Wire {
			fmt.Fprintf(b, "CREATE TABLE %s (document TEXT);\nINSERT INTO %s SELECT line FROM lines;\n", name, name)
		} else {
			b.WriteString(table("sqlite", l))
			fmt.Fprintf(b, "INSERT INTO %s\n  SELECT %s\n  FROM lines;\n", name, fromJSON("sqlite", l))
		}
		b.WriteString("DROP TABLE lines;\n")
	}
}

func duckdbLoad(b *strings.Builder, l row.Layout, path string) {
	name, from := identifier(l.Collection), literal(path)
	var columns []string
	for _, c := range sqlColumns(l) {
		columns = append(columns, literal(c.name)+": "+literal(sqlType("duckdb", c.typ)))
	}
	schema := "columns = {" + strings.Join(columns, ", ") + "}"
	switch l.Format {
	case row.Parquet:
		fmt.Fprintf(b, "CREATE TABLE %s AS FROM read_parquet(%s);\n", name, from)
	case row.CSV:
		fmt.Fprintf(b, "CREATE TABLE %s AS FROM read_csv(%s, header = true, auto_detect = false, delim = ',', quote = '\"', escape = '\"', %s);\n", name, from, schema)
	case row.Wire:
		fmt.Fprintf(b, "CREATE TABLE %s AS SELECT json AS document FROM read_json_objects(%s, format = 'newline_delimited');\n", name, from)
	default:
		fmt.Fprintf(b, "CREATE TABLE %s AS FROM read_json(%s, format = 'newline_delimited', %s);\n", name, from, schema)
	}
}
