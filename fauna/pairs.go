package fauna

import (
	"context"
	"encoding/json"
	"strconv"

	f "github.com/fauna/faunadb-go/v4/faunadb"
)

// Pairs returns a page of an index whose values are ts and ref: for every
// document of the collection the transaction time of its latest write, in
// microseconds since 1970, and its id, ordered by time and then id, at a time
// (0: the present).
//
// The page starts at fromTS and fromID, which need not exist. A negative fromID
// starts with the first document of fromTS. nextTS and nextID are the first of
// the next page; nextID is -1 if there is none. The server returns up to 80 000
// pairs per page.
//
// The server silently omits documents that the role hides, and all of them if
// it may read the index but not the collection.
func (c *Client) Pairs(ctx context.Context, collection, index string, at, fromTS, fromID int64, size int) (ts, ids []int64, nextTS, nextID int64, err error) {
	op := "read the index " + quoteName(index)
	answer, err := c.ask(ctx, c.reading(op, at), pairsExpr(collection, index, at, fromTS, fromID, size))
	if err != nil {
		return nil, nil, 0, -1, err
	}
	p, err := decodePairs(answer, collection, at, fromTS, fromID, size)
	if err != nil {
		return nil, nil, 0, -1, c.unreadable(op, answer, err)
	}
	return p.ts, p.ids, p.nextTS, p.nextID, nil
}

// pairsExpr pages through the index. The cursor within a ts has the ref twice,
// as a value of the index and as the document. A cursor with only the ts would
// return the first documents of that ts again and again.
func pairsExpr(collection, index string, at, fromTS, fromID int64, size int) f.Expr {
	set := f.Match(f.Index(index))
	options := []f.OptionalParameter{f.Size(size)}
	switch {
	case fromID >= 0:
		ref := docRef(collection, fromID)
		options = append(options, f.After(f.Arr{fromTS, ref, ref}))
	case fromTS != 0:
		options = append(options, f.After(f.Arr{fromTS}))
	}
	pair := f.Arr{f.Var("t"), f.Select("id", f.Var("r"))}
	return atTime(at, f.Map(f.Paginate(set, options...), f.Lambda(f.Arr{"t", "r"}, pair)))
}

// pairsPage is a decoded page of pairs.
type pairsPage struct {
	collection     string
	ts, ids        []int64
	nextTS, nextID int64
}

// decodePairs parses the answer to pairsExpr, a list of [ts, "id"], ascending
// by both from fromTS and fromID on, with no time after the time read at.
func decodePairs(answer []byte, collection string, at, fromTS, fromID int64, size int) (*pairsPage, error) {
	room := max(0, min(size, len(answer)/8))
	p := &pairsPage{collection: collection, ts: make([]int64, 0, room), ids: make([]int64, 0, room), nextID: -1}
	beside, err := readList(answer, size, p.pair)
	if err != nil {
		return nil, err
	}
	if fromTS == 0 && fromID < 0 && !none(beside.before) {
		return nil, badPage("it is not the first page")
	}
	lastTS, lastID := fromTS, fromID-1
	if fromTS == 0 && fromID < 0 {
		lastTS, lastID = -1, -1
	} else if fromID < 0 {
		lastID = -1
	}
	for i, ts := range p.ts {
		if ts < lastTS || ts == lastTS && p.ids[i] <= lastID {
			return nil, badPage("it holds %d of %d after %d of %d", p.ids[i], ts, lastID, lastTS)
		}
		if at != 0 && ts > at {
			return nil, badPage("%d is of %s, after the time read at", p.ids[i], formatTime(ts))
		}
		lastTS, lastID = ts, p.ids[i]
	}
	if err := p.cursor(beside.after); err != nil {
		return nil, err
	}
	if p.nextID >= 0 && (len(p.ts) == 0 || p.nextTS < lastTS || p.nextTS == lastTS && p.nextID <= lastID) {
		return nil, badPage("it ends at %d of %d and goes on at %d of %d", lastID, lastTS, p.nextID, p.nextTS)
	}
	return p, nil
}

// pair reads one [ts, "id"].
func (p *pairsPage) pair(s *listScanner) bool {
	if !s.take('[') {
		return false
	}
	s.space()
	ts, known := s.digits()
	if !known || !s.take(',') {
		return false
	}
	id, known := s.id()
	p.ts, p.ids = append(p.ts, ts), append(p.ids, id)
	return known && s.take(']')
}

// cursor reads the "after" of a page of the index: [ts, ref, ref].
func (p *pairsPage) cursor(raw json.RawMessage) error {
	if none(raw) {
		return nil
	}
	var parts []json.RawMessage
	strange := badPage("its cursor is %s", clip(string(raw), 80))
	if err := json.Unmarshal(raw, &parts); err != nil || len(parts) < 2 {
		return strange
	}
	ts, err := strconv.ParseInt(string(parts[0]), 10, 64)
	if err != nil {
		return strange
	}
	id, err := decodeCursor(parts[len(parts)-1], p.collection)
	if err != nil || id < 0 {
		return strange
	}
	p.nextTS, p.nextID = ts, id
	return nil
}
