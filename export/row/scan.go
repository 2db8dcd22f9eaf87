package row

import (
	"encoding/binary"
	"math/bits"
	"strings"
)

// scanner reads JSON text without allocating values. Its methods take the whole
// text and a position, and return the position after what they read, or -1 after
// recording a fault. Open containers are kept on an explicit stack of bytes, so
// nesting uses no Go stack.
type scanner struct {
	at     int    // where the fault was found
	why    string // what is wrong there
	short  bool   // the text ends too early
	high   uint64 // bit 7 of any byte is set if a string may contain non-ASCII bytes
	spaces bool   // skip found white space outside strings

	skips []byte // containers open in skip
}

func (s *scanner) fail(at int, why string) int {
	s.at, s.why, s.short = at, why, false
	return -1
}

// end records that the text stops before the value does.
func (s *scanner) end(src []byte) int {
	s.at, s.why, s.short = len(src), "it ends too early", true
	return -1
}

// wrong records an unexpected byte, or the end of the text.
func (s *scanner) wrong(src []byte, i int, why string) int {
	if i >= len(src) {
		return s.end(src)
	}
	return s.fail(i, why)
}

const (
	everyByte = 0x0101010101010101
	highBits  = 0x80 * everyByte
)

// stops checks eight bytes of a string at once: the lowest set bit of its
// result is in the first byte that is a quote, a backslash or a control
// character.
func stops(w uint64) uint64 {
	quote := w ^ ('"' * everyByte)
	slash := w ^ ('\\' * everyByte)
	return ((quote-everyByte)&^quote | (slash-everyByte)&^slash | (w-0x20*everyByte)&^w) & highBits
}

// text reads a string, starting after its opening quote.
func (s *scanner) text(src []byte, i int) int {
	var high uint64
	for {
		for i+8 <= len(src) {
			w := binary.LittleEndian.Uint64(src[i:])
			stop := stops(w)
			if stop == 0 {
				high |= w
				i += 8
				continue
			}
			n := bits.TrailingZeros64(stop)
			high |= w & (1<<(n&63) - 1)
			i += n >> 3
			if src[i] == '"' {
				s.high |= high
				return i + 1
			}
			break
		}
		if i >= len(src) {
			return s.end(src)
		}
		switch c := src[i]; {
		case c == '"':
			s.high |= high
			return i + 1
		case c == '\\':
			if i = s.escape(src, i+1); i < 0 {
				return -1
			}
		case c < 0x20:
			return s.fail(i, "a control character in a string")
		default:
			high |= uint64(c)
			i++
		}
	}
}

// escape reads what follows a backslash.
func (s *scanner) escape(src []byte, i int) int {
	if i >= len(src) {
		return s.end(src)
	}
	switch src[i] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 1
	case 'u':
		for k := i + 1; k < i+5; k++ {
			if k >= len(src) {
				return s.end(src)
			}
			if !isHex(src[k]) {
				return s.fail(k, "an escape that is not \\u and four hex digits")
			}
		}
		return i + 5
	}
	return s.fail(i, "an unknown escape in a string")
}

func isHex(c byte) bool {
	return c-'0' <= 9 || (c|0x20)-'a' <= 5
}

// number reads a number.
func (s *scanner) number(src []byte, i int) int {
	if src[i] == '-' {
		i++
	}
	if i >= len(src) {
		return s.end(src)
	}
	if src[i] == '0' {
		i++
	} else if i = s.digits(src, i); i < 0 {
		return -1
	}
	if i < len(src) && src[i] == '.' {
		if i = s.digits(src, i+1); i < 0 {
			return -1
		}
	}
	if i < len(src) && src[i]|0x20 == 'e' {
		i++
		if i < len(src) && (src[i] == '+' || src[i] == '-') {
			i++
		}
		return s.digits(src, i)
	}
	return i
}

// digits reads one or more digits.
func (s *scanner) digits(src []byte, i int) int {
	if i >= len(src) || src[i]-'0' > 9 {
		return s.wrong(src, i, "an invalid number")
	}
	for i < len(src) && src[i]-'0' <= 9 {
		i++
	}
	return i
}

