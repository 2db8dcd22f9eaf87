package tui

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fauna-export/export"
	"fauna-export/export/archive"
	"fauna-export/export/config"
)

// keepIn saves the answers to a file, and leaves the folder to the wizard's proposal.
func keepIn(file string) func(*bench, *Config) {
	return func(_ *bench, c *Config) { c.AnswersFile, c.Dir = file, "" }
}

func TestAnswers_areKeptWhileTheyAreTyped(t *testing.T) {
	file := t.TempDir() + "/answers.yaml"
	b := newBench(t, 80, 24, keepIn(file)).to(collectionsID)
	b.typed("users, products")
	b.at(collectionsID)
	c, err := config.Load(t.Context(), file)
	if err != nil || !slices.Equal(c.Collections, []string{"users", "products"}) {
		t.Errorf("kept %q, %v", c.Collections, err)
	}
}

func TestAnswers_laterOnesAreNotReplacedByEarlierOnes(t *testing.T) {
	k := &keeper{path: t.TempDir() + "/answers.yaml"}
	if err := k.store(2, config.Config{Domain: "second"}, ""); err != nil {
		t.Fatal(err)
	}
	if err := k.store(1, config.Config{Domain: "first"}, ""); err != nil {
		t.Fatal(err)
	}
	if c, err := config.Load(t.Context(), k.path); err != nil || c.Domain != "second" {
		t.Errorf("%q, %v", c.Domain, err)
	}
}

func TestAnswers_waitForAPauseOfTheKeyboard(t *testing.T) {
	b := newBench(t, 80, 24, keepIn(t.TempDir()+"/answers.yaml"))
	before := b.w.keeper.asked
	b.act(b.w.keepSoon, b.w.keepSoon)
	if n := b.w.keeper.asked - before; n != 1 {
		t.Errorf("%d of two pauses keep the answers", n)
	}
}

func TestAnswers_folderComesBackWhereItCanBeWrittenTo(t *testing.T) {
	dir := t.TempDir()
	put := func(name, file, content string) string {
		t.Helper()
		path := filepath.Join(dir, name, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return filepath.Join(dir, name)
	}
	manifest := func(mode string) string {
		return `{"version":1,"tool":"x","endpoint":"http://localhost:8443","mode":"` + mode + `","snapshot":"2026-11-22T10:31:02.399Z","consistency":"snapshot","collections":[]}`
	}
	begun, err := archive.EncodeState(archive.RunName, archive.RunState{Spec: []byte("{}"), Times: []int64{1}, Started: "2026-01-01T00:00:00Z"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what, path, mode string
		back             bool
	}{
		{"new", filepath.Join(dir, "new"), "full", true},
		{"proposed on another day", filepath.Join(dir, "fauna-2020-01-02"), "full", false},
		{"full of other things", put("other", "x.txt", "x"), "full", false},
		{"with a whole export", put("whole", "manifest.json", manifest("full")), "full", false},
		{"with an export that was interrupted", put("fauna-2020-01-03", archive.RunName, string(begun)), "full", true},
		{"with earlier syncs", put("sync", "manifest.json", manifest("incremental")), "incremental", true},
		{"with earlier syncs, for a full one", put("sync", "manifest.json", manifest("incremental")), "full", false},
	} {
		t.Run(c.what, func(t *testing.T) {
			file := t.TempDir() + "/answers.yaml"
			if err := storeAnswers(file, config.Config{Domain: "localhost", Mode: c.mode, Out: c.path}); err != nil {
				t.Fatal(err)
			}
			b := newBench(t, 80, 24, keepIn(file))
			if back := b.w.dirText == c.path; back != c.back {
				t.Errorf("the folder is %q", b.w.dirText)
			}
		})
	}
}

func TestOutput_folderOfEarlierSyncsTakesTheNextOneOnly(t *testing.T) {
	for _, change := range []func(*bench, *Config){func(*bench, *Config) {}, incremental} {
		b := newBench(t, 80, 24, change)
		b.w.look = func(path string) place { return place{path: path, chain: true, free: -1} }
		b.to(outputID)
		if b.w.mode == export.Full {
			b.keys("enter")
			b.at(outputID)
			b.shows("It holds an incremental export")
			continue
		}
		b.shows("holds earlier syncs: this will be the next one")
		b.keys("enter")
		b.at(checkID)
	}
}

func TestAnswers_recentAddressesAreOfferedAndHoldNoSecret(t *testing.T) {
	file := filepath.Join(t.TempDir(), "answers.yaml")
	keep := func(_ *bench, c *Config) { c.AnswersFile = file }
	b := newBench(t, 80, 24, keep)
	b.keys("ctrl+u")
	b.typed("localhost:9999")
	b.keys("enter")
	b.at(accessID)
	again := newBench(t, 80, 24, keep)
	again.shows("Recent", "http://localhost:9999")
	again.keys("ctrl+u")
	again.typed("core")
	again.keys("down")
	again.shows("▌ http://localhost:9999")
	if err := storeRecent(file, "http://"+testSecret); err != nil {
		t.Fatal(err)
	}
	if body, err := os.ReadFile(recentFile(file)); err != nil || strings.Contains(string(body), testSecret) {
		t.Errorf("%v: %s", err, body)
	}
}

func TestAnswers_ofLastTimeDoNotReplaceAnAddressThatWasAskedFor(t *testing.T) {
	file := t.TempDir() + "/answers.yaml"
	b := newBench(t, 80, 24, func(_ *bench, c *Config) { c.AnswersFile, c.Endpoint = file, "http://localhost:1" })
	b.keys("enter")
	asked := newBench(t, 80, 24, func(_ *bench, c *Config) { c.AnswersFile, c.Endpoint = file, "http://localhost:2" })
	asked.shows("http://localhost:2")
	offered := newBench(t, 80, 24, func(_ *bench, c *Config) { c.AnswersFile = file })
	offered.shows("http://localhost:1")
}

func TestAnswers_areFilledInAgainWithoutTheSecret(t *testing.T) {
	file := t.TempDir() + "/settings/answers.yaml"
	keep := func(_ *bench, c *Config) { c.AnswersFile = file }
	b := newBench(t, 80, 24, keep).to(outputID)
	b.keys("up", "up", "right", "enter")
	b.at(checkID)

	again := newBench(t, 80, 24, keep)
	again.shows("Filled in from last time; the secret is never saved.")
	again.to(collectionsID)
	again.shows("[x] users", "[x] products", "[x] line-items")
	again.keys("enter", "enter")
	again.at(secretID)
	again.hides("characters")
	again.paste(testSecret)
	again.keys("enter")
	again.shows("(•) CSV")
}
