package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"fauna-export/export"
	"fauna-export/export/archive"
	"fauna-export/export/config"
	"fauna-export/export/store"
	"fauna-export/fauna"
)

func newResumeCommand(a *app) *cobra.Command {
	var server *config.Config
	cmd := a.folderCommand(&cobra.Command{
		Use:   "resume DIR",
		Short: "Resume an interrupted run",
		Long: `Resume the unfinished run in DIR where it stopped, with the same collections, options
and point in time. It needs the secret again, since no file contains it. The files
will be identical to those of a run that was never interrupted.`,
		Example: `  fauna-export resume backup`,
	}, func(ctx context.Context, dir string) error { return a.resume(ctx, dir, server) })
	server = newOptions(cmd, config.Address, config.Server, config.Secret)
	redefine(cmd, "domain", "", "`URL` of the database's endpoint; must be the run's own (the default)")
	return cmd
}

func (a *app) resume(ctx context.Context, dir string, server *config.Config) error {
	env, err := a.env(ctx, dir)
	if err != nil {
		return err
	}
	dir = env.Store.Name()
	found, err := archive.Inspect(env.Store)
	if err != nil {
		return err
	}
	switch {
	case found.Manifest != nil && found.Run == nil:
		a.say("%s contains a finished run of %s: nothing to do", dir, count(int64(len(found.Manifest.Latest())), "collection"))
		if err := archive.Sweep(env.Store, found.Manifest); err != nil {
			return err
		}
		return a.finished(found.Manifest)
	case found.Kind == archive.Sharded:
		return archive.CheckNew(env.Store) // the error says how to resume shards
	case found.Kind == archive.Broken || strings.HasPrefix(found.Other, store.WorkPrefix):
		return found.Usable()
	case found.Run == nil:
		return &archive.NotARun{Dir: dir}
	}
	spec, err := export.SpecOf(env.Store, found.Run)
	if err != nil {
		return err
	}
	if server.Domain == "" {
		if err := a.acceptEndpoint(ctx, spec.Endpoint); err != nil {
			return err
		}
		server.Domain = spec.Endpoint
	}
	client, err := a.connect(ctx, server)
	if err != nil {
		return err
	}
	defer client.Close()
	now := spec
	now.Endpoint = client.Endpoint().String()
	if differ := spec.Differences(now); len(differ) > 0 {
		return &export.Changed{Differences: differ}
	}
	if spec.Mode == export.Incremental {
		if err := a.awaitIndexes(ctx, client, &spec); err != nil {
			return err
		}
	}
	run, err := export.OpenRun(client.Once(), env)
	if err != nil {
		return err
	}
	a.limit(spec.MemoryLimit())
	return a.finish(ctx, run, env.Store)
}

// acceptEndpoint confirms that the secret may be sent to the endpoint in a run's
// folder, which was chosen by whoever wrote the folder.
func (a *app) acceptEndpoint(ctx context.Context, domain string) error {
	e, err := fauna.ParseEndpoint(domain)
	if err != nil {
		return unusablef("the run has an invalid endpoint: %w", err)
	}
	a.say("The run is from %s.", e.String())
	if e.Loopback() {
		return nil
	}
	return a.consent(ctx, fmt.Sprintf("Send the secret to %s?", plain(e.String())),
		usagef("the run in this folder is from %s: give that as --domain to confirm that the secret may be sent there", e.String()))
}
