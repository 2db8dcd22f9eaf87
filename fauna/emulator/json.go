package emulator

import (
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxNesting is the depth of arrays and objects that a request may have.
const maxNesting = 1000

var (
	errNotJSON = errors.New("is not valid JSON")
	errNesting = errors.New("JSON exceeds nesting limit")
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
	if i := slices.Index(v.keys, key); i >= 0 {
		return v.items[i]
	}
	return nil
}

type jsonParser struct {
	in []byte
	at int
}

// parseJSON reads exactly one JSON value. Whole numbers must fit in 64 bits.
func parseJSON(in []byte) (*jsonValue, error) {
	p := &jsonParser{in: in}
	v, err := p.value(0)
	if err == nil && p.next() != 0 {
		err = errNotJSON
	}
	return v, err
}

// next skips white space and returns the byte after it, 0 at the end.
func (p *jsonParser) next() byte {
	for ; p.at < len(p.in); p.at++ {
		switch c := p.in[p.at]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

func (p *jsonParser) take(c byte) bool {
	if p.next() != c {
		return false
	}
	p.at++
	return true
}

func (p *jsonParser) value(depth int) (*jsonValue, error) {
	if depth > maxNesting {
		return nil, errNesting
	}
	switch p.next() {
	case '{':
		return p.container(&jsonValue{kind: jsonObject}, '}', depth)
	case '[':
		return p.container(&jsonValue{kind: jsonArray}, ']', depth)
	case '"':
		text, ok := p.string()
		if !ok {
			return nil, errNotJSON
		}
		return &jsonValue{kind: jsonString, text: text}, nil
	}
	return p.word()
}

// container reads an array or an object.
func (p *jsonParser) container(v *jsonValue, end byte, depth int) (*jsonValue, error) {
	p.at++
	if p.take(end) {
		return v, nil
	}
	var seen map[string]bool // keys, once there are many
	for {
		key, double := "", false
		if v.kind == jsonObject {
			var ok bool
			if key, ok = p.string(); !ok || !p.take(':') {
				return nil, errNotJSON
			}
			switch {
			case len(v.keys) < 16:
				double = v.get(key) != nil
			case seen == nil:
				seen = make(map[string]bool, 2*len(v.keys))
				for _, k := range v.keys {
					seen[k] = true
				}
				fallthrough
			default:
				double = seen[key]
				seen[key] = true
			}
		}
		item, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		if !double {
			v.items = append(v.items, item)
			if v.kind == jsonObject {
				v.keys = append(v.keys, key)
			}
		}
		if p.take(end) {
			return v, nil
		}
		if !p.take(',') {
			return nil, errNotJSON
		}
	}
}

// word reads a number, true, false or null.
func (p *jsonParser) word() (*jsonValue, error) {
	from := p.at
	for p.at < len(p.in) && strings.IndexByte(" \t\n\r,:]}", p.in[p.at]) < 0 {
		p.at++
	}
	raw := p.in[from:p.at]
	if !json.Valid(raw) {
		return nil, errNotJSON
	}
	text := string(raw)
	switch text {
	case "null":
		return &jsonValue{}, nil
	case "true", "false":
		return &jsonValue{kind: jsonBool, yes: text == "true"}, nil
	}
	if strings.ContainsAny(text, ".eE") {
		f, _ := strconv.ParseFloat(text, 64) // of one out of range it is an infinity
		return &jsonValue{kind: jsonDouble, num: f}, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil, errNotJSON
	}
	return &jsonValue{kind: jsonLong, long: n}, nil
}

// escapes finds escapes, and those of surrogates whole.
var escapes = regexp.MustCompile(`\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|u[dD][89a-fA-F]..|.)`)

// string reads a string. Bytes that are not UTF-8 become U+FFFD and an unpaired
// surrogate becomes "?".
func (p *jsonParser) string() (string, bool) {
	if p.next() != '"' {
		return "", false
	}
	from := p.at
	plain := true
	for p.at++; p.at < len(p.in) && p.in[p.at] != '"'; p.at++ {
		if p.in[p.at] == '\\' {
			plain = false
			p.at++
		}
	}
	p.at++
	if p.at > len(p.in) || !json.Valid(p.in[from:p.at]) {
		return "", false
	}
	raw := p.in[from:p.at]
	if plain && utf8.Valid(raw) {
		return string(raw[1 : len(raw)-1]), true
	}
	raw = escapes.ReplaceAllFunc(raw, func(escape []byte) []byte {
		if len(escape) == len(`\ud800`) {
			return []byte("?")
		}
		return escape
	})
	var text string
	err := json.Unmarshal(raw, &text)
	return text, err == nil
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
