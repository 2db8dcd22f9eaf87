package row

import (
	"fmt"
	"slices"
	"strings"
)

// Format is the kind of file that rows are written to.
type Format string

// The formats.
const (
	JSONL   Format = "jsonl"   // one JSON object a line
	CSV     Format = "csv"     // RFC 4180 quoting, "\n" line ends, with a header
	Parquet Format = "parquet" // Apache Parquet, zstd inside
	Wire    Format = "wire"    // each document exactly as the server sent it, one a line
)

// formats is the one table of formats: what each is called, and what it is in half
// a sentence.
func formats() []formatName {
	return []formatName{
		{JSONL, "JSON lines", "one JSON object a line"},
		{CSV, "CSV", "with a header; objects as JSON text; Postgres COPY reads it back"},
		{Parquet, "Parquet", "typed columns, for DuckDB and lakes"},
		{Wire, "wire", "each document exactly as the server sent it: nothing is lost, ever"},
	}
}

type formatName struct {
	format       Format
	title, about string
}

// Formats returns all formats, the default first.
func Formats() []Format {
	var all []Format
	for _, f := range formats() {
		all = append(all, f.format)
	}
	return all
}

// FormatNames are the names of all formats, as ParseFormat reads them.
func FormatNames() []string {
	var names []string
	for _, f := range Formats() {
		names = append(names, string(f))
	}
	return names
}

// Title is what people call the format: "JSON lines". It is empty for a format
// that does not exist.
func (f Format) Title() string { return f.named().title }

// About says in half a sentence what a file of the format is.
func (f Format) About() string { return f.named().about }

func (f Format) named() formatName {
	for _, n := range formats() {
		if n.format == f {
			return n
		}
	}
	return formatName{}
}

// ParseFormat reads a format's name.
func ParseFormat(text string) (Format, error) {
	if f := Format(text); slices.Contains(Formats(), f) {
		return f, nil
	}
	return "", fmt.Errorf("unknown format %q: it is one of %s", text, strings.Join(FormatNames(), ", "))
}

// Compression is how a file of rows is compressed as a whole.
type Compression string

// The compressions. The empty text means None.
const (
	None Compression = "none"
	Gzip Compression = "gzip"
	Zstd Compression = "zstd"
)

// ParseCompression reads a compression's name.
func ParseCompression(text string) (Compression, error) {
	switch c := Compression(text); c {
	case None, Gzip, Zstd:
		return c, nil
	case "":
		return None, nil
	}
	return "", fmt.Errorf("unknown compression %q: it is one of none, gzip, zstd", text)
}

// plain reports whether c leaves the bytes as they are.
func (c Compression) plain() bool { return c == None || c == "" }

// Type is what an additional column holds.
type Type string

// The types of additional columns. The empty text means TypeJSON.
const (
	TypeJSON   Type = "json"   // any value, as JSON text in CSV and Parquet
	TypeString Type = "string" // a string, or what is written as one: time, date, bytes, set, query
	TypeInt    Type = "int"    // a whole number in the range of int64
	TypeFloat  Type = "float"  // a number that a float64 holds exactly, or NaN or an infinity
	TypeBool   Type = "bool"   // true or false
	TypeTime   Type = "time"   // a Fauna time, or a string in the same form
	TypeDate   Type = "date"   // a Fauna date, or a string in the same form
)

// ParseType reads a type's name.
func ParseType(text string) (Type, error) {
	switch t := Type(text); t {
	case TypeJSON, TypeString, TypeInt, TypeFloat, TypeBool, TypeTime, TypeDate:
		return t, nil
	}
	return "", fmt.Errorf("unknown column type %q: it is one of json, string, int, float, bool, time, date", text)
}
