package tui

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fauna-export/export"
	"fauna-export/export/archive"
	"fauna-export/export/config"
	"fauna-export/export/row"
)

func TestDone_ofASyncNamesItsOwnFilesAndTheNextSync(t *testing.T) {
	t.Chdir(t.TempDir())
	b := newBench(t, 80, 24, secondSync)
	b.to(doneID)
	b.shows("sync 2: 3 collections, 30 documents changed, 6", "users@2.jsonl")
	b.hides("users.jsonl", "20,000", "NEWDIR")
	b.keys("l")
	b.shows("Load into a database", "fauna-export load /srv/fauna-2026-11-22 --into TARGET")
	b.keys("esc", "s")
	b.shows("Next sync:  fauna-export run --config fauna-export.yaml")
	b.hides("NEWDIR")
	c, err := config.Load(t.Context(), "fauna-export.yaml")
	if err != nil || c.Out != "/srv/fauna-2026-11-22" || c.Mode != "incremental" {
		t.Errorf("saved %+v, %v", c, err)
	}
	b.keys("enter")
	out, _ := b.w.outcome(t.Context(), nil)
	if !strings.Contains(out.Summary, "fauna-export merge /srv/fauna-2026-11-22") || strings.Contains(out.Summary, "users.jsonl") {
		t.Errorf("summary %q", out.Summary)
	}
}

func TestDone_nextSyncFollowsInTheSameFolder(t *testing.T) {
	opened := 0
	b := newBench(t, 80, 24, secondSync)
	b.w.runner.open = func(export.Spec, export.Source, bool) (exporting, error) { opened++; return b.run, nil }
	b.to(doneID)
	b.keys("esc", "enter")
	b.at(doneID)
	if opened != 2 {
		t.Errorf("%d syncs", opened)
	}
}

func TestDone_demoRunsTheCleanUp(t *testing.T) {
	b := newBench(t, 80, 24, demo).to(doneID)
	b.keys("x")
	b.shows("r run on the demo server")
	b.keys("r")
	b.shows("Ran on the demo server: the key and the role are gone.")
	b.at(doneID)
}

func TestSummary_ofAStoppedDemoDoesNotLeadToItsServer(t *testing.T) {
	for _, demo := range []bool{false, true} {
		b := newBench(t, 80, 24, func(_ *bench, c *Config) { c.Demo = demo }).to(exportID)
		b.keys("s", "y")
		b.w.runner.wg.Wait()
		b.look()
		out, _ := b.w.outcome(t.Context(), nil)
		if leads := strings.Contains(out.Summary, "fauna-export resume"); leads == demo || !strings.Contains(out.Summary, "Export incomplete") {
			t.Errorf("demo %v: %q", demo, out.Summary)
		}
	}
}

func TestDone_anOldOneIsNeverShownAsANewOne(t *testing.T) {
	t.Chdir(t.TempDir())
	var dirs []string
	b := newBench(t, 119, 40)
	b.w.dirText = "shop"
	b.w.runner.open = func(s export.Spec, _ export.Source, _ bool) (exporting, error) {
		dirs = append(dirs, filepath.Base(s.Dir))
		return b.run, os.MkdirAll(s.Dir, 0o700)
	}
	b.to(doneID)
	b.keys("esc")
	b.at(checkID)
	b.shows("Already exported to", "shop-2", "enter export again")
	b.keys("enter")
	b.at(doneID)
	if !slices.Equal(dirs, []string{"shop", "shop-2"}) {
		t.Errorf("exported into %q", dirs)
	}
}

func TestDone_partialIsTheErrorOfRun(t *testing.T) {
	partial := &export.Partial{Window: []string{"users"}}
	b := newBench(t, 80, 24, func(b *bench, _ *Config) { b.run.err = partial })
	b.to(doneID).shows("Finished, but incomplete", "not from a single point in time: users")
	b.keys("enter")
	if out, err := b.w.outcome(t.Context(), nil); !errors.Is(err, error(partial)) || !strings.Contains(out.Summary, "not from a single point in time") {
		t.Errorf("outcome %+v, %v", out, err)
	}
}

func TestDone_savedAnswersAreTheRunAgain(t *testing.T) {
	t.Chdir(t.TempDir())
	b := newBench(t, 80, 24).to(outputID)
	b.keys("up", "up", "right", "down", "down", "down")
	b.typed(`users:parent_id:string=["data","parent","id"]`)
	b.keys("enter", "enter", "enter", "s")
	b.shows("Saved fauna-export.yaml", "fauna-export run --config fauna-export.yaml")
	c, err := config.Load(t.Context(), "fauna-export.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c.Out = "/srv/next"
	spec, err := c.Spec()
	if err != nil {
		t.Fatal(err)
	}
	if spec.Format != row.CSV || len(spec.Collections) != 3 || len(spec.Columns["users"]) != 1 {
		t.Errorf("saved: %+v", spec)
	}
}

func TestDone_filesThatAreDamagedLaterAreNotCalledVerified(t *testing.T) {
	dir := t.TempDir()
	b := newBench(t, 80, 24, func(_ *bench, c *Config) { c.Dir = dir }).to(doneID)
	b.shows("✓ Exported and verified")
	m := *b.run.manifest
	m.Endpoint, m.Mode, m.Started, m.Finished = "http://localhost:8443", export.Full, "2026-11-22T10:31:02Z", "2026-11-22T10:31:04Z"
	body, err := json.Marshal(m)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, archive.ManifestName), body, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	b.keys("v", "down") // the next key removes its note
	b.shows("Finished, but not verified", "users.jsonl:")
	b.hides("✓ Exported and verified")
	b.keys("enter")
	if _, err := b.w.outcome(t.Context(), nil); err == nil {
		t.Error("the wizard ends well")
	}
}
