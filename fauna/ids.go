package fauna

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
)

var errNoIDs = errors.New("not a page of ids")

// decodeIDs reads the answer to idsExpr, a page of ids as strings with at most
// size of them. The ids are scanned by hand, since there are tens of thousands;
// what stands around them is read as JSON.
func decodeIDs(answer []byte, size int) (ids []int64, next int64, err error) {
	start := bytes.Index(answer, []byte(`"data"`))
	if start < 0 {
		return nil, -1, errNoIDs
	}
	ids = make([]int64, 0, max(0, min(size, len(answer)/4)))
	ids, rest, err := scanIDs(ids, answer[start+len(`"data"`):])
	if err != nil {
		return nil, -1, err
	}
	var page struct {
		Resource struct {
			After json.RawMessage   `json:"after"`
			Data  []json.RawMessage `json:"data"`
		} `json:"resource"`
	}
	around := slices.Concat(answer[:start], []byte(`"data":[]`), rest)
	if err := json.Unmarshal(around, &page); err != nil {
		return nil, -1, fmt.Errorf("%w: %w", errNoIDs, err)
	}
	if page.Resource.Data == nil {
		return nil, -1, errNoIDs
	}
	if next, err = decodeCursor(page.Resource.After); err != nil {
		return nil, -1, err
	}
	return ids, next, nil
}

// scanIDs appends the ids of :["1","22"] to ids and returns what follows the
// closing bracket.
func scanIDs(ids []int64, text []byte) (_ []int64, rest []byte, err error) {
	pos := 0
	take := func(c byte) bool {
		for pos < len(text) && (text[pos] == ' ' || text[pos] == '\n' || text[pos] == '\r' || text[pos] == '\t') {
			pos++
		}
		if pos < len(text) && text[pos] == c {
			pos++
			return true
		}
		return false
	}
	if !take(':') || !take('[') {
		return nil, nil, errNoIDs
	}
	if take(']') {
		return ids, text[pos:], nil
	}
	for {
		if !take('"') {
			return nil, nil, errNoIDs
		}
		start := pos
		var id uint64
		for pos < len(text) && '0' <= text[pos] && text[pos] <= '9' && pos-start < 19 {
			id = 10*id + uint64(text[pos]-'0')
			pos++
		}
		if pos == start || id > math.MaxInt64 || pos >= len(text) || text[pos] != '"' {
			return nil, nil, errNoIDs
		}
		pos++
		ids = append(ids, int64(id))
		if take(']') {
			return ids, text[pos:], nil
		}
		if !take(',') {
			return nil, nil, errNoIDs
		}
	}
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
