package fauna

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	f "github.com/fauna/faunadb-go/v4/faunadb"

	"fauna-export/fauna/fql"
)

// Now returns the server's transaction time, in microseconds since 1970: the
// time for a snapshot that can be read from now on. The request omits the last
// seen transaction time, since the server would return that.
func (c *Client) Now(ctx context.Context) (int64, error) {
	const op = "read the server's time"
	seen, stated := c.seen.Load(), int64(0)
	value, err := c.query(ctx, request{op: op, time: &stated}, f.Now())
	if err != nil {
		return 0, err
	}
	text := value.Member("@ts").Str()
	if text == "" {
		return 0, c.strange(op, "Now() returned no time")
	}
	now, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return 0, c.strange(op, "Now() returned no time: %v", err)
	}
	micros := now.UnixMicro()
	switch {
	case micros <= 0:
		return 0, c.strange(op, "Now() returned %s, which is before 1970", formatTime(micros))
	case stated != 0 && micros != stated:
		return 0, c.strange(op, "Now() returned %s, but the X-Txn-Time header is %s", formatTime(micros), formatTime(stated))
	case micros > latest():
		return 0, c.strange(op, "%s", wrongTime(micros))
	case micros < seen:
		return 0, c.strange(op, "Now() returned %s, but an earlier answer was from %s", formatTime(micros), formatTime(seen))
	}
	return micros, nil
}

// strange returns the error of a well-formed answer that does not match the
// query.
func (c *Client) strange(op, format string, args ...any) *Error {
	return &Error{Kind: KindStrange, Op: op, Endpoint: c.endpoint.Host(), Status: 200,
		Description: fql.Printable(c.secret.clean(fmt.Sprintf(format, args...)))}
}

// A PageRequest asks for a page of a collection's documents or of their ids. It
// is an alias, so that the engine names the same type without importing this
// package.
type PageRequest = struct {
	Collection string
	At         int64 // microseconds since 1970; 0 is the present
	From       int64 // the first id, which need not exist
	Size       int
	Paths      [][]any // fields to return as an array per document, an empty path for the whole one; nil returns just documents
	Buf        []byte  // memory for the answer
}

// IDs returns a page of document ids of a collection, ascending. next is the
// first id of the next page, -1 if there is none. The server returns up to 80 000
// ids per page, and silently omits documents that the role hides; see Access.
func (c *Client) IDs(ctx context.Context, p PageRequest) (ids []int64, next int64, err error) {
	op := "read ids of " + quoteName(p.Collection)
	answer, err := c.ask(ctx, c.reading(op, p.At), idsExpr(p))
	if err != nil {
		return nil, -1, err
	}
	if ids, next, err = decodeIDs(answer, p.Collection, p.From, p.Size); err != nil {
		return nil, -1, c.unreadable(op, answer, err)
	}
	return ids, next, nil
}

// reading returns a request that reads at a time (0: the present). The answer
// must not be older: a node that has not reached the time would read its present
// instead.
func (c *Client) reading(op string, at int64) request {
	return request{op: op, lastSeen: cmp.Or(at, c.seen.Load())}
}

// Documents reads a page of documents like IDs and returns the raw body of the
// answer, {"resource":{…}}. With paths, the page has an array for each document,
// with Select(path, document, null) for each path. Steps of a path are strings
// and integers.
//
// An answer over the page limit is not read; its error's Smaller is true. A
// page of one document has a higher limit.
func (c *Client) Documents(ctx context.Context, p PageRequest) (body []byte, err error) {
	return c.documents(ctx, p, nil)
}

// DocumentsOf reads the documents ids at a time (0: the present), in order, and
// returns the answer's body in the form of a page, {"resource":{"data":[…]}},
// with null for a document that does not exist or that the key may not read.
func (c *Client) DocumentsOf(ctx context.Context, p PageRequest, ids []int64) (body []byte, err error) {
	return c.documents(ctx, p, append([]int64{}, ids...))
}

