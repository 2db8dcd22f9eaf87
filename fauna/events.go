package fauna

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	f "github.com/fauna/faunadb-go/v4/faunadb"

	"fauna-export/fauna/fql"
)

// An EventsRequest asks for the events of a collection's documents after a time
// and up to another, in microseconds since 1970. Like PageRequest it is an alias.
type EventsRequest = struct {
	Collection string
	After, At  int64
	Size       int // of a page
}

// Events calls each for every creation and removal of a document in the
// collection after one time and up to another, in microseconds since 1970, in
// order of time; at equal times removals come first. It stops at the first
// error of each and returns it.
//
// The server forgets events with the history: if after is older than the
// collection's minimum time it returns fewer or none, without an error. An
// expiring document (ttl) has no event; changing a ttl gives a removal and a
// creation at the same time.
func (c *Client) Events(ctx context.Context, p EventsRequest, each func(id, ts int64, removed bool) error) error {
	op := "read the events of " + quoteName(p.Collection)
	var cursor f.Expr = f.Obj{"ts": p.After}            // excluding that time itself
	first := setEvent{ts: p.After + 1, action: removal} // earliest event that the page may start with
	for {
		set := f.Events(f.Documents(f.Collection(p.Collection)))
		answer, err := c.ask(ctx, c.reading(op, p.At), atTime(p.At, f.Paginate(set, f.After(cursor), f.Size(p.Size))))
		if err != nil {
			return err
		}
		events, next, err := decodeEvents(answer, p, first)
		if err != nil {
			return c.unreadable(op, answer, err)
		}
		for _, e := range events {
			if err := each(e.id, e.ts, e.action == removal); err != nil {
				return err
			}
		}
		if next == nil {
			return nil
		}
		// The next page's first event. All of it is needed: a bare time would
		// skip the removals at that time.
		cursor = f.Obj{"ts": next.ts, "action": next.action, "document": docRef(p.Collection, next.id)}
		first = *next
	}
}

// decodeEvents parses a page of events, ascending from a given one and up to a
// time, and the event that the next page starts with.
func decodeEvents(answer []byte, r EventsRequest, first setEvent) (events []setEvent, next *setEvent, err error) {
	page, err := readPage(answer)
	if err != nil {
		return nil, nil, err
	}
	data := page.Member("data")
	if data.Kind != fql.Array || len(data.Items) > r.Size {
		return nil, nil, fmt.Errorf("the page is not a list of at most %d events", r.Size)
	}
	last := first
	for i, item := range data.Items {
		e, err := decodeEvent(item, r.Collection)
		if err != nil {
			return nil, nil, err
		}
		if c := e.compare(last); c < 0 || c == 0 && i > 0 || r.At != 0 && e.ts > r.At {
			return nil, nil, fmt.Errorf("the event of document %d at %s is out of order", e.id, formatTime(e.ts))
		}
		events, last = append(events, e), e
	}
	after := page.Member("after")
	if after.IsNull() {
		return events, nil, nil
	}
	following, err := decodeEvent(after, r.Collection)
	if err != nil {
		return nil, nil, err
	}
	if len(events) == 0 || following.compare(last) <= 0 {
		return nil, nil, errors.New("the next page does not start after this one")
	}
	return events, &following, nil
}

const removal = "remove"

// setEvent is the creation ("add") or removal of a document.
type setEvent struct {
	id, ts int64
	action string
}

// decodeEvent parses an event of a document in the collection.
func decodeEvent(n *fql.Node, collection string) (setEvent, error) {
	id, err := decodeCursor(n.Member("document"), collection)
	ts, ok := n.Member("ts").Int()
	e := setEvent{id: id, ts: ts, action: n.Member("action").Str()}
	if err == nil && (!ok || id < 0 || e.action != "add" && e.action != removal) {
		err = fmt.Errorf("unexpected event %s", fql.Clip(string(n.Append(nil)), 100))
	}
	return e, err
}

// compare orders events by time, then removals first, then by document.
func (e setEvent) compare(o setEvent) int {
	return cmp.Or(cmp.Compare(e.ts, o.ts), cmp.Compare(o.action, e.action), cmp.Compare(e.id, o.id))
}
