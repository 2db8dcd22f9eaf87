package fauna

import (
	"cmp"
	"context"
	"fmt"
	"sync"

	f "github.com/fauna/faunadb-go/v4/faunadb"

	"fauna-export/fauna/fql"
)

// listPage is how many names a page of a list has.
const listPage = 1000

// Collections returns the names of all collections, in the order in which they
// were created, and checks their number with a separate count. The key must be
// allowed to read Collections().
func (c *Client) Collections(ctx context.Context) ([]string, error) {
	names, n, err := c.namesAndNumber(ctx, 0)
	if err == nil && n == int64(len(names)) {
		return names, nil
	}
	if err != nil && !failed(err, KindStrange) {
		return nil, err
	}
	// One of the two was wrong, or something was created or deleted in between.
	at, err := c.Now(ctx)
	if err != nil {
		return nil, err
	}
	if names, n, err = c.namesAndNumber(ctx, at); err != nil {
		return nil, err
	}
	if n != int64(len(names)) {
		return nil, c.strange(listCollections, fmt.Sprintf("it lists %d names and counts %d", len(names), n))
	}
	return names, nil
}

const listCollections = "list collections"

// namesAndNumber lists and counts the collections in parallel.
func (c *Client) namesAndNumber(ctx context.Context, at int64) (names []string, n int64, err error) {
	var uncounted error
	var counting sync.WaitGroup
	counting.Go(func() { n, uncounted = c.count(ctx, "count the collections", f.Collections(), at) })
	names, err = c.namesAt(ctx, listCollections, f.Collections(), at)
	counting.Wait()
	return names, n, cmp.Or(err, uncounted)
}

// namesAt pages through the names in a schema set at a time, in microseconds
// since 1970.
func (c *Client) namesAt(ctx context.Context, op string, set f.Expr, at int64) ([]string, error) {
	var names []string
	seen := map[string]bool{}
	options := []f.OptionalParameter{f.Size(listPage)}
	for first := true; ; first = false {
		page, err := c.query(ctx, request{op: op, lastSeen: c.lastSeen(at)},
			atTime(at, f.Map(f.Paginate(set, options...), f.Lambda("x", f.Select("id", f.Var("x"))))))
		if err != nil {
			return nil, err
		}
		var ids []string
		if err := page.At(f.ObjKey("data")).Get(&ids); err != nil || len(ids) > listPage {
			return nil, c.strange(op, fmt.Sprintf("not a page of at most %d names", listPage))
		}
		for _, name := range ids {
			if err := fql.CheckName(name); err != nil {
				return nil, c.strange(op, "it lists an invalid name: "+err.Error())
			}
			if seen[name] {
				return nil, c.strange(op, "it lists "+quoteName(name)+" twice")
			}
			seen[name] = true
			names = append(names, name)
		}
		var before, after f.Value
		if err := page.At(f.ObjKey("before")).Get(&before); first && err == nil && before != nil {
			return nil, c.strange(op, "the first page of names has a cursor to earlier ones")
		}
		if err := page.At(f.ObjKey("after")).Get(&after); err != nil || after == nil {
			return names, nil // the last page has no cursor; a null one would give an empty page
		}
		if len(ids) == 0 {
			return nil, c.strange(op, fmt.Sprintf("an empty page that is not the last, after %d names", len(names)))
		}
		options = []f.OptionalParameter{f.After(after), f.Size(listPage)}
	}
}
