package main

import (
	"cmp"
	"context"
	"strings"

	"github.com/spf13/cobra"

	"fauna-export/export"
	"fauna-export/export/config"
	"fauna-export/fauna/fql"
)

// fqlFlags are the flags of all subcommands of `fql`.
type fqlFlags struct {
	*config.Config
	shell string
}

// dialect returns the dialect of the shell that the text is for.
func (f *fqlFlags) dialect() fql.Dialect { return fql.Dialect(f.shell) }

// roleOnly returns a set-up of which only the role matters.
func (f *fqlFlags) roleOnly() (fql.Setup, error) {
	s := fql.Setup{Dialect: f.dialect(), Role: f.Role}
	if err := s.Check(); err != nil {
		return s, usagef("--role %s: %w", quoted(s.Role), err)
	}
	return s, nil
}

func newFQLCommand(a *app) *cobra.Command {
	f := &fqlFlags{Config: config.New()}
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
		RunE: func(cmd *cobra.Command, args []string) error {
			return usagef("choose the FQL to print: role, key, index, collections, history or cleanup")
		},
	}
	var update bool
	var days int
	role := a.fqlPart(f, "role", "Create a role that can read only the chosen collections", func(ctx context.Context) ([]fql.Query, error) {
		s, err := a.setup(ctx, f)
		if err != nil {
			return nil, err
		}
		if update {
			return []fql.Query{{Title: "role update", FQL: s.RoleUpdateFQL(), Dialect: s.RoleDialect()}}, nil
		}
		return []fql.Query{{Title: "role", FQL: s.RoleFQL(), Dialect: s.RoleDialect()}}, nil
	})
	role.Flags().BoolVar(&update, "update", false, "replace the privileges of an existing role")
	key := a.fqlPart(f, "key", "Create a key for the role; the result contains the secret, shown only once", func(context.Context) ([]fql.Query, error) {
		s, err := f.roleOnly()
		return []fql.Query{{Title: "key", FQL: s.KeyFQL(), Dialect: s.Dialect}}, err
	})
	index := a.fqlPart(f, "index", "Create the index on each collection that incremental syncs need", func(ctx context.Context) ([]fql.Query, error) {
		f.Mode = string(export.Incremental)
		s, err := a.setup(ctx, f)
		if err != nil {
			return nil, err
		}
		var all []fql.Query
		for i, name := range s.Collections {
			all = append(all, fql.Query{Title: "index of " + name, FQL: s.IndexFQL(i), Dialect: fql.V4})
		}
		return all, nil
	})
	collections := a.fqlPart(f, "collections", "List all collections", func(context.Context) ([]fql.Query, error) {
		return []fql.Query{{Title: "collections", FQL: fql.CollectionsFQL(f.dialect()), Dialect: f.dialect()}}, nil
	})
	history := a.fqlPart(f, "history", "Keep history longer, so that the snapshot of a long export does not expire", func(ctx context.Context) ([]fql.Query, error) {
		if days < 1 {
			return nil, usagef("--days %d: give 1 or more", days)
		}
		s, err := a.setup(ctx, f)
		if err != nil {
			return nil, err
		}
		return []fql.Query{{Title: "history", FQL: fql.HistoryFQL(s.Dialect, s.Collections, days), Dialect: s.Dialect}}, nil
	})
	history.Flags().IntVar(&days, "days", 1, "keep `N` days of history")
	cleanup := a.fqlPart(f, "cleanup", "Delete the role and its keys", func(context.Context) ([]fql.Query, error) {
		s, err := f.roleOnly()
		return s.Cleanup(), err
	})
	for _, c := range []*cobra.Command{role, index, history} {
		addOptions(c, c.Flags(), f.Config, config.Address, config.Server, config.Secret, config.Choice)
	}
	for _, c := range []*cobra.Command{role, key, cleanup} {
		c.Flags().StringVar(&f.Role, "role", "", "`NAME` of the role and its key (default "+fql.DefaultRole+", in v10 "+fql.Setup{Dialect: fql.V10}.RoleName()+")")
	}
	addOptions(role, role.Flags(), f.Config, config.Sync)
	redefine(role, "mode", string(export.Full), "`MODE` of the runs: full, or incremental for a role that can also read the indexes")
	index.Flags().StringVar(&f.Index, "index", config.DefaultIndex, "`PATTERN` of the index names")
	role.Example = `  fauna-export fql role --collection users --collection products
  fauna-export fql role --collection users --mode incremental --update`
	key.Example = `  fauna-export fql key
  fauna-export fql key --role nightly`
	index.Example = `  fauna-export fql index --collection users
  fauna-export fql index --collection users --index '{collection}_by_ts'`
	collections.Example = `  fauna-export fql collections`
	history.Example = `  fauna-export fql history --collection users --days 2`
	cleanup.Example = `  fauna-export fql cleanup
  fauna-export fql cleanup --dialect v10`
	for _, c := range []*cobra.Command{role, key, index, collections, history, cleanup} {
		c.Flags().StringVar(&f.shell, "dialect", string(fql.V4), "FQL `VERSION` of your shell: v4 or v10")
		completeWords(c, "dialect", string(fql.V4), string(fql.V10))
		cmd.AddCommand(c)
	}
	return cmd
}

// fqlPart is a subcommand of `fql`: it prints the queries that build returns.
func (a *app) fqlPart(f *fqlFlags, name, short string, build func(context.Context) ([]fql.Query, error)) *cobra.Command {
	return &cobra.Command{
		Use:   name,
		Short: short,
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.shell != string(fql.V4) && f.shell != string(fql.V10) {
				return usagef("--dialect %s: give v4 or v10", quoted(f.shell))
			}
			queries, err := build(cmd.Context())
			if err != nil {
				return err
			}
			type query struct {
				Title   string      `json:"title"`
				FQL     string      `json:"fql"`
				Dialect fql.Dialect `json:"dialect"`
			}
			out := []query{}
			var texts []string
			for _, q := range queries {
				out = append(out, query{q.Title, q.FQL, cmp.Or(q.Dialect, fql.V4)})
				texts = append(texts, q.Text(f.dialect())+"\n")
			}
			return a.print(out, strings.Join(texts, "\n"))
		},
	}
}

// setup returns the set-up that the flags describe. Only --all needs a server.
func (a *app) setup(ctx context.Context, f *fqlFlags) (fql.Setup, error) {
	s, err := f.roleOnly()
	if err != nil {
		return s, err
	}
	if err := checkChoice(f.Config); err != nil {
		return s, err
	}
	names := f.Collections
	if f.All {
		client, err := a.connect(ctx, f.Config)
		if err != nil {
			return s, err
		}
		defer client.Close()
		if names, err = listAll(ctx, client, f.Exclude); err != nil {
			return s, err
		}
	}
	if err := checkNames(names); err != nil {
		return s, err
	}
	s.Collections = names
	if f.Mode == string(export.Incremental) {
		if s.Indexes, err = indexNames(names, f.Index); err != nil {
			return s, err
		}
	}
	return s, nil
}
