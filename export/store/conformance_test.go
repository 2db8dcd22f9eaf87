package store_test

import (
	"math/rand/v2"
	"path/filepath"
	"testing"

	"fauna-export/export/store"
	"fauna-export/export/store/storetest"
)

func TestFolder_keepsTheContract(t *testing.T) {
	t.Parallel()
	storetest.Test(t, storetest.Kind{
		New:   func(t *testing.T) store.Store { return store.NewFolder(filepath.Join(t.TempDir(), "made", "below")) },
		Again: func(_ *testing.T, s store.Store) store.Store { return store.NewFolder(s.Name()) },
	})
}

func TestMemory_keepsTheContract(t *testing.T) {
	t.Parallel()
	storetest.Test(t, storetest.Kind{
		New:   func(*testing.T) store.Store { return storetest.NewMemory() },
		Again: func(_ *testing.T, s store.Store) store.Store { return s },
		Crash: func(_ *testing.T, s store.Store, random *rand.Rand) store.Store {
			return s.(*storetest.Memory).Crash(storetest.Torn(random.IntN))
		},
	})
}

func TestStream_passesOnWhatIsAppendedAndKeepsNothing(t *testing.T) {
	t.Parallel()
	var out writer
	s := store.NewStream(&out)
	a, err := s.Append("users.jsonl", 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Write([]byte("rows")); err != nil || out != "rows" {
		t.Errorf("%q, %v", out, err)
	}
	if yes, err := a.Cut()(); err != nil || !yes {
		t.Errorf("a cut: %v, %v", yes, err)
	}
	if err := s.Write("manifest.json", []byte("{}")); err != nil {
		t.Error(err)
	}
	if entries, err := s.List(); err != nil || len(entries) > 0 || out != "rows" {
		t.Errorf("%v, %v, %q", entries, err, out)
	}
}

type writer string

func (w *writer) Write(p []byte) (int, error) { *w += writer(p); return len(p), nil }
