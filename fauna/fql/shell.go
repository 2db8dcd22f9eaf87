package fql

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth limits the nesting of printed values; deeper ones are skipped.
const maxDepth = 100

type valueKind int

const (
	wordValue   valueKind = iota // users, null, 12
	stringValue                  // 'users', "users"
	callValue                    // Collection("users")
	listValue                    // [ … ]
	objectValue                  // { … }
)

// value is a value printed by the shell or as JSON.
type value struct {
	kind  valueKind
	text  string  // of a word, a string, or a call's name
	items []value // of a list, of a call's arguments, of an object's members
	keys  []string
}

// member returns the first member of an object with a key.
func (v value) member(key string) (value, bool) {
	for i, k := range v.keys {
		if k == key && i < len(v.items) {
			return v.items[i], true
		}
	}
	return value{}, false
}

// printed reads values from text that a shell printed. It accepts anything, and
// skips what is not a value.
type printed struct {
	text    string
	pos     int
	depth   int
	open    bool   // the text ended inside a bracket
	omitted string // how many items the shell says it left out
}

var moreItems = regexp.MustCompile(`^\.\.\.\s*(\d+) more items?`)

// next returns the next value; false at the end of the text. It skips unmatched
// closing brackets.
func (p *printed) next() (value, bool) {
	for {
		v, closing, ok := p.read()
		switch {
		case ok:
			return v, true
		case closing == 0:
			return value{}, false
		}
	}
}

// read returns the next value, or the closing bracket before it; neither at the
// end of the text.
func (p *printed) read() (v value, closing byte, ok bool) {
	for p.pos < len(p.text) {
		c := p.text[p.pos]
		switch {
		case c == '{', c == '[':
			return p.brackets(c), 0, true
		case c == '}', c == ']', c == ')':
			p.pos++
			return value{}, c, false
		case c == '"', c == '\'', c == '`':
			return value{kind: stringValue, text: p.str(c)}, 0, true
		case strings.HasPrefix(p.text[p.pos:], "..."):
			if m := moreItems.FindStringSubmatch(p.text[p.pos:]); m != nil {
				p.omitted = m[1]
				p.pos += len(m[0])
			} else {
				p.pos += len("...") // the shell's mark of a continued line
			}
		default:
			word := p.word()
			if word == "" {
				_, size := utf8.DecodeRuneInString(p.text[p.pos:])
				p.pos += size
				continue
			}
			if p.pos < len(p.text) && p.text[p.pos] == '(' {
				v := p.brackets('(')
				v.text = word
				return v, 0, true
			}
			if p.pos < len(p.text) && p.text[p.pos] == '>' {
				continue // a prompt
			}
			return value{kind: wordValue, text: word}, 0, true
		}
	}
	return value{}, 0, false
}

// word reads a bare word; "" if there is none.
func (p *printed) word() string {
	start := p.pos
	for p.pos < len(p.text) {
		r, size := utf8.DecodeRuneInString(p.text[p.pos:])
		if unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune("(){}[]\"'`,:>", r) {
			break
		}
		p.pos += size
	}
	return p.text[start:p.pos]
}

// brackets reads a list, an object or the arguments of a call up to the
// bracket that closes it. A wrong closing bracket closes it too.
func (p *printed) brackets(opening byte) value {
	v := value{kind: listValue}
	switch opening {
	case '{':
		v.kind = objectValue
	case '(':
		v.kind = callValue
	}
	p.pos++
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxDepth {
		p.pos = len(p.text)
		p.open = true
		return v
	}
	for {
		item, closing, ok := p.read()
		if closing != 0 {
			return v
		}
		if !ok {
			p.open = true
			return v
		}
		if opening == '{' {
			key := ""
			if rest := strings.TrimLeft(p.text[p.pos:], " \t\r\n"); strings.HasPrefix(rest, ":") &&
				(item.kind == wordValue || item.kind == stringValue) {
				key = item.text
				p.pos = len(p.text) - len(rest) + 1
				if item, closing, ok = p.read(); !ok {
					p.open = p.open || closing == 0
					return v
				}
			}
			v.keys = append(v.keys, key)
		}
		v.items = append(v.items, item)
	}
}

// str reads a quoted string with JavaScript's escapes.
func (p *printed) str(quote byte) string {
	var b strings.Builder
	for p.pos++; p.pos < len(p.text); p.pos++ {
		switch c := p.text[p.pos]; c {
		case quote:
			p.pos++
			return b.String()
		case '\\':
			p.escape(&b)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// escape reads an escape, and leaves pos on its last byte.
func (p *printed) escape(b *strings.Builder) {
	p.pos++
	if p.pos >= len(p.text) {
		return
	}
	switch c := p.text[p.pos]; c {
	case 'n':
		b.WriteByte('\n')
	case 't':
		b.WriteByte('\t')
	case 'r':
		b.WriteByte('\r')
	case 'b':
		b.WriteByte('\b')
	case 'f':
		b.WriteByte('\f')
	case 'u':
		r, size := p.hex(p.pos + 1)
		p.pos += size
		if utf16.IsSurrogate(r) && strings.HasPrefix(p.text[p.pos+1:], `\u`) {
			if low, n := p.hex(p.pos + 3); n > 0 {
				if pair := utf16.DecodeRune(r, low); pair != unicode.ReplacementChar {
					r = pair
					p.pos += 2 + n
				}
			}
		}
		b.WriteRune(r)
	default:
		b.WriteByte(c)
	}
}

// hex reads four hexadecimal digits; size is 0 if there are none.
func (p *printed) hex(at int) (r rune, size int) {
	if at+4 > len(p.text) {
		return 'u', 0
	}
	n, err := strconv.ParseUint(p.text[at:at+4], 16, 16)
	if err != nil {
		return 'u', 0
	}
	return rune(n), 4
}
