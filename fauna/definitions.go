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

// definitionBatch is how many definitions are read per query. A function's body
// may be long; the server allows far more.
const definitionBatch = 100

// kindOf returns the set of a kind, and a function for refs to its members.
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
	set, member := kindOf(kind)
	names, err := c.countedNames(ctx, string(kind), set, at)
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
		documents, err := c.rawArray(ctx, "read "+string(kind), gets, at)
		if err != nil {
			return nil, err
		}
		if len(documents) != len(some) {
			return nil, c.strange("read "+string(kind), fmt.Sprintf("%d definitions for %d names", len(documents), len(some)))
		}
		for i, name := range some {
			if err := checkDefinition(documents[i], kind, name, at); err != nil {
				return nil, c.mismatch("read "+string(kind), fmt.Errorf("it returned a definition other than that of %s: %w", quoteName(name), err))
			}
			list = append(list, fql.Definition{Name: name, Document: documents[i]})
		}
	}
	return list, nil
}

// checkDefinition returns an error if a document is not the requested
// definition.
func checkDefinition(document []byte, kind fql.DefinitionKind, name string, at int64) error {
	var d struct {
		Ref struct {
			Ref struct {
				ID         string `json:"id"`
				Collection struct {
					Ref struct {
						ID string `json:"id"`
					} `json:"@ref"`
				} `json:"collection"`
			} `json:"@ref"`
		} `json:"ref"`
		TS *int64 `json:"ts"`
	}
	switch err := json.Unmarshal(document, &d); {
	case err != nil:
		return errors.New("it has no ref and ts")
	case d.Ref.Ref.ID != name || d.Ref.Ref.Collection.Ref.ID != string(kind):
		return errors.New("its ref is a different one")
	case d.TS == nil || *d.TS < 0 || *d.TS > at:
		return errors.New("its ts is not a time before the read")
	}
	return nil
}

// rawArray evaluates an expression that returns an array, and returns its
// elements undecoded: the driver would lose the order of members and the digits
// of numbers.
func (c *Client) rawArray(ctx context.Context, op string, expr f.Expr, at int64) ([]json.RawMessage, error) {
	r := c.reading(op, at)
	r.limit = documentLimit
	body, err := c.ask(ctx, r, atTime(at, expr))
	if err != nil {
		return nil, err
	}
	var answer struct {
		Resource []json.RawMessage `json:"resource"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, c.unreadable(op, body, fmt.Errorf("not an array: %w", err))
	}
	for i, one := range answer.Resource {
		var compact bytes.Buffer
		if err := json.Compact(&compact, one); err != nil {
			return nil, c.mismatch(op, err)
		}
		answer.Resource[i] = compact.Bytes()
	}
	return answer.Resource, nil
}
