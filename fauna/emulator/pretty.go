package emulator

import "bytes"

// indentJSON indents compact JSON as a real server does: two spaces a level,
// empty objects and arrays with a space inside, and a newline at the end. Text
// that is not JSON is indented by its brackets.
func indentJSON(body []byte) []byte {
	var out bytes.Buffer
	out.Grow(len(body) * 2)
	depth := 0
	newline := func() {
		out.WriteByte('\n')
		for range depth {
			out.WriteString("  ")
		}
	}
	for i := 0; i < len(body); i++ {
		switch c := body[i]; c {
		case '"':
			end := stringEnd(body, i)
			out.Write(body[i:end])
			i = end - 1
		case '{', '[':
			out.WriteByte(c)
			if next := skipSpace(body, i+1); next < len(body) && body[next] == c+2 {
				out.WriteByte(' ')
				out.WriteByte(c + 2)
				i = next
				continue
			}
			depth++
			newline()
		case '}', ']':
			depth = max(depth-1, 0)
			newline()
			out.WriteByte(c)
		case ',':
			out.WriteByte(c)
			newline()
		case ':':
			out.WriteString(": ")
		case ' ', '\t', '\r', '\n':
		default:
			out.WriteByte(c)
		}
	}
	out.WriteByte('\n')
	return out.Bytes()
}

// stringEnd returns the position after the JSON string that begins at start.
func stringEnd(body []byte, start int) int {
	for i := start + 1; i < len(body); i++ {
		switch body[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(body)
}

// skipSpace returns the position of the first byte at or after i that is not
// white space.
func skipSpace(body []byte, i int) int {
	for i < len(body) && (body[i] == ' ' || body[i] == '\t' || body[i] == '\r' || body[i] == '\n') {
		i++
	}
	return i
}
