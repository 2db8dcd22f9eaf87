package fauna

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"fauna-export/fauna/fql"
)

// readPage parses an answer that is a page, and nothing else.
func readPage(answer []byte) (*fql.Node, error) {
	whole, err := fql.ParseJSON(answer)
	if err != nil {
		return nil, err
	}
	if text := jsontext.Value(answer); !text.IsValid() {
		if text.IsValid(jsontext.AllowDuplicateNames(true)) {
			return nil, errors.New("a key of the page occurs twice")
		}
		return nil, errors.New("a text of the page is not Unicode")
	}
	page := whole.Member("resource")
	if page.Member("data") == nil {
		return nil, errors.New("the page has no data")
	}
	unexpected := append(without(whole.Keys, "resource"), without(page.Keys, "data", "before", "after")...)
	if len(unexpected) > 0 {
		return nil, fmt.Errorf("the page has an unexpected key %s", quoteName(unexpected[0]))
	}
	return page, nil
}

// without returns the keys that are not among the known ones.
func without(keys []string, known ...string) []string {
	return slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return slices.Contains(known, key) })
}

// readList parses a page of at most size elements; element reads one of them.
// There are tens of thousands, so only the rest of the page becomes a tree.
func readList(answer []byte, size int, element func(*jsontext.Decoder) bool) (*fql.Node, error) {
	tokens := jsontext.NewDecoder(bytes.NewBuffer(answer))
	if !enter(tokens, "resource") || !enter(tokens, "data") {
		return nil, errors.New("the page has no data")
	}
	start, n := tokens.InputOffset(), 0
	list, err := tokens.ReadToken()
	ok := err == nil && list.Kind() == '['
	for ; ok && tokens.PeekKind() != ']'; n++ {
		ok = element(tokens)
	}
	if !ok {
		return nil, errors.New("the page is not a list of the expected elements")
	}
	if n > size {
		return nil, fmt.Errorf("the page has %d elements instead of at most %d", n, size)
	}
	_, _ = tokens.ReadToken() // the closing bracket
	return readPage(slices.Concat(answer[:start], []byte(`:[]`), answer[tokens.InputOffset():]))
}

// enter reads an object up to the value of a key, over the members before it.
func enter(tokens *jsontext.Decoder, key string) bool {
	start, err := tokens.ReadToken()
	for ok := err == nil && start.Kind() == '{'; ok; ok = tokens.SkipValue() == nil {
		name, err := tokens.ReadToken()
		if err != nil || name.Kind() != '"' {
			return false
		}
		if name.String() == key {
			return true
		}
	}
	return false
}

// readWhole reads a number of 0 to 2^63-1, or one in digits in a string.
func readWhole(tokens *jsontext.Decoder, kind jsontext.Kind) (int64, bool) {
	value, err := tokens.ReadValue()
	if err != nil || value.Kind() != kind {
		return 0, false
	}
	digits := bytes.Trim(value, `"`)
	n, err := strconv.ParseUint(string(digits), 10, 63)
	return int64(n), err == nil && (digits[0] != '0' || len(digits) == 1)
}