// literal reads true, false or null.
func (s *scanner) literal(src []byte, i int, word string) int {
	if hasPrefix(src, i, word) {
		return i + len(word)
	}
	if len(src)-i < len(word) && strings.HasPrefix(word, string(src[i:])) {
		return s.end(src)
	}
	return s.fail(i, "a word that is not true, false or null")
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

// space returns the position of the next byte that is not white space.
func space(src []byte, i int) int {
	for i < len(src) && isSpace(src[i]) {
		i++
	}
	return i
}

// key reads a key and its colon, starting at the opening quote, and returns the
// end of the key and the start of the value.
func (s *scanner) key(src []byte, i int) (end, value int) {
	if i >= len(src) || src[i] != '"' {
		return -1, s.wrong(src, i, "a key is missing")
	}
	if end = s.text(src, i+1); end < 0 {
		return -1, -1
	}
	i = end
	if i < len(src) && src[i] != ':' {
		if i = space(src, i); i != end {
			s.spaces = true
		}
	}
	if i >= len(src) || src[i] != ':' {
		return -1, s.wrong(src, i, "a colon is missing")
	}
	i++
	if i < len(src) && isSpace(src[i]) {
		s.spaces = true
		i = space(src, i)
	}
	return end, i
}

// skip reads any value, and sets spaces if it contains white space.
func (s *scanner) skip(src []byte, i int) int {
	open := s.skips[:0]
	defer func() { s.skips = open[:0] }()
value:
	if i >= len(src) {
		return s.end(src)
	}
	switch src[i] {
	case '"':
		if i++; i+8 <= len(src) { // most strings are short: avoid the call
			w := binary.LittleEndian.Uint64(src[i:])
			if n := bits.TrailingZeros64(stops(w)); n < 64 && src[i+n>>3] == '"' {
				s.high |= w & (1<<(n&63) - 1)
				i += n>>3 + 1
				goto after
			}
		}
		i = s.text(src, i)
	case '{':
		i++
		if i < len(src) && isSpace(src[i]) {
			s.spaces = true
			i = space(src, i)
		}
		if i < len(src) && src[i] == '}' {
			i++
			goto after
		}
		open = append(open, '{')
		goto key
	case '[':
		i++
		if i < len(src) && isSpace(src[i]) {
			s.spaces = true
			i = space(src, i)
		}
		if i < len(src) && src[i] == ']' {
			i++
			goto after
		}
		open = append(open, '[')
		goto value
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		i = s.number(src, i)
	case 't':
		i = s.literal(src, i, "true")
	case 'f':
		i = s.literal(src, i, "false")
	case 'n':
		i = s.literal(src, i, "null")
	case ' ', '\n', '\r', '\t':
		s.spaces = true
		i = space(src, i)
		goto value
	default:
		return s.fail(i, "a value is missing")
	}
	if i < 0 {
		return -1
	}
after:
	if len(open) == 0 {
		return i
	}
	if i >= len(src) {
		return s.end(src)
	}
	switch c := src[i]; {
	case c == ',':
		i++
		if open[len(open)-1] == '[' {
			goto value
		}
		goto key
	case c == open[len(open)-1]+2: // '[' and ']', '{' and '}' are two apart
		i++
		open = open[:len(open)-1]
		goto after
	case isSpace(c):
		s.spaces = true
		i = space(src, i)
		goto after
	}
	return s.fail(i, "a comma or the end of an array or object is missing")
key:
	if i < len(src) && isSpace(src[i]) {
		s.spaces = true
		i = space(src, i)
	}
	if i+9 <= len(src) && src[i] == '"' {
		w := binary.LittleEndian.Uint64(src[i+1:])
		if n := bits.TrailingZeros64(stops(w)) >> 3; n < 7 && src[i+n+1] == '"' && src[i+n+2] == ':' {
			s.high |= w & (1<<(8*n) - 1)
			i += n + 3
			goto value
		}
	}
	if _, i = s.key(src, i); i < 0 {
		return -1
	}
	goto value
}

// object reads the object at i. It calls field with each key, in quotes, and the
// position of its value; field returns the position after that, or -1.
func (s *scanner) object(src []byte, i int, field func(key span, value int) int) int {
	if i >= len(src) || src[i] != '{' {
		return s.wrong(src, i, "it is not an object")
	}
	return s.members(src, i+1, true, field)
}

// members reads an object from its first key on, or from after the value of
// another.
func (s *scanner) members(src []byte, i int, first bool, field func(key span, value int) int) int {
	for ; ; first = false {
		switch {
		case i < len(src) && src[i] == '}':
			return i + 1
		case first:
		case i >= len(src) || src[i] != ',':
			return s.wrong(src, i, "a comma or the end of an object is missing")
		default:
			i++
		}
		keyEnd, value := s.key(src, i)
		if value < 0 {
			return -1
		}
		if i = field(span{i, keyEnd}, value); i < 0 {
			return -1
		}
	}
}

// compact appends an already scanned value without the white space outside its
// strings.
func compact(out, value []byte) []byte {
	start, quoted := 0, false
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case c == '"':
			quoted = !quoted
		case quoted && c == '\\':
			i++
		case !quoted && isSpace(c):
			out = append(out, value[start:i]...)
			start = i + 1
		}
	}
	return append(out, value[start:]...)
}

// spaced reports whether the text is a JSON value with white space, or the beginning
// of one.
func (s *scanner) spaced(src []byte) bool {
	s.spaces = false
	end := s.skip(src, 0)
	return s.spaces && (end < 0 && s.short || end >= 0 && space(src, end) == len(src))
}

const whiteSpace = "white space outside of a string"

// verbatim reads a value without white space and appends it unchanged.
func (s *scanner) verbatim(src []byte, i int, out []byte) ([]byte, int) {
	s.spaces = false
	end := s.skip(src, i)
	if end >= 0 && s.spaces {
		end = s.fail(i, whiteSpace)
	}
	if end < 0 {
		return out, -1
	}
	return append(out, src[i:end]...), end
}
