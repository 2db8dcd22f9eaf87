package fauna

import (
	"context"

	f "github.com/fauna/faunadb-go/v4/faunadb"

	"fauna-export/fauna/fql"
)

// definitionPage is how many definitions are read per query. A function's body may be
// long; the server allows far more.
const definitionPage = 100

// definitionSets are the sets of the kinds.
var definitionSets = map[fql.DefinitionKind]f.Expr{
	fql.CollectionDefinitions: f.Collections(), fql.IndexDefinitions: f.Indexes(),
	fql.FunctionDefinitions: f.Functions(), fql.RoleDefinitions: f.Roles(),
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
	name := func(document *fql.Node) string { return document.Member("ref", "@ref", "id").Str() }
	l := schemaList{kind: string(kind), set: definitionSets[kind], row: f.Get(f.Var("x")), size: definitionPage, name: name}
	documents, err := c.counted(ctx, l, at)
	if err != nil {
		return nil, err
	}
	list := []fql.Definition{}
	for _, document := range documents {
		switch ts, ok := document.Member("ts").Int(); {
		case document.Member("ref", "@ref", "collection", "@ref", "id").Str() != l.kind:
			return nil, c.strange("list "+l.kind, "the ref of %s is that of another kind", quoteName(name(document)))
		case !ok || ts < 0 || ts > at:
			return nil, c.strange("list "+l.kind, "the ts of %s is not a time before the read", quoteName(name(document)))
		}
		list = append(list, fql.Definition{Name: name(document), Document: document.Append(nil)})
	}
	return list, nil
}
