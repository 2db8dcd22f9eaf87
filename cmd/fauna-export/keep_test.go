package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestKeep_leavesTheNewestRuns(t *testing.T) {
	t.Parallel()
	s := serveSample(t)
	parent := t.TempDir()
	env := []string{"FAUNA_SECRET=" + s.Secret()}
	args := []string{"run", "--domain", s.endpoint, "--collection", "carts", "--out", filepath.Join(parent, "{time}"), "--ddl", "duckdb"}
	if got := runHere(t, env, args...); got.code != exitDone {
		t.Fatalf("exit %d: %s", got.code, got.err)
	}
	entries, err := os.ReadDir(parent)
	if err != nil || len(entries) != 1 {
		t.Fatalf("%d folders, %v", len(entries), err)
	}
	// Rename the run so that it looks old, instead of waiting a second.
	old := filepath.Join(parent, "2020-01-01T00-00-00Z")
	if err := os.Rename(filepath.Join(parent, entries[0].Name()), old); err != nil {
		t.Fatal(err)
	}
	got := runHere(t, env, append(args, "--keep", "1")...)
	if _, err := os.Stat(old); got.code != exitDone || !os.IsNotExist(err) || !strings.Contains(got.err, "removed the run") {
		t.Errorf("exit %d, the old run: %v: %s", got.code, err, got.err)
	}
	for _, args := range [][]string{{"--out", "backup"}, {"--out", "{time}/x"}, {"--out", "-"}, {"--out", "{time}", "--mode", "incremental"}} {
		got := runHere(t, env, append([]string{"run", "--domain", s.endpoint, "--collection", "carts", "--keep", "2"}, args...)...)
		if got.code != exitUsage || !strings.Contains(got.err, "--keep") {
			t.Errorf("--keep with %q: exit %d: %s", args, got.code, got.err)
		}
	}
}
