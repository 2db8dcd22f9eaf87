package fql

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxDepth limits the nesting of printed values; deeper ones are skipped.
const maxDepth = 100

// printed reads values from text that a shell printed, as FQL or as JSON. It
// accepts anything, and skips what is not a value. A bare word such as null or
// 12 is a Number; a call is an Array of its arguments with the name as its text.
type printed struct {
	text    string
	pos     int
	depth   int
	open    bool   // the text ended inside a bracket
	omitted string // how many items the shell says it left out
}

var moreItems = regexp.MustCompile(`^\.\.\.\s*(\d+) more items?`)

// next returns the next value, nil at the end of the text. It skips unmatched
// closing brackets.
func (p *printed) next() *Node {
	for {
		if n, closing := p.read(); n != nil || !closing {
			return n
		}
	}
}

// read returns the next value; closing reports a closing bracket before it. At the end
// of the text it returns neither.
func (p *printed) read() (n *Node, closing bool) {
	for p.pos < len(p.text) {
		c := p.text[p.pos]
		switch {
		case c == '{':
			return p.brackets(&Node{Kind: Object}), false
		case c == '[':
			return p.brackets(&Node{Kind: Array}), false
		case c == '}', c == ']', c == ')':
			p.pos++
			return nil, true
		case c == '"', c == '\'', c == '`':
			return textNode(p.str(c)), false
		case strings.HasPrefix(p.text[p.pos:], "..."):
			if m := moreItems.FindStringSubmatch(p.text[p.pos:]); m != nil {
				p.omitted = m[1]
				p.pos += len(m[0])
			} else {
				p.pos += len("...") // the shell's mark of a continued line
			}
		default:
			word, after := p.word()
			switch {
			case word == "":
				_, size := utf8.DecodeRuneInString(p.text[p.pos:])
				p.pos += size
			case after == '(':
				return p.brackets(&Node{Kind: Array, Text: word}), false
			case after != '>': // a prompt
				return &Node{Kind: Number, Text: word}, false
			}
		}
	}
	return nil, false
}

// word reads a bare word, "" if there is none, and returns the byte after it.
func (p *printed) word() (word string, after byte) {
	end := strings.IndexFunc(p.text[p.pos:], func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune("(){}[]\"'`,:>", r)
	})
	if end < 0 {
		word, p.pos = p.text[p.pos:], len(p.text)
		return word, 0
	}
	word = p.text[p.pos : p.pos+end]
	p.pos += end
	return word, p.text[p.pos]
}

// brackets reads a list, an object or the arguments of a call up to the
// bracket that closes it. A wrong closing bracket closes it too.
func (p *printed) brackets(n *Node) *Node {
	p.pos++
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxDepth {
		p.pos = len(p.text)
	}
	for {
		item, closing := p.read()
		if item == nil {
			p.open = p.open || !closing
			return n
		}
		if n.Kind == Object {
			key := ""
			rest := strings.TrimLeft(p.text[p.pos:], " \t\r\n")
			if strings.HasPrefix(rest, ":") && (item.Kind == Number || item.Kind == String) {
				key = item.Text
				p.pos = len(p.text) - len(rest) + 1
				if item, closing = p.read(); item == nil {
					p.open = p.open || !closing
					return n
				}
			}
			n.Keys = append(n.Keys, key)
		}
		n.Items = append(n.Items, item)
	}
}

// str reads a quoted string with JavaScript's escapes, to the end of the text if
// it is not closed.
func (p *printed) str(quote byte) string {
	p.pos++
	from := p.pos
	for p.pos < len(p.text) && p.text[p.pos] != quote {
		if p.text[p.pos] == '\\' {
			p.pos++
		}
		p.pos++
	}
	raw := p.text[from:min(p.pos, len(p.text))]
	p.pos = min(p.pos+1, len(p.text))
	if !strings.Contains(raw, `\`) {
		return raw
	}
	text, _ := unescape(raw)
	return text
}
