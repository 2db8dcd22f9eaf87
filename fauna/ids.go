package fauna

import (
	"cmp"
	"fmt"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"fauna-export/fauna/fql"
)

// decodeIDs parses the answer to idsExpr: a page of at most size ids, as
// strings, from an id on.
func decodeIDs(answer []byte, collection string, from int64, size int) (ids []int64, next int64, err error) {
	ids = make([]int64, 0, max(0, min(size, len(answer)/4)))
	page, err := readList(answer, size, func(tokens *jsontext.Decoder) bool {
		id, ok := readWhole(tokens, '"')
		ids = append(ids, id)
		return ok
	})
	if err != nil {
		return nil, -1, err
	}
	// Only a page after a cursor has "before", which repeats the cursor.
	if before, err := decodeCursor(page.Member("before"), collection); err != nil || before >= 0 && (before != from || from == 0) {
		return nil, -1, cmp.Or(err, fmt.Errorf("the page starts at id %d instead of %d", before, from))
	}
	last := from - 1
	for _, id := range ids {
		if id <= last {
			return nil, -1, fmt.Errorf("id %d follows id %d", id, last)
		}
		last = id
	}
	if next, err = decodeCursor(page.Member("after"), collection); err != nil {
		return nil, -1, err
	}
	if next >= 0 && (next <= last || len(ids) == 0) {
		return nil, -1, fmt.Errorf("the page ends at id %d, but the next one starts at id %d", last, next)
	}
	return ids, next, nil
}

// parseID parses a document id, 0 to 2^63-1 in decimal digits.
func parseID(text string) (int64, error) {
	id, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		return 0, fmt.Errorf("%q is not a document id", fql.Clip(text, 40))
	}
	return int64(id), nil
}

// decodeCursor returns the id in the cursor of a page of documents of a
// collection, which is [Ref] or Ref; -1 if there is none.
func decodeCursor(cursor *fql.Node, collection string) (int64, error) {
	if cursor.IsNull() {
		return -1, nil
	}
	if cursor.Kind == fql.Array && len(cursor.Items) == 1 {
		cursor = cursor.Items[0]
	}
	ref := cursor.Member("@ref")
	of := ref.Member("collection", "@ref")
	if of.Member("id").Str() != collection || of.Member("collection", "@ref", "id").Str() != "collections" {
		return -1, fmt.Errorf("the cursor %s is not a document of %s", fql.Clip(string(cursor.Append(nil)), 100), quoteName(collection))
	}
	return parseID(ref.Member("id").Str())
}
