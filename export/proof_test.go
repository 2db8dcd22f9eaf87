package export

import (
	"context"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"fauna-export/export/archive"
	"fauna-export/export/row"
	"fauna-export/export/store"
)

// provenStore reports when a file being written is opened for reading, and can
// return other bytes than those written.
type provenStore struct {
	store.Store
	opened chan struct{}
	once   sync.Once
	bend   bool
}

func (s *provenStore) Open(name string) (store.File, int64, error) {
	f, size, err := s.Store.Open(name)
	if err == nil && strings.HasSuffix(name, ".part") {
		s.once.Do(func() { close(s.opened) })
		if s.bend {
			f = bentFile{f}
		}
	}
	return f, size, err
}

// bentFile returns a wrong first byte.
type bentFile struct{ store.File }

func (f bentFile) ReadAt(p []byte, at int64) (int, error) {
	n, err := f.File.ReadAt(p, at)
	if at == 0 && n > 0 {
		p[0] ^= 1
	}
	return n, err
}

// provenRun runs an export of 2 000 users that ends only after its file was
// opened to be read again, and returns its folder. With stop it is stopped there.
func provenRun(t *testing.T, format row.Format, bend bool, stop error) (*Run, string, error) {
	t.Helper()
	src := newFakeSource(map[string]int{"users": 2000})
	dir := exportDir(t)
	env := swiftEnv(dir, 1)
	store := &provenStore{Store: env.Store, opened: make(chan struct{}), bend: bend}
	env.Store = store
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	limit := time.AfterFunc(time.Minute, func() { cancel(context.DeadlineExceeded) })
	defer limit.Stop()
	src.fault = func(c fakeCall) error {
		if c.what != "documents" {
			return nil
		}
		// Each page comes late enough for a checkpoint after the previous one.
		if err := env.Clock.Wait(ctx, time.Second); err != nil {
			return err
		}
		if c.from < src.set["users"].docs[1900] {
			return nil
		}
		select {
		case <-store.opened:
		case <-ctx.Done():
		}
		if stop != nil {
			cancel(stop)
		}
		return nil
	}
	r, err := NewRun(Spec{Collections: []string{"users"}, Format: format, PageSize: 100, Workers: 1}, src, env)
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.Do(ctx)
	return r, dir, err
}

func TestProof_aFileIsReadAgainWhileItIsWritten(t *testing.T) {
	t.Parallel()
	for _, format := range []row.Format{row.JSONL, row.CSV, row.Wire} {
		r, dir, err := provenRun(t, format, false, nil)
		if err != nil {
			t.Fatal(err)
		}
		proven, err := r.Verify(t.Context(), nil)
		if err != nil || !proven.OK() || proven.Files[0].Rows != 2000 {
			t.Fatalf("%s: %+v, %v", format, proven, err)
		}
		if len(r.mu.found) != 1 {
			t.Errorf("%s: %d files were read again", format, len(r.mu.found))
		}
		again, err := archive.Verify(t.Context(), store.NewFolder(dir), nil)
		if err != nil || len(again.Files) != 1 || again.Files[0] != proven.Files[0] {
			t.Errorf("%s: read at the end it is %+v, %v", format, again, err)
		}
	}
}

func TestProof_tellsWhatTheDiskAnswersOtherwise(t *testing.T) {
	t.Parallel()
	r, dir, err := provenRun(t, row.JSONL, true, nil)
	if err != nil {
		t.Fatal(err)
	}
	rep, err := r.Verify(t.Context(), nil)
	if err != nil || rep.OK() || !strings.Contains(rep.Files[0].Problem, "sha256 is") {
		t.Errorf("%+v, %v", rep, err)
	}
	if rep, err := archive.Verify(t.Context(), store.NewFolder(dir), nil); err != nil || !rep.OK() {
		t.Errorf("the file itself is right: %+v, %v", rep, err)
	}
}

func TestProof_endsWithARunThatIsStopped(t *testing.T) {
	t.Parallel()
	r, dir, err := provenRun(t, row.JSONL, false, context.Canceled)
	if err == nil {
		t.Fatal("the run was not stopped")
	}
	if len(r.mu.found) != 0 {
		t.Errorf("%d files are held for whole", len(r.mu.found))
	}
	if names, _ := filepath.Glob(filepath.Join(dir, "*.jsonl")); len(names) != 0 {
		t.Errorf("it left %v", names)
	}
}
