package fauna

import (
	"context"
	"errors"

	f "github.com/fauna/faunadb-go/v4/faunadb"

	"fauna-export/fauna/fql"
)

// Apply creates the set-up with the client's secret, which must be an admin's,
// and returns the new key's secret. It creates missing indexes, creates the
// role or updates its privileges, and creates the key. It does not change
// existing indexes; CheckIndexes reports whether they are right.
func (c *Client) Apply(ctx context.Context, s fql.Setup) (Secret, error) {
	for i, collection := range s.Collections {
		name := s.Index(i)
		if name == "" {
			continue
		}
		err := c.create(ctx, "create the index "+quoteName(name), f.CreateIndex(f.Obj{
			"name":   name,
			"source": f.Collection(collection),
			"terms":  f.Arr{},
			"values": f.Arr{f.Obj{"field": "ts"}, f.Obj{"field": "ref"}},
		}))
		if err != nil && !alreadyExists(err) {
			return Secret{}, err
		}
	}

	role := s.RoleName()
	privileges := f.Arr{grant(f.Collections()), grant(f.Indexes())}
	for i, collection := range s.Collections {
		privileges = append(privileges, grant(f.Collection(collection)))
		if name := s.Index(i); name != "" {
			privileges = append(privileges, grant(f.Index(name)))
		}
	}
	err := c.create(ctx, "create the role "+quoteName(role), f.CreateRole(f.Obj{"name": role, "privileges": privileges}))
	if alreadyExists(err) {
		err = c.create(ctx, "update the role "+quoteName(role), f.Update(f.Role(role), f.Obj{"privileges": privileges}))
	}
	if err != nil {
		return Secret{}, err
	}

	// A separate query, because the role must exist before it.
	op := "create a key of the role " + quoteName(role)
	key, err := c.query(ctx, request{op: op, write: true}, f.CreateKey(f.Obj{"name": role, "role": f.Role(role)}))
	if err != nil {
		return Secret{}, err
	}
	secret := NewSecret(key.Member("secret").Str())
	if secret.IsZero() {
		return Secret{}, c.strange(op, "the result of CreateKey contains no secret")
	}
	return secret, nil
}

// create runs a query that writes, and ignores its answer.
func (c *Client) create(ctx context.Context, op string, expr f.Expr) error {
	_, err := c.query(ctx, request{op: op, write: true}, expr)
	return err
}

// grant is the privilege to read a resource.
func grant(resource f.Expr) f.Obj {
	return f.Obj{"resource": resource, "actions": f.Obj{"read": true}}
}

func alreadyExists(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Code == "instance already exists"
}
