package export

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"strings"
	"unicode"
	"unicode/utf8"

	"fauna-export/export/archive"
	"fauna-export/export/row"
)

// Database is a database that load scripts are written for. The package load
// loads files into the others.
type Database string

// DuckDB reads Parquet and JSONL files directly.
const DuckDB Database = "duckdb"

// ParseDatabase parses a database's name.
func ParseDatabase(text string) (Database, error) {
	switch text {
	case string(DuckDB):
		return DuckDB, nil
	case "postgres", "sqlite":
		return "", fmt.Errorf("there is no script for %s: load the files with fauna-export load DIR --into TARGET", text)
	}
	return "", fmt.Errorf("%q is not duckdb", text)
}

// ScriptName is the name of the file with LoadScript's text.
func (d Database) ScriptName() string { return "load-" + string(d) + ".sql" }

// Loads returns an error for formats that scripts do not support.
func (d Database) Loads(f row.Format) error {
	if f.Can().DuckDB {
		return nil
	}
	var read []string
	for _, other := range row.Formats() {
		if other.Can().DuckDB {
			read = append(read, string(other))
		}
	}
	return fmt.Errorf("DuckDB scripts can load %s, but not %s: choose one of these, or use fauna-export load DIR --into parquet:DIR", strings.Join(read, " or "), f)
}

// LoadScript returns a script for the duckdb shell that creates and loads a
// table for each file of a full run, and a view with times as timestamps. It
// loses nothing: ids and ts are 64-bit integers, data stays JSON text, and
// times and dates stay text where DuckDB's own type would truncate or reject
// them. The script runs in the folder of the files.
func LoadScript(d Database, m *archive.Manifest) string {
	var b strings.Builder
	fmt.Fprintf(&b, "-- Loads %d files written by %s into DuckDB.\n-- Run: duckdb fauna.duckdb < %s, in the folder of the files.\n"+
		"-- DuckDB reformats numbers in JSON (1.0E21 becomes 1e21); their values do not change.\n.bail on\nBEGIN;\n",
		len(m.Collections), comment(m.Tool), d.ScriptName())
	taken := map[string]bool{}
	names := map[string]string{} // a collection's parts go into one table
	for _, e := range m.Collections {
		if names[e.Name] == "" {
			names[e.Name] = sqlName(e.Name, taken)
		}
	}
	for i, e := range m.Collections {
		b.WriteString("\n")
		if err := d.Loads(row.Format(e.Format)); err != nil {
			fmt.Fprintf(&b, "-- %s: %v.\n", comment(e.File), err)
			continue
		}
		t := &table{name: names[e.Name], columns: tableColumns(e)}
		first := i == 0 || m.Collections[i-1].Name != e.Name
		if first {
			b.WriteString(t.definition())
		}
		t.load(&b, e.File, e)
		if first {
			b.WriteString(t.view(sqlName(t.name+"_with_times", taken)))
		}
	}
	b.WriteString("\nCOMMIT;\n")
	return b.String()
}

// comment makes text safe inside a comment.
func comment(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return '\ufffd'
		}
		return r
	}, text)
}

// maxSQLName is the longest name, in bytes.
const maxSQLName = 63

// sqlName returns the table or column name for a Fauna name: the same unless
// the database would cut it, confuse it with another one by case, or reserve
// it.
func sqlName(name string, taken map[string]bool) string {
	sum := sha256.Sum256([]byte(name))
	mark := "_" + hex.EncodeToString(sum[:4])
	if len(name) > maxSQLName {
		cut := name[:maxSQLName-len(mark)]
		for !utf8.ValidString(cut) {
			cut = cut[:len(cut)-1]
		}
		name = cut + mark
	}
	for free := name; ; free += "_" {
		if folded := strings.ToLower(free); !taken[folded] {
			taken[folded] = true
			return free
		}
	}
}

// table is a table and its columns.
type table struct {
	name    string
	columns []tableColumn
}

// tableColumn is one column of a file and its name in the table.
type tableColumn struct {
	name string // in the table
	key  string // in the file
	typ  row.Type
	time string // in the view, if the column is a time or a date
}

