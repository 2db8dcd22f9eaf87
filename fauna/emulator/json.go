package emulator

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxNesting is the depth of arrays and objects that a request may have.
const maxNesting = 1000

var (
	errNotJSON = errors.New("request body is not valid JSON")
	errNesting = errors.New("request body JSON exceeds nesting limit")
)

type jsonKind uint8

const (
	jsonNull jsonKind = iota
	jsonBool
	jsonLong
	jsonDouble
	jsonString
	jsonArray
	jsonObject
)

// A jsonValue is JSON that keeps the order of an object's keys. The first of
// duplicate keys wins.
type jsonValue struct {
	kind  jsonKind
	yes   bool
	long  int64
	num   float64
	text  string
	keys  []string
	items []*jsonValue
}

// get returns the value under key, or nil.
func (v *jsonValue) get(key string) *jsonValue {
	for i, k := range v.keys {
		if k == key {
			return v.items[i]
		}
	}
	return nil
}

type jsonParser struct {
	in  []byte
	at  int
	err error
}

// parseJSON reads exactly one JSON value. Whole numbers must fit in 64 bits.
func parseJSON(in []byte) (*jsonValue, error) {
	p := &jsonParser{in: in}
	p.space()
	v := p.value(0)
	p.space()
	if p.err == nil && p.at != len(p.in) {
		p.fail()
	}
	if p.err != nil {
		return nil, p.err
	}
	return v, nil
}

func (p *jsonParser) fail() *jsonValue {
	if p.err == nil {
		p.err = errNotJSON
	}
	return nil
}

func (p *jsonParser) space() {
	for p.at < len(p.in) {
		switch p.in[p.at] {
		case ' ', '\t', '\n', '\r':
			p.at++
		default:
			return
		}
	}
}

// next returns the next byte, 0 at the end.
func (p *jsonParser) next() byte {
	if p.at < len(p.in) {
		return p.in[p.at]
	}
	return 0
}

func (p *jsonParser) word(w string, v *jsonValue) *jsonValue {
	if !strings.HasPrefix(string(p.in[p.at:min(len(p.in), p.at+len(w))]), w) {
		return p.fail()
	}
	p.at += len(w)
	return v
}

func (p *jsonParser) value(depth int) *jsonValue {
	if depth > maxNesting {
		p.err = errNesting
		return nil
	}
	switch c := p.next(); {
	case c == '{':
		return p.object(depth)
	case c == '[':
		return p.array(depth)
	case c == '"':
		text, ok := p.string()
		if !ok {
			return p.fail()
		}
		return &jsonValue{kind: jsonString, text: text}
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	case c == 't':
		return p.word("true", &jsonValue{kind: jsonBool, yes: true})
	case c == 'f':
		return p.word("false", &jsonValue{kind: jsonBool})
	case c == 'n':
		return p.word("null", &jsonValue{})
	}
	return p.fail()
}

func (p *jsonParser) object(depth int) *jsonValue {
	v := &jsonValue{kind: jsonObject}
	var seen map[string]bool // only for objects with many keys
	p.at++
	p.space()
	if p.next() == '}' {
		p.at++
		return v
	}
	for {
		p.space()
		if p.next() != '"' {
			return p.fail()
		}
		key, ok := p.string()
		if !ok {
			return p.fail()
		}
		p.space()
		if p.next() != ':' {
			return p.fail()
		}
		p.at++
		p.space()
		item := p.value(depth + 1)
		if p.err != nil {
			return nil
		}
		double := false
		if len(v.keys) < 16 {
			double = v.get(key) != nil
		} else {
			if seen == nil {
				seen = make(map[string]bool, 2*len(v.keys))
				for _, k := range v.keys {
					seen[k] = true
				}
			}
			double = seen[key]
			seen[key] = true
		}
		if !double {
			v.keys = append(v.keys, key)
			v.items = append(v.items, item)
		}
		p.space()
		switch p.next() {
		case ',':
			p.at++
		case '}':
			p.at++
			return v
		default:
			return p.fail()
		}
	}
}

func (p *jsonParser) array(depth int) *jsonValue {
	v := &jsonValue{kind: jsonArray}
	p.at++
	p.space()
	if p.next() == ']' {
		p.at++
		return v
	}
	for {
		p.space()
		item := p.value(depth + 1)
		if p.err != nil {
			return nil
		}
		v.items = append(v.items, item)
		p.space()
		switch p.next() {
		case ',':
			p.at++
		case ']':
			p.at++
			return v
		default:
			return p.fail()
		}
	}
}

