package fauna

import (
	"context"
	"fmt"

	f "github.com/fauna/faunadb-go/v4/faunadb"
)

// listPage is how many names a page of a list has.
const listPage = 1000

// Collections returns the names of all collections, in the order in which they
// were made. The key must be allowed to read Collections().
func (c *Client) Collections(ctx context.Context) ([]string, error) {
	return c.names(ctx, "list collections", f.Collections())
}

// names pages through the names of a set of schema.
func (c *Client) names(ctx context.Context, op string, set f.Expr) ([]string, error) {
	return c.namesAt(ctx, op, set, 0)
}

// namesAt pages through the names that a set of schema had at a time, in
// microseconds; 0 is the present.
func (c *Client) namesAt(ctx context.Context, op string, set f.Expr, at int64) ([]string, error) {
	var names []string
	seen := map[string]bool{}
	options := []f.OptionalParameter{f.Size(listPage)}
	for {
		page, err := c.query(ctx, request{op: op, lastSeen: c.lastSeen(at)},
			atTime(at, f.Map(f.Paginate(set, options...), f.Lambda("x", f.Select("id", f.Var("x"))))))
		if err != nil {
			return nil, err
		}
		var ids []string
		if err := page.At(f.ObjKey("data")).Get(&ids); err != nil {
			return nil, c.strange(op, "not a page of names: "+err.Error())
		}
		for _, name := range ids {
			if !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
		}
		var after f.Value
		if err := page.At(f.ObjKey("after")).Get(&after); err != nil || after == nil {
			return names, nil // the last page has no cursor; a null one would be an empty page
		}
		if len(ids) == 0 {
			return nil, c.strange(op, fmt.Sprintf("an empty page that is not the last, after %d names", len(names)))
		}
		options = []f.OptionalParameter{f.After(after), f.Size(listPage)}
	}
}
