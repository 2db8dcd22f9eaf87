package main

import (
	"path/filepath"
	"strings"
	"testing"

	"fauna-export/fauna/fql"
)

func TestIncremental_syncsAndMerge(t *testing.T) {
	t.Parallel()
	s := serveSmall(t)
	dir := filepath.Join(t.TempDir(), "out")
	setup := fql.Setup{Role: "reader", Collections: []string{"users"}, Indexes: []string{"users-ts"}}
	s.shell(t, `CreateIndex({name: "users-ts", source: Collection("users"), values: [{field: "ref"}, {field: "ts"}]})`)
	env := []string{"FAUNA_SECRET=" + s.keyFor(t, "reader", "users")}
	run := func(more ...string) ran {
		t.Helper()
		return runHere(t, env, append([]string{"run", "--domain", s.endpoint, "--collection", "users", "--mode", "incremental", "--out", dir}, more...)...)
	}
	if got := run(); got.code != exitRefused || !strings.Contains(got.err, "must be ts, ref") || !strings.Contains(got.err, "CreateIndex") {
		t.Fatalf("a wrong index: exit %d: %s", got.code, got.err)
	}
	s.shell(t, `Delete(Index("users-ts"))`)
	if got := run(); got.code != exitRefused || !strings.Contains(got.err, "does not exist") {
		t.Fatalf("no index: exit %d: %s", got.code, got.err)
	}
	s.shell(t, setup.IndexFQL(0))
	s.shell(t, setup.RoleUpdateFQL())
	if got := run("--out", "-"); got.code != exitUsage {
		t.Errorf("to stdout: exit %d: %s", got.code, got.err)
	}
	if got := run(); got.code != exitDone || !strings.Contains(got.err, "sync 1: 1 collection, 9 rows") {
		t.Fatalf("exit %d: %s", got.code, got.err)
	}
	s.shell(t, `Delete(Ref(Collection("users"), "3"))`)
	s.shell(t, `Update(Ref(Collection("users"), "4"), {data: {number: 44}})`)
	if got := run("--fast"); got.code != exitDone || !strings.Contains(got.err, "sync 2: 1 collection, 2 rows") {
		t.Fatalf("exit %d: %s", got.code, got.err)
	}
	if got := runHere(t, env, "verify", dir, "--domain", s.endpoint); got.code != exitDone || !strings.Contains(got.err, "the server agrees") {
		t.Errorf("verify: exit %d: %s%s", got.code, got.out, got.err)
	}
	if got := runHere(t, env, "resume", dir); got.code != exitDone || !strings.Contains(got.err, "a finished run of 1 collection: nothing to do") {
		t.Errorf("resume: exit %d: %s", got.code, got.err)
	}
	if got := runHere(t, nil, "merge", dir); got.code != exitDone || !strings.Contains(got.out, "users") {
		t.Fatalf("merge: exit %d: %s%s", got.code, got.out, got.err)
	}
	files := filesBelow(t, dir)
	rows := files["merged/users.jsonl"]
	if strings.Count(rows, "\n") != 8 || strings.Contains(rows, `"ref":"3"`) || !strings.Contains(rows, `"number":44`) || strings.Contains(rows, "deleted_at") {
		t.Errorf("merged: %s", rows)
	}
	if !strings.Contains(files["users@2.jsonl"], `{"ref":"3","ts":`) {
		t.Errorf("the second sync: %s", files["users@2.jsonl"])
	}
	if got := run("--format", "csv"); got.code != exitUsage || !strings.Contains(got.err, "format") {
		t.Errorf("another format: exit %d: %s", got.code, got.err)
	}
}
