package tui

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fauna-export/export/archive"
	"fauna-export/export/store"
)

func TestLook_newEmptyBegunOrFull(t *testing.T) {
	dir := t.TempDir()
	folder := func(names ...string) string {
		path := filepath.Join(dir, strings.Join(names, "-")+"-x")
		for _, name := range names {
			if err := os.MkdirAll(filepath.Join(path, name), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		return path
	}
	if p := look(filepath.Join(dir, "none", "below")); !p.isNew || p.err != nil || p.free <= 0 {
		t.Errorf("a new folder: %+v", p)
	}
	if p := look(t.TempDir()); p.isNew || p.err != nil || p.begun {
		t.Errorf("an empty folder: %+v", p)
	}
	if p := look(folder(".fauna-export")); p.err != nil || p.begun {
		t.Errorf("a work folder with nothing in it: %+v", p)
	}
	begun := folder(".fauna-export", "begun")
	os.Remove(filepath.Join(begun, "begun"))
	if err := archive.WriteRun(store.NewFolder(begun), archive.RunState{Spec: []byte("{}"), Times: []int64{1}, Started: "2026-01-01T00:00:00Z"}); err != nil {
		t.Fatal(err)
	}
	if p := look(begun); p.err != nil || !p.begun {
		t.Errorf("an export that was begun: %+v", p)
	}
	if p := look(folder(".fauna-export", "manifest.json")); p.err == nil {
		t.Errorf("a finished export: %+v", p)
	}
	if p := look(folder("notes")); p.err == nil {
		t.Errorf("a full folder: %+v", p)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if p := look(file); p.err == nil {
		t.Errorf("a file: %+v", p)
	}
}

func TestExport_stoppedAndLeftIsLeft(t *testing.T) {
	b := newBench(t, 80, 24).to(exportID)
	b.keys("s", "y")
	b.w.runner.wg.Wait()
	b.look()
	b.keys("q", "y")
	out, err := b.w.outcome(t.Context(), nil)
	if !b.quit || !errors.Is(err, ErrLeft) || errors.Is(err, context.Canceled) || !strings.Contains(out.Summary, "fauna-export resume") {
		t.Errorf("%v, %+v", err, out)
	}
}

func TestLook_takesAnS3URLAsTheCommandsDo(t *testing.T) {
	path, err := fullPath(" s3://bucket/backups/today/ ")
	if err != nil || path != "s3://bucket/backups/today" {
		t.Errorf("%q, %v", path, err)
	}
	for _, bad := range []string{"s3://", "s3://bucket/../up", "gs://bucket/x"} {
		if path, err := fullPath(bad); err == nil {
			t.Errorf("%q is taken as %q", bad, path)
		}
	}
	// Without credentials the field reports that before sending any request.
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "half")
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
	if p := look("s3://bucket/x"); p.err == nil {
		t.Error("half of the credentials are enough")
	}
}

func TestLook_foldersThatCannotBeWrittenToAreRefused(t *testing.T) {
	if _, err := os.Stat("/proc/self"); err == nil {
		if p := look("/proc/x"); p.err == nil {
			t.Errorf("/proc/x: %+v", p)
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if p := look(filepath.Join(file, "below")); p.err == nil {
		t.Errorf("below a file: %+v", p)
	}
}

func TestFolder_tabCompletesItsPath(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"backups-old", "backups-new", "exports", ".hidden"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for typed, want := range map[string]string{"/b": "/backups-", "/e": "/exports/", "/x": "/x", "/backups-o": "/backups-old/", "/.h": "/.hidden/"} {
		if got := complete(dir + typed); got != dir+want {
			t.Errorf("%s becomes %s, want %s", typed, strings.TrimPrefix(got, dir), want)
		}
	}
	b := newBench(t, 100, 24, func(_ *bench, c *Config) { c.Dir = dir + "/e" }).to(outputID)
	b.keys("tab")
	if b.w.dirText != dir+"/exports/" {
		t.Errorf("the folder is %q", b.w.dirText)
	}
}
