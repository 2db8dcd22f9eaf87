package fauna

import (
	"context"
	"errors"
	"fmt"

	f "github.com/fauna/faunadb-go/v4/faunadb"
	"github.com/go-json-experiment/json/jsontext"

	"fauna-export/fauna/fql"
)

// A PairsRequest asks for a page of an index of ts and ref. Like PageRequest it is
// an alias.
type PairsRequest = struct {
	Collection, Index string
	At                int64
	FromTS, FromID    int64
	Size              int
}

// Pairs returns a page of an index whose values are ts and ref: for every
// document of the collection the transaction time of its latest write, in
// microseconds since 1970, and its id, ordered by time and then id, at a time
// (0: the present).
//
// The page starts at FromTS and FromID, which need not exist. A negative FromID
// starts with the first document of FromTS. nextTS and nextID are the first of
// the next page; nextID is -1 if there is none. The server returns up to 80 000
// pairs per page.
//
// The server silently omits documents that the role hides, and all of them if
// it may read the index but not the collection.
func (c *Client) Pairs(ctx context.Context, p PairsRequest) (ts, ids []int64, nextTS, nextID int64, err error) {
	op := "read the index " + quoteName(p.Index)
	answer, err := c.ask(ctx, c.reading(op, p.At), pairsExpr(p))
	if err != nil {
		return nil, nil, 0, -1, err
	}
	page, err := decodePairs(answer, p)
	if err != nil {
		return nil, nil, 0, -1, c.unreadable(op, answer, err)
	}
	return page.ts, page.ids, page.nextTS, page.nextID, nil
}

// pairsExpr pages through the index. The cursor within a ts has the ref twice,
// as a value of the index and as the document. A cursor with only the ts would
// return the first documents of that ts again and again.
func pairsExpr(p PairsRequest) f.Expr {
	set := f.Match(f.Index(p.Index))
	options := []f.OptionalParameter{f.Size(p.Size)}
	switch {
	case p.FromID >= 0:
		ref := docRef(p.Collection, p.FromID)
		options = append(options, f.After(f.Arr{p.FromTS, ref, ref}))
	case p.FromTS != 0:
		options = append(options, f.After(f.Arr{p.FromTS}))
	}
	pair := f.Arr{f.Var("t"), f.Select("id", f.Var("r"))}
	return atTime(p.At, f.Map(f.Paginate(set, options...), f.Lambda(f.Arr{"t", "r"}, pair)))
}

// pairsPage is a decoded page of pairs.
type pairsPage struct {
	collection     string
	ts, ids        []int64
	nextTS, nextID int64
}

// decodePairs parses the answer to pairsExpr, a list of [ts, "id"], ascending
// by both from FromTS and FromID on, with no time after the time read at.
func decodePairs(answer []byte, r PairsRequest) (*pairsPage, error) {
	room := max(0, min(r.Size, len(answer)/8))
	p := &pairsPage{collection: r.Collection, ts: make([]int64, 0, room), ids: make([]int64, 0, room), nextID: -1}
	beside, err := readList(answer, r.Size, p.pair)
	if err != nil {
		return nil, err
	}
	if r.FromTS == 0 && r.FromID < 0 && !beside.Member("before").IsNull() {
		return nil, errors.New("the first page has a cursor to an earlier one")
	}
	lastTS, lastID := r.FromTS, max(r.FromID, 0)-1
	for i, ts := range p.ts {
		if ts < lastTS || ts == lastTS && p.ids[i] <= lastID {
			return nil, fmt.Errorf("document %d with ts %d follows document %d with ts %d", p.ids[i], ts, lastID, lastTS)
		}
		if r.At != 0 && ts > r.At {
			return nil, fmt.Errorf("document %d is from %s, later than the snapshot", p.ids[i], formatTime(ts))
		}
		lastTS, lastID = ts, p.ids[i]
	}
	if err := p.cursor(beside.Member("after")); err != nil {
		return nil, err
	}
	if p.nextID >= 0 && (len(p.ts) == 0 || p.nextTS < lastTS || p.nextTS == lastTS && p.nextID <= lastID) {
		return nil, fmt.Errorf("the page ends at document %d with ts %d, but the next one starts at document %d with ts %d", lastID, lastTS, p.nextID, p.nextTS)
	}
	return p, nil
}

// pair reads one [ts, "id"].
func (p *pairsPage) pair(tokens *jsontext.Decoder) bool {
	if list, err := tokens.ReadToken(); err != nil || list.Kind() != '[' {
		return false
	}
	ts, isTime := readWhole(tokens, '0')
	id, isID := readWhole(tokens, '"')
	p.ts, p.ids = append(p.ts, ts), append(p.ids, id)
	end, err := tokens.ReadToken()
	return isTime && isID && err == nil && end.Kind() == ']'
}

// cursor reads the "after" of a page of the index: [ts, ref, ref].
func (p *pairsPage) cursor(after *fql.Node) error {
	if after.IsNull() {
		return nil
	}
	if after.Kind == fql.Array && len(after.Items) > 1 {
		ts, ok := after.Items[0].Int()
		id, err := decodeCursor(after.Items[len(after.Items)-1], p.collection)
		if ok && err == nil && id >= 0 {
			p.nextTS, p.nextID = ts, id
			return nil
		}
	}
	return fmt.Errorf("unexpected cursor %s", fql.Clip(string(after.Append(nil)), 100))
}
