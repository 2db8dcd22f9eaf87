package fauna

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
)

// decodeList reads a page whose elements element reads one by one, and returns
// its "after". The elements are scanned by hand, since there are tens of
// thousands; what stands around them is read as JSON. Anything else than such a
// page is the error strange.
func decodeList(answer []byte, strange error, element func(*listScanner) bool) (after json.RawMessage, err error) {
	s := &listScanner{text: answer}
	start := s.data()
	if start < 0 || !s.list(element) {
		return nil, strange
	}
	var page struct {
		Resource struct {
			After json.RawMessage   `json:"after"`
			Data  []json.RawMessage `json:"data"`
		} `json:"resource"`
	}
	around := slices.Concat(answer[:start], []byte(`[]`), answer[s.pos:])
	if err := json.Unmarshal(around, &page); err != nil {
		return nil, fmt.Errorf("%w: %w", strange, err)
	}
	if page.Resource.Data == nil {
		return nil, strange
	}
	return page.Resource.After, nil
}

// listScanner reads a list of numbers and texts of digits.
type listScanner struct {
	text []byte
	pos  int
}

// data goes to the value of the first key "data" and returns where it begins,
// -1 when there is none. The same text may stand before it as a value: a cursor
// names its collection.
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

// take reads one byte, and white space before it.
func (s *listScanner) take(c byte) bool {
	for s.pos < len(s.text) && (s.text[s.pos] == ' ' || s.text[s.pos] == '\n' || s.text[s.pos] == '\r' || s.text[s.pos] == '\t') {
		s.pos++
	}
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
	return int64(n), s.pos > start && n <= math.MaxInt64
}

// id reads a document's id, a text of digits.
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
