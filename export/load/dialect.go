package load

import (
	"slices"
	"strings"
)

// dialect describes what a target can store, and its names for types.
type dialect struct {
	title       string
	longestName int
	times       bool // has types for times and dates
	minusZero   bool // its doubles can hold -0.0
	keyed       bool // has foreign keys
	whole       bool // a table is a file, always rewritten as a whole
	types       map[Type]string
	// refusedColumn and refusedTable report whether the target reserves a folded
	// name.
	refusedColumn, refusedTable func(folded string) bool
}

// ownTables are the tables in which a target records what was loaded.
const (
	loadsTable  = "fauna_export_loads"
	tablesTable = "fauna_export_tables"
)

func oneOf(names ...string) func(string) bool {
	return func(name string) bool { return slices.Contains(names, name) }
}

func none(string) bool { return false }

var postgresDialect = &dialect{
	title: "Postgres", longestName: 63, times: true, minusZero: true, keyed: true,
	types: map[Type]string{
		Bool: "boolean", Int: "bigint", Double: "double precision", Numeric: "numeric", Time: "timestamptz", Date: "date",
		Bytes: "bytea", Ref: "bigint", Text: "text", JSONB: "jsonb", JSON: "json", Raw: "bytea",
	},
	refusedColumn: oneOf("ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"),
	refusedTable:  none,
}

var sqliteDialect = &dialect{
	title: "SQLite", longestName: 255, keyed: true,
	types: map[Type]string{
		Bool: "INTEGER", Int: "INTEGER", Double: "REAL", Numeric: "TEXT", Bytes: "BLOB", Ref: "INTEGER",
		Text: "TEXT", JSONB: "TEXT", JSON: "TEXT", Raw: "BLOB",
	},
	refusedColumn: oneOf("rowid", "oid", "_rowid_"),
	refusedTable:  func(folded string) bool { return strings.HasPrefix(folded, "sqlite_") },
}

var parquetDialect = &dialect{
	title: "Parquet", longestName: 255, times: true, whole: true, minusZero: true,
	types: map[Type]string{
		Bool: "BOOLEAN", Int: "INT64", Double: "DOUBLE", Numeric: "STRING", Time: "TIMESTAMP(MICROS)", Date: "DATE",
		Bytes: "BYTE_ARRAY", Ref: "INT64", Text: "STRING", JSONB: "JSON", JSON: "JSON", Raw: "BYTE_ARRAY",
	},
	refusedColumn: none, refusedTable: none,
}

var csvDialect = &dialect{
	title: "CSV", longestName: 255, times: true, whole: true, minusZero: true,
	types: map[Type]string{
		Bool: "boolean", Int: "integer", Double: "double", Numeric: "decimal", Time: "time", Date: "date",
		Bytes: "bytes", Ref: "integer", Text: "text", JSONB: "JSON", JSON: "JSON", Raw: "bytes",
	},
	refusedColumn: none, refusedTable: none,
}

// identifier quotes an SQL name, literal a string.
func identifier(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
func literal(text string) string    { return `'` + strings.ReplaceAll(text, `'`, `''`) + `'` }
