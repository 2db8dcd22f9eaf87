package fauna

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"

	"fauna-export/fauna/fql"
)

// readPage parses an answer that is a page, and nothing else.
func readPage(answer []byte) (*fql.Node, error) {
	whole, err := fql.ParseJSON(answer)
	if err != nil {
		return nil, err
	}
	page := whole.Member("resource")
	for _, object := range []struct {
		*fql.Node
		keys []string
	}{{whole, []string{"resource"}}, {page, []string{"data", "before", "after"}}} {
		if object.Node == nil || object.Kind != fql.Object {
			return nil, errors.New("not a page")
		}
		if object.Doubled {
			return nil, errors.New("a key of the page occurs twice")
		}
		for _, key := range object.Keys {
			if !slices.Contains(object.keys, key) {
				return nil, fmt.Errorf("the page has an unexpected key %s", quoteName(key))
			}
		}
	}
	if page.Member("data") == nil {
		return nil, errors.New("the page has no data")
	}
	return page, nil
}

// readList parses a page of at most size elements; element parses one of them.
// It scans the elements by hand, since there are tens of thousands, and the rest
// as JSON.
func readList(answer []byte, size int, element func(*listScanner) bool) (*fql.Node, error) {
	s := &listScanner{text: answer}
	start := s.data()
	n := 0
	if start < 0 || !s.list(func(s *listScanner) bool { n++; return element(s) }) {
		return nil, errors.New("the page is not a list of the expected elements")
	}
	if n > size {
		return nil, fmt.Errorf("the page has %d elements instead of at most %d", n, size)
	}
	return readPage(slices.Concat(answer[:start], []byte(`[]`), answer[s.pos:]))
}

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
