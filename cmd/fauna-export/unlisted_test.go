package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// A full run uses the index for syncs, if there is one, to find a live document that
// the server doesn't list.
func TestRun_readsWhatOnlyTheIndexHas(t *testing.T) {
	t.Parallel()
	s := serveSmall(t)
	s.shell(t, `CreateIndex({ name: "users-ts", source: Collection("users"), values: [{ field: "ts" }, { field: "ref" }] })`)
	s.shell(t, `Let({ t: Now() }, Do(
		Insert(Ref(Collection("users"), "5"), Var("t"), "delete", {}),
		Insert(Ref(Collection("users"), "5"), Var("t"), "update", { data: { torn: true } })))`)
	if n := s.shell(t, `Count(Documents(Collection("users")))`); strings.TrimSpace(n) != "8" {
		t.Fatalf("the server lists %s documents", n)
	}
	dir := filepath.Join(t.TempDir(), "out")
	env := []string{"FAUNA_SECRET=" + s.Secret()}
	got := runHere(t, env, "run", "--domain", s.endpoint, "--all", "--out", dir)
	if files := filesBelow(t, dir); got.code != exitDone || strings.Count(files["users.jsonl"], "\n") != 9 || !strings.Contains(files["users.jsonl"], `"torn":true`) {
		t.Fatalf("exit %d: %s\n%s", got.code, got.err, files["users.jsonl"])
	}
	if !strings.Contains(got.out+got.err, "missing from the server's list") {
		t.Errorf("nothing says so: %s%s", got.out, got.err)
	}
	if got := runHere(t, env, "verify", "--domain", s.endpoint, dir); got.code != exitDone {
		t.Errorf("verify: exit %d: %s", got.code, got.err)
	}
}
