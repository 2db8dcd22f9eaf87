package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"fauna-export/export"
	"fauna-export/export/archive"
)

func TestShard_isReadFromTheFlagOrABatchEngine(t *testing.T) {
	t.Parallel()
	env := func(pairs ...string) func(string) string {
		return func(asked string) string {
			for i := 0; i < len(pairs); i += 2 {
				if asked == pairs[i] {
					return pairs[i+1]
				}
			}
			return ""
		}
	}
	for _, c := range []struct {
		text   string
		getenv func(string) string
		want   export.Shard
		bad    string
	}{
		{"", env("", ""), export.Shard{}, ""},
		{"3/16", env("", ""), export.Shard{Index: 3, Of: 16}, ""},
		{"/4", env("JOB_COMPLETION_INDEX", "0"), export.Shard{Index: 0, Of: 4}, ""},
		{"auto/4", env("SLURM_ARRAY_TASK_ID", "2"), export.Shard{Index: 2, Of: 4}, ""},
		{"auto", env("AWS_BATCH_JOB_ARRAY_INDEX", "7"), export.Shard{Index: 7, Of: export.ShardsOfPlan}, ""},
		{"5", env("", ""), export.Shard{Index: 5, Of: export.ShardsOfPlan}, ""},
		{"auto", env("", ""), export.Shard{}, "JOB_COMPLETION_INDEX"},
		{"4/4", env("", ""), export.Shard{}, "0 to N-1"},
		{"-1/4", env("", ""), export.Shard{}, "0 to N-1"},
		{"1/0", env("", ""), export.Shard{}, "3/16"},
		{"1/x", env("", ""), export.Shard{}, "3/16"},
		{"one/4", env("", ""), export.Shard{}, `"one"`},
		{"/16", env("JOB_COMPLETION_INDEX", "x"), export.Shard{}, `"x" (from JOB_COMPLETION_INDEX)`},
		{"/16", env("SLURM_ARRAY_TASK_ID", "16"), export.Shard{}, `"16" (from SLURM_ARRAY_TASK_ID)`},
		{"auto", env("AWS_BATCH_JOB_ARRAY_INDEX", "-1"), export.Shard{}, `"-1" (from AWS_BATCH_JOB_ARRAY_INDEX)`},
		{"/16", env("JOB_COMPLETION_INDEX", "3", "SLURM_ARRAY_TASK_ID", "3"), export.Shard{Index: 3, Of: 16}, ""},
		{"/16", env("SLURM_ARRAY_TASK_ID", "1", "AWS_BATCH_JOB_ARRAY_INDEX", "2"), export.Shard{}, `SLURM_ARRAY_TASK_ID is "1", but AWS_BATCH_JOB_ARRAY_INDEX is "2"`},
		{"5/16", env("SLURM_ARRAY_TASK_ID", "1", "AWS_BATCH_JOB_ARRAY_INDEX", "2"), export.Shard{Index: 5, Of: 16}, ""},
	} {
		got, err := parseShard(c.text, c.getenv)
		if c.bad == "" && (err != nil || got != c.want) {
			t.Errorf("%q: %+v, %v", c.text, got, err)
		}
		if c.bad != "" && (err == nil || !strings.Contains(err.Error(), c.bad)) {
			t.Errorf("%q: %v", c.text, err)
		}
	}
}

