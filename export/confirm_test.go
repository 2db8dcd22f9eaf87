package export

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"

	"fauna-export/export/store/storetest"
)

// An object store shows no file before it is complete, so its rows cannot be
// compared with the ids again: the file is read again instead.
func TestConfirm_whatAnObjectStoreDoesNotShowIsReadAgain(t *testing.T) {
	t.Parallel()
	for name, parts := range map[string]int{"one file": 1, "parts": 4} {
		src := twoCollections()
		users := src.set["users"]
		read := false
		src.fault = once(func(c fakeCall) bool {
			read = read || c.what == "documents"
			return read && c.what == "count"
		}, func() { users.remove(103) })
		disk := storetest.NewMemory()
		spec := Spec{Collections: []string{"users"}, Parts: parts, PageSize: 100, Workers: 1}
		m := mustDo(t, spec, src, Env{Store: objects{disk}, Clock: newSwiftClock(1000), Rand: rand.NewPCG(1, 1)})
		if want := wanted(t, spec, src); whole(t, disk, want) != len(want) {
			t.Errorf("%s: %+v", name, m)
		}
		if e := m.Collections[0]; len(e.Warnings) != 1 || !strings.Contains(e.Warnings[0], "read again from the start") {
			t.Errorf("%s: warnings %q", name, e.Warnings)
		}
	}
}

// A document that the server did not list to the first process must be in the files
// of the second, whatever the first one had sent.
func TestConfirm_whatAnObjectStoreLacksIsThereAfterResuming(t *testing.T) {
	t.Parallel()
	for name, parts := range map[string]int{"one file": 1, "parts": 3} {
		lying, disk := newHidingSource(), storetest.NewMemory()
		spec := Spec{Collections: []string{"users"}, Parts: parts, PageSize: 50}
		env := Env{Store: objects{disk}, Clock: newSwiftClock(1000), Rand: rand.NewPCG(1, 1)}
		r, err := NewRun(spec, countsAll{lying}, env)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Do(t.Context()); !isError[*Partial](err) {
			t.Fatalf("%s: %v", name, err)
		}
		if r, err = OpenRun(lying.all, env); err != nil {
			t.Fatal(err)
		}
		m, err := r.Do(t.Context())
		if err != nil || m.Rows() != int64(len(lying.all.set["users"].docs)) {
			t.Errorf("%s: resumed: %v", name, err)
		}
	}
}

// countsAll counts the documents of a whole collection, those not listed included.
type countsAll struct{ hidingSource }

func (c countsAll) Count(ctx context.Context, name string, at int64) (int64, error) {
	return c.all.Count(ctx, name, at)
}
