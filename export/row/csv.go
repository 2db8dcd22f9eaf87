package row

import "bytes"

// appendCSV appends a field that is not null. The empty string is "", so that
// it and null, an empty field, stay apart. A quote, a comma, a line end, or a
// space at either end puts the field in quotes; so does \. which Postgres takes
// for the end of the data when it stands alone.
func appendCSV(out, field []byte) []byte {
	if !needsQuotes(field) {
		return append(out, field...)
	}
	out = append(out, '"')
	for {
		n := bytes.IndexByte(field, '"')
		if n < 0 {
			break
		}
		out = append(out, field[:n+1]...)
		out = append(out, '"')
		field = field[n+1:]
	}
	out = append(out, field...)
	return append(out, '"')
}

func needsQuotes(field []byte) bool {
	if len(field) == 0 || field[0] == ' ' || field[len(field)-1] == ' ' || string(field) == `\.` {
		return true
	}
	for _, c := range field {
		if c == '"' || c == ',' || c == '\n' || c == '\r' {
			return true
		}
	}
	return false
}

// csvHeader returns the header line.
func csvHeader(l Layout) []byte {
	var out []byte
	for i, name := range l.Names() {
		if i > 0 {
			out = append(out, ',')
		}
		out = appendCSV(out, []byte(name))
	}
	return append(out, '\n')
}
