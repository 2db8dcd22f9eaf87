package export

import (
	"fmt"
	"strings"

	"fauna-export/export/row"
)

func duckdbTypes() map[row.Type]string {
	return map[row.Type]string{
		row.TypeJSON: "JSON", row.TypeString: "VARCHAR", row.TypeInt: "BIGINT", row.TypeFloat: "DOUBLE",
		row.TypeBool: "BOOLEAN", row.TypeTime: "VARCHAR", row.TypeDate: "VARCHAR",
	}
}

// duckdbView shows the times that DuckDB has, in UTC.
func duckdbView(c tableColumn) string {
	name := identifier(c.name)
	switch {
	case c.key == "ts":
		return "make_timestamp(" + name + ")"
	case c.typ == row.TypeDate:
		return "TRY_CAST(" + name + " AS DATE)"
	}
	return "TRY_CAST(" + name + " AS TIMESTAMP)"
}

// largestLine is how many bytes one line of JSON may have: a document has up to
// 8 MiB as stored, and more as JSON.
const largestLine = 128 << 20

// duckdb writes the commands for the duckdb shell.
func (t *table) duckdb(b *strings.Builder) {
	name, from := identifier(t.name), literal(t.path)
	b.WriteString(t.definition(duckdbTypes()))
	defer func() { b.WriteString(t.definitionOfView(duckdbView)) }()
	compression := ""
	switch t.compress {
	case row.Gzip:
		compression = ", compression = 'gzip'"
	case row.Zstd:
		compression = ", compression = 'zstd'"
	}
	var values, types []string
	for _, c := range t.columns {
		typ := duckdbTypes()[c.typ]
		types = append(types, literal(c.key)+": "+literal(typ))
		switch {
		case t.format == row.Parquet && c.key == "ts":
			values = append(values, "epoch_us(ts)")
		case t.format == row.Parquet && c.typ == row.TypeTime: // a timestamp there, in microseconds
			values = append(values, "strftime(make_timestamp(epoch_us("+identifier(c.key)+")), '%Y-%m-%dT%H:%M:%S.%fZ')")
		case t.format == row.Wire && c.key == "ref":
			values = append(values, `CAST(json ->> '$.ref."@ref".id' AS BIGINT)`)
		case t.format == row.Wire && c.key == "ts":
			values = append(values, "CAST(json ->> '$.ts' AS BIGINT)")
		case t.format == row.Wire:
			values = append(values, "json")
		default:
			values = append(values, "CAST("+identifier(c.key)+" AS "+typ+")")
		}
	}
	source := ""
	switch t.format {
	case row.Parquet:
		source = fmt.Sprintf("read_parquet(%s)", from)
	case row.CSV:
		source = fmt.Sprintf("read_csv(%s, header = true, auto_detect = false, delim = ',', quote = '\"', escape = '\"', max_line_size = %d, columns = {%s}%s)",
			from, largestLine, strings.Join(types, ", "), compression)
	case row.Wire:
		source = fmt.Sprintf("read_json_objects(%s, format = 'newline_delimited', maximum_object_size = %d%s)", from, largestLine, compression)
	default:
		source = fmt.Sprintf("read_json(%s, format = 'newline_delimited', maximum_object_size = %d, columns = {%s}%s)",
			from, largestLine, strings.Join(types, ", "), compression)
	}
	fmt.Fprintf(b, "INSERT INTO %s SELECT\n  %s\nFROM %s;\n", name, strings.Join(values, ",\n  "), source)
}