// documents reads these documents, or a page if ids is nil.
func (c *Client) documents(ctx context.Context, p PageRequest, ids []int64) ([]byte, error) {
	op := "read documents of " + quoteName(p.Collection)
	n := p.Size
	if ids != nil {
		n = len(ids)
	}
	r := c.reading(op, p.At)
	if r.buf = p.Buf; n <= 1 {
		r.limit = documentLimit
	}
	return c.ask(ctx, r, documentsExpr(p, ids))
}

// countPage is how many documents are counted per page if counting all at once
// fails. More than 80 000 can exceed the server's width.
const countPage = 80_000

// Count counts the documents of a collection at a time (0: the present),
// independently of IDs. It does not count documents that the role hides.
func (c *Client) Count(ctx context.Context, collection string, at int64) (int64, error) {
	return c.count(ctx, "count the documents of "+quoteName(collection), f.Documents(f.Collection(collection)), at)
}

// CountPairs counts the entries of an index at a time, from a ts on (0: all of
// them), like Count.
func (c *Client) CountPairs(ctx context.Context, index string, at, fromTS int64) (int64, error) {
	set := f.Match(f.Index(index))
	if fromTS != 0 {
		set = f.Range(set, f.Arr{fromTS}, f.Arr{})
	}
	return c.count(ctx, "count the entries of the index "+quoteName(index), set, at)
}

// count counts a set in one query, or page by page if that takes too long or is
// too large.
func (c *Client) count(ctx context.Context, op string, set f.Expr, at int64) (int64, error) {
	value, err := c.query(ctx, c.reading(op, at), atTime(at, f.Count(set)))
	if e, ok := errors.AsType[*Error](err); ok && e.Smaller() {
		return c.countPages(ctx, op, set, at)
	}
	if err != nil {
		return 0, err
	}
	n, ok := value.Int()
	if !ok || n < 0 {
		return 0, c.strange(op, "the count is not a number")
	}
	return n, nil
}

// countPages counts a set page by page.
func (c *Client) countPages(ctx context.Context, op string, set f.Expr, at int64) (int64, error) {
	if at == 0 {
		var err error
		if at, err = c.Now(ctx); err != nil { // all pages at one time
			return 0, err
		}
	}
	var total int64
	page := f.Paginate(set, f.Size(countPage))
	for {
		n, after, err := c.countPageOf(ctx, op, page, at, countPage)
		if err != nil {
			return 0, err
		}
		if total += n; after.IsNull() {
			return total, nil
		}
		// All pages but the last are full, so this ends.
		if n != countPage {
			return 0, c.strange(op, "%d documents on a page that should have %d, since more follow", n, countPage)
		}
		page = f.Paginate(set, f.After(expression{RawMessage: after.Append(nil)}), f.Size(countPage))
	}
}

// countPageOf counts a page and returns the cursor after it. It counts the page's
// data, since it is unclear what Count of a page does with its cursors.
func (c *Client) countPageOf(ctx context.Context, op string, paginate f.Expr, at int64, size int) (n int64, after *fql.Node, err error) {
	page, err := c.query(ctx, c.reading(op, at), atTime(at, f.Let().Bind("p", paginate).In(f.Arr{
		f.Count(f.Select("data", f.Var("p"))),
		f.Select("after", f.Var("p"), f.Default(nil)),
	})))
	if err != nil {
		return 0, nil, err
	}
	if page == nil || page.Kind != fql.Array || len(page.Items) != 2 {
		return 0, nil, c.strange(op, "not the count and the cursor of a page")
	}
	n, ok := page.Items[0].Int()
	if !ok || n < 0 || n > int64(size) {
		return 0, nil, c.strange(op, "the count of a page is not a number from 0 to %d", size)
	}
	return n, page.Items[1], nil
}

// CountPage counts the documents of one page; next is the first id of the
// following page, -1 for none. It reads no other ids.
func (c *Client) CountPage(ctx context.Context, p PageRequest) (n, next int64, err error) {
	op := "count documents of " + quoteName(p.Collection)
	n, after, err := c.countPageOf(ctx, op, pageOf(p), p.At, p.Size)
	if err != nil || after.IsNull() {
		return n, -1, err
	}
	next, err = decodeCursor(after, p.Collection)
	if err != nil || next <= p.From {
		return 0, -1, c.strange(op, "the page after the one from id %d starts at id %d", p.From, next)
	}
	return n, next, nil
}
