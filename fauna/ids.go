package fauna

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

var errNoIDs = errors.New("not a page of ids")

// decodeIDs reads the answer to idsExpr, a page of ids as strings with at most
// size of them.
func decodeIDs(answer []byte, size int) (ids []int64, next int64, err error) {
	ids = make([]int64, 0, max(0, min(size, len(answer)/4)))
	after, err := decodeList(answer, errNoIDs, func(s *listScanner) bool {
		id, ok := s.id()
		ids = append(ids, id)
		return ok
	})
	if err != nil {
		return nil, -1, err
	}
	if next, err = decodeCursor(after); err != nil {
		return nil, -1, err
	}
	return ids, next, nil
}

// parseID reads a document id, 0 to 2^63-1 in decimal digits.
func parseID(text string) (int64, error) {
	id, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		return 0, fmt.Errorf("%q is not a document's id", clip(text, 40))
	}
	return int64(id), nil
}

// decodeCursor returns the id in the cursor of a page of documents, which is
// [Ref] or Ref; -1 when there is none.
func decodeCursor(raw json.RawMessage) (int64, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return -1, nil
	}
	type ref struct {
		Ref struct {
			ID string `json:"id"`
		} `json:"@ref"`
	}
	var one ref
	var many []ref
	if err := json.Unmarshal(raw, &many); err == nil && len(many) == 1 {
		one = many[0]
	} else if err := json.Unmarshal(raw, &one); err != nil {
		return -1, fmt.Errorf("not a page of documents: its cursor is %s", clip(string(raw), 60))
	}
	return parseID(one.Ref.ID)
}
