package row

import "unicode/utf8"

// unquote appends the text of a JSON string that was read already. It is not ok
// when the text has an unpaired surrogate, which UTF-8 cannot encode.
func unquote(out, quoted []byte) ([]byte, bool) {
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
		switch c {
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		case 'u':
			u := hex4(text[i:])
			i += 4
			if u >= 0xD800 && u < 0xE000 {
				if u >= 0xDC00 || !hasPrefix(text, i, `\u`) {
					return out, false
				}
				low := hex4(text[i+2:])
				if low < 0xDC00 || low >= 0xE000 {
					return out, false
				}
				u = 0x10000 + (u-0xD800)<<10 + (low - 0xDC00)
				i += 6
			}
			out = utf8.AppendRune(out, u)
			start = i
			continue
		}
		out = append(out, c)
		start = i
	}
	return append(out, text[start:]...), true
}

func hex4(text []byte) rune {
	var u rune
	for _, c := range text[:4] {
		if c -= '0'; c > 9 {
			c = (c + '0') | 0x20 - 'a' + 10
		}
		u = u<<4 + rune(c)
	}
	return u
}