// Four shards and finish must produce the files of one process.
func TestShard_processesSideBySideAndFinish(t *testing.T) {
	t.Parallel()
	s, secret := readSample(t)
	dir := t.TempDir()
	env := []string{"FAUNA_SECRET=" + secret, "FAUNA_EXPORT_DOMAIN=" + s.endpoint}
	out, one := filepath.Join(dir, "out"), filepath.Join(dir, "one")
	early := runHere(t, env, "finish", out)
	if early.code != exitUsage {
		t.Errorf("finish of nothing: exit %d: %s", early.code, early.err)
	}
	var all sync.WaitGroup
	got := make([]ran, 4)
	for i := range got {
		p := start(t, append(env, fmt.Sprintf("JOB_COMPLETION_INDEX=%d", i)), "run", "--all", "--shard", "/4", "--out", out)
		all.Go(func() { got[i] = p.end(t) })
	}
	all.Wait()
	for i, r := range got {
		if r.code != exitDone {
			t.Fatalf("shard %d: exit %d: %s", i, r.code, r.err)
		}
	}
	// A batch system may start one again that has ended well.
	if r := runHere(t, env, "run", "--all", "--shard", "1/4", "--out", out); r.code != exitDone || !strings.Contains(r.err, "verified") {
		t.Errorf("a finished shard again: exit %d: %s", r.code, r.err)
	}
	plan := filepath.Join(out, filepath.FromSlash(archive.PlanName))
	planned, err := os.ReadFile(plan)
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"resume", "verify", "merge"} {
		if r := runHere(t, env, command, out); r.code != exitUsage {
			t.Errorf("%s before finish: exit %d: %s", command, r.code, r.err)
		}
	}
	if r := runHere(t, env, "finish", out); r.code != exitDone || !strings.Contains(r.err, "verified") {
		t.Fatalf("finish: exit %d: %s", r.code, r.err)
	}
	if r := runHere(t, env, "verify", out, "--domain", s.endpoint); r.code != exitDone {
		t.Errorf("verify: exit %d: %s", r.code, r.err)
	}
	// finish was killed after it had published the manifest.
	if err := errors.Join(os.MkdirAll(filepath.Dir(plan), 0o700), os.WriteFile(plan, planned, 0o600)); err != nil {
		t.Fatal(err)
	}
	if r := runHere(t, env, "finish", out); r.code != exitDone {
		t.Errorf("finish again: exit %d: %s", r.code, r.err)
	}
	if _, err := os.Stat(filepath.Dir(plan)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("finish again left the plan: %v", err)
	}
	if r := runHere(t, env, "run", "--all", "--out", one); r.code != exitDone {
		t.Fatal(r.err)
	}
	wholes, err := filepath.Glob(filepath.Join(one, "*.jsonl"))
	if err != nil || len(wholes) == 0 {
		t.Fatal(wholes, err)
	}
	for _, file := range wholes {
		base := strings.TrimSuffix(filepath.Base(file), ".jsonl")
		parts, err := filepath.Glob(filepath.Join(out, base+"-*-of-*.jsonl"))
		if _, serr := os.Stat(filepath.Join(out, base+".jsonl")); serr == nil {
			parts = []string{filepath.Join(out, base+".jsonl")}
		} else if !errors.Is(serr, os.ErrNotExist) || err != nil {
			t.Fatal(serr, err)
		}
		var text []byte
		for _, part := range parts {
			data, err := os.ReadFile(part)
			if err != nil {
				t.Fatal(err)
			}
			text = append(text, data...)
		}
		if want, err := os.ReadFile(file); err != nil || string(want) != string(text) {
			t.Errorf("%s: %d files with %d bytes are not the %d of one process (%v)", base, len(parts), len(text), len(want), err)
		}
	}
}

// Every finish of an incomplete run must say so, and one of a run without a file
// must say how to get it.
func TestFinish_saysWhatIsMissingEachTime(t *testing.T) {
	t.Parallel()
	s := serveSmall(t)
	for _, name := range []string{"a", "b", "hidden"} {
		s.shell(t, `CreateCollection({ name: "`+name+`" })`)
		s.shell(t, `Create(Collection("`+name+`"), {data: {}})`)
	}
	env := []string{"FAUNA_SECRET=" + s.keyFor(t, "reads-two", "a", "b"), "FAUNA_EXPORT_DOMAIN=" + s.endpoint}
	out := filepath.Join(t.TempDir(), "out")
	shard := func(i int) {
		t.Helper()
		if r := runHere(t, env, "run", "--all", "--shard", fmt.Sprintf("%d/2", i), "--out", out); r.code != exitPartial {
			t.Fatalf("shard %d: exit %d: %s", i, r.code, r.err)
		}
	}
	shard(0)
	shard(1)
	files := []string{filepath.Join(out, "a.jsonl"), filepath.Join(out, "b.jsonl")} // of shards 0 and 1
	if err := os.Remove(files[1]); err != nil {
		t.Fatal(err)
	}
	if r := runHere(t, nil, "finish", out); r.code != exitError || !strings.Contains(r.err, "run with --shard 1/2, and then finish again") || strings.Contains(r.err, "remove the wrong") {
		t.Errorf("without a file: exit %d: %s", r.code, r.err)
	}
	shard(1)
	if err := os.WriteFile(files[0], []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := runHere(t, nil, "finish", out); r.code != exitError || !strings.Contains(r.err, "remove the wrong files, run with --shard 0/2, and") {
		t.Errorf("with a wrong file: exit %d: %s", r.code, r.err)
	}
	if err := os.Remove(files[0]); err != nil {
		t.Fatal(err)
	}
	shard(0)
	for _, when := range []string{"first", "again", "and again"} {
		if r := runHere(t, nil, "finish", out); r.code != exitPartial || !strings.Contains(r.err, "hidden") {
			t.Errorf("%s: exit %d: %s", when, r.code, r.err)
		}
	}
}
