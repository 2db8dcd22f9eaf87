package fql

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// formatJSNumber writes a finite number as JavaScript does: the shortest digits
// that read back as the same double, with an exponent below 1e-6 and from 1e21.
func formatJSNumber(value float64) string {
	if value == 0 {
		return "0"
	}
	if size := math.Abs(value); size >= 1e-6 && size < 1e21 {
		return strconv.FormatFloat(value, 'f', -1, 64)
	}
	text := strconv.FormatFloat(value, 'e', -1, 64)
	mantissa, exponent, _ := strings.Cut(text, "e")
	return mantissa + "e" + exponent[:1] + strings.TrimLeft(exponent[1:], "0")
}

// quoteJSON writes a string as JavaScript's JSON does.
func quoteJSON(text string) string {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c >= utf8.RuneSelf || c == '"' || c == '\\' {
			return quoteUnits(utf16.Encode([]rune(text)))
		}
	}
	return `"` + text + `"`
}

// quoteUnits writes a string of UTF-16 units as JavaScript's JSON does:
// unpaired surrogates are escaped.
func quoteUnits(units []uint16) string {
	out := make([]byte, 0, len(units)+2)
	out = append(out, '"')
	for i := 0; i < len(units); i++ {
		switch unit := units[i]; {
		case unit == '"' || unit == '\\':
			out = append(out, '\\', byte(unit))
		case unit < 0x20:
			if at := strings.IndexByte("\b\t\n\f\r", byte(unit)); at >= 0 {
				out = append(out, '\\', "btnfr"[at])
			} else {
				out = appendUnit(out, unit)
			}
		case utf16.IsSurrogate(rune(unit)):
			if i+1 < len(units) {
				if r := utf16.DecodeRune(rune(unit), rune(units[i+1])); r != 0xFFFD {
					out = append(out, string(r)...)
					i++
					continue
				}
			}
			out = appendUnit(out, unit)
		default:
			out = append(out, string(rune(unit))...)
		}
	}
	return string(append(out, '"'))
}

// appendUnit appends the escape of one UTF-16 unit.
func appendUnit(out []byte, unit uint16) []byte {
	const digits = "0123456789abcdef"
	return append(out, '\\', 'u', digits[unit>>12], digits[unit>>8&15], digits[unit>>4&15], digits[unit&15])
}
