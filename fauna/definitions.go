package fauna

import (
	"context"

	f "github.com/fauna/faunadb-go/v4/faunadb"

	"fauna-export/fauna/fql"
)

// definitionBatch is how many definitions are read per query. A function's body
// may be long; the server allows far more.
const definitionBatch = 100

// definitionCalls are the functions for the set of a kind and for one member.
var definitionCalls = map[fql.DefinitionKind]struct {
	all func() f.Expr
	one func(name any) f.Expr
}{
	fql.CollectionDefinitions: {f.Collections, f.Collection},
	fql.IndexDefinitions:      {f.Indexes, f.Index},
	fql.FunctionDefinitions:   {f.Functions, f.Function},
	fql.RoleDefinitions:       {f.Roles, f.Role},
}

// Definitions reads the schema that the key may read, in the order in which
// it was created. It fails with KindDenied if the key may read none of it.
func (c *Client) Definitions(ctx context.Context) (*fql.Definitions, error) {
	at, err := c.Now(ctx)
	if err != nil {
		return nil, err
	}
	d := &fql.Definitions{At: at, List: map[fql.DefinitionKind][]fql.Definition{}}
	var denied error
	for _, kind := range fql.DefinitionKinds() {
		list, err := c.definitionsOf(ctx, kind, at)
		if failed(err, KindDenied) {
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
	call := definitionCalls[kind]
	names, err := c.countedNames(ctx, string(kind), call.all(), at)
	if err != nil {
		return nil, err
	}
	list := []fql.Definition{}
	for start := 0; start < len(names); start += definitionBatch {
		some := names[start:min(start+definitionBatch, len(names))]
		gets := make(f.Arr, len(some))
		for i, name := range some {
			gets[i] = f.Get(call.one(name))
		}
		op := "read " + string(kind)
		r := c.reading(op, at)
		r.limit = documentLimit
		documents, err := c.query(ctx, r, atTime(at, gets))
		if err != nil {
			return nil, err
		}
		if documents == nil || documents.Kind != fql.Array || len(documents.Items) != len(some) {
			return nil, c.strange(op, "not %d definitions", len(some))
		}
		for i, name := range some {
			document := documents.Items[i]
			ref := document.Member("ref", "@ref")
			ts, ok := document.Member("ts").Int()
			switch {
			case ref.Member("id").Str() != name || ref.Member("collection", "@ref", "id").Str() != string(kind):
				return nil, c.strange(op, "the ref of %s is not its own", quoteName(name))
			case !ok || ts < 0 || ts > at:
				return nil, c.strange(op, "the ts of %s is not a time before the read", quoteName(name))
			}
			list = append(list, fql.Definition{Name: name, Document: document.Append(nil)})
		}
	}
	return list, nil
}
