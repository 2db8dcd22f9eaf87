package export

import (
	"fmt"
	"strings"

	"fauna-export/export/archive"
	"fauna-export/export/row"
)

func duckdbTypes() map[row.Type]string {
	return map[row.Type]string{
		row.TypeJSON: "JSON", row.TypeString: "VARCHAR", row.TypeInt: "BIGINT", row.TypeFloat: "DOUBLE",
		row.TypeBool: "BOOLEAN", row.TypeTime: "VARCHAR", row.TypeDate: "VARCHAR",
	}
}

// duckdbView converts times to DuckDB's type, in UTC. Times in the file may
// have another offset.
func duckdbView(c tableColumn) string {
	name := identifier(c.name)
	switch {
	case c.key == "ts":
		return "make_timestamp(" + name + ")"
	case c.typ == row.TypeDate:
		return "TRY_CAST(" + name + " AS DATE)"
	}
	return "TRY_CAST(" + name + " AS TIMESTAMPTZ) AT TIME ZONE 'UTC'"
}

// smallestBuffer is DuckDB's smallest JSON buffer, in bytes.
const smallestBuffer = 1 << 20

// duckdb writes the commands for the duckdb shell; first is the first file of the
// table.
func (t *table) duckdb(b *strings.Builder, file string, e archive.Entry, first bool) {
	name, from := identifier(t.name), literal(file)
	if first {
		b.WriteString(t.definition(duckdbTypes()))
		defer func() { b.WriteString(t.definitionOfView(duckdbView)) }()
	}
	var values, types []string
	for _, c := range t.columns {
		typ := duckdbTypes()[c.typ]
		types = append(types, literal(c.key)+": "+literal(typ))
		switch {
		case t.format.Can().Typed && c.key == "ts":
			values = append(values, "epoch_us(ts)")
		case t.format.Can().Typed && c.typ == row.TypeTime: // a timestamp there, in microseconds
			values = append(values, "strftime(make_timestamp(epoch_us("+identifier(c.key)+")), '%Y-%m-%dT%H:%M:%S.%fZ')")
		default:
			values = append(values, "CAST("+identifier(c.key)+" AS "+typ+")")
		}
	}
	source := "read_parquet(" + from + ")"
	if !t.format.Can().Typed {
		compression := ""
		if z := row.Compression(e.Compress); z != row.None && z != "" {
			compression = ", compression = " + literal(string(z))
		}
		// DuckDB uses a multiple of this as memory, so keep it as small as the
		// longest row allows.
		source = fmt.Sprintf("read_json(%s, format = 'newline_delimited', maximum_object_size = %d, columns = {%s}%s)",
			from, max(smallestBuffer, e.WidestRow+1), strings.Join(types, ", "), compression)
	}
	fmt.Fprintf(b, "INSERT INTO %s SELECT\n  %s\nFROM %s;\n", name, strings.Join(values, ",\n  "), source)
}
