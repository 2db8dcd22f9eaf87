package archive

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// finishedRun makes a folder that looks like one of a finished run.
func finishedRun(t *testing.T, dir string, more ...string) {
	t.Helper()
	m := Manifest{Version: Version, Collections: []Entry{{Name: "c", File: "c.jsonl"}}}
	data, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{ManifestName: string(data), "c.jsonl": "", SumsName: "", "load-postgres.sql": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range more {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestKeepNewest_removesTheOldestFinishedRunsAndNothingElse(t *testing.T) {
	parent := t.TempDir()
	at := func(name string) string { return filepath.Join(parent, name) }
	for _, name := range []string{"a-2026-01-01T00-00-00Z", "a-2026-01-02T00-00-00Z", "a-2026-01-03T00-00-00Z", "a-2025-12-31T23-59-59Z", "b-2020-01-01T00-00-00Z", "a-yesterday"} {
		finishedRun(t, at(name))
	}
	unfinished := at("a-2019-01-01T00-00-00Z")
	if err := os.MkdirAll(filepath.Join(unfinished, ".fauna-export"), 0o700); err != nil {
		t.Fatal(err)
	}
	removed, err := KeepNewest(filepath.Join(parent, "a-{time}"), 2)
	if want := []string{at("a-2025-12-31T23-59-59Z"), at("a-2026-01-01T00-00-00Z")}; err != nil || !slices.Equal(removed, want) {
		t.Errorf("removed %q, %v; want %q", removed, err, want)
	}
	var left []string
	entries, err := os.ReadDir(parent)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		left = append(left, e.Name())
	}
	if want := []string{"a-2019-01-01T00-00-00Z", "a-2026-01-02T00-00-00Z", "a-2026-01-03T00-00-00Z", "a-yesterday", "b-2020-01-01T00-00-00Z"}; !slices.Equal(left, want) {
		t.Errorf("left are %q, not %q", left, want)
	}
}

func TestKeepNewest_leavesAFolderThatHoldsMoreThanARun(t *testing.T) {
	parent := t.TempDir()
	odd := filepath.Join(parent, "2026-01-01T00-00-00Z")
	finishedRun(t, odd, "notes.txt")
	finishedRun(t, filepath.Join(parent, "2026-01-02T00-00-00Z"))
	if _, err := KeepNewest(filepath.Join(parent, "{time}"), 1); err == nil {
		t.Error("nothing is said of a folder that cannot go")
	}
	for _, name := range []string{"notes.txt", "c.jsonl", ManifestName} {
		if _, err := os.Stat(filepath.Join(odd, name)); err != nil {
			t.Errorf("it is not as it was: %v", err)
		}
	}
}

func TestKeepNewest_refusesAPatternWithoutATime(t *testing.T) {
	for pattern, keep := range map[string]int{"backups": 1, "{time}/x": 1, "{time}-{time}": 1, "x/{time}": 0} {
		if _, err := KeepNewest(pattern, keep); err == nil {
			t.Errorf("%s with %d is taken", pattern, keep)
		}
	}
}
