package export

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"fauna-export/export/archive"
	"fauna-export/export/store"
)

// smallDisk has a limited number of free bytes.
type smallDisk struct {
	store.Store
	free atomic.Int64
}

func (s *smallDisk) Free() (int64, error) { return s.free.Load(), nil }

func TestSpace_aDiskTooSmallForTheRestStopsTheRunResumably(t *testing.T) {
	t.Parallel()
	src := newFakeSource(map[string]int{"users": 30_000})
	disk := &smallDisk{Store: store.NewFolder(exportDir(t))}
	disk.free.Store(1 << 20)
	env := Env{Store: disk, Clock: newSwiftClock(1000)}
	spec := Spec{Collections: []string{"users"}, PageSize: 50}
	r, err := NewRun(spec, src, env)
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.Do(context.Background())
	e, ok := errors.AsType[*NoSpace](err)
	if !ok || e.Need < 1<<20 || e.Free != 1<<20 || !strings.Contains(e.Error(), "MB") {
		t.Fatalf("error %v", err)
	}
	if s := r.Status(); s.Free != 1<<20 || s.Need < 1<<20 {
		t.Errorf("free %d, need %d", s.Free, s.Need)
	}
	disk.free.Store(1 << 30)
	if r, err = OpenRun(src, env); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Do(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func TestFree_tellsTheSpaceAlsoBeforeTheFolderIsMade(t *testing.T) {
	t.Parallel()
	free, err := store.NewFolder(exportDir(t)).Free()
	if err != nil || free <= 0 {
		t.Errorf("%d %v", free, err)
	}
}

func TestEvents_areOneLineOfJSONEach(t *testing.T) {
	t.Parallel()
	src := twoCollections()
	r, err := NewRun(Spec{Collections: []string{"users", "orders"}}, src, swiftEnv(exportDir(t), 1))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := WriteEvent(&b, r.Event()); err != nil {
		t.Fatal(err)
	}
	m, err := r.Do(context.Background())
	if err := WriteEvent(&b, r.Summary(m, err)); err != nil {
		t.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSpace(b.Bytes()), []byte("\n"))
	if len(lines) != 2 {
		t.Fatalf("%d lines", len(lines))
	}
	var first, last map[string]any
	for i, into := range []*map[string]any{&first, &last} {
		if err := json.Unmarshal(lines[i], into); err != nil {
			t.Fatal(err)
		}
	}
	if first["event"] != "progress" || first["phase"] != "preparing" || first["eta_s"] != nil {
		t.Errorf("first %v", first)
	}
	if last["event"] != "summary" || last["outcome"] != "done" || last["rows"] != 3500.0 || last["expected_final"] != true || last["manifest"] == nil {
		t.Errorf("last %v", last)
	}
	if c := last["collections"].([]any)[0].(map[string]any); c["state"] != "done" || c["rows"] != 3000.0 {
		t.Errorf("collection %v", c)
	}
	if e := r.Summary(nil, io.ErrUnexpectedEOF); e.Outcome != "stopped" || e.Error == "" {
		t.Errorf("%+v", e)
	}
	if e := r.Summary(m, &Partial{Window: []string{"users"}}); e.Outcome != "partial" {
		t.Errorf("%+v", e)
	}
}

func TestVerify_findsWhatIsWrong(t *testing.T) {
	t.Parallel()
	src := twoCollections()
	for _, c := range []struct {
		name  string
		spoil func(t *testing.T, s *store.Folder)
		says  string
	}{
		{"missing", func(t *testing.T, s *store.Folder) { must(t, s.Remove("users.jsonl")) }, "missing"},
		{"cut", func(t *testing.T, s *store.Folder) {
			data, err := s.Read("users.jsonl")
			must(t, err)
			must(t, s.Write("users.jsonl", data[:len(data)-1]))
		}, "bytes"},
		{"a bit changed", func(t *testing.T, s *store.Folder) {
			data, err := s.Read("users.jsonl")
			must(t, err)
			data[5000] ^= 1
			must(t, s.Write("users.jsonl", data))
		}, "sha256"},
		{"the hashes edited", func(t *testing.T, s *store.Folder) { must(t, s.Write(archive.SumsName, []byte("x  users.jsonl\n"))) }, archive.SumsName},
		{"the hashes missing", func(t *testing.T, s *store.Folder) { must(t, s.Remove(archive.SumsName)) }, archive.SumsName},
		{"rows changed and hash with it", func(t *testing.T, s *store.Folder) {
			m, err := archive.ReadManifest(s)
			must(t, err)
			m.Collections[0].Rows--
			data, err := m.Encode()
			must(t, err)
			must(t, s.Write(archive.ManifestName, data))
		}, "rows"},
		{"a link in place of the file", func(t *testing.T, s *store.Folder) {
			must(t, s.Commit("users.jsonl", "other.jsonl"))
			must(t, os.Symlink("other.jsonl", filepath.Join(s.Name(), "users.jsonl")))
		}, "regular"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := exportDir(t)
			mustDo(t, Spec{Collections: []string{"users", "orders"}}, src, swiftEnv(dir, 1))
			c.spoil(t, store.NewFolder(dir))
			rep, err := archive.Verify(context.Background(), store.NewFolder(dir), func(archive.VerifyStatus) {})
			if err != nil {
				t.Fatal(err)
			}
			said := strings.Join(rep.Problems, "; ") + rep.Files[0].Problem
			if rep.OK() || !strings.Contains(said, c.says) || rep.Files[1].Problem != "" {
				t.Errorf("%+v", rep)
			}
		})
	}
	if _, err := archive.Verify(context.Background(), store.NewFolder(t.TempDir()), nil); !isError[*archive.NotARun](err) {
		t.Errorf("an empty folder: %v", err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
