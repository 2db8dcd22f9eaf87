package export

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"fauna-export/export/archive"
	"fauna-export/export/row"
	"fauna-export/export/store"
	"fauna-export/export/store/storetest"
)

// fullRows returns the rows of a full JSONL export at a time, with a sync's
// columns.
func (s *syncServer) fullRows(at int64, like Spec) string {
	s.t.Helper()
	dir := filepath.Join(s.t.TempDir(), "full")
	spec := like
	spec.Mode, spec.Dir, spec.Format, spec.Compress, spec.Deletions, spec.At = Full, dir, row.JSONL, row.None, "", at
	spec.Indexes = nil
	r, err := NewRun(spec, s.client, OSEnv(dir))
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := r.Do(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "docs.jsonl"))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(data)
}

func TestMerge_everyFormatIsTheFullExport(t *testing.T) {
	t.Parallel()
	columns := map[string][]row.Column{"docs": {
		{Name: "n", Path: []any{"data", "n"}, Type: row.TypeInt},
		{Name: "s", Path: []any{"data", "s"}, Type: row.TypeString},
		{Name: "any", Path: []any{"data"}},
		{Name: "at", Path: []any{"data", "at"}, Type: row.TypeTime},
		{Name: "f", Path: []any{"data", "f"}, Type: row.TypeFloat},
	}}
	for _, format := range row.Formats() {
		for _, compress := range []row.Compression{row.None, row.Gzip, row.Zstd} {
			for _, deletions := range []string{"", IgnoreDeletions} {
				if format == row.Parquet && compress != row.None {
					continue
				}
				t.Run(fmt.Sprintf("%s %s %s", format, compress, deletions), func(t *testing.T) {
					s := startSyncServer(t)
					with := func(p *Spec) {
						p.Format, p.Compress, p.Deletions = format, compress, deletions
						if format != row.Wire {
							p.Columns = columns
						}
					}
					s.fql(create(1, `{s: "x,\"y\"\n", n: 1, f: 0.1}`) + "\n" + create(2, "{a: 2}") + "\n" + create(3, `{at: Time("2030-01-02T03:04:05.123456Z"), r: Ref(Collection("docs"), "9")}`))
					s.fql(`Update(Ref(Collection("docs"), "1"), {ttl: Time("2090-01-01T00:00:00.5Z")})`)
					s.sync(with)
					s.fql(remove(2) + "\n" + update(3, "{n: 33, s: \"\"}") + "\n" + create(4, "{f: 1.5}") + "\n" + create(5, "{}"))
					s.sync(with)
					s.fql(remove(5) + "\n" + create(2, "{again: 1}"))
					m := s.sync(with)
					files, err := archive.Merge(t.Context(), store.NewFolder(s.dir))
					if err != nil || len(files) != 1 || files[0].Rows != 4 || files[0].File != "merged/docs.jsonl" {
						t.Fatalf("%+v, %v", files, err)
					}
					spec := s.spec()
					with(&spec)
					got, err := os.ReadFile(filepath.Join(s.dir, "merged", "docs.jsonl"))
					if want := s.fullRows(m.Time(), spec); err != nil || string(got) != want {
						t.Errorf("merged\n%s\nfull\n%s\n%v", got, want, err)
					}
					sums, err := os.ReadFile(filepath.Join(s.dir, "merged", archive.SumsName))
					if want := fmt.Sprintf("%x  docs.jsonl\n", sha256.Sum256(got)); err != nil || string(sums) != want {
						t.Errorf("hashes %q, want %q, %v", sums, want, err)
					}
					rep, err := archive.Verify(t.Context(), store.NewFolder(s.dir), nil)
					if err != nil || !rep.OK() {
						t.Errorf("%+v, %v", rep, err)
					}
				})
			}
		}
	}
}

func TestMerge_namesWhatTheFilesLack(t *testing.T) {
	t.Parallel()
	s := startSyncServer(t)
	with := func(p *Spec) {
		p.Format = row.Parquet
		p.Columns = map[string][]row.Column{"docs": {{Name: "n", Path: []any{"data", "n"}, Type: row.TypeInt}}}
	}
	s.fql(create(1, `{n: "text"}`) + "\n" + create(2, `{n: 2}`))
	s.fql(`Update(Ref(Collection("docs"), "2"), {ttl: Time("2090-01-01T00:00:00.123456789Z")})`)
	s.sync(with)
	files, err := archive.Merge(t.Context(), store.NewFolder(s.dir))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	said := strings.Join(files[0].Warnings, "\n")
	if !strings.Contains(said, `docs.parquet: column "n" has a value of another type in 1 document (id 1)`) || !strings.Contains(said, `"ttl" has a time more precise than a microsecond in 1 document (id 2)`) {
		t.Errorf("warnings %s", said)
	}
	data, err := os.ReadFile(filepath.Join(s.dir, "merged", "docs.jsonl"))
	if err != nil || !strings.Contains(string(data), `"data":{"n":"text"},"ttl":null,"n":null}`) || !strings.Contains(string(data), `"ttl":"2090-01-01T00:00:00.123456Z","n":2}`) {
		t.Errorf("%s, %v", data, err)
	}
}

