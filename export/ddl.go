package export

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"fauna-export/export/archive"
	"fauna-export/export/row"
)

// Database is a database that a run's files can be loaded into.
type Database string

// The databases that LoadScript writes for.
const (
	Postgres Database = "postgres"
	SQLite   Database = "sqlite"
	DuckDB   Database = "duckdb"
)

// Databases returns all of them.
func Databases() []Database { return []Database{Postgres, SQLite, DuckDB} }

// ParseDatabase reads a database's name.
func ParseDatabase(text string) (Database, error) {
	if d := Database(text); slices.Contains(Databases(), d) {
		return d, nil
	}
	return "", fmt.Errorf("%q is none of postgres, sqlite, duckdb", text)
}

// Title is the database's name as it is written.
func (d Database) Title() string {
	return map[Database]string{Postgres: "Postgres", SQLite: "SQLite", DuckDB: "DuckDB"}[d]
}

// ScriptName is the name of the file that LoadScript's text goes into.
func (d Database) ScriptName() string { return "load-" + string(d) + ".sql" }

// Loads refuses what the database cannot load: only DuckDB reads Parquet, and a
// format that no script is written for is loaded by none.
func (d Database) Loads(f row.Format) error {
	switch f {
	case row.JSONL, row.CSV, row.Wire:
		return nil
	case row.Parquet:
		if d == DuckDB {
			return nil
		}
		return fmt.Errorf("%s reads no Parquet: take another format, or load it with duckdb", d.Title())
	}
	return fmt.Errorf("there is no script for loading %s files: take another format", f)
}

// LoadScript is a text for the database's own shell (psql, sqlite3, duckdb) that
// makes a table for each file of a full run, loads it, and makes a view of it that
// shows times as times. Nothing is lost on the way: ids and ts are 64-bit
// integers, data stays JSON text, times and dates stay text where the database's
// own type would cut or refuse them.
//
// dir stands before the files' names; with "" the script is to be run in the
// folder of the files.
func LoadScript(d Database, m *archive.Manifest, dir string) string {
	var b strings.Builder
	b.WriteString(scriptHead(d, m, dir))
	var names []string
	taken := map[string]bool{}
	for _, e := range m.Collections {
		names = append(names, sqlName(e.Name, taken))
	}
	for i, e := range m.Collections {
		t := newTable(e, names[i], taken)
		t.path = path.Join(dir, e.File)
		b.WriteString("\n")
		if err := d.Loads(t.format); err != nil {
			fmt.Fprintf(&b, "-- %s: %v.\n", comment(e.File), err)
			continue
		}
		switch d {
		case Postgres:
			t.postgres(&b)
		case SQLite:
			t.sqlite(&b)
		case DuckDB:
			t.duckdb(&b)
		}
	}
	if d == Postgres || d == DuckDB {
		b.WriteString("\nCOMMIT;\n")
	}
	return b.String()
}

// scriptHead says how to run the script and makes it stop at the first error.
func scriptHead(d Database, m *archive.Manifest, dir string) string {
	name, where := d.ScriptName(), ""
	if dir == "" {
		where = ", in the folder of the files"
	}
	head := map[Database]string{
		Postgres: "-- Run: psql DATABASE -f " + name + where + ".\n-- Postgres text holds no U+0000: in a column of type string it becomes U+2400. data holds it.\n" +
			"\\set ON_ERROR_STOP on\n\\encoding UTF8\nBEGIN;\n",
		SQLite: "-- Run: sqlite3 fauna.db < " + name + where + ".\n.bail on\n",
		DuckDB: "-- Run: duckdb fauna.duckdb < " + name + where + ".\n-- DuckDB writes the numbers in JSON its own way (1.0E21 becomes 1e21); they are the same numbers.\n.bail on\nBEGIN;\n",
	}[d]
	return fmt.Sprintf("-- Loads %d files of %s into %s.\n", len(m.Collections), comment(m.Tool), d.Title()) + head
}

// comment is text that ends no comment.
func comment(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return '\ufffd'
		}
		return r
	}, text)
}

// maxSQLName is how many bytes of a name Postgres keeps; the others keep more.
const maxSQLName = 63

// sqlName is a table's or column's name for a name of Fauna's: the same but where
// the database would cut it, fold it into another one, or keep it for itself.
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
	if strings.HasPrefix(strings.ToLower(name), "sqlite_") {
		name = "_" + name
	}
	for free := name; ; free += "_" {
		if folded := strings.ToLower(free); !taken[folded] {
			taken[folded] = true
			return free
		}
	}
}

// table is one file and the table that it becomes.
type table struct {
	name, view string // as the database has them
	path       string
	format     row.Format
	compress   row.Compression
	columns    []tableColumn
}

// tableColumn is one column of a file, and what it is called in the table.
type tableColumn struct {
	name string // in the table
	key  string // in the file
	typ  row.Type
	time string // of the view, where the column is a time or a date
}

// newTable reads a table's columns off the manifest: those of every file, and the
// additional ones by their types.
func newTable(e archive.Entry, name string, taken map[string]bool) *table {
	t := &table{name: name, format: row.Format(e.Format), compress: row.Compression(e.Compress)}
	t.view = sqlName(name+"_with_times", taken)
	types := map[string]row.Type{"ref": row.TypeInt, "ts": row.TypeInt, "data": row.TypeJSON, "ttl": row.TypeTime}
	maps.Copy(types, e.Types)
	columns := e.Columns
	if t.format == row.Wire {
		columns = []string{"ref", "ts", "document"}
	}
	own := map[string]bool{}
	for _, key := range columns {
		c := tableColumn{name: sqlName(key, own), key: key, typ: types[key]}
		if c.typ == "" {
			c.typ = row.TypeJSON
		}
		t.columns = append(t.columns, c)
	}
	for i, c := range t.columns {
		if c.key == "ts" || c.typ == row.TypeTime || c.typ == row.TypeDate {
			t.columns[i].time = sqlName(c.name+"_time", own)
		}
	}
	return t
}

// definition is CREATE TABLE, with the database's types by those of the columns.
func (t *table) definition(types map[row.Type]string) string {
	var lines []string
	for _, c := range t.columns {
		line := "  " + identifier(c.name) + " " + types[c.typ]
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

// definitionOfView is CREATE VIEW: all columns and behind them the times, which
// show makes; "" leaves one out.
func (t *table) definitionOfView(show func(c tableColumn) string) string {
	text := "CREATE VIEW " + identifier(t.view) + " AS SELECT *"
	for _, c := range t.columns {
		if c.time == "" {
			continue
		}
		if shown := show(c); shown != "" {
			text += ",\n  " + shown + " AS " + identifier(c.time)
		}
	}
	return text + "\nFROM " + identifier(t.name) + ";\n"
}

// identifier quotes a name of SQL, literal a text.
func identifier(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
func literal(text string) string    { return `'` + strings.ReplaceAll(text, `'`, `''`) + `'` }

// jsonKey is a path of one member for SQLite and DuckDB.
func jsonKey(key string) string {
	return literal(`$."` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(key) + `"`)
}

// unpacked is the shell command that writes a file's plain bytes, "" for a plain
// file.
func (t *table) unpacked() string {
	file := "'" + strings.ReplaceAll(t.path, "'", `'\''`) + "'"
	switch t.compress {
	case row.Gzip:
		return "gzip -dc " + file
	case row.Zstd:
		return "zstd -dc " + file
	}
	return ""
}
