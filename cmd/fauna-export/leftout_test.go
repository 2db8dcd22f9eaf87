package main

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What a run did not export is said again by every command that goes on from it.
func TestLeftOut_isSaidByTheCommandsAfterARun(t *testing.T) {
	t.Parallel()
	s := serveSmall(t)
	names := s.collections(t)
	for _, hidden := range []string{"hidden", "secrets"} {
		s.shell(t, `CreateCollection({ name: "`+hidden+`" })`)
	}
	env := []string{"FAUNA_SECRET=" + s.keyFor(t, "reads-two", names[0], names[1]), "FAUNA_EXPORT_DOMAIN=" + s.endpoint}
	dir, db := filepath.Join(t.TempDir(), "out"), "sqlite:"+filepath.Join(t.TempDir(), "a.db")
	for _, c := range []struct {
		args []string
		code int
	}{
		{[]string{"run", "--all", "--out", dir}, exitPartial},
		{[]string{"resume", dir}, exitPartial},
		{[]string{"merge", dir}, exitPartial},
		{[]string{"merge", dir, "--json"}, exitPartial},
		{[]string{"load", dir, "--into", db, "--collection", names[0]}, exitDone},
		{[]string{"load", dir, "--into", db}, exitPartial},
		{[]string{"load", dir, "--into", db}, exitPartial},
		{[]string{"load", dir, "--into", db, "--json"}, exitPartial},
		{[]string{"load", dir, "--into", db, "--dry-run"}, exitDone},
	} {
		got := runHere(t, env, c.args...)
		lines := slices.DeleteFunc(strings.Split(got.err, "\n"), func(line string) bool { return !strings.HasPrefix(line, "fauna-export: ") })
		says := len(lines) == 1 && strings.Contains(lines[0], "hidden left out: the key can't read it") && strings.Contains(lines[0], "secrets left out")
		if got.code != c.code || says != (c.code == exitPartial) {
			t.Errorf("%q: exit %d: %s", c.args, got.code, got.err)
		}
		if slices.Contains(c.args, "--json") && c.args[0] == "load" {
			var last struct{ Event, Outcome, Error string }
			if err := json.Unmarshal([]byte(got.out), &last); err != nil || last.Outcome != "partial" || !strings.Contains(last.Error, "hidden left out") {
				t.Errorf("%v: %s", err, got.out)
			}
		}
	}
}
