package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fauna-export/fauna/fql"
)

// TestLoad_followsTheSyncs checks that --then-load applies each sync, including
// removals, whether or not the files list them.
func TestLoad_followsTheSyncs(t *testing.T) {
	t.Parallel()
	for _, deletions := range []string{"gone", "ignore"} {
		t.Run(deletions, func(t *testing.T) {
			t.Parallel()
			s := serveSmall(t)
			dir, target := filepath.Join(t.TempDir(), "out"), "sqlite:"+filepath.Join(t.TempDir(), "a.db")
			setup := fql.Setup{Role: "reader", Collections: []string{"users"}, Indexes: []string{"users-ts"}}
			env := []string{"FAUNA_SECRET=" + s.keyFor(t, "reader", "users")}
			s.shell(t, setup.IndexFQL(0))
			s.shell(t, setup.RoleUpdateFQL())
			run := func(says ...string) {
				t.Helper()
				got := runHere(t, env, "run", "--domain", s.endpoint, "--collection", "users", "--mode", "incremental", "--deletions", deletions, "--out", dir, "--then-load", target)
				if got.code != exitDone {
					t.Fatalf("exit %d: %s", got.code, got.err)
				}
				for _, want := range says {
					if !strings.Contains(got.out, want) {
						t.Errorf("%q is missing in %s", want, got.out)
					}
				}
			}
			run("users", " 9 ")
			s.shell(t, `Delete(Ref(Collection("users"), "3"))`)
			s.shell(t, `Update(Ref(Collection("users"), "4"), {data: {number: 44}})`)
			run("users", " 8 ")
			if got := runHere(t, nil, "load", dir, "--into", target); got.code != exitDone || !strings.Contains(got.err, "is already up to date") {
				t.Errorf("again: exit %d: %s", got.code, got.err)
			}
			var last struct {
				Event, Outcome string
				Load           struct{ Skipped int }
			}
			got := runHere(t, nil, "load", dir, "--into", target, "--json")
			lines := strings.Split(strings.TrimSpace(got.out), "\n")
			if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil || last.Event != "summary" || last.Outcome != "done" || last.Load.Skipped != 1 {
				t.Errorf("--json: %v: %s", err, got.out)
			}
		})
	}
}

// A field's name may be anything, also what a terminal obeys.
func TestLoad_namesReachNoTerminalAsTheyAre(t *testing.T) {
	t.Parallel()
	s := serveSmall(t)
	env := []string{"FAUNA_SECRET=" + s.Secret(), "FAUNA_EXPORT_DOMAIN=" + s.endpoint}
	s.shell(t, `Create(Ref(Collection("users"), "777"), {data: {"red\u001b[31m": 1, "c1\u009b31m": 2, "turned\u202ename": 3}})`)
	dir, file := filepath.Join(t.TempDir(), "out"), filepath.Join(t.TempDir(), "a.db")
	if got := runHere(t, env, "run", "--collection", "users", "--format", "wire", "--out", dir); got.code != exitDone {
		t.Fatal(got.err)
	}
	for _, args := range [][]string{{"--dry-run"}, {"--dry-run", "--json"}, {"--json"}} {
		got := runHere(t, nil, append([]string{"load", dir, "--into", "sqlite:" + file}, args...)...)
		if got.code != exitDone || strings.ContainsAny(got.out+got.err, "\x1b\u009b\u202e") {
			t.Errorf("%q: exit %d: %q", args, got.code, got.out+got.err)
		}
		if args[0] == "--dry-run" && !strings.Contains(got.out, `turned\u202ename`) {
			t.Errorf("%q: the name is not shown: %s", args, got.out)
		}
	}
}

