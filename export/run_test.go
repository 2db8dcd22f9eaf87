package export

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"fauna-export/export/archive"
	"fauna-export/export/row"
	"fauna-export/export/store"
)

// jsonl returns the documents ids as JSON lines.
func jsonl(c *fakeCollection, ids []int64) []byte {
	var b bytes.Buffer
	for _, id := range ids {
		fmt.Fprintf(&b, `{"ref":"%d","ts":%d,"data":%s,"ttl":null}`+"\n", id, 1_700_000_000_000_000+id, c.text(id))
	}
	return b.Bytes()
}

// exportDir returns a folder that does not exist yet.
func exportDir(t *testing.T) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "out")
}

// mustRead reads a file of a folder.
func mustRead(t *testing.T, dir, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// mustDo performs a complete run.
func mustDo(t *testing.T, s Spec, src Source, env Env) *archive.Manifest {
	t.Helper()
	r, err := NewRun(s, src, env)
	if err != nil {
		t.Fatal(err)
	}
	m, err := r.Do(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestRun_writesEveryDocumentInOrder(t *testing.T) {
	t.Parallel()
	src := newFakeSource(map[string]int{"users": 12_345, "empty": 0, "one": 1, "ÄÖ/x": 99})
	for _, workers := range []int{1, 2, 8} {
		dir := exportDir(t)
		m := mustDo(t, Spec{Collections: []string{"users", "empty", "one", "ÄÖ/x"}, Workers: workers}, src, OSEnv(dir))
		if m.Consistency != archive.ConsistencySnapshot || len(m.Collections) != 4 {
			t.Fatalf("manifest: %+v", m)
		}
		for _, e := range m.Collections {
			c := src.set[e.Name]
			if got, want := mustRead(t, dir, e.File), jsonl(c, c.docs); !bytes.Equal(got, want) {
				t.Errorf("%d workers: %s has %d bytes, want %d", workers, e.File, len(got), len(want))
			}
			if e.Rows != int64(len(c.docs)) || e.ExpectedRows != e.Rows {
				t.Errorf("%s: %d rows of %d expected, want %d", e.Name, e.Rows, e.ExpectedRows, len(c.docs))
			}
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		if len(entries) != 6 {
			t.Errorf("the folder holds %v", entries)
		}
		info, err := os.Stat(filepath.Join(dir, "users.jsonl"))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("mode of the file: %v %v", info.Mode(), err)
		}
		if info, err = os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("mode of the folder: %v %v", info.Mode(), err)
		}
		rep, err := archive.Verify(context.Background(), store.NewFolder(dir), nil)
		if err != nil || !rep.OK() {
			t.Errorf("verify: %+v %v", rep, err)
		}
	}
}

func TestStream_writesTheRowsOfOneCollection(t *testing.T) {
	t.Parallel()
	src := newFakeSource(map[string]int{"users": 5000})
	var b bytes.Buffer
	r, err := NewRun(Spec{Collections: []string{"users"}, Format: row.JSONL}, src, Env{Store: store.NewStream(&b)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Do(t.Context()); err != nil {
		t.Fatal(err)
	}
	if c := src.set["users"]; !bytes.Equal(b.Bytes(), jsonl(c, c.docs)) {
		t.Errorf("%d bytes", b.Len())
	}
}
