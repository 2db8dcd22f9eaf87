package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"fauna-export/export"
	"fauna-export/export/config"
	"fauna-export/export/store"
	"fauna-export/fauna"
	"fauna-export/fauna/emulator"
	"fauna-export/fauna/fql"
)

func newDemoCommand(a *app) *cobra.Command {
	var output outputFlags
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Try it: the whole flow on an embedded server with sample data",
		Long: `Start the embedded server with sample data and try the whole flow on it: role, key,
check, export, verify. On a terminal this opens the wizard, which runs the FQL that
it shows on the embedded server instead of in the Fauna shell. Without a terminal (or
with --no-input) everything runs at once and a summary goes to stderr. It writes
nothing outside the output folder.`,
		Example: `  fauna-export demo
  fauna-export demo --out /tmp/shop --no-input`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.demo(cmd.Context(), &output) },
	}
	output.Config = newOptions(cmd, config.Format, config.Pace)
	cmd.Flags().StringVar(&output.Out, "out", "", "`DIR` for the files, new or empty (default: a new folder fauna-demo here)")
	return cmd
}

func (a *app) demo(ctx context.Context, output *outputFlags) error {
	if output.toStdout() {
		return usagef("the demo has more than one collection: give --out DIR")
	}
	dir, err := store.ExpandHome(output.Out)
	if dir == "" {
		dir, err = newFolderName("fauna-demo")
	}
	if err != nil {
		return err
	}
	output.Out = dir
	spec, err := a.spec(ctx, output, nil, time.Now())
	if err != nil {
		return err
	}
	server := emulator.New(emulator.Options{})
	if err := server.LoadSample(); err != nil {
		return fmt.Errorf("load the sample data: %w", err)
	}
	endpoint, stop, err := server.Start()
	if err != nil {
		return fmt.Errorf("start the embedded server: %w", err)
	}
	defer stop()
	if a.mayAsk() {
		c := a.wizardConfig()
		c.Endpoint, c.Dir, c.Demo, c.MaxRate = endpoint, output.Out, true, output.MaxRate
		c.Shell = func(ctx context.Context, fql string) (string, error) {
			return server.Shell(ctx, server.Secret(), fql)
		}
		return a.runWizard(ctx, c)
	}
	return a.demoAtOnce(ctx, endpoint, fauna.NewSecret(server.Secret()), spec)
}

// demoAtOnce does what a user would do in the wizard and in the Fauna shell.
func (a *app) demoAtOnce(ctx context.Context, endpoint string, admins fauna.Secret, spec export.Spec) error {
	e, err := fauna.ParseEndpoint(endpoint)
	if err != nil {
		return err
	}
	admin, err := fauna.NewClient(fauna.Options{Endpoint: e, Secret: admins})
	if err != nil {
		return err
	}
	defer admin.Close()
	names, err := admin.Collections(ctx)
	if err != nil {
		return err
	}
	a.say("embedded server with sample data at %s: %s", e, count(int64(len(names)), "collection"))
	setup := fql.Setup{Role: fql.DefaultRole, Collections: names}
	secret, err := admin.Apply(ctx, setup)
	if err != nil {
		return err
	}
	a.hide(secret)
	a.say("created the role %s and a key for it, with the FQL that 'fauna-export fql' prints", quoted(setup.Role))
	client, err := fauna.NewClient(fauna.Options{Endpoint: e, Secret: secret})
	if err != nil {
		return err
	}
	defer client.Close()
	c, now, err := a.chooseNow(ctx, client, &config.Config{All: true})
	if err != nil {
		return err
	}
	if err := c.refusal(true); err != nil {
		return err
	}
	a.say("the key can read %d of %s", len(c.readable), count(int64(len(c.access)), "collection"))
	c.apply(&spec, now)
	spec.Endpoint = e.String()
	return a.export(ctx, client, spec)
}

func newFolderName(name string) (string, error) {
	dir := name
	for i := 2; ; i++ {
		_, err := os.Lstat(dir)
		if os.IsNotExist(err) {
			return dir, nil
		}
		if err != nil {
			return "", unusablef("find a name for a new folder: %w", err)
		}
		dir = fmt.Sprintf("%s-%d", name, i)
	}
}
