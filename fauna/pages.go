package fauna

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	f "github.com/fauna/faunadb-go/v4/faunadb"
)

// countPage is how many ids Count asks for at a time.
const countPage = 50_000

// Now returns the server's transaction time, in microseconds since 1970: the
// time of a snapshot that can be read from now on. It is asked for without the
// last seen transaction time, since the server would answer with that.
func (c *Client) Now(ctx context.Context) (int64, error) {
	const op = "read the server's time"
	value, err := c.query(ctx, request{op: op}, f.Now())
	if err != nil {
		return 0, err
	}
	var now f.TimeV
	if err := value.Get(&now); err != nil {
		return 0, c.strange(op, "not a time: "+err.Error())
	}
	return time.Time(now).UnixMicro(), nil
}

// strange is an answer in Fauna's form that is not what the query asks for.
func (c *Client) strange(op, what string) *Error {
	return &Error{Kind: KindNotFauna, Op: op, Endpoint: c.endpoint.Host(), Status: 200, Description: printable(c.secret.Scrub(what))}
}

// IDs returns a page of document ids of a collection, ascending, from the id
// from on (0: from the beginning), at a time in microseconds (0: the present).
// next is the first id of the next page, -1 when there is none. The server
// gives up to 80 000 ids a page. Documents that the role hides are left out
// without a word; see Access.
func (c *Client) IDs(ctx context.Context, collection string, at, from int64, size int) (ids []int64, next int64, err error) {
	op := "read ids of " + quoteName(collection)
	body, err := json.Marshal(idsExpr(collection, at, from, size))
	if err != nil {
		return nil, -1, fmt.Errorf("%s: %w", op, err)
	}
	answer, err := c.send(ctx, request{op: op, body: body, lastSeen: c.lastSeen(at)}, nil)
	if err != nil {
		return nil, -1, err
	}
	ids, next, err = decodeIDs(answer, size)
	switch {
	case err != nil && !json.Valid(answer):
		return nil, -1, c.broken(op)
	case err != nil:
		return nil, -1, c.strange(op, err.Error())
	}
	return ids, next, nil
}

// present returns a request that reads the present.
func (c *Client) present(op string) request { return request{op: op, lastSeen: c.lastSeen(0)} }

// lastSeen returns what a read at a time must not be older than. Without it a
// node that has not reached the time would read its present instead.
func (c *Client) lastSeen(at int64) int64 {
	if at != 0 {
		return at
	}
	return c.seen.Load()
}

// Documents reads a page of documents from the id from on, at a time, as IDs
// does, and returns the body of the answer, {"resource":{…}}, as it came. It
// lies in buf's memory where that is large enough.
//
// With paths nil the page holds whole documents. Else it holds an array for
// each: what Select(path, document, null) gives for each path, the document
// itself for an empty path. Steps of a path are strings and integers.
//
// An answer over the page limit is not read and is an error whose Smaller is
// true; a page of one document has a higher limit.
func (c *Client) Documents(ctx context.Context, collection string, at, from int64, size int, paths [][]any, buf []byte) (body []byte, err error) {
	op := "read documents of " + quoteName(collection)
	expr, err := documentsExpr(collection, at, from, size, paths)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	query, err := json.Marshal(expr)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	r := request{op: op, body: query, lastSeen: c.lastSeen(at)}
	if size <= 1 {
		r.limit = max(documentLimit, c.pageLimit)
	}
	return c.send(ctx, r, buf)
}

// Count counts the documents of a collection at a time (0: the present) by
// reading their ids. Count() of the server fails above some 600 000.
func (c *Client) Count(ctx context.Context, collection string, at int64) (int64, error) {
	if at == 0 {
		now, err := c.Now(ctx)
		if err != nil {
			return 0, err
		}
		at = now // all pages at one time
	}
	var count int64
	for from := int64(0); from >= 0; {
		ids, next, err := c.IDs(ctx, collection, at, from, countPage)
		if err != nil {
			return 0, err
		}
		if next >= 0 && next <= from {
			return 0, c.strange("count "+quoteName(collection), "the next page does not begin after this one")
		}
		count += int64(len(ids))
		from = next
	}
	return count, nil
}
