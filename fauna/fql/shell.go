package fql

import (
	"strings"
	"text/scanner"
	"unicode"
)

// maxDepth limits the nesting of printed values; deeper ones are skipped.
const maxDepth = 100

// printed reads values from text that a shell printed, as FQL or as JSON. It
// accepts anything, and skips what is not a value. A bare word such as null or
// 12 is a Number; a call is an Array of its arguments with the name as its text.
type printed struct {
	scanner.Scanner
	depth int
	open  bool // the text ended inside a bracket
}

func newPrinted(text string) *printed {
	p := &printed{}
	p.Init(strings.NewReader(text))
	p.Mode = scanner.ScanIdents
	p.IsIdentRune = func(r rune, _ int) bool {
		return r >= 0 && !unicode.IsSpace(r) && !unicode.IsControl(r) && !strings.ContainsRune("(){}[]\"'`,:>", r)
	}
	p.Error = func(*scanner.Scanner, string) {}
	return p
}

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
	for {
		switch r := p.Scan(); r {
		case scanner.EOF:
			return nil, false
		case '{':
			return p.brackets(&Node{Kind: Object}), false
		case '[':
			return p.brackets(&Node{Kind: Array}), false
		case '}', ']', ')':
			return nil, true
		case '"', '\'', '`':
			text, _, _ := readString(&p.Scanner, r)
			return textNode(text), false
		case scanner.Ident:
			word := p.TokenText()
			switch after := p.Peek(); {
			case after == '(':
				p.Next()
				return p.brackets(&Node{Kind: Array, Text: word}), false
			case after != '>' && word != "...": // not a prompt, nor the mark of a continued line
				return &Node{Kind: Number, Text: word}, false
			}
		}
	}
}

// brackets reads a list, an object or the arguments of a call up to the
// bracket that closes it. A wrong closing bracket closes it too.
func (p *printed) brackets(n *Node) *Node {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxDepth {
		p.Init(strings.NewReader(""))
	}
	for {
		item, closing := p.read()
		key := ""
		if item != nil && n.Kind == Object && (item.Kind == Number || item.Kind == String) && p.colon() {
			key = item.Text
			item, closing = p.read()
		}
		if item == nil {
			p.open = p.open || !closing
			return n
		}
		if n.Kind == Object {
			n.Keys = append(n.Keys, key)
		}
		n.Items = append(n.Items, item)
	}
}

// colon reports whether a colon comes next, and reads it.
func (p *printed) colon() bool {
	for unicode.IsSpace(p.Peek()) {
		p.Next()
	}
	found := p.Peek() == ':'
	if found {
		p.Next()
	}
	return found
}
