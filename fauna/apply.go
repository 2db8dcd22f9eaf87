package fauna

import (
	"context"
	"errors"
	"fmt"

	"fauna-export/fauna/fql"
)

// Apply creates the set-up with the client's secret, which must be an admin's,
// and returns the new key's secret. It sends the queries that the set-up's
// methods print: it creates missing indexes, creates the role or updates its
// privileges, and creates the key. It does not change existing indexes;
// CheckIndexes reports whether they are right.
func (c *Client) Apply(ctx context.Context, s fql.Setup) (Secret, error) {
	s.Role = s.RoleName()
	s.Dialect = fql.V4
	for i := range s.Collections {
		if s.Index(i) == "" {
			continue
		}
		_, err := c.write(ctx, "create the index "+quoteName(s.Index(i)), s.IndexFQL(i))
		if err != nil && !alreadyExists(err) {
			return Secret{}, err
		}
	}
	role := quoteName(s.Role)
	_, err := c.write(ctx, "create the role "+role, s.RoleFQL())
	if alreadyExists(err) {
		_, err = c.write(ctx, "update the role "+role, s.RoleUpdateFQL())
	}
	if err != nil {
		return Secret{}, err
	}
	// A separate query, because the role must exist before it.
	op := "create a key of the role " + role
	key, err := c.write(ctx, op, s.KeyFQL())
	secret := NewSecret(key.Member("secret").Str())
	if err == nil && secret.IsZero() {
		err = c.strange(op, "the result of CreateKey contains no secret")
	}
	return secret, err
}

// write sends an FQL query that writes.
func (c *Client) write(ctx context.Context, op, text string) (*fql.Node, error) {
	query, err := fql.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	return c.query(ctx, request{op: op, write: true}, expression{RawMessage: query})
}

func alreadyExists(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Code == "instance already exists"
}
