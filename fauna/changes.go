package fauna

import (
	"context"
	"fmt"

	f "github.com/fauna/faunadb-go/v4/faunadb"
)

// DocumentsOf reads the documents ids at a time (0: the present), in order, and
// returns the answer's body in the form of a page, {"resource":{"data":[…]}},
// with null for a document that does not exist or that the key may not read.
func (c *Client) DocumentsOf(ctx context.Context, p PageRequest, ids []int64) (body []byte, err error) {
	op := "read documents of " + quoteName(p.Collection)
	expr, err := documentsOfExpr(p, ids)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	r := c.reading(op, p.At)
	r.limit, r.buf = c.limit(len(ids)), p.Buf
	return c.ask(ctx, r, expr)
}

// documentsOfExpr checks that each document exists before reading it, since Get
// of a missing one would fail the whole query; a missing one becomes null.
// Otherwise it uses the forms of reading pages, over a list of refs.
func documentsOfExpr(p PageRequest, ids []int64) (f.Expr, error) {
	one, err := documentExpr(f.Get(f.Var("x")), p.Paths)
	if err != nil {
		return nil, err
	}
	refs := make(f.Arr, len(ids))
	for i, id := range ids {
		refs[i] = docRef(p.Collection, id)
	}
	there := f.If(f.Exists(f.Var("x")), one, f.Null())
	return atTime(p.At, f.Obj{"data": f.Map(refs, f.Lambda("x", there))}), nil
}
