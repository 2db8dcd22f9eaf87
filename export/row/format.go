package row

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Format is the kind of file that rows are written to.
type Format string

// The formats.
const (
	JSONL   Format = "jsonl"   // one JSON object per line
	CSV     Format = "csv"     // RFC 4180 quoting, "\n" line ends, with a header
	Parquet Format = "parquet" // Apache Parquet, zstd inside
	Wire    Format = "wire"    // each document exactly as the server sent it, one per line
)

// Capabilities describes what a format can do.
type Capabilities struct {
	// Streams: a file can be read from start to end without seeking.
	Streams bool
	// Compresses: a whole file can be compressed. Other formats compress
	// internally.
	Compresses bool
	// Columns: rows have columns, so columns can be added and data left out. A
	// format without columns keeps documents whole.
	Columns bool
	// Typed: additional columns and times have native types instead of text.
	Typed bool
	// Exact: rows keep every value unchanged. In other formats a value that
	// does not fit its column's type becomes null.
	Exact bool
	// DuckDB: a script for DuckDB can load it, from Parquet if Typed, otherwise
	// from JSON lines.
	DuckDB bool
}

// formatEntry is one format: what turns documents into rows and rows into a
// file, and reads that file back. Each format has its own file in this package.
type formatEntry struct {
	format       Format
	title, about string
	can          Capabilities

	// file returns the encoder of a file.
	file func(l Layout, at limits) body
	// decode reads a file, from c.lines if the format streams and from c.file if
	// not.
	decode func(c *checker) error
	// cells writes the columns of a format that has them.
	cells cells
	// gap stands for a column that the row of a removed document leaves out, end
	// ends a row.
	gap, end string
}

// formats lists all formats, the default first.
func formats() []formatEntry {
	return []formatEntry{
		{JSONL, "JSON lines", "one JSON object per line", Capabilities{Streams: true, Compresses: true, Columns: true, Exact: true, DuckDB: true}, newLineFile, decodeJSONL, jsonlCells{}, "", "}\n"},
		{CSV, "CSV", "with a header; objects as JSON text; Postgres COPY reads it back", Capabilities{Streams: true, Compresses: true, Columns: true}, newCSVFile, decodeCSV, csvCells{}, ",", "\n"},
		{Parquet, "Parquet", "typed columns, for DuckDB and data lakes", Capabilities{Columns: true, Typed: true, DuckDB: true}, newRowGroups, decodeParquet, parquetCells{}, "\x00", ""},
		{Wire, "wire", "each document exactly as the server sent it, byte for byte", Capabilities{Streams: true, Compresses: true, Exact: true}, newLineFile, decodeWire, nil, "", ""},
	}
}

// Formats returns all formats, the default first.
func Formats() []Format {
	var all []Format
	for _, f := range formats() {
		all = append(all, f.format)
	}
	return all
}

// FormatNames returns the names of all formats, as ParseFormat accepts them.
func FormatNames() (names []string) {
	for _, f := range Formats() {
		names = append(names, string(f))
	}
	return names
}

// Title returns the format's display name, such as "JSON lines", or "" for an
// unknown format.
func (f Format) Title() string { return f.entry().title }

// About describes the format in a short phrase.
func (f Format) About() string { return f.entry().about }

// Can returns what the format can do, the zero value for an unknown format.
func (f Format) Can() Capabilities { return f.entry().can }

func (f Format) entry() formatEntry {
	for _, e := range formats() {
		if e.format == f {
			return e
		}
	}
	return formatEntry{}
}

// ParseFormat parses a format's name.
func ParseFormat(text string) (Format, error) { return parse("format", Format(text), FormatNames()...) }

// parse reads one of several names.
func parse[T ~string](what string, text T, names ...string) (T, error) {
	if slices.Contains(names, string(text)) {
		return text, nil
	}
	return "", fmt.Errorf("unknown %s %q: it is one of %s", what, text, strings.Join(names, ", "))
}

// Compression is the compression of a whole file of rows.
type Compression string

// The compressions. The empty string means None.
const (
	None Compression = "none"
	Gzip Compression = "gzip"
	Zstd Compression = "zstd"
)

// ParseCompression parses a compression's name.
func ParseCompression(text string) (Compression, error) {
	return parse("compression", cmp.Or(Compression(text), None), "none", "gzip", "zstd")
}

// plain reports whether c leaves the bytes unchanged.
func (c Compression) plain() bool { return c == None || c == "" }

// Type is the type of an additional column.
type Type string

// The types of additional columns. The empty string means TypeJSON.
const (
	TypeJSON   Type = "json"   // any value, as JSON text in CSV and Parquet
	TypeString Type = "string" // a string, or a value written as one: time, date, bytes, set, query
	TypeInt    Type = "int"    // an integer in the range of int64
	TypeFloat  Type = "float"  // a number that a float64 holds exactly, or NaN or an infinity
	TypeBool   Type = "bool"   // true or false
	TypeTime   Type = "time"   // a Fauna time, or a string in the same form
	TypeDate   Type = "date"   // a Fauna date, or a string in the same form
)

// ParseType parses a type's name.
func ParseType(text string) (Type, error) {
	return parse("column type", Type(text), "json", "string", "int", "float", "bool", "time", "date")
}
