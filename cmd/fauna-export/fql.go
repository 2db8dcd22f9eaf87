package main

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"fauna-export/export"
	"fauna-export/export/config"
	"fauna-export/fauna/fql"
)

// fqlPart is a subcommand of `fql`.
type fqlPart struct {
	name, short, example string
	chooses              bool // it needs a choice of collections
	build                func(fql.Setup) []fql.Query
}

func newFQLCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "fql",
		Short: "Print FQL that sets up, extends or removes read access",
		Long: `Print FQL for the Fauna shell on stdout. An admin runs the FQL of role, then of key
(and of index, for incremental syncs); the other commands need the secret of that
key. These commands only print text and change nothing.`,
		Example: `  fauna-export fql collections
  fauna-export fql role --collection users --collection products
  fauna-export fql key
  fauna-export fql cleanup`,
		Args: unknownCommand,
		RunE: func(*cobra.Command, []string) error {
			return usagef("choose the FQL to print: role, key, index, collections, history or cleanup")
		},
	}
	options := config.New()
	var shell string
	var update bool
	var days int
	one := func(title, text string, dialect fql.Dialect) []fql.Query {
		return []fql.Query{{Title: title, FQL: text, Dialect: dialect}}
	}
	for _, part := range []fqlPart{
		{"role", "Create a role that can read only the chosen collections", `  fauna-export fql role --collection users --collection products
  fauna-export fql role --collection users --mode incremental --update`, true, func(s fql.Setup) []fql.Query {
			if update {
				return one("role update", s.RoleUpdateFQL(), s.RoleDialect())
			}
			return one("role", s.RoleFQL(), s.RoleDialect())
		}},
		{"key", "Create a key for the role; the result contains the secret, shown only once", `  fauna-export fql key
  fauna-export fql key --role nightly`, false, func(s fql.Setup) []fql.Query {
			return one("key", s.KeyFQL(), s.Dialect)
		}},
		{"index", "Create the index on each collection that incremental syncs need", `  fauna-export fql index --collection users
  fauna-export fql index --collection users --index '{collection}_by_ts'`, true, func(s fql.Setup) []fql.Query {
			var all []fql.Query
			for i, name := range s.Collections {
				all = append(all, fql.Query{Title: "index of " + name, FQL: s.IndexFQL(i)})
			}
			return all
		}},
		{"collections", "List all collections", `  fauna-export fql collections`, false, func(s fql.Setup) []fql.Query {
			return one("collections", fql.CollectionsFQL(s.Dialect), s.Dialect)
		}},
		{"history", "Keep history longer, so that the snapshot of a long export does not expire",
			`  fauna-export fql history --collection users --days 2`, true, func(s fql.Setup) []fql.Query {
				return one("history", fql.HistoryFQL(s.Dialect, s.Collections, days), s.Dialect)
			}},
		{"cleanup", "Delete the role and its keys", `  fauna-export fql cleanup
  fauna-export fql cleanup --dialect v10`, false, fql.Setup.Cleanup},
	} {
		c := &cobra.Command{Use: part.name, Short: part.short, Example: part.example, Args: noArguments}
		c.RunE = func(cmd *cobra.Command, args []string) error {
			if shell != string(fql.V4) && shell != string(fql.V10) {
				return usagef("--dialect %s: give v4 or v10", quoted(shell))
			}
			if days < 1 && part.name == "history" {
				return usagef("--days %d: give 1 or more", days)
			}
			s := fql.Setup{Dialect: fql.Dialect(shell), Role: options.Role}
			if err := s.Check(); err != nil {
				return usagef("--role %s: %w", quoted(s.Role), err)
			}
			if part.chooses {
				if err := a.chooseFor(cmd.Context(), &s, options, part.name == "index"); err != nil {
					return err
				}
			}
			return a.printQueries(part.build(s), s.Dialect)
		}
		set := c.Flags()
		if part.chooses {
			addOptions(c, set, options, config.Address, config.Server, config.Secret, config.Choice)
		}
		if slices.Contains([]string{"role", "key", "cleanup"}, part.name) {
			set.StringVar(&options.Role, "role", "", "`NAME` of the role and its key (default "+fql.DefaultRole+", in v10 "+fql.Setup{Dialect: fql.V10}.RoleName()+")")
		}
		switch part.name {
		case "role":
			set.BoolVar(&update, "update", false, "replace the privileges of an existing role")
			addOptions(c, set, options, config.Sync)
			redefine(c, "mode", string(export.Full), "`MODE` of the runs: full, or incremental for a role that can also read the indexes")
		case "index":
			set.StringVar(&options.Index, "index", config.DefaultIndex, "`PATTERN` of the index names")
		case "history":
			set.IntVar(&days, "days", 1, "keep `N` days of history")
		}
		set.StringVar(&shell, "dialect", string(fql.V4), "FQL `VERSION` of your shell: v4 or v10")
		completeWords(c, "dialect", string(fql.V4), string(fql.V10))
		cmd.AddCommand(c)
	}
	return cmd
}

func (a *app) printQueries(queries []fql.Query, shell fql.Dialect) error {
	type query struct {
		Title   string      `json:"title"`
		FQL     string      `json:"fql"`
		Dialect fql.Dialect `json:"dialect"`
	}
	out := mapped(queries, func(q fql.Query) query { return query{q.Title, q.FQL, cmp.Or(q.Dialect, fql.V4)} })
	texts := mapped(queries, func(q fql.Query) string { return q.Text(shell) + "\n" })
	return a.print(out, strings.Join(texts, "\n"))
}

// chooseFor adds the chosen collections to a set-up, and their indexes if they are
// needed. Only --all needs a server.
func (a *app) chooseFor(ctx context.Context, s *fql.Setup, c *config.Config, indexed bool) error {
	if err := checkChoice(c); err != nil {
		return err
	}
	s.Collections = c.Collections
	if c.All {
		client, err := a.connect(ctx, c)
		if err != nil {
			return err
		}
		defer client.Close()
		if s.Collections, err = listAll(ctx, client, c.Exclude); err != nil {
			return err
		}
	}
	err := checkNames(s.Collections)
	if err == nil && (indexed || c.Mode == string(export.Incremental)) {
		s.Indexes, err = indexNames(s.Collections, c.Index)
	}
	return err
}
