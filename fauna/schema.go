package fauna

import (
	"cmp"
	"context"
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
	names, err := c.countedNames(ctx, "collections", f.Collections(), 0)
	if !failed(err, KindStrange) {
		return names, err
	}
	// One of the two was wrong, or something was created or deleted in between.
	at, err := c.Now(ctx)
	if err != nil {
		return nil, err
	}
	return c.countedNames(ctx, "collections", f.Collections(), at)
}

// countedNames lists the names of a kind and, in parallel, counts them.
func (c *Client) countedNames(ctx context.Context, kind string, set f.Expr, at int64) ([]string, error) {
	var n int64
	var uncounted error
	var counting sync.WaitGroup
	counting.Go(func() { n, uncounted = c.count(ctx, "count the "+kind, set, at) })
	names, err := c.namesAt(ctx, "list "+kind, set, at)
	counting.Wait()
	if err := cmp.Or(err, uncounted); err != nil {
		return nil, err
	}
	if n != int64(len(names)) {
		return nil, c.strange("list "+kind, "%d are listed, but the count is %d", len(names), n)
	}
	return names, nil
}

// namesAt pages through the names in a schema set at a time, in microseconds
// since 1970.
func (c *Client) namesAt(ctx context.Context, op string, set f.Expr, at int64) ([]string, error) {
	var names []string
	seen := map[string]bool{}
	options := []f.OptionalParameter{f.Size(listPage)}
	for first := true; ; first = false {
		page, err := c.query(ctx, c.reading(op, at),
			atTime(at, f.Map(f.Paginate(set, options...), f.Lambda("x", f.Select("id", f.Var("x"))))))
		if err != nil {
			return nil, err
		}
		data := page.Member("data")
		if data == nil || data.Kind != fql.Array || len(data.Items) > listPage {
			return nil, c.strange(op, "not a page of at most %d names", listPage)
		}
		for _, id := range data.Items {
			name := id.Text
			if err := fql.CheckName(name); err != nil || id.Kind != fql.String {
				return nil, c.strange(op, "%s is not a valid name", quoteName(name))
			}
			if seen[name] {
				return nil, c.strange(op, "%s is listed twice", quoteName(name))
			}
			seen[name] = true
			names = append(names, name)
		}
		if first && page.Member("before") != nil {
			return nil, c.strange(op, "the first page has a cursor to an earlier one")
		}
		after := page.Member("after")
		if after.IsNull() {
			return names, nil // the last page has no cursor; a null one would give an empty page
		}
		if len(data.Items) == 0 {
			return nil, c.strange(op, "the page after %d names is empty, but has a cursor to a next one", len(names))
		}
		options = []f.OptionalParameter{f.After(expression{RawMessage: after.Append(nil)}), f.Size(listPage)}
	}
}
