package export

import (
	"context"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"fauna-export/export/store"
)

func TestRun_readsWhatExpiresFirstBeforeTheRest(t *testing.T) {
	t.Parallel()
	src := newFakeSource(map[string]int{"days": 500, "minutes": 500, "forever": 500})
	var first []string
	src.fault = func(c fakeCall) error {
		if c.what == "documents" && (len(first) == 0 || first[len(first)-1] != c.collection) {
			first = append(first, c.collection)
		}
		return nil
	}
	spec := Spec{Collections: []string{"forever", "days", "minutes"}, Workers: 1,
		Lives: map[string]time.Duration{"forever": 1<<63 - 1, "days": 48 * time.Hour, "minutes": 15 * time.Minute}}
	m := mustDo(t, spec, src, swiftEnv(exportDir(t), 1))
	if len(first) != 3 || first[0] != "minutes" || first[1] != "days" {
		t.Errorf("read in the order %v", first)
	}
	if m.Collections[0].Name != "forever" {
		t.Errorf("the manifest begins with %s", m.Collections[0].Name)
	}
}

func TestRun_severalCollectionsShareOneLimitOfRequests(t *testing.T) {
	t.Parallel()
	src := newFakeSource(map[string]int{"a": 40, "b": 40, "c": 40, "d": 40, "e": 40, "f": 40})
	var mu sync.Mutex
	flying, most := 0, 0
	together := make(chan struct{})
	slow := &slowSource{fakeSource: src, in: func() {
		mu.Lock()
		flying++
		most = max(most, flying)
		if flying == 3 && most == 3 {
			select {
			case <-together:
			default:
				close(together)
			}
		}
		mu.Unlock()
		<-together // three collections are read at once
		mu.Lock()
		flying--
		mu.Unlock()
	}}
	r, err := NewRun(Spec{Collections: []string{"a", "b", "c", "d", "e", "f"}, Workers: 3}, slow, swiftEnv(exportDir(t), 1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Do(context.Background()); err != nil {
		t.Fatal(err)
	}
	if most != 3 {
		t.Errorf("%d requests at once", most)
	}
}

// heldStore delays all commits until free is closed.
type heldStore struct {
	store.Store
	free chan struct{}
}

func (s *heldStore) Commit(from, to string) error {
	<-s.free
	return s.Store.Commit(from, to)
}

// TestRun_readsOnWhileFilesAreEnded has more collections than are read at once,
// and a disk that completes no file until the last of them is requested.
func TestRun_readsOnWhileFilesAreEnded(t *testing.T) {
	t.Parallel()
	sizes := map[string]int{}
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i"} {
		sizes[name] = 10
	}
	src := newFakeSource(sizes)
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	free := make(chan struct{})
	var once sync.Once
	let := func() { once.Do(func() { close(free) }) }
	defer context.AfterFunc(ctx, let)()
	read := map[string]bool{}
	src.fault = func(c fakeCall) error {
		if c.what == "documents" {
			if read[c.collection] = true; len(read) == len(sizes) {
				let()
			}
		}
		return nil
	}
	env := swiftEnv(exportDir(t), 1)
	env.Store = &heldStore{Store: env.Store, free: free}
	r, err := NewRun(Spec{Collections: slices.Sorted(maps.Keys(sizes))}, src, env)
	if err != nil {
		t.Fatal(err)
	}
	m, err := r.Do(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if m.Rows() != 90 {
		t.Errorf("%d rows", m.Rows())
	}
}
