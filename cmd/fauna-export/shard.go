package main

import (
	"context"
	"fmt"
	"slices"
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
	from := ""
	if index == "" || index == "auto" {
		if from, index, err = shardOfBatch(getenv); err != nil {
			return s, usagef("--shard %s: %w", quoted(text), err)
		}
		from = " (from " + from + ")"
	}
	if s.Index, err = strconv.Atoi(index); err != nil || s.Index < 0 || counted && s.Index >= s.Of {
		return s, usagef("--shard %s: shard %s%s is not in 0 to N-1", quoted(text), quoted(index), from)
	}
	return s, nil
}

// shardOfBatch returns the number that a batch system gave this process, and the
// variable that it is from.
func shardOfBatch(getenv func(string) string) (name, index string, err error) {
	for _, one := range shardVariables {
		switch value := getenv(one); {
		case value == "":
		case name == "":
			name, index = one, value
		case value != index:
			return "", "", fmt.Errorf("%s is %s, but %s is %s: unset one, or give I/N", name, quoted(index), one, quoted(value))
		}
	}
	if name == "" {
		return "", "", fmt.Errorf("none of %s is set: give I/N", strings.Join(shardVariables[:], ", "))
	}
	return name, index, nil
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
		if err := archive.SweepShards(shared); err != nil {
			return err
		}
		return a.finished(found.Manifest)
	}
	began := time.Now()
	report, err := a.showVerifying(func(progress func(archive.VerifyStatus)) (*archive.Report, error) {
		return archive.Finish(ctx, shared, progress)
	})
	if err != nil {
		return err
	}
	if err := wrongFiles(report); err != nil {
		return fmt.Errorf("nothing was published: %w%s", err, wayOut(shared, report))
	}
	m := report.Manifest
	a.summarise(dir, m, report, export.Status{Elapsed: time.Since(began)})
	return a.finished(m)
}

// wayOut says how to remake the files of shards that are missing or wrong.
func wayOut(s store.Shared, r *archive.Report) string {
	plan, err := archive.ReadPlan(s)
	if err != nil {
		return ""
	}
	var shards []string
	remove := ""
	for _, f := range r.Files {
		k := slices.IndexFunc(plan.Files, func(p archive.PlanFile) bool { return p.File == f.File })
		if f.Problem == "" || k < 0 {
			continue
		}
		if shard := fmt.Sprintf("--shard %d/%d", k%plan.Shards, plan.Shards); !slices.Contains(shards, shard) {
			shards = append(shards, shard)
		}
		if f.Problem != "missing" {
			remove = "remove the wrong files, "
		}
	}
	if len(shards) == 0 {
		return ""
	}
	slices.Sort(shards)
	return fmt.Sprintf(". To read them from the server again %srun with %s, and then finish again", remove, strings.Join(shards, " and with "))
}
