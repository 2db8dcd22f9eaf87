package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fauna-export/export"
	"fauna-export/fauna/emulator"
)

func TestDryRun_countsAndWritesNothing(t *testing.T) {
	t.Parallel()
	s := serveSample(t)
	dir := filepath.Join(t.TempDir(), "backup")
	env := []string{"FAUNA_SECRET=" + s.Secret()}
	got := runHere(t, env, "run", "--domain", s.endpoint, "--all", "--out", dir, "--dry-run", "--json")
	var f forecast
	if err := json.Unmarshal([]byte(got.out), &f); err != nil || got.code != exitDone {
		t.Fatalf("exit %d, %v: %s\n%s", got.code, err, got.err, got.out)
	}
	var rows int64
	for _, name := range emulator.SampleCollections() {
		var want int64
		for range emulator.SampleRows(name) {
			want++
		}
		i := slices.IndexFunc(f.Collections, func(c collectionForecast) bool { return c.Name == name })
		if i < 0 || f.Collections[i].Rows != want || (f.Collections[i].Bytes > 0) != (want > 0) {
			t.Errorf("%s has %d rows; the forecast is %+v", name, want, f.Collections)
		}
		rows += want
	}
	if f.Rows != rows || f.Requests < int64(len(f.Collections)) || f.Seconds <= 0 || f.Bytes < 8_000_000 || f.Bytes > 30_000_000 || f.DiskFree == nil {
		t.Errorf("the forecast: %+v", f)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the folder was made: %v", err)
	}
	got = runHere(t, env, "run", "--domain", s.endpoint, "--collection", "carts", "--dry-run")
	if got.code != exitDone || !strings.Contains(got.out, "carts") || !strings.Contains(got.out, "300") || !strings.Contains(got.out, "15 min") || !strings.Contains(got.err, "nothing was written") {
		t.Errorf("as text: exit %d: %s\n%s", got.code, got.err, got.out)
	}
}

func TestDryRun_refusesATimeInTheFutureAtOnce(t *testing.T) {
	t.Parallel()
	s := serveSmall(t)
	got := runHere(t, []string{"FAUNA_SECRET=" + s.Secret()}, "run", "--domain", s.endpoint, "--all", "--dry-run", "--at", "2999-01-01T00:00:00Z")
	if got.code != exitUsage || !strings.Contains(got.err, "is in the future") {
		t.Errorf("exit %d: %s", got.code, got.err)
	}
}

func TestForecast_warnsOfAShortSnapshotAndASmallDisk(t *testing.T) {
	t.Parallel()
	free := int64(10)
	f := forecast{
		Seconds: 3600, Bytes: 1000, DiskFree: &free,
		Collections: []collectionForecast{{Name: "short", life: 15 * time.Minute}, {Name: "long", life: 48 * time.Hour}},
	}
	f.warn(export.Spec{})
	if len(f.Warnings) != 2 || !strings.Contains(f.Warnings[0], `"short"`) || !strings.Contains(f.Warnings[1], "10 B free") {
		t.Errorf("warnings: %q", f.Warnings)
	}
}
