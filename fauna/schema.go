package fauna

import (
	"cmp"
	"context"
	"sync"

	f "github.com/fauna/faunadb-go/v4/faunadb"

	"fauna-export/fauna/fql"
)

// Collections returns the names of all collections, in the order in which they
// were created, and checks their number with a separate count. The key must be
// allowed to read Collections().
func (c *Client) Collections(ctx context.Context) ([]string, error) {
	l := schemaList{kind: "collections", set: f.Collections(), row: f.Select("id", f.Var("x")), size: 1000, name: (*fql.Node).Str}
	rows, err := c.counted(ctx, l, 0)
	if failed(err, KindStrange) { // one of the two was wrong, or something was created or deleted in between
		var at int64
		if at, err = c.Now(ctx); err == nil {
			rows, err = c.counted(ctx, l, at)
		}
	}
	var names []string
	for _, row := range rows {
		names = append(names, row.Text)
	}
	return names, err
}

// A schemaList says what to read of all schema items of a kind.
type schemaList struct {
	kind string // for errors: "collections"
	set  f.Expr
	row  f.Expr // of one, which is the variable x
	size int    // of a page
	name func(row *fql.Node) string
}

// counted lists schema items and, in parallel, counts them, at a time in microseconds
// since 1970 (0: the present).
func (c *Client) counted(ctx context.Context, l schemaList, at int64) ([]*fql.Node, error) {
	var n int64
	var uncounted error
	var counting sync.WaitGroup
	counting.Go(func() { n, uncounted = c.count(ctx, "count the "+l.kind, l.set, at) })
	rows, err := c.list(ctx, l, at)
	counting.Wait()
	if err := cmp.Or(err, uncounted); err != nil {
		return nil, err
	}
	if n != int64(len(rows)) {
		return nil, c.strange("list "+l.kind, "%d are listed, but the count is %d", len(rows), n)
	}
	return rows, nil
}

// list pages through schema items.
func (c *Client) list(ctx context.Context, l schemaList, at int64) (rows []*fql.Node, err error) {
	r := c.reading("list "+l.kind, at)
	r.limit = documentLimit
	seen := map[string]bool{}
	options := []f.OptionalParameter{f.Size(l.size)}
	for first := true; ; first = false {
		page, err := c.query(ctx, r, atTime(at, f.Map(f.Paginate(l.set, options...), f.Lambda("x", l.row))))
		if err != nil {
			return nil, err
		}
		data := page.Member("data")
		if data == nil || data.Kind != fql.Array || len(data.Items) > l.size {
			return nil, c.strange(r.op, "not a page of at most %d items", l.size)
		}
		for _, row := range data.Items {
			name := l.name(row)
			if err := fql.CheckName(name); err != nil {
				return nil, c.strange(r.op, "%s is not a valid name", quoteName(name))
			}
			if seen[name] {
				return nil, c.strange(r.op, "%s is listed twice", quoteName(name))
			}
			seen[name] = true
			rows = append(rows, row)
		}
		if first && page.Member("before") != nil {
			return nil, c.strange(r.op, "the first page has a cursor to an earlier one")
		}
		after := page.Member("after")
		if after.IsNull() {
			return rows, nil // the last page has no cursor; a null one would give an empty page
		}
		if len(data.Items) == 0 {
			return nil, c.strange(r.op, "the page after %d items is empty, but has a cursor to a next one", len(rows))
		}
		options = []f.OptionalParameter{f.After(expression{RawMessage: after.Append(nil)}), f.Size(l.size)}
	}
}