func TestMerge_namesWhatRowsLeaveOutOfWireFiles(t *testing.T) {
	t.Parallel()
	s := startSyncServer(t)
	wire := func(p *Spec) { p.Format = row.Wire }
	s.fql(create(1, "{}") + "\n" + `Create(Ref(Collection("docs"), "2"), {credentials: {password: "x"}, constraints: {a: 1}})`)
	m := s.sync(wire)
	files, err := archive.Merge(t.Context(), store.NewFolder(s.dir))
	if err != nil || len(files) != 1 || len(m.Collections[0].Warnings) > 0 {
		t.Fatal(files, err)
	}
	if w := files[0].Warnings; len(w) != 1 || w[0] != `docs.wire: field "constraints" of 1 document (id 2) is left out of the rows (the wire format keeps it)` {
		t.Errorf("%q", w)
	}
}

func TestMerge_neverBringsRemovedDocumentsBack(t *testing.T) {
	t.Parallel()
	s := startSyncServer(t)
	ignore := func(p *Spec) { p.Deletions = IgnoreDeletions }
	s.fql(create(1, "{}") + "\n" + create(2, "{}") + "\n" + create(3, "{}"))
	s.sync(ignore)
	s.fql(remove(2))
	s.exact(s.sync(ignore))
	state := filepath.Join(s.dir, ".fauna-export", "docs@2.jsonl.pairs")
	good, err := os.ReadFile(state)
	if err != nil {
		t.Fatal(err)
	}
	first, err := os.ReadFile(filepath.Join(s.dir, "merged", "docs.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func() error{
		"missing": func() error { return os.Remove(state) },
		"damaged": func() error { return os.WriteFile(state, good[:len(good)-4], 0o600) },
		"no state": func() error {
			return os.WriteFile(state, []byte("nonsense"), 0o600)
		},
	} {
		// A merge without a state leaves no work folder.
		if err := errors.Join(os.MkdirAll(filepath.Dir(state), 0o700), os.WriteFile(state, good, 0o600)); err != nil {
			t.Fatal(err)
		}
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		_, err := archive.Merge(t.Context(), store.NewFolder(s.dir))
		if _, ok := errors.AsType[*archive.Unmergeable](err); !ok || !strings.Contains(err.Error(), "another sync into the folder") {
			t.Errorf("state %s: %v", name, err)
		}
		if now, err := os.ReadFile(filepath.Join(s.dir, "merged", "docs.jsonl")); err != nil || string(now) != string(first) {
			t.Errorf("state %s: the merge before is gone: %s, %v", name, now, err)
		}
		if _, err := os.Stat(filepath.Join(s.dir, "merged", archive.SumsName)); !os.IsNotExist(err) {
			t.Errorf("state %s: hashes of a merge that was not finished: %v", name, err)
		}
	}
	// The next sync rebuilds the state. If it is interrupted, the state rebuilt
	// from the files is not trusted.
	if err := os.RemoveAll(state); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	spec := s.spec()
	ignore(&spec)
	r, err := NewRun(spec, &smallPages{Client: s.client, size: 2, before: func(int) { stop() }}, OSEnv(s.dir))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Do(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("it was not interrupted: %v", err)
	}
	if _, err := os.Stat(state); err != nil {
		t.Fatalf("no state was made of the files: %v", err)
	}
	if _, err := archive.Merge(t.Context(), store.NewFolder(s.dir)); err == nil {
		t.Error("a state that was made of the files was believed")
	}
	s.exact(s.sync(ignore))
}

// closeCounter counts how often what a run needs to be resumed is dropped.
type closeCounter struct {
	store.Store
	closed int
}

func (s *closeCounter) Close() error { s.closed++; return s.Store.Close() }

func TestMerge_leavesWhatResumeNeeds(t *testing.T) {
	t.Parallel()
	for _, resumable := range []bool{false, true} {
		dir := exportDir(t)
		mustDo(t, Spec{Collections: []string{"users"}}, twoCollections(), OSEnv(dir))
		s := &closeCounter{Store: store.NewFolder(dir)}
		if resumable {
			if err := s.Write(archive.RunName, []byte("{}")); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := archive.Merge(t.Context(), s); err != nil || (s.closed > 0) == resumable {
			t.Errorf("resumable %v: closed %d times, %v", resumable, s.closed, err)
		}
	}
}

func TestMerge_onAFullDiskSaysWhatToDo(t *testing.T) {
	t.Parallel()
	src := crowdedSource()
	for _, full := range []storetest.Op{storetest.OpAppend, storetest.OpAppendWrite, storetest.OpSync, storetest.OpCommit, storetest.OpWrite} {
		st := storetest.NewMemory()
		m := mustDo(t, Spec{Collections: []string{"users"}}, src, Env{Store: st})
		faults := &storetest.Faults{Store: st, Fail: func(_ int, op storetest.Op, _ string) error {
			if op == full {
				return syscall.ENOSPC
			}
			return nil
		}}
		_, err := archive.Merge(t.Context(), faults)
		if err == nil || !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "free some space, and merge again") {
			t.Errorf("%s: %v", full, err)
		}
		if files, err := archive.Merge(t.Context(), st); err != nil || len(files) != 1 || files[0].Rows != m.Collections[0].Rows {
			t.Errorf("%s: merged again: %+v, %v", full, files, err)
		}
	}
}
