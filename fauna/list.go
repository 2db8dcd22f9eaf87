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

// readList parses a page of at most size elements; element reads one of them.
// There are tens of thousands, so only the rest of the page becomes a tree.
func readList(answer []byte, size int, element func(*jsontext.Decoder) bool) (*fql.Node, error) {
	tokens := jsontext.NewDecoder(bytes.NewBuffer(answer))
	for tokens.StackPointer() != "/resource/data" {
		if _, err := tokens.ReadToken(); err != nil {
			return nil, errors.New("the page has no data")
		}
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
