package export

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"

	"fauna-export/export/archive"
	"fauna-export/export/row"
	"fauna-export/export/store"
	"fauna-export/export/store/storetest"
)

// formats returns all combinations of format and compression.
func formats() []Spec {
	var out []Spec
	for _, f := range row.Formats() {
		if f == row.Parquet {
			continue // it is compressed internally
		}
		for _, c := range []row.Compression{row.None, row.Gzip, row.Zstd} {
			out = append(out, Spec{Format: f, Compress: c})
		}
	}
	return append(out, Spec{Format: row.Parquet})
}

func (s Spec) formName() string { return fmt.Sprintf("%s-%s", s.Format, s.Compress) }

// wholeFiles fails if a file under a final name differs from the one wanted.
func wholeFiles(t *testing.T, dir string, want map[string][]byte) (found int) {
	t.Helper()
	entries, err := store.NewFolder(dir).List()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if w, ok := want[e.Name]; ok {
			found++
			if !bytes.Equal(mustRead(t, dir, e.Name), w) {
				t.Errorf("%s is under its final name and not whole", e.Name)
			}
		}
	}
	return found
}

// wanted performs an undisturbed run and returns its files.
func wanted(t *testing.T, s Spec, src Source) map[string][]byte {
	t.Helper()
	dir := exportDir(t)
	m := mustDo(t, s, src, OSEnv(dir))
	files := make(map[string][]byte)
	for _, e := range m.Collections {
		files[e.File] = mustRead(t, dir, e.File)
	}
	return files
}

func TestStore_anyFailingOperationLeavesNothingWrongAndCanBeResumed(t *testing.T) {
	t.Parallel()
	src := newFakeSource(map[string]int{"users": 700, "orders": 90, "none": 0})
	for _, form := range []Spec{{Format: row.JSONL}, {Format: row.CSV, Compress: row.Zstd}, {Format: row.Parquet}} {
		form = form.withDefaults()
		form.Collections = []string{"users", "orders", "none"}
		form.PageSize = 100
		want := wanted(t, form, src)
		for _, fault := range []struct {
			name  string
			how   error
			short bool
			stay  bool
		}{
			{"no space", syscall.ENOSPC, false, true},
			{"error once", errors.New("input/output error"), false, false},
			{"short write", errors.New("input/output error"), true, false},
		} {
			t.Run(form.formName()+"/"+fault.name, func(t *testing.T) {
				for n := 1; ; n++ {
					disk := storetest.NewMemory()
					failed := false
					faulty := &storetest.Faults{Store: disk, Short: fault.short, Fail: func(at int, _ storetest.Op, _ string) error {
						if at == n || fault.stay && failed {
							failed = true
							return fault.how
						}
						return nil
					}}
					env := Env{Store: faulty, Clock: newSwiftClock(1000), Rand: rand.NewPCG(uint64(n), 1)}
					r, err := NewRun(form, src, env)
					if err != nil {
						t.Fatal(err)
					}
					m, err := r.Do(context.Background())
					if !failed {
						if err != nil || n < 10 {
							t.Fatalf("after %d operations: %v", n, err)
						}
						return
					}
					// An operation after the last important one may fail.
					if err == nil && m == nil {
						t.Fatalf("operation %d failed and the run says nothing", n)
					}
					if err != nil && fault.how == syscall.ENOSPC && !isError[*NoSpace](err) && !errors.Is(err, syscall.ENOSPC) {
						t.Errorf("operation %d: %v", n, err)
					}
					whole(t, disk, want)
					env.Store = disk
					r, err = OpenRun(src, env)
					if isError[*archive.NotARun](err) {
						// It failed before there was anything to resume.
						r, err = NewRun(form, src, env)
					}
					if err != nil {
						t.Fatalf("operation %d: going on: %v", n, err)
					}
					if _, err := r.Do(context.Background()); err != nil {
						t.Fatalf("operation %d: going on: %v", n, err)
					}
					if got := whole(t, disk, want); got != len(want) {
						t.Errorf("operation %d: %d files of %d", n, got, len(want))
					}
				}
			})
		}
	}
}

func TestLock_keepsASecondProcessOut(t *testing.T) {
	t.Parallel()
	dir := exportDir(t)
	release, err := store.NewFolder(dir).Lock()
	if err != nil {
		t.Fatal(err)
	}
	src := twoCollections()
	r, err := NewRun(Spec{Collections: []string{"users"}}, src, swiftEnv(dir, 1))
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.Do(context.Background())
	if e, ok := errors.AsType[*store.Error](err); !ok || !e.Locked {
		t.Fatalf("error %v", err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	mustDo(t, Spec{Collections: []string{"users"}}, src, swiftEnv(dir, 1))
}

func TestNewRun_refusesAFolderThatIsNotEmpty(t *testing.T) {
	t.Parallel()
	src := twoCollections()
	dir := exportDir(t)
	mustDo(t, Spec{Collections: []string{"users"}}, src, swiftEnv(dir, 1))
	calls := src.calls
	_, err := NewRun(Spec{Collections: []string{"users"}}, src, swiftEnv(dir, 1))
	if e, ok := errors.AsType[*store.Error](err); !ok || e.Resumable {
		t.Errorf("error %v", err)
	}
	if src.calls != calls {
		t.Error("the server was asked")
	}
	// Resuming a finished run returns at once.
	r, err := OpenRun(src, swiftEnv(dir, 1))
	if err != nil {
		t.Fatal(err)
	}
	if m, err := r.Do(context.Background()); err != nil || m.Rows() != 3000 || src.calls != calls {
		t.Errorf("resume of a finished run: %v", err)
	}
	if _, err := OpenRun(src, swiftEnv(t.TempDir(), 1)); !isError[*archive.NotARun](err) {
		t.Errorf("resume of nothing: %v", err)
	}
}

// A process killed right after finishing leaves states, which the next one
// removes.
func TestResume_ofAFinishedRunRemovesWhatAKilledOneLeft(t *testing.T) {
	t.Parallel()
	src := newFakeSource(map[string]int{"users": 50, "none": 0})
	spec := Spec{Collections: []string{"users", "none"}}
	for n := 1; ; n++ {
		disk := storetest.NewMemory()
		removed := 0
		faulty := &storetest.Faults{Store: disk, Fail: func(_ int, op storetest.Op, _ string) error {
			if op == storetest.OpRemove {
				removed++
			}
			if removed >= n {
				return syscall.EIO
			}
			return nil
		}}
		r, err := NewRun(spec, src, Env{Store: faulty})
		if err != nil {
			t.Fatal(err)
		}
		if _, err = r.Do(t.Context()); err == nil {
			if n < 3 {
				t.Errorf("only %d files were removed", n)
			}
			return
		}
		if r, err = OpenRun(src, Env{Store: disk}); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Do(t.Context()); err != nil {
			t.Fatal(err)
		}
		entries, err := disk.List()
		if err != nil || len(entries) != 4 {
			t.Errorf("after removal %d failed: %v, %v", n, entries, err)
		}
	}
}
