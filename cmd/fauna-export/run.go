package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"fauna-export/export"
	"fauna-export/export/archive"
	"fauna-export/export/config"
	"fauna-export/export/store"
	"fauna-export/fauna"
)

func newRunCommand(a *app) *cobra.Command {
	var c *config.Config
	var schema bool
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Export collections to files, without the wizard",
		Long: `Export collections to files: one file per collection, a manifest, and SHA256SUMS.
Everything is read at a single point in time, and every file is re-read and verified
before the run counts as done. Collections that do not exist or can't be read are
reported before any file is written; with --all the rest is exported and the exit
code is 3.

With --mode incremental the first run in DIR exports everything, and each later one
only what was changed or removed since. That needs an index on every collection (see
fql index). merge writes the current rows.

A --config file sets flags in YAML, one key per flag: "format: csv", with a list for
a repeatable flag. It never contains the secret.`,
		Example: `  export FAUNA_SECRET=…
  fauna-export run --domain http://localhost:8443 --all --out backup
  fauna-export run --collection users --format csv --compress gzip --out users-csv
  fauna-export run --collection users --out - | wc -l
  fauna-export run --all --mode incremental --out sync
  fauna-export run --config-schema > export.schema.json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, args []string) error {
			if schema {
				return a.printJSON(config.Schema())
			}
			if err := checkChoice(c); err != nil {
				return err
			}
			return a.run(cmd.Context(), &outputFlags{Config: c})
		},
	}
	c = newOptions(cmd, config.Address, config.Server, config.Secret, config.Choice, config.Format, config.Sync, config.Output, config.Pace)
	addOptions(cmd, cmd.Flags(), &a.global, config.Stores)
	cmd.Flags().BoolVar(&schema, "config-schema", false, "print a JSON Schema of config files, for editors, and exit")
	cmd.Flags().String("config", "", "read options from `FILE` (YAML; the wizard writes one); flags and variables take precedence")
	return cmd
}

func (a *app) run(ctx context.Context, output *outputFlags) error {
	spec, err := a.spec(ctx, output, output.Collections, time.Now())
	if err != nil {
		return err
	}
	if spec.Shard, err = parseShard(output.Shard, a.getenv); err != nil {
		return err
	}
	client, err := a.connect(ctx, output.Config)
	if err != nil {
		return err
	}
	defer client.Close()
	c, now, err := a.chooseNow(ctx, client, output.Config)
	if err != nil {
		return err
	}
	if err := c.refusal(output.All); err != nil {
		return fmt.Errorf("%w; no file was written", err)
	}
	c.apply(&spec, now)
	if err := spec.Validate(); err != nil {
		return usagef("%w", err)
	}
	if output.toStdout() && len(spec.Collections) != 1 {
		return usagef("--out - takes one collection, not %d", len(spec.Collections))
	}
	spec.Endpoint = client.Endpoint().String()
	if err := a.findIndexes(ctx, client, &spec, output.Index); err != nil {
		return err
	}
	if output.DryRun {
		return a.dryRun(ctx, client, spec, c, now)
	}
	a.warnFiltered(c)
	a.limit(spec.MemoryLimit())
	if output.toStdout() {
		return a.stream(ctx, client, spec)
	}
	if err := a.export(ctx, client, spec); err != nil {
		return err
	}
	if output.ThenLoad != "" {
		if err := a.load(ctx, spec.Dir, loadFlags{into: output.ThenLoad}); err != nil {
			return fmt.Errorf("the export is complete in %s, but loading it failed: %w", spec.Dir, err)
		}
	}
	if output.Keep == 0 {
		return nil
	}
	return a.keepNewest(ctx, output, spec.Dir)
}

// apply adds the choice to a spec: what is exported, what is left out and why,
// and how long snapshots taken at now stay readable.
func (c *choice) apply(s *export.Spec, now int64) {
	s.Collections = c.readable
	s.Filtered = c.filtered
	s.Lives = map[string]time.Duration{}
	for _, one := range c.access {
		if one.Readable {
			s.Lives[one.Collection] = one.Life(now)
		}
	}
	for _, name := range c.unreadable {
		s.Skipped = append(s.Skipped, export.Skipped{Name: name, Why: "the key can't read it"})
	}
}

func (a *app) warnFiltered(c *choice) {
	if len(c.filtered) > 0 {
		a.say("warning: the role hides documents of %s with a predicate; they are not exported", quotedList(c.filtered))
	}
}

// export does a run, with progress on stderr, verifies its files, and prints a
// summary.
func (a *app) export(ctx context.Context, client *fauna.Client, spec export.Spec) error {
	env, err := a.env(ctx, spec.Dir)
	if err != nil {
		return err
	}
	env.Warn = func(text string) { a.say("warning: %s", text) }
	var run *export.Run
	if spec.Shard.Of != 0 {
		run, err = export.NewShard(ctx, spec, client.Once(), env)
	} else {
		run, err = export.NewRun(spec, client.Once(), env)
	}
	if err != nil {
		return err
	}
	a.log.note("run", "endpoint", spec.Endpoint, "out", spec.Dir, "mode", cmp.Or(spec.Mode, export.Full), "format", string(spec.Format),
		"compress", string(spec.Compress), "collections", len(spec.Collections), "left_out", len(spec.Skipped))
	return a.finish(ctx, run, env.Store)
}

// finish does a new or resumed run.
func (a *app) finish(ctx context.Context, run *export.Run, s store.Store) error {
	stop := a.showRun(run)
	manifest, err := run.Do(ctx)
	stop()
	if err != nil && !isA[*export.Partial](err) {
		a.event(run.Summary(nil, err))
		if !isA[*store.Error](err) { // another process may be working there
			a.sayStopped(run, s)
		}
		return err
	}
	report, wrong := a.showVerifying(func(progress func(archive.VerifyStatus)) (*archive.Report, error) {
		return run.Verify(ctx, progress)
	})
	if wrong == nil {
		a.summarise(s.Name(), manifest, report, run.Status())
		wrong = wrongFiles(report)
	}
	if wrong != nil {
		err = fmt.Errorf("the files were written, but re-reading them failed: %w", wrong)
	}
	a.event(run.Summary(manifest, err))
	return err
}

func (a *app) stream(ctx context.Context, client *fauna.Client, spec export.Spec) error {
	run, err := export.NewRun(spec, client.Once(), export.Env{Store: store.NewStream(cmp.Or(a.rows, a.out))})
	if err != nil {
		return err
	}
	stop := a.showRun(run)
	_, err = run.Do(ctx)
	stop()
	s := run.Status()
	if errors.Is(err, syscall.EPIPE) {
		return partialf("the reader of stdout closed the pipe early: it got at most %s, not all", count(s.Rows, "row"))
	}
	if err != nil {
		return err
	}
	a.say("%s of %s in %s", count(s.Rows, "row"), quoted(spec.Collections[0]), elapsedText(s.Elapsed))
	return nil
}

// keepNewest removes old runs after a complete and verified one, since an
// incomplete run must not replace a complete one.
func (a *app) keepNewest(ctx context.Context, output *outputFlags, dir string) error {
	parent, pattern := store.Split(output.pattern)
	shelf, err := store.ShelfAt(ctx, parent, a.s3Options())
	if err != nil {
		return unusablef("--keep: %w", err)
	}
	_, present := store.Split(dir)
	kept, err := archive.Keep(shelf, pattern, output.Keep, present)
	for _, name := range kept.Removed {
		a.say("removed the run %s, because --keep is %d", quoted(store.Join(parent, name)), output.Keep)
	}
	for _, w := range kept.Warnings {
		a.say("warning: --keep: %s", w)
	}
	return err
}
