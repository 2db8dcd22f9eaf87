package fauna

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
)

// decodeIDs parses the answer to idsExpr: a page of at most size ids, as
// strings, from an id on.
func decodeIDs(answer []byte, collection string, from int64, size int) (ids []int64, next int64, err error) {
	ids = make([]int64, 0, max(0, min(size, len(answer)/4)))
	page, err := readList(answer, size, func(s *listScanner) bool {
		id, ok := s.id()
		ids = append(ids, id)
		return ok
	})
	if err != nil {
		return nil, -1, err
	}
	// Only a page after a cursor has "before", which repeats the cursor.
	if before, err := decodeCursor(page.before, collection); err != nil || before >= 0 && (before != from || from == 0) {
		return nil, -1, cmp.Or(err, badPage("from %d on it begins at %d", from, before))
	}
	last := from - 1
	for _, id := range ids {
		if id <= last {
			return nil, -1, badPage("it holds %d after %d", id, last)
		}
		last = id
	}
	if next, err = decodeCursor(page.after, collection); err != nil {
		return nil, -1, err
	}
	if next >= 0 && (next <= last || len(ids) == 0) {
		return nil, -1, badPage("it ends at %d and goes on at %d", last, next)
	}
	return ids, next, nil
}

// parseID parses a document id, 0 to 2^63-1 in decimal digits.
func parseID(text string) (int64, error) {
	id, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		return 0, fmt.Errorf("%q is not a document's id", clip(text, 40))
	}
	return int64(id), nil
}

// decodeCursor returns the id in the cursor of a page of documents of a
// collection, which is [Ref] or Ref; -1 if there is none.
func decodeCursor(raw json.RawMessage, collection string) (int64, error) {
	if none(raw) {
		return -1, nil
	}
	type schemaRef struct {
		Ref struct {
			ID         string    `json:"id"`
			Collection *struct { // of collections themselves
				Ref struct {
					ID string `json:"id"`
				} `json:"@ref"`
			} `json:"collection"`
		} `json:"@ref"`
	}
	type ref struct {
		Ref struct {
			ID         string    `json:"id"`
			Collection schemaRef `json:"collection"`
		} `json:"@ref"`
	}
	var one ref
	var many []ref
	if err := json.Unmarshal(raw, &many); err == nil && len(many) == 1 {
		one = many[0]
	} else if err := json.Unmarshal(raw, &one); err != nil {
		return -1, fmt.Errorf("not a page of documents: its cursor is %s", clip(string(raw), 60))
	}
	of := one.Ref.Collection.Ref
	if of.ID != collection || of.Collection == nil || of.Collection.Ref.ID != "collections" {
		return -1, fmt.Errorf("not a page of documents of %s: its cursor is of %s", quoteName(collection), quoteName(of.ID))
	}
	return parseID(one.Ref.ID)
}
