package row

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Unquote appends the text of a JSON string, which must have no faults. It is not ok
// if the string has an unpaired surrogate, which UTF-8 cannot encode.
func Unquote(out, quoted []byte) ([]byte, bool) {
	text := quoted[1 : len(quoted)-1]
	start := 0
	for i := 0; i < len(text); {
		if text[i] != '\\' {
			i++
			continue
		}
		out = append(out, text[start:i]...)
		c := text[i+1]
		i += 2
		if c == 'u' {
			u := hex4(text[i:])
			i += 4
			if utf16.IsSurrogate(u) {
				if !hasPrefix(text, i, `\u`) {
					return out, false
				}
				if u = utf16.DecodeRune(u, hex4(text[i+2:])); u == utf8.RuneError {
					return out, false
				}
				i += 6
			}
			out = utf8.AppendRune(out, u)
			start = i
			continue
		}
		if k := strings.IndexByte("bfnrt", c); k >= 0 {
			c = "\b\f\n\r\t"[k]
		}
		out = append(out, c)
		start = i
	}
	return append(out, text[start:]...), true
}

func hex4(text []byte) rune {
	u, _ := strconv.ParseUint(string(text[:4]), 16, 16) // it was read already
	return rune(u)
}
