package fql

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Names are the collection names found in a text.
type Names struct {
	Names []string // possible names, each once, in the text's order
	Bad   []BadName
	Cut   string // why there may be more and what to do, a sentence or two; "" for a whole list
}

// BadName is a name that no collection can have, safe to print.
type BadName struct {
	Name string
	Why  string // "it has a space"
}

// CheckName returns nil for a valid collection name, or what is wrong with it:
// "it has a space". Names are letters, marks and digits of any script and ; @ +
// $ - _ . ! ~ %, but not a single "_".
func CheckName(name string) error {
	switch {
	case name == "":
		return errors.New("it is empty")
	case name == "_":
		return errors.New("_ is reserved")
	case !utf8.ValidString(name):
		return errors.New("it is not valid UTF-8")
	}
	for _, r := range name {
		switch {
		case isNameRune(r):
		case r == ' ':
			return errors.New("it has a space")
		case unicode.IsSpace(r):
			return errors.New("it has white space other than a plain space")
		case unicode.IsPrint(r):
			return fmt.Errorf("it has the character %c", r)
		default:
			return errors.New("it has a control character")
		}
	}
	return nil
}

// isNameRune follows the server's pattern [;@+$\-_.!~%\w]+, with \w as Java
// means it for Unicode: alphabetic, mark, decimal digit, connector
// punctuation and the two joiners.
func isNameRune(r rune) bool {
	if r < utf8.RuneSelf {
		return strings.ContainsRune(";@+$-_.!~%", r) || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
	}
	return unicode.In(r, unicode.L, unicode.M, unicode.Nd, unicode.Nl, unicode.Pc, unicode.Other_Alphabetic, unicode.Join_Control)
}

// fqlText matches what distinguishes printed FQL or JSON from typed names: a
// bracket, a string, or a call.
var fqlText = regexp.MustCompile("[{\\[]|(?:^|[\\s,(:])[\"'`]|\\b[A-Z][A-Za-z]*\\(")

// ParseNames finds collection names in whatever was typed or pasted: names
// separated by commas, spaces or newlines; what Paginate(Collections()) prints
// in the shell or as JSON, or a Map of it to names; documents of collections.
// It skips queries that were copied along, and reports a list that the shell
// cut short.
func ParseNames(pasted string) Names {
	text := StripEscapes(pasted)
	found := nameList{seen: map[string]bool{}}
	if fqlText.MatchString(text) {
		found.read(text)
	} else {
		found.readTyped(text)
	}
	return found.result
}

// nameList collects names.
type nameList struct {
	result Names
	seen   map[string]bool
}

func (l *nameList) add(name string) {
	if l.seen[name] {
		return
	}
	l.seen[name] = true
	if err := CheckName(name); err != nil {
		l.result.Bad = append(l.result.Bad, BadName{Printable(name), err.Error()})
		return
	}
	l.result.Names = append(l.result.Names, name)
}

// readTyped reads names as a person types them. In a line with commas only
// commas separate, so that a name with a space is recognized as one name.
func (l *nameList) readTyped(text string) {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		for _, bullet := range []string{"- ", "* ", "• "} {
			line = strings.TrimPrefix(line, bullet)
		}
		parts := strings.Fields(line)
		if strings.Contains(line, ",") {
			parts = strings.Split(line, ",")
		}
		for _, p := range parts {
			if p = strings.TrimSpace(p); p != "" {
				l.add(p)
			}
		}
	}
}

// moreItems matches what the shell says of the items that it left out.
var moreItems = regexp.MustCompile(`\.\.\.\s*(\d+) more items?`)

// read reads names from printed FQL or JSON.
func (l *nameList) read(text string) {
	omitted := moreItems.FindStringSubmatch(text)
	p := newPrinted(moreItems.ReplaceAllString(text, ""))
	words := !strings.ContainsAny(text, "{[") // otherwise words around are other shell output
	for v := p.next(); v != nil; v = p.next() {
		if v.Kind != Number || words {
			l.take(v)
		}
	}
	switch {
	case omitted != nil: // says more than that there is another page
		l.result.Cut = "The shell cut off " + omitted[1] + " names. Get them all with `fauna eval`, or choose from the whole list once the secret is known."
	case p.open && l.result.Cut == "":
		l.result.Cut = "The text ends in the middle of a list. Copy all of it, or choose from the whole list once the secret is known."
	}
}

// take adds the names in a printed value.
func (l *nameList) take(v *Node) {
	switch {
	case v.Kind == String:
		l.add(v.Text)
	case v.Kind == Number:
		if !notNames[v.Text] && strings.Trim(v.Text, "0123456789.-") != "" {
			l.add(v.Text)
		}
	case v.Kind == Object:
		l.takeObject(v)
	case v.Text == "":
		for _, item := range v.Items {
			l.take(item)
		}
	case v.Text == "Collection" && len(v.Items) > 0 && v.Items[0].Kind == String:
		l.add(v.Items[0].Text)
	case v.Text == "Ref" && len(v.Items) == 2 && v.Items[0].Text == "Collections":
		l.take(v.Items[1])
	}
}

// takeObject adds the names in a page, an answer, a ref or the document of a
// collection.
func (l *nameList) takeObject(v *Node) {
	if ref := v.Member("@ref"); ref != nil {
		if id := ref.Member("id"); id != nil && ref.Member("collection", "@ref", "id").Str() == "collections" {
			l.take(id)
		}
		return
	}
	if data := v.Member("data"); data != nil && data.Kind != Object {
		l.take(data)
		if after := v.Member("after"); after != nil && !after.Is("null") && !after.Is("undefined") {
			l.result.Cut = "This is only the first page. Print more at once with {size: 1000}, or choose from the whole list once the secret is known."
		}
		return
	}
	for _, key := range []string{"resource", "ref", "name"} {
		if inner := v.Member(key); inner != nil {
			l.take(inner)
			return
		}
	}
}

// notNames are words printed in place of a value.
var notNames = map[string]bool{
	"null": true, "undefined": true, "true": true, "false": true, "Object": true, "Array": true, "Circular": true,
}
