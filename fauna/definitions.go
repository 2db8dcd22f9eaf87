package fauna

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	f "github.com/fauna/faunadb-go/v4/faunadb"

	"fauna-export/fauna/fql"
)

// definitionBatch is how many definitions are read in one query. A function's
// body may be long; the server takes far more.
const definitionBatch = 100

// kindOf returns the set of a kind, and the ref of one of its members.
func kindOf(kind fql.DefinitionKind) (set f.Expr, member func(name string) f.Expr) {
	switch kind {
	case fql.IndexDefinitions:
		return f.Indexes(), func(name string) f.Expr { return f.Index(name) }
	case fql.FunctionDefinitions:
		return f.Functions(), func(name string) f.Expr { return f.Function(name) }
	case fql.RoleDefinitions:
		return f.Roles(), func(name string) f.Expr { return f.Role(name) }
	}
	return f.Collections(), func(name string) f.Expr { return f.Collection(name) }
}

// fql.Definitions reads the schema that the key may read, in the order in which it
// was made. It fails with KindDenied where the key may read none of it.
func (c *Client) Definitions(ctx context.Context) (*fql.Definitions, error) {
	at, err := c.Now(ctx)
	if err != nil {
		return nil, err
	}
	d := &fql.Definitions{At: at, List: map[fql.DefinitionKind][]fql.Definition{}}
	var denied error
	for _, kind := range fql.DefinitionKinds() {
		list, err := c.definitionsOf(ctx, kind, at)
		if e := new(Error); errors.As(err, &e) && e.Kind == KindDenied {
			d.Denied, denied = append(d.Denied, kind), err
			continue
		}
		if err != nil {
			return nil, err
		}
		d.List[kind] = list
	}
	if len(d.Denied) == len(fql.DefinitionKinds()) {
		return nil, denied
	}
	return d, nil
}

func (c *Client) definitionsOf(ctx context.Context, kind fql.DefinitionKind, at int64) ([]fql.Definition, error) {
	set, member := kindOf(kind)
	names, err := c.namesAt(ctx, "list "+string(kind), set, at)
	if err != nil {
		return nil, err
	}
	list := []fql.Definition{}
	for start := 0; start < len(names); start += definitionBatch {
		some := names[start:min(start+definitionBatch, len(names))]
		gets := make(f.Arr, len(some))
		for i, name := range some {
			gets[i] = f.Get(member(name))
		}
		documents, err := c.rawArray(ctx, "read "+string(kind), atTime(at, gets), at)
		if err != nil {
			return nil, err
		}
		if len(documents) != len(some) {
			return nil, c.strange("read "+string(kind), fmt.Sprintf("%d definitions for %d names", len(documents), len(some)))
		}
		for i, name := range some {
			list = append(list, fql.Definition{Name: name, Document: documents[i]})
		}
	}
	return list, nil
}

// rawArray evaluates an expression that gives an array, and returns its elements
// as they came: the driver would lose the order of members and the digits of
// numbers.
func (c *Client) rawArray(ctx context.Context, op string, expr f.Expr, at int64) ([]json.RawMessage, error) {
	query, err := json.Marshal(expr)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	body, err := c.send(ctx, request{op: op, body: query, lastSeen: c.lastSeen(at), limit: documentLimit}, nil)
	if err != nil {
		return nil, err
	}
	if !json.Valid(body) {
		return nil, c.broken(op)
	}
	var answer struct {
		Resource []json.RawMessage `json:"resource"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, c.strange(op, "not an array: "+err.Error())
	}
	for i, one := range answer.Resource {
		var compact bytes.Buffer
		if err := json.Compact(&compact, one); err != nil {
			return nil, c.strange(op, err.Error())
		}
		answer.Resource[i] = compact.Bytes()
	}
	return answer.Resource, nil
}
