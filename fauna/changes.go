package fauna

import (
	"context"
	"fmt"

	f "github.com/fauna/faunadb-go/v4/faunadb"
)

// DocumentsOf reads the documents ids at a time (0: the present), in order, and
// returns the answer's body in the form of a page, {"resource":{"data":[…]}},
// with null for a document that does not exist or that the key may not read.
// paths and buf are as for Documents.
func (c *Client) DocumentsOf(ctx context.Context, collection string, at int64, ids []int64, paths [][]any, buf []byte) (body []byte, err error) {
	op := "read documents of " + quoteName(collection)
	expr, err := documentsOfExpr(collection, at, ids, paths)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	r := c.reading(op, at)
	r.limit, r.buf = c.limit(len(ids)), buf
	return c.ask(ctx, r, expr)
}

// documentsOfExpr checks that each document exists before reading it, since Get
// of a missing one would fail the whole query; a missing one becomes null.
// Otherwise it uses the forms of reading pages, over a list of refs.
func documentsOfExpr(collection string, at int64, ids []int64, paths [][]any) (f.Expr, error) {
	one, err := documentExpr(f.Get(f.Var("x")), paths)
	if err != nil {
		return nil, err
	}
	refs := make(f.Arr, len(ids))
	for i, id := range ids {
		refs[i] = docRef(collection, id)
	}
	there := f.If(f.Exists(f.Var("x")), one, f.Null())
	return atTime(at, f.Obj{"data": f.Map(refs, f.Lambda("x", there))}), nil
}
