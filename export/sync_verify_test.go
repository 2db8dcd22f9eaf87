package export

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fauna-export/export/archive"
	"fauna-export/export/pairs"
	"fauna-export/export/store"
)

// chainOfThree creates a folder with three syncs.
func chainOfThree(t *testing.T, change ...func(*Spec)) *syncServer {
	t.Helper()
	s := startSyncServer(t)
	for id := range 9 {
		s.fql(create(id, "{}"))
	}
	s.sync(change...)
	s.fql(update(1, "{a: 1}") + "\n" + remove(2) + "\n" + remove(3))
	s.sync(change...)
	s.fql(update(1, "{a: 2}") + "\n" + create(2, "{}") + "\n" + create(20, "{}"))
	s.sync(change...)
	return s
}

func (s *syncServer) path(name string) string {
	return filepath.Join(s.dir, filepath.FromSlash(name))
}

// rewrite modifies a file of the folder.
func (s *syncServer) rewrite(name string, change func([]byte) []byte) {
	s.t.Helper()
	data, err := os.ReadFile(s.path(name))
	if err == nil {
		err = os.WriteFile(s.path(name), change(data), 0o600)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// swap exchanges the names of two files.
func (s *syncServer) swap(a, b string) {
	s.t.Helper()
	if err := errors.Join(os.Rename(s.path(a), s.path("x")), os.Rename(s.path(b), s.path(a)), os.Rename(s.path("x"), s.path(b))); err != nil {
		s.t.Fatal(err)
	}
}

// remanifest modifies the manifest, and updates SHA256SUMS.
func (s *syncServer) remanifest(change func(*archive.Manifest)) {
	s.t.Helper()
	store := store.NewFolder(s.dir)
	m, err := archive.ReadManifest(store)
	if err != nil {
		s.t.Fatal(err)
	}
	change(m)
	data, err := m.Encode()
	if err := errors.Join(err, store.Write(archive.ManifestName, data), store.Write(archive.SumsName, m.Sums())); err != nil {
		s.t.Fatal(err)
	}
}

func TestVerify_chainOfSyncs(t *testing.T) {
	t.Parallel()
	const state = ".fauna-export/docs@3.jsonl.pairs"
	tests := []struct {
		name  string
		spoil func(*syncServer)
		says  string // "" for a complete folder
	}{
		{"nothing", func(*syncServer) {}, ""},
		{"a sync's file is missing", func(s *syncServer) { os.Remove(s.path("docs@2.jsonl")) }, "docs@2.jsonl: missing"},
		{"a sync's file is damaged", func(s *syncServer) {
			s.rewrite("docs@2.jsonl", func(b []byte) []byte { b[9]++; return b })
		}, "docs@2.jsonl: sha256"},
		{"two files are swapped", func(s *syncServer) { s.swap("docs@2.jsonl", "docs@3.jsonl") }, "docs@2.jsonl: "},
		{"two files are swapped, and the manifest says so", func(s *syncServer) {
			s.remanifest(func(m *archive.Manifest) { m.Collections[1].Sync, m.Collections[2].Sync = 3, 2 })
		}, "is of sync 2, after sync 3"},
		{"two files are swapped, and in the manifest", func(s *syncServer) {
			s.remanifest(func(m *archive.Manifest) {
				a, b := &m.Collections[1], &m.Collections[2]
				*a, *b = *b, *a
				a.Sync, b.Sync = 2, 3
			})
		}, "the syncs add up to"},
		{"a sync is left out", func(s *syncServer) {
			s.remanifest(func(m *archive.Manifest) { m.Collections = slices.Delete(m.Collections, 1, 2) })
		}, "the syncs add up to 10 rows, the manifest says 9"},
		{"a sync that is none", func(s *syncServer) {
			s.remanifest(func(m *archive.Manifest) { m.Collections[2].Sync = 4 })
		}, "is of sync 4"},
		{"no state", func(s *syncServer) { os.RemoveAll(s.path(".fauna-export")) }, ""},
		{"the state is damaged", func(s *syncServer) {
			s.rewrite(state, func(b []byte) []byte { return b[:len(b)-3] })
		}, state + ": the file of pairs is damaged"},
		{"the state is no state", func(s *syncServer) {
			s.rewrite(state, func([]byte) []byte { return []byte("x") })
		}, state + ": the file of pairs is damaged"},
		{"the state is of another time", func(s *syncServer) {
			s.remanifest(func(m *archive.Manifest) { m.Syncs[2].Snapshot = archive.FormatTime(m.Time() + 1) })
		}, state + " does not belong to the last sync's files"},
		{"the state is of other documents", func(s *syncServer) {
			s.repair(state, func(all []pairs.Pair) []pairs.Pair { all[0].TS--; return all })
		}, state + " does not belong to the last sync's files"},
		{"the state lacks a document", func(s *syncServer) {
			s.repair(state, func(all []pairs.Pair) []pairs.Pair { return all[1:] })
		}, state + " does not belong to the last sync's files"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := chainOfThree(t)
			test.spoil(s)
			rep, err := archive.Verify(t.Context(), store.NewFolder(s.dir), nil)
			if err != nil {
				t.Fatal(err)
			}
			said := rep.Problems
			for _, f := range rep.Files {
				if f.Problem != "" {
					said = append(said, f.File+": "+f.Problem)
				}
			}
			if rep.OK() != (test.says == "") || !strings.Contains(strings.Join(said, "\n"), test.says) {
				t.Errorf("found %q, want %q", said, test.says)
			}
		})
	}
}

// repair rewrites a pairs file with the same header.
func (s *syncServer) repair(name string, change func([]pairs.Pair) []pairs.Pair) {
	s.t.Helper()
	s.rewrite(name, func(data []byte) []byte {
		r, err := pairs.NewReader(bytes.NewReader(data))
		if err != nil {
			s.t.Fatal(err)
		}
		defer r.Close()
		var all []pairs.Pair
		for p, err := range r.All() {
			if err != nil {
				s.t.Fatal(err)
			}
			all = append(all, p)
		}
		var out bytes.Buffer
		if err := pairs.Encode(&out, r.Meta, pairs.Slice(change(all))); err != nil {
			s.t.Fatal(err)
		}
		return out.Bytes()
	})
}

// If removals are left out of the files, only the state shows what is gone.
func TestVerify_chainWithoutRemovals(t *testing.T) {
	t.Parallel()
	s := chainOfThree(t, func(p *Spec) { p.Deletions = IgnoreDeletions })
	check := func(says string) {
		t.Helper()
		rep, err := archive.Verify(t.Context(), store.NewFolder(s.dir), nil)
		if err != nil || rep.OK() != (says == "") || !strings.Contains(strings.Join(rep.Problems, "\n"), says) {
			t.Errorf("%+v, %v; want %q", rep, err, says)
		}
	}
	check("")
	s.repair(".fauna-export/docs@3.jsonl.pairs", func(all []pairs.Pair) []pairs.Pair { return all[1:] })
	check("does not belong to the last sync's files")
	s.repair(".fauna-export/docs@3.jsonl.pairs", func(all []pairs.Pair) []pairs.Pair { return append([]pairs.Pair{{TS: 1, ID: 999}}, all...) })
	// The right number, but not the right ones: merging detects that.
	if _, err := archive.Merge(t.Context(), store.NewFolder(s.dir)); err == nil || !strings.Contains(err.Error(), "does not belong to the last sync's files") {
		t.Errorf("%v", err)
	}
}

// A run that has just derived the state from the files trusts it if its size
// matches, and reads each file only once.
func TestRun_verifyAfterASync(t *testing.T) {
	t.Parallel()
	s := chainOfThree(t)
	s.fql(update(5, "{a: 1}"))
	r, err := NewRun(s.spec(), s.client, OSEnv(s.dir))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Do(t.Context()); err != nil {
		t.Fatal(err)
	}
	const state = ".fauna-export/docs@4.jsonl.pairs"
	tests := []struct {
		name  string
		spoil func()
		says  string // "" for a complete folder
	}{
		{"nothing", func() {}, ""},
		{"the state is too small", func() { s.repair(state, func(all []pairs.Pair) []pairs.Pair { return all[1:] }) }, "holds 8 documents, the manifest says 9"},
		{"no state", func() { os.Remove(s.path(state)) }, ""},
		{"no state, and a sync is left out", func() { s.remanifest(func(m *archive.Manifest) { m.Collections = slices.Delete(m.Collections, 1, 2) }) }, "the syncs add up to"},
		{"an earlier file is damaged", func() { s.rewrite("docs.jsonl", func(b []byte) []byte { b[9]++; return b }) }, "docs.jsonl: sha256"},
	}
	for _, test := range tests {
		test.spoil()
		rep, err := r.Verify(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		said := slices.Clone(rep.Problems)
		for _, f := range rep.Files {
			if f.Problem != "" {
				said = append(said, f.File+": "+f.Problem)
			}
		}
		if rep.OK() != (test.says == "") || !strings.Contains(strings.Join(said, "\n"), test.says) {
			t.Errorf("%s: found %q, want %q", test.name, said, test.says)
		}
	}
}
