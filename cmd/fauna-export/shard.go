package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"fauna-export/export"
	"fauna-export/export/archive"
	"fauna-export/export/store"
)

// shardVariables are the environment variables in which batch systems number a
// process's copies, from 0. None of them reliably gives the number of copies.
var shardVariables = [...]string{"JOB_COMPLETION_INDEX", "SLURM_ARRAY_TASK_ID", "AWS_BATCH_JOB_ARRAY_INDEX"}

// parseShard parses --shard: I/N; /N with I from the environment; or auto, with
// N from the plan that another shard wrote.
func parseShard(text string, getenv func(string) string) (export.Shard, error) {
	if text == "" {
		return export.Shard{}, nil
	}
	index, of, counted := strings.Cut(text, "/")
	s := export.Shard{Of: export.ShardsOfPlan}
	var err error
	if counted {
		if s.Of, err = strconv.Atoi(of); err != nil || s.Of < 1 || s.Of > archive.MaxShards {
			return s, usagef("--shard %s: write it like 3/16, or /16 if the batch system sets the number of the shard", quoted(text))
		}
	}
	if index == "" || index == "auto" {
		index = ""
		for _, name := range shardVariables {
			index = cmp.Or(index, getenv(name))
		}
		if index == "" {
			return s, usagef("--shard %s: none of %s is set: give I/N", quoted(text), strings.Join(shardVariables[:], ", "))
		}
	}
	if s.Index, err = strconv.Atoi(index); err != nil || s.Index < 0 || counted && s.Index >= s.Of {
		return s, usagef("--shard %s: shard %s is not in 0 to N-1", quoted(text), quoted(index))
	}
	return s, nil
}

func newFinishCommand(a *app) *cobra.Command {
	return a.folderCommand(&cobra.Command{
		Use:   "finish DIR",
		Short: "Join the shards of a run on several machines",
		Long: `Join the shards that run --shard wrote into DIR: check that all are complete and
follow the same plan, and that every collection has all parts; re-read every file,
and write the manifest. It needs no server. Until then DIR does not count as a
finished run.`,
		Example: `  fauna-export finish backup`,
	}, a.finishShards)
}

func (a *app) finishShards(ctx context.Context, dir string) error {
	env, err := a.env(ctx, dir)
	if err != nil {
		return err
	}
	dir = env.Store.Name()
	shared, ok := env.Store.(store.Shared)
	if !ok {
		return unusablef("%s cannot be shared by several processes", dir)
	}
	found, err := archive.Inspect(shared)
	if err != nil {
		return err
	}
	if found.Kind == archive.Finished {
		a.say("%s is finished already: nothing to do", dir)
		return archive.SweepShards(shared)
	}
	began := time.Now()
	report, err := a.showVerifying(func(progress func(archive.VerifyStatus)) (*archive.Report, error) {
		return archive.Finish(ctx, shared, progress)
	})
	if err != nil {
		return err
	}
	if err := wrongFiles(report); err != nil {
		return fmt.Errorf("nothing was published: %w", err)
	}
	m := report.Manifest
	a.summarise(dir, m, report, export.Status{Elapsed: time.Since(began)})
	if len(m.Failed)+len(m.Skipped) > 0 || m.Consistency != archive.ConsistencySnapshot {
		return partialOf(m)
	}
	return nil
}

// partialOf returns the error of a finished run that is incomplete or not from
// a single point in time, according to its manifest.
func partialOf(m *archive.Manifest) error {
	partial := &export.Partial{Skipped: m.Skipped}
	for _, f := range m.Failed {
		partial.Failures = append(partial.Failures, &export.CollectionError{Collection: f.Name, Err: errors.New(f.Why)})
	}
	for _, e := range m.Latest() {
		if m.Consistency == archive.ConsistencyWindow {
			partial.Window = append(partial.Window, e.Name)
		}
	}
	return partial
}
