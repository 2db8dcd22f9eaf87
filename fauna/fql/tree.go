package fql

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// A Node is a JSON value that keeps the order of an object's members and the
// digits of numbers. Of members with the same key it keeps the first.
type Node struct {
	Kind  NodeKind
	Text  string // of a string, a number, true or false
	Keys  []string
	Items []*Node // of an array, or the members' values
}

// NodeKind is the type of a JSON value.
type NodeKind uint8

// The types of JSON values.
const (
	Null NodeKind = iota
	Bool
	Number
	String
	Array
	Object
)

// Member returns the value of a member, or of a member of a member and so on;
// nil if there is none.
func (n *Node) Member(path ...string) *Node {
	for _, key := range path {
		if n == nil {
			return nil
		}
		i := slices.Index(n.Keys, key)
		if i < 0 {
			return nil
		}
		n = n.Items[i]
	}
	return n
}

// Members ranges over the members of an object.
func (n *Node) Members() iter.Seq2[string, *Node] {
	return func(yield func(string, *Node) bool) {
		if n == nil {
			return
		}
		for i, key := range n.Keys {
			if !yield(key, n.Items[i]) {
				return
			}
		}
	}
}

// Str returns the text of a string, "" for any other value.
func (n *Node) Str() string {
	if n == nil || n.Kind != String {
		return ""
	}
	return n.Text
}

// IsNull reports whether the value is null or missing.
func (n *Node) IsNull() bool { return n == nil || n.Kind == Null }

// Int returns a whole number of 64 bits.
func (n *Node) Int() (int64, bool) {
	if n == nil || n.Kind != Number {
		return 0, false
	}
	i, err := strconv.ParseInt(n.Text, 10, 64)
	return i, err == nil
}

// Is reports whether the value is a scalar with this text.
func (n *Node) Is(text string) bool { return n != nil && n.Text == text }

// Elements returns the elements of an array, a single value as one, and none if the
// value is null or missing.
func (n *Node) Elements() []*Node {
	switch {
	case n.IsNull():
		return nil
	case n.Kind == Array:
		return n.Items
	}
	return []*Node{n}
}

// add appends a member, or replaces the value of an existing one.
func (n *Node) add(key string, value *Node) {
	if i := slices.Index(n.Keys, key); i >= 0 {
		n.Items[i] = value
		return
	}
	n.Keys, n.Items = append(n.Keys, key), append(n.Items, value)
}

// object returns an object of keys and values in turn.
func object(members ...any) *Node {
	n := &Node{Kind: Object}
	for i := 0; i < len(members); i += 2 {
		n.add(members[i].(string), members[i+1].(*Node))
	}
	return n
}

// tag returns the tag of a value with one, and what follows it.
func (n *Node) tag() (string, *Node) {
	if n.Kind == Object && len(n.Keys) == 1 && len(n.Keys[0]) > 1 && n.Keys[0][0] == '@' {
		return n.Keys[0], n.Items[0]
	}
	return "", nil
}

// Append appends the value as compact JSON.
func (n *Node) Append(b []byte) []byte {
	switch n.Kind {
	case Null:
		return append(b, "null"...)
	case Bool, Number:
		return append(b, n.Text...)
	case String:
		return AppendString(b, n.Text)
	}
	brackets := "[]"
	if n.Kind == Object {
		brackets = "{}"
	}
	b = append(b, brackets[0])
	for i, item := range n.Items {
		if i > 0 {
			b = append(b, ',')
		}
		if n.Kind == Object {
			b = append(AppendString(b, n.Keys[i]), ':')
		}
		b = item.Append(b)
	}
	return append(b, brackets[1])
}

// AppendString appends text as a JSON string as Fauna and JavaScript write it:
// only quotes, backslashes and controls below U+0020 are escaped.
func AppendString(b []byte, s string) []byte {
	b, _ = jsontext.AppendQuote(b, s) // the error is about bytes that are not UTF-8
	return b
}

// AppendDate appends the day of an instant as Fauna writes dates.
func AppendDate(b []byte, t time.Time) []byte {
	if t.Year() > 9999 {
		b = append(b, '+')
	}
	return t.AppendFormat(b, time.DateOnly)
}

// AppendTime appends an instant, in UTC, as Fauna and Java's Instant write it: seconds
// always, a fraction of 0, 3, 6 or 9 digits, always Z.
func AppendTime(b []byte, t time.Time) []byte {
	layout := "T15:04:05Z"
	switch nanos := t.Nanosecond(); {
	case nanos == 0:
	case nanos%1_000_000 == 0:
		layout = "T15:04:05.000Z"
	case nanos%1_000 == 0:
		layout = "T15:04:05.000000Z"
	default:
		layout = "T15:04:05.000000000Z"
	}
	return t.AppendFormat(AppendDate(b, t), layout)
}

// Errors of ParseJSON.
var (
	errNotJSON = errors.New("is not valid JSON")
	errNesting = errors.New("JSON exceeds nesting limit")
)

// maxNesting is the depth of arrays and objects that a request may have.
const maxNesting = 1000

// escapes matches escapes, a surrogate pair as one.
var escapes = regexp.MustCompile(`\\(?:u[dD][89abAB][[:xdigit:]]{2}\\u[dD][c-fC-F][[:xdigit:]]{2}|u[dD][89a-fA-F][[:xdigit:]]{2}|.)`)

// ParseJSON reads exactly one JSON value. Bytes that are not UTF-8 become U+FFFD
// and an unpaired surrogate becomes "?", as on the server.
func ParseJSON(text []byte) (*Node, error) {
	text = escapes.ReplaceAllFunc(text, func(escape []byte) []byte {
		if len(escape) == len(`\ud800`) {
			return []byte("?")
		}
		return escape
	})
	tokens := jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	n, err := readNode(tokens, 0)
	if _, end := tokens.ReadToken(); err == nil && end != io.EOF {
		err = errNotJSON
	}
	return n, err
}

func readNode(tokens *jsontext.Decoder, depth int) (*Node, error) {
	if depth > maxNesting {
		return nil, errNesting
	}
	token, err := tokens.ReadToken()
	if err != nil {
		return nil, errNotJSON
	}
	n, end := &Node{Kind: Array}, jsontext.Kind(']')
	switch token.Kind() {
	case 'n':
		return &Node{}, nil
	case 't', 'f':
		return &Node{Kind: Bool, Text: token.String()}, nil
	case '0':
		return &Node{Kind: Number, Text: token.String()}, nil
	case '"':
		return textNode(token.String()), nil
	case '{':
		n.Kind, end = Object, '}'
	}
	seen := map[string]bool{}
	for tokens.PeekKind() != end {
		key, double := "", false
		if n.Kind == Object {
			if token, err = tokens.ReadToken(); err != nil {
				return nil, errNotJSON
			}
			key = token.String()
			double, seen[key] = seen[key], true
		}
		item, err := readNode(tokens, depth+1)
		switch {
		case err != nil:
			return nil, err
		case double:
			continue
		case n.Kind == Object:
			n.Keys = append(n.Keys, key)
		}
		n.Items = append(n.Items, item)
	}
	_, err = tokens.ReadToken() // the bracket
	return n, err
}
