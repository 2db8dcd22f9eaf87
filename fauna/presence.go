package fauna

import (
	"context"

	f "github.com/fauna/faunadb-go/v4/faunadb"
)

// Presence finds out why documents are missing from a page: alive ones can be
// read now, gone ones no longer exist, hidden ones the key may not read. Each
// list keeps the order of ids.
func (c *Client) Presence(ctx context.Context, collection string, ids []int64) (alive, gone, hidden []int64, err error) {
	op := "look for documents of " + quoteName(collection)
	exprs := make([]f.Expr, len(ids))
	for i, id := range ids {
		exprs[i] = probeExpr(collection, id)
	}
	results, err := c.each(ctx, c.reading(op, 0), exprs)
	if err != nil {
		return nil, nil, nil, err
	}
	for i, r := range results {
		switch {
		case r.problem == nil:
			alive = append(alive, ids[i])
		case r.problem.Code == "invalid ref": // the collection itself
			return nil, nil, nil, c.problemError(op, r.problem)
		case r.problem.kind() == KindMissing:
			gone = append(gone, ids[i])
		case r.problem.kind() == KindDenied:
			hidden = append(hidden, ids[i])
		default:
			return nil, nil, nil, c.problemError(op, r.problem)
		}
	}
	return alive, gone, hidden, nil
}
