package main

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"fauna-export/export"
	"fauna-export/export/archive"
	"fauna-export/export/store"
)

// With --json stdout has one JSON value, or one on each line, whatever happens.
func TestJSON_isAllThatIsOnStdout(t *testing.T) {
	t.Parallel()
	s, secret := readSample(t)
	env := []string{"FAUNA_SECRET=" + secret, "FAUNA_EXPORT_DOMAIN=" + s.endpoint, "FAUNA_EXPORT_JSON=true", "FAUNA_EXPORT_PROGRESS_INTERVAL=1ms"}
	dir, db := filepath.Join(t.TempDir(), "out"), filepath.Join(t.TempDir(), "a.db")
	for _, c := range []struct {
		args    string
		code    int
		one     bool   // one value, and not lines
		outcome string // of the last line
	}{
		{"run --all --out " + dir, exitDone, false, "done"},
		{"resume " + dir, exitDone, true, "done"},
		{"verify " + dir, exitDone, true, ""},
		{"schema --fql", exitDone, true, ""},
		{"load " + dir + " --into sqlite:" + db + " --dry-run", exitDone, true, ""},
		{"load " + dir + " --into sqlite:" + db, exitDone, false, "done"},
		{"load " + dir + " --into sqlite:" + db, exitDone, false, "done"}, // which has all of it
		{"load " + dir + " --into sqlite:" + db + " --columns json --replace", exitDone, false, "done"},
		{"load " + dir + " --into csv:" + db, exitUsage, true, "stopped"},
		{"load " + dir + "-none --into csv:" + db, exitUsage, true, "stopped"},
	} {
		got := runHere(t, env, strings.Fields(c.args)...)
		lines := strings.Split(strings.TrimSpace(got.out), "\n")
		if c.one {
			lines = []string{got.out}
		}
		var last struct{ Event, Outcome, Error string }
		for _, line := range lines {
			if err := json.Unmarshal([]byte(line), &last); err != nil || strings.Contains(line, `"tables":null`) {
				t.Errorf("%s: %v: %s", c.args, err, line)
			}
		}
		if got.code != c.code || last.Outcome != c.outcome || c.outcome != "" && last.Event != "summary" || (c.outcome == "stopped") != (last.Error != "") {
			t.Errorf("%s: exit %d, %+v: %s", c.args, got.code, last, got.err)
		}
	}
}

// A run whose collections all failed has nothing to merge.
func TestJSON_mergeOfNothingIsAnEmptyList(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "out")
	s := store.NewFolder(dir)
	release, err := s.Lock()
	if err != nil {
		t.Fatal(err)
	}
	m := &archive.Manifest{
		Version: archive.Version, Tool: toolName(), Endpoint: "https://db.fauna.com", Mode: export.Full, Consistency: archive.ConsistencySnapshot,
		Snapshot: archive.FormatTime(1), Collections: []archive.Entry{}, Failed: []archive.Skipped{{Name: "users", Why: "the key lost its privilege"}},
	}
	if err := errors.Join(archive.Publish(s, m), s.Close(), release()); err != nil {
		t.Fatal(err)
	}
	if got := runHere(t, nil, "merge", dir, "--json"); got.code != exitPartial || strings.TrimSpace(got.out) != "[]" {
		t.Errorf("exit %d: %s%s", got.code, got.out, got.err)
	}
}
