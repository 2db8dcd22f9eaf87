package fauna

import (
	"context"
	"errors"
	"slices"

	f "github.com/fauna/faunadb-go/v4/faunadb"

	"fauna-export/fauna/fql"
)

// batchSize is how many expressions one query has. The server answers 5 000 probes
// in half a second, so a thousand keep any query short.
const batchSize = 1000

// result is the outcome of one of several expressions: a value or a problem.
type result struct {
	value   *fql.Node
	problem *problem
}

// each evaluates expressions, many per query, as an array. An answer with errors
// lacks the values of the other elements, so with r.values it re-queries those
// that succeeded.
func (c *Client) each(ctx context.Context, r request, exprs []f.Expr) ([]result, error) {
	results := make([]result, len(exprs))
	for start := 0; start < len(exprs); start += batchSize {
		open := make([]int, min(batchSize, len(exprs)-start)) // the expressions not answered yet
		for i := range open {
			open[i] = start + i
		}
		for len(open) > 0 {
			query := make(f.Arr, len(open))
			for i, n := range open {
				query[i] = exprs[n]
			}
			value, err := c.query(ctx, r, query)
			if e, isError := errors.AsType[*Error](err); isError && e.splits(len(open)) {
				for i := range e.problems {
					results[open[e.problems[i].element]].problem = &e.problems[i]
				}
				open = slices.DeleteFunc(open, func(n int) bool { return !r.values || results[n].problem != nil })
				continue
			}
			if err != nil {
				return nil, err
			}
			if value == nil || value.Kind != fql.Array || len(value.Items) != len(open) {
				return nil, c.strange(r.op, "not an array of %d values", len(open))
			}
			for i, n := range open {
				results[n].value = value.Items[i]
			}
			open = nil
		}
	}
	return results, nil
}

// splits reports whether every error belongs to one of the n elements of the
// query.
func (e *Error) splits(n int) bool {
	return len(e.problems) > 0 && !slices.ContainsFunc(e.problems, func(p problem) bool { return p.element < 0 || p.element >= n })
}

// kind classifies the problem of one element by its code, whatever the status
// of the whole answer.
func (p *problem) kind() Kind { return classifyProblem(400, *p) }

// problemError returns a problem of one element as an error.
func (c *Client) problemError(op string, p *problem) *Error {
	return &Error{Kind: p.kind(), Op: op, Endpoint: c.endpoint.Host(), Status: 400, Code: p.Code, Description: p.Description}
}