func (p *jsonParser) digits() int {
	n := 0
	for p.at < len(p.in) && p.in[p.at] >= '0' && p.in[p.at] <= '9' {
		p.at++
		n++
	}
	return n
}

func (p *jsonParser) number() *jsonValue {
	from := p.at
	if p.next() == '-' {
		p.at++
	}
	first := p.next()
	if n := p.digits(); n == 0 || n > 1 && first == '0' {
		return p.fail()
	}
	whole := true
	if p.next() == '.' {
		whole = false
		p.at++
		if p.digits() == 0 {
			return p.fail()
		}
	}
	if c := p.next(); c == 'e' || c == 'E' {
		whole = false
		p.at++
		if c := p.next(); c == '+' || c == '-' {
			p.at++
		}
		if p.digits() == 0 {
			return p.fail()
		}
	}
	text := string(p.in[from:p.at])
	if whole {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return p.fail()
		}
		return &jsonValue{kind: jsonLong, long: n}
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil && !math.IsInf(f, 0) {
		return p.fail()
	}
	return &jsonValue{kind: jsonDouble, num: f}
}

// string reads a string from its opening quote on. Bytes that are not UTF-8
// become U+FFFD and an unpaired surrogate becomes "?".
func (p *jsonParser) string() (string, bool) {
	p.at++
	from := p.at
	for p.at < len(p.in) { // the usual case: nothing to decode
		c := p.in[p.at]
		if c == '"' {
			text := p.in[from:p.at]
			p.at++
			if utf8.Valid(text) {
				return string(text), true
			}
			return strings.ToValidUTF8(string(text), "\uFFFD"), true
		}
		if c == '\\' || c < 0x20 {
			break
		}
		p.at++
	}
	var out []byte
	out = append(out, p.in[from:p.at]...)
	for p.at < len(p.in) {
		c := p.in[p.at]
		switch {
		case c == '"':
			p.at++
			return strings.ToValidUTF8(string(out), "\uFFFD"), true
		case c < 0x20:
			return "", false
		case c != '\\':
			out = append(out, c)
			p.at++
		default:
			var ok bool
			if out, ok = p.escape(out); !ok {
				return "", false
			}
		}
	}
	return "", false
}

func (p *jsonParser) escape(out []byte) ([]byte, bool) {
	p.at++
	c := p.next()
	p.at++
	switch c {
	case '"', '\\', '/':
		return append(out, c), true
	case 'b':
		return append(out, '\b'), true
	case 'f':
		return append(out, '\f'), true
	case 'n':
		return append(out, '\n'), true
	case 'r':
		return append(out, '\r'), true
	case 't':
		return append(out, '\t'), true
	case 'u':
		r, ok := p.hex()
		if !ok {
			return nil, false
		}
		if !utf16.IsSurrogate(r) {
			return utf8.AppendRune(out, r), true
		}
		if r < 0xDC00 && p.next() == '\\' && p.at+1 < len(p.in) && p.in[p.at+1] == 'u' {
			back := p.at
			p.at += 2
			low, ok := p.hex()
			if !ok {
				return nil, false
			}
			if both := utf16.DecodeRune(r, low); both != utf8.RuneError {
				return utf8.AppendRune(out, both), true
			}
			p.at = back
		}
		return append(out, '?'), true
	}
	return nil, false
}

func (p *jsonParser) hex() (rune, bool) {
	if p.at+4 > len(p.in) {
		return 0, false
	}
	n, err := strconv.ParseUint(string(p.in[p.at:p.at+4]), 16, 32)
	if err != nil {
		return 0, false
	}
	p.at += 4
	return rune(n), true
}

// appendJSON renders v compactly, its keys in their order.
func appendJSON(b []byte, v *jsonValue) []byte {
	switch v.kind {
	case jsonBool:
		return strconv.AppendBool(b, v.yes)
	case jsonLong:
		return strconv.AppendInt(b, v.long, 10)
	case jsonDouble:
		return appendDouble(b, v.num)
	case jsonString:
		return appendString(b, v.text)
	case jsonArray:
		b = append(b, '[')
		for i, item := range v.items {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendJSON(b, item)
		}
		return append(b, ']')
	case jsonObject:
		b = append(b, '{')
		for i, item := range v.items {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendString(b, v.keys[i])
			b = append(b, ':')
			b = appendJSON(b, item)
		}
		return append(b, '}')
	}
	return append(b, "null"...)
}

// typeName names the JSON's type as errors do.
func (v *jsonValue) typeName() string {
	switch v.kind {
	case jsonArray:
		return "Array"
	case jsonObject:
		return "Object"
	}
	return typeName(scalar(v))
}