// duckdbTypes are what columns are stored as.
var duckdbTypes = map[row.Type]string{
	row.TypeJSON: "JSON", row.TypeString: "VARCHAR", row.TypeInt: "BIGINT", row.TypeFloat: "DOUBLE",
	row.TypeBool: "BOOLEAN", row.TypeTime: "VARCHAR", row.TypeDate: "VARCHAR",
}

// tableColumns derives a table's columns from the manifest: the standard ones, then
// the additional ones by type.
func tableColumns(e archive.Entry) (columns []tableColumn) {
	types := map[string]row.Type{"ref": row.TypeInt, "ts": row.TypeInt, "data": row.TypeJSON, "ttl": row.TypeTime}
	maps.Copy(types, e.Types)
	own := map[string]bool{}
	for _, key := range e.Columns {
		columns = append(columns, tableColumn{name: sqlName(key, own), key: key, typ: cmp.Or(types[key], row.TypeJSON)})
	}
	for i, c := range columns {
		if c.key == "ts" || c.typ == row.TypeTime || c.typ == row.TypeDate {
			columns[i].time = sqlName(c.name+"_time", own)
		}
	}
	return columns
}

// definition returns CREATE TABLE.
func (t *table) definition() string {
	var lines []string
	for _, c := range t.columns {
		line := "  " + identifier(c.name) + " " + duckdbTypes[c.typ]
		switch c.key {
		case "ref":
			line += " PRIMARY KEY"
		case "ts":
			line += " NOT NULL"
		}
		lines = append(lines, line)
	}
	return "CREATE TABLE " + identifier(t.name) + " (\n" + strings.Join(lines, ",\n") + "\n);\n"
}

// view returns CREATE VIEW with all columns, followed by the times as DuckDB's
// type, in UTC. Times in the file may have another offset.
func (t *table) view(name string) string {
	text := "CREATE VIEW " + identifier(name) + " AS SELECT *"
	for _, c := range t.columns {
		column := identifier(c.name)
		switch {
		case c.time == "":
			continue
		case c.key == "ts":
			column = "make_timestamp(" + column + ")"
		case c.typ == row.TypeDate:
			column = "TRY_CAST(" + column + " AS DATE)"
		default:
			column = "TRY_CAST(" + column + " AS TIMESTAMPTZ) AT TIME ZONE 'UTC'"
		}
		text += ",\n  " + column + " AS " + identifier(c.time)
	}
	return text + "\nFROM " + identifier(t.name) + ";\n"
}

// smallestBuffer is DuckDB's smallest JSON buffer, in bytes.
const smallestBuffer = 1 << 20

// load writes the command that loads a file into the table.
func (t *table) load(b *strings.Builder, file string, e archive.Entry) {
	typed := row.Format(e.Format).Can().Typed
	var values, types []string
	for _, c := range t.columns {
		typ := duckdbTypes[c.typ]
		types = append(types, literal(c.key)+": "+literal(typ))
		switch {
		case typed && c.key == "ts":
			values = append(values, "epoch_us(ts)")
		case typed && c.typ == row.TypeTime: // a timestamp in typed files, in microseconds
			values = append(values, "strftime(make_timestamp(epoch_us("+identifier(c.key)+")), '%Y-%m-%dT%H:%M:%S.%fZ')")
		default:
			values = append(values, "CAST("+identifier(c.key)+" AS "+typ+")")
		}
	}
	source := "read_parquet(" + literal(file) + ")"
	if !typed {
		compression := ""
		if z := row.Compression(e.Compress); z != row.None && z != "" {
			compression = ", compression = " + literal(string(z))
		}
		// DuckDB uses a multiple of this as memory, so keep it as small as the
		// longest row allows.
		source = fmt.Sprintf("read_json(%s, format = 'newline_delimited', maximum_object_size = %d, columns = {%s}%s)",
			literal(file), max(smallestBuffer, e.WidestRow+1), strings.Join(types, ", "), compression)
	}
	fmt.Fprintf(b, "INSERT INTO %s SELECT\n  %s\nFROM %s;\n", identifier(t.name), strings.Join(values, ",\n  "), source)
}

// identifier quotes an SQL name, literal a string.
func identifier(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
func literal(text string) string    { return `'` + strings.ReplaceAll(text, `'`, `''`) + `'` }
