package row

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// appendCSV appends a field that is not null. The empty string is "", so that
// it and null, an empty field, stay apart. A quote, a comma, a line end, or a
// space at either end puts the field in quotes; so does \. which Postgres takes
// for the end of the data when it stands alone.
func appendCSV(out, field []byte) []byte {
	if !needsQuotes(field) {
		return append(out, field...)
	}
	// Eight bytes are written at a time, and those behind a quote again.
	out = slices.Grow(out, 2*len(field)+16)
	out = append(out, '"')
	to := out[len(out):cap(out)]
	i, k := 0, 0
	for i+8 <= len(field) {
		w := binary.LittleEndian.Uint64(field[i:])
		binary.LittleEndian.PutUint64(to[k:], w)
		quote := w ^ ('"' * everyByte)
		stop := (quote - everyByte) &^ quote & highBits
		if stop == 0 {
			i += 8
			k += 8
			continue
		}
		n := bits.TrailingZeros64(stop) >> 3
		i += n + 1
		k += n + 2
		to[k-1] = '"'
	}
	for ; i < len(field); i++ {
		if field[i] == '"' {
			to[k] = '"'
			k++
		}
		to[k] = field[i]
		k++
	}
	return append(out[:len(out)+k], '"')
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