func TestLoad_exitCodes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, run := filepath.Join(dir, "file"), filepath.Join(dir, "run")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(dir, filepath.Join(dir, "again")); err != nil {
		t.Fatal(err)
	}
	s := serveSmall(t)
	env := []string{"FAUNA_SECRET=" + s.Secret(), "FAUNA_EXPORT_DOMAIN=" + s.endpoint, "FAUNA_EXPORT_COLLECTION=users"}
	for _, out := range []string{run, run + "-2"} {
		if got := runHere(t, env, "run", "--out", out); got.code != exitDone {
			t.Fatal(got.err)
		}
	}
	before := filesBelow(t, run)
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"load", dir}, exitUsage, "--into"},
		{[]string{"load", dir, "--into", "mysql://x"}, exitUsage, "sqlite:FILE"},
		{[]string{"load", dir, "--into", "sqlite:" + filepath.Join(dir, "a.db")}, exitUsage, "manifest.json"},
		{[]string{"load", dir, "--into", "sqlite:a", "--columns", "some"}, exitUsage, "auto or json"},
		{[]string{"load", dir, "--into", "postgres://me:hidden@localhost/x"}, exitUsage, "PGPASSWORD"},
		{[]string{"run", "--collection", "c", "--out", "-", "--then-load", "sqlite:a"}, exitUsage, "--out DIR"},
		{[]string{"run", "--collection", "c", "--out", filepath.Join(dir, "shards"), "--shard", "0/2", "--then-load", "sqlite:a"}, exitUsage, "after finish"},
		{[]string{"run", "--collection", "c", "--out", filepath.Join(dir, "new"), "--then-load", "csv:" + filepath.Join(dir, "new", "csv")}, exitUsage, "choose a place outside"},
		{[]string{"run", "--collection", "c", "--out", filepath.Join(dir, "{time}"), "--then-load", "csv:" + filepath.Join(dir, "again", "{time}")}, exitUsage, "choose a place outside"},
		{[]string{"load", run, "--into", "csv:" + run}, exitUsage, "choose a place outside"},
		{[]string{"load", run, "--into", "parquet:" + filepath.Join(run, "new", "folder")}, exitUsage, "choose a place outside"},
		{[]string{"load", run, "--into", "sqlite:" + filepath.Join(dir, "again", "run", ".fauna-export", "a.db")}, exitUsage, "choose a place outside"},
		{[]string{"load", run, "--into", "csv:" + run + "-2"}, exitUsage, "there is a run in that folder"},
		{[]string{"load", run, "--into", "sqlite:" + filepath.Join(run+"-2", "a.db")}, exitUsage, "there is a run in that folder"},
		{[]string{"load", run, "--into", "csv:" + filepath.Join(file, "x")}, exitUsage, "choose another folder"},
		{[]string{"load", run, "--into", "parquet:" + filepath.Join(file, "x", "y")}, exitUsage, "choose another folder"},
		{[]string{"load", run, "--into", "sqlite:" + filepath.Join(file, "x")}, exitUsage, "check the path"},
		{[]string{"load", run, "--into", "csv:" + filepath.Join(dir, strings.Repeat("x", 300))}, exitUsage, "choose another folder"},
		{[]string{"load", run, "--into", "csv:" + run + "s"}, exitDone, ""},
		{[]string{"load", run, "--into", "csv:" + run + "s", "--collection", "users", "--collection", "users"}, exitUsage, "named twice"},
		{[]string{"load", file, "--into", "csv:" + run + "s"}, exitUsage, "not a folder"},
		{[]string{"verify", file}, exitUsage, "not a folder"},
		{[]string{"merge", file}, exitUsage, "not a folder"},
	} {
		got := runHere(t, []string{"FAUNA_SECRET=x"}, c.args...)
		if got.code != c.code || !strings.Contains(got.err, c.says) || strings.Contains(got.err, "hidden") {
			t.Errorf("%q: exit %d: %s", c.args, got.code, got.err)
		}
	}
	after := filesBelow(t, run)
	delete(after, ".fauna-export/lock")
	if delete(before, ".fauna-export/lock"); !maps.Equal(before, after) {
		t.Errorf("the run's folder has now %q", slices.Sorted(maps.Keys(after)))
	}
}

func TestThenLoad_hasTheTimeOfTheRun(t *testing.T) {
	t.Parallel()
	s := serveSmall(t)
	dir := t.TempDir()
	env := []string{"FAUNA_SECRET=" + s.Secret(), "FAUNA_EXPORT_DOMAIN=" + s.endpoint}
	if got := runHere(t, env, "run", "--collection", "users", "--out", filepath.Join(dir, "{time}"), "--then-load", "csv:"+filepath.Join(dir, "csv", "{time}")); got.code != exitDone {
		t.Fatal(got.err)
	}
	runs, err := filepath.Glob(filepath.Join(dir, "2*"))
	if err != nil || len(runs) != 1 {
		t.Fatalf("%v, %v", runs, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "csv", filepath.Base(runs[0]), "users.csv")); err != nil {
		t.Error(err)
	}
	if got := runHere(t, nil, "load", runs[0], "--into", "sqlite:"+filepath.Join(dir, "{time}.db")); got.code != exitDone {
		t.Error(got.err)
	}
	if found, err := filepath.Glob(filepath.Join(dir, "2*.db")); err != nil || len(found) != 1 {
		t.Errorf("%v, %v", found, err)
	}
}
