package fauna_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"fauna-export/fauna"
	"fauna-export/fauna/emulator"
	"fauna-export/fauna/fql"
)

func TestServer_applyThenCleanUp(t *testing.T) {
	t.Parallel()
	s := newServer(t, emulator.Options{})
	s.fill("users", 3)
	s.fill("products", 2)
	s.fill("secrets", 2)
	setup := fql.Setup{Collections: []string{"users"}, Indexes: []string{"users-ts"}}
	first, err := s.admin.Apply(t.Context(), setup)
	if err != nil {
		t.Fatal(err)
	}
	// Again with one more collection; the role and one index already exist.
	setup = fql.Setup{Collections: []string{"users", "products"}, Indexes: []string{"users-ts", "products-ts"}}
	second, err := s.admin.Apply(t.Context(), setup)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []fauna.Secret{first, second} {
		c, err := fauna.NewClient(fauna.Options{Endpoint: s.endpoint, Secret: secret})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		list, err := c.Access(t.Context(), []string{"users", "products", "secrets"})
		if err != nil || !list[0].Readable || !list[1].Readable || list[2].Readable {
			t.Errorf("access is %+v, %v", list, err)
		}
		checks, err := c.CheckIndexes(t.Context(), setup.Collections, setup.Indexes)
		if err != nil || !checks[0].Ready() || !checks[1].Ready() {
			t.Errorf("indexes are %+v, %v", checks, err)
		}
	}
	var e *fauna.Error
	if _, err := s.client("").Apply(t.Context(), setup); !errors.As(err, &e) || e.Kind != fauna.KindSecretRefused {
		t.Errorf("without a secret: %v", err)
	}
	if _, err := s.admin.Apply(t.Context(), fql.Setup{Collections: []string{"nope"}}); !errors.As(err, &e) || e.Kind != fauna.KindQuery {
		t.Errorf("for a missing collection: %v", err)
	}

	s.run(setup.Cleanup()[0].FQL)
	c, err := fauna.NewClient(fauna.Options{Endpoint: s.endpoint, Secret: second})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Collections(t.Context()); !errors.As(err, &e) || e.Kind != fauna.KindSecretRefused {
		t.Errorf("after the clean-up: %v", err)
	}
	if printed := s.run(`Paginate(Roles())`); strings.Contains(printed, fql.DefaultRole) {
		t.Errorf("the role is still there: %s", printed)
	}
}

// The printed text runs unchanged, and what it creates works.
func TestServer_setupTextRuns(t *testing.T) {
	t.Parallel()
	s := newServer(t, emulator.Options{})
	s.fill("users", 3)
	s.fill("Ünï-cödé.1", 2)
	setup := fql.Setup{Role: "röle;1", Collections: []string{"users", "Ünï-cödé.1"}, Indexes: []string{"users-ts", "Ünï-cödé.1-ts"}}
	printed := ""
	for _, q := range setup.All() {
		printed = s.run(q.FQL)
	}
	secret, note := fauna.FindSecret(printed)
	if note != "" {
		t.Error(note)
	}
	c, err := fauna.NewClient(fauna.Options{Endpoint: s.endpoint, Secret: secret})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	list, err := c.Access(t.Context(), setup.Collections)
	if err != nil || !list[0].Readable || !list[1].Readable || list[0].HistoryDays != 0 {
		t.Errorf("access is %+v, %v", list, err)
	}
	s.run(setup.RoleUpdateFQL())
	s.run(fql.HistoryFQL(fql.V4, setup.Collections[:1], 5))
	s.run(fql.HistoryFQL(fql.V4, setup.Collections, 3)) // cuts no longer history short
	if list, err = c.Access(t.Context(), setup.Collections); err != nil || list[0].HistoryDays != 5 || list[1].HistoryDays != 3 {
		t.Errorf("access is %+v, %v", list, err)
	}
	s.run(`Update(Collection("users"), { history_days: null })`) // forever
	s.run(fql.HistoryFQL(fql.V4, setup.Collections, 4))
	if list, err = c.Access(t.Context(), setup.Collections); err != nil || list[0].HistoryDays != fauna.HistoryForever || list[1].HistoryDays != 4 {
		t.Errorf("access is %+v, %v", list, err)
	}
	names := fql.ParseNames(s.run(fql.CollectionsFQL(fql.V4)))
	if !slices.Equal(names.Names, setup.Collections) || names.Cut != "" {
		t.Errorf("names are %+v", names)
	}
	names = fql.ParseNames(s.run("Paginate(Collections(), {size: 1})"))
	if !slices.Equal(names.Names, setup.Collections[:1]) || names.Cut == "" {
		t.Errorf("names are %+v", names)
	}
	s.run(setup.Cleanup()[0].FQL)
	var e *fauna.Error
	if _, err := c.Collections(t.Context()); !errors.As(err, &e) || e.Kind != fauna.KindSecretRefused {
		t.Errorf("after the clean-up: %v", err)
	}
}

func TestServer_cancelled(t *testing.T) {
	t.Parallel()
	s := newServer(t, emulator.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.admin.Collections(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
