package fauna

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	f "github.com/fauna/faunadb-go/v4/faunadb"
)

// definitionBatch is how many definitions are read in one query. A function's
// body may be long; the server takes far more.
const definitionBatch = 100

// DefinitionKind is a kind of schema.
type DefinitionKind string

// The kinds of schema that Definitions reads, in the order in which they must be
// made: indexes need their collections, roles all of the others.
const (
	CollectionDefinitions DefinitionKind = "collections"
	IndexDefinitions      DefinitionKind = "indexes"
	FunctionDefinitions   DefinitionKind = "functions"
	RoleDefinitions       DefinitionKind = "roles"
)

// DefinitionKinds returns all kinds, in the order in which they must be made.
func DefinitionKinds() []DefinitionKind {
	return []DefinitionKind{CollectionDefinitions, IndexDefinitions, FunctionDefinitions, RoleDefinitions}
}

// Definition is one collection, index, function or role.
type Definition struct {
	Name string
	// Document is the definition as the server sent it: JSON with Fauna's tags,
	// with ref and ts, members in the server's order.
	Document json.RawMessage
}

// Definitions is the schema of a database, as of one moment, as far as the key
// may read it.
type Definitions struct {
	At   int64 // of the moment, in microseconds since 1970
	List map[DefinitionKind][]Definition
	// Denied holds the kinds that the key may not list. A kind whose list is
	// empty may be hidden too: the server leaves out what a role of one's own may
	// not read and says nothing.
	Denied []DefinitionKind
}

// kindOf returns the set of a kind, and the ref of one of its members.
func kindOf(kind DefinitionKind) (set f.Expr, member func(name string) f.Expr) {
	switch kind {
	case IndexDefinitions:
		return f.Indexes(), func(name string) f.Expr { return f.Index(name) }
	case FunctionDefinitions:
		return f.Functions(), func(name string) f.Expr { return f.Function(name) }
	case RoleDefinitions:
		return f.Roles(), func(name string) f.Expr { return f.Role(name) }
	}
	return f.Collections(), func(name string) f.Expr { return f.Collection(name) }
}

// Definitions reads the schema that the key may read, in the order in which it
// was made. It fails with KindDenied where the key may read none of it.
func (c *Client) Definitions(ctx context.Context) (*Definitions, error) {
	at, err := c.Now(ctx)
	if err != nil {
		return nil, err
	}
	d := &Definitions{At: at, List: map[DefinitionKind][]Definition{}}
	var denied error
	for _, kind := range DefinitionKinds() {
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
	if len(d.Denied) == len(DefinitionKinds()) {
		return nil, denied
	}
	return d, nil
}

func (c *Client) definitionsOf(ctx context.Context, kind DefinitionKind, at int64) ([]Definition, error) {
	set, member := kindOf(kind)
	names, err := c.namesAt(ctx, "list "+string(kind), set, at)
	if err != nil {
		return nil, err
	}
	list := []Definition{}
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
			list = append(list, Definition{Name: name, Document: documents[i]})
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
