package fauna

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
)

// errPage is the error of an answer that is not the page that was asked for.
var errPage = errors.New("not the page that was asked for")

func badPage(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{errPage}, args...)...)
}

// A rawPage holds the members of a page.
type rawPage struct{ data, before, after json.RawMessage }

// readPage parses an answer that is a page, and nothing else.
func readPage(answer []byte) (rawPage, error) {
	outer, err := members(answer, "resource")
	if err != nil {
		return rawPage{}, badPage("%w", err)
	}
	page, err := members(outer["resource"], "data", "before", "after")
	if err != nil {
		return rawPage{}, badPage("%w", err)
	}
	if page["data"] == nil {
		return rawPage{}, errPage
	}
	return rawPage{page["data"], page["before"], page["after"]}, nil
}

// readList parses a page of at most size elements; element parses one of them.
// It scans the elements by hand, since there are tens of thousands, and the rest
// as JSON.
func readList(answer []byte, size int, element func(*listScanner) bool) (rawPage, error) {
	s := &listScanner{text: answer}
	start := s.data()
	n := 0
	if start < 0 || !s.list(func(s *listScanner) bool { n++; return element(s) }) {
		return rawPage{}, errPage
	}
	if n > size {
		return rawPage{}, badPage("%d elements where %d were asked for", n, size)
	}
	return readPage(slices.Concat(answer[:start], []byte(`[]`), answer[s.pos:]))
}

// members reads an object that may have only these keys, each at most once.
func members(object []byte, keys ...string) (map[string]json.RawMessage, error) {
	dec := json.NewDecoder(bytes.NewReader(object))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("it is not an object")
	}
	found := map[string]json.RawMessage{}
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return nil, err
		}
		key, _ := t.(string)
		if _, twice := found[key]; twice || !slices.Contains(keys, key) {
			return nil, fmt.Errorf("unexpected key %s", quoteName(key))
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, err
		}
		found[key] = value
	}
	if _, err := dec.Token(); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errors.New("there is text after its end")
	}
	return found, nil
}

// none reports whether there is no cursor.
func none(cursor json.RawMessage) bool { return len(cursor) == 0 || string(cursor) == "null" }

// listScanner reads a list of numbers and strings of digits.
type listScanner struct {
	text []byte
	pos  int
}

// data moves to the value of the first key "data" and returns its start, -1 if
// there is none. "data" may also occur before it as a value: a cursor contains
// the collection's name.
func (s *listScanner) data() int {
	key := []byte(`"data"`)
	for {
		i := bytes.Index(s.text[s.pos:], key)
		if i < 0 {
			return -1
		}
		s.pos += i + len(key)
		if s.take(':') {
			return s.pos
		}
	}
}

// list reads an array.
func (s *listScanner) list(element func(*listScanner) bool) bool {
	if !s.take('[') {
		return false
	}
	if s.take(']') {
		return true
	}
	for {
		if !element(s) {
			return false
		}
		if s.take(']') {
			return true
		}
		if !s.take(',') {
			return false
		}
	}
}

// space skips white space.
func (s *listScanner) space() {
	for s.pos < len(s.text) && (s.text[s.pos] == ' ' || s.text[s.pos] == '\n' || s.text[s.pos] == '\r' || s.text[s.pos] == '\t') {
		s.pos++
	}
}

// take reads one byte, skipping white space before it.
func (s *listScanner) take(c byte) bool {
	s.space()
	if s.pos < len(s.text) && s.text[s.pos] == c {
		s.pos++
		return true
	}
	return false
}

// digits reads a number of 0 to 2^63-1.
func (s *listScanner) digits() (int64, bool) {
	start := s.pos
	var n uint64
	for s.pos < len(s.text) && '0' <= s.text[s.pos] && s.text[s.pos] <= '9' && s.pos-start < 19 {
		n = 10*n + uint64(s.text[s.pos]-'0')
		s.pos++
	}
	leading := s.pos-start > 1 && s.text[start] == '0'
	return int64(n), s.pos > start && n <= math.MaxInt64 && !leading
}

// id reads a document's id, a string of digits.
func (s *listScanner) id() (int64, bool) {
	if !s.take('"') {
		return 0, false
	}
	id, ok := s.digits()
	if !ok || s.pos >= len(s.text) || s.text[s.pos] != '"' {
		return 0, false
	}
	s.pos++
	return id, true
}
