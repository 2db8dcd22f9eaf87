package fauna

import (
	"context"
	"encoding/json"
	"fmt"

	f "github.com/fauna/faunadb-go/v4/faunadb"
)

// Events tells of every creation and removal of a document of the collection
// after one time and up to another, in microseconds, in the order of time;
// within one time removals come first. each is called for every one of them; its
// error ends the walk and is returned.
//
// The server forgets events with the history: where after is older than the
// collection's minimum time it answers with fewer, or none, and no error. A ttl
// that passes leaves no event, and a change of a document's ttl leaves a removal
// and a creation at one time.
func (c *Client) Events(ctx context.Context, collection string, after, at int64, size int, each func(id, ts int64, removed bool) error) error {
	op := "read the events of " + quoteName(collection)
	var cursor f.Expr = f.Obj{"ts": after} // without the events of that time itself
	for {
		set := f.Events(f.Documents(f.Collection(collection)))
		expr := atTime(at, f.Paginate(set, f.After(cursor), f.Size(size)))
		body, err := json.Marshal(expr)
		if err != nil {
			return fmt.Errorf("%s: %w", op, err)
		}
		answer, err := c.send(ctx, request{op: op, body: body, lastSeen: c.lastSeen(at)}, nil)
		if err != nil {
			return err
		}
		var page struct {
			Resource struct {
				After *setEvent  `json:"after"`
				Data  []setEvent `json:"data"`
			} `json:"resource"`
		}
		if err := json.Unmarshal(answer, &page); err != nil {
			if !json.Valid(answer) {
				return c.broken(op)
			}
			return c.strange(op, "not a page of events: "+err.Error())
		}
		for _, e := range page.Resource.Data {
			id, err := e.id()
			if err != nil {
				return c.strange(op, err.Error())
			}
			if err := each(id, e.TS, e.Action == "remove"); err != nil {
				return err
			}
		}
		next := page.Resource.After
		if next == nil {
			return nil
		}
		id, err := next.id()
		if err != nil {
			return c.strange(op, err.Error())
		}
		// The event that the next page begins with. All of it is needed: a
		// number alone would leave out the removals of its time.
		cursor = f.Obj{"ts": next.TS, "action": next.Action, "document": docRef(collection, id)}
	}
}

// setEvent is an event as the server sends it.
type setEvent struct {
	TS       int64           `json:"ts"`
	Action   string          `json:"action"`
	Document json.RawMessage `json:"document"`
}

func (e setEvent) id() (int64, error) {
	id, err := decodeCursor(e.Document)
	if err == nil && (id < 0 || e.Action != "add" && e.Action != "remove") {
		err = fmt.Errorf("not an event: %s", clip(e.Action, 40))
	}
	return id, err
}
