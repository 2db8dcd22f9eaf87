package row

import (
	"encoding/binary"
	"math/bits"
	"strings"
)

// scanner reads JSON text without allocating values. Its methods take the whole
// text and a position, and return the position after what they read, or -1 after
// recording a fault. White space outside of strings is a fault: no server sends it.
type scanner struct {
	at    int    // where the fault was found
	why   string // what is wrong there
	short bool   // the text ends too early
	high  uint64 // bit 7 of any byte is set if a string may contain non-ASCII bytes
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
	if isSpace(src[i]) {
		why = "white space outside of a string"
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
	if end >= len(src) || src[end] != ':' {
		return -1, s.wrong(src, end, "a colon is missing")
	}
	return end, end + 1
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

// compact appends JSON text without the white space outside of its strings. Text
// that is not JSON does not become JSON: between two words it stays.
func compact(out, text []byte) []byte {
	const marks = "{}[]:,\""
	start, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			quoted = !quoted
		case quoted && c == '\\':
			i++
		case !quoted && isSpace(c):
			end := space(text, i)
			if i == 0 || end == len(text) || strings.IndexByte(marks, text[i-1]) >= 0 || strings.IndexByte(marks, text[end]) >= 0 {
				out = append(out, text[start:i]...)
				start = end
			}
			i = end - 1
		}
	}
	return append(out, text[start:]...)
}
