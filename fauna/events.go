package fauna

import (
	"cmp"
	"context"
	"encoding/json"

	f "github.com/fauna/faunadb-go/v4/faunadb"
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
	var cursor f.Expr = f.Obj{"ts": p.After} // excluding that time itself
	first := setEvent{TS: p.After + 1}       // what the page may begin with
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
			if err := each(e.id, e.TS, e.Action == removal); err != nil {
				return err
			}
		}
		if next == nil {
			return nil
		}
		// The next page's first event. All of it is needed: a bare time would
		// skip the removals at that time.
		cursor = f.Obj{"ts": next.TS, "action": next.Action, "document": docRef(p.Collection, next.id)}
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
	if err := json.Unmarshal(page.data, &events); err != nil || events == nil {
		return nil, nil, errPage
	}
	if len(events) > r.Size {
		return nil, nil, badPage("%d where %d were asked for", len(events), r.Size)
	}
	last := first
	for i := range events {
		e := &events[i]
		if err := e.of(r.Collection); err != nil {
			return nil, nil, err
		}
		if c := e.compare(last); c < 0 || c == 0 && i > 0 || r.At != 0 && e.TS > r.At {
			return nil, nil, badPage("%d of %s is out of order", e.id, formatTime(e.TS))
		}
		last = *e
	}
	if none(page.after) {
		return events, nil, nil
	}
	next = &setEvent{}
	if err := json.Unmarshal(page.after, next); err != nil {
		return nil, nil, badPage("its cursor is %s", clip(string(page.after), 60))
	}
	if err := next.of(r.Collection); err != nil {
		return nil, nil, err
	}
	if len(events) == 0 || next.compare(last) <= 0 {
		return nil, nil, badPage("the next page does not start after its end")
	}
	return events, next, nil
}

const removal = "remove"

// setEvent is an event in wire form.
type setEvent struct {
	TS       int64           `json:"ts"`
	Action   string          `json:"action"`
	Document json.RawMessage `json:"document"`
	id       int64
}

// of reads an event's document, which must be in the collection.
func (e *setEvent) of(collection string) (err error) {
	if e.id, err = decodeCursor(e.Document, collection); err != nil {
		return err
	}
	if e.id < 0 || e.Action != "add" && e.Action != removal {
		return badPage("not an event: %s", clip(e.Action, 40))
	}
	return nil
}

// compare orders events by time, then removals first, then by document.
func (e setEvent) compare(o setEvent) int {
	rank := func(e setEvent) int {
		if e.Action == "add" {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(e.TS, o.TS), cmp.Compare(rank(e), rank(o)), cmp.Compare(e.id, o.id))
}
