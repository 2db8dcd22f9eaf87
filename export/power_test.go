package export

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"testing"

	"fauna-export/export/archive"
	"fauna-export/export/row"
	"fauna-export/export/store"
	"fauna-export/export/store/storetest"
)

// TestPowerCut_leavesARunThatCanBeResumed cuts the power at every operation,
// and sometimes again during the resumed run.
func TestPowerCut_leavesARunThatCanBeResumed(t *testing.T) {
	t.Parallel()
	seed := testSeed(t)
	random := rand.New(rand.NewPCG(seed, 4))
	src := newFakeSource(map[string]int{"users": 1500, "orders": 90, "none": 0})
	for _, form := range []Spec{{Format: row.JSONL}, {Format: row.CSV, Compress: row.Gzip}} {
		form = form.withDefaults()
		form.Collections = []string{"users", "orders", "none"}
		form.PageSize = 100
		want := wanted(t, form, src)
		cuts := 0
		for n := 1; ; n++ {
			disk := storetest.NewMemory()
			cut := &storetest.Faults{Store: disk, Fail: storetest.PowerCut(n)}
			env := Env{Store: cut, Clock: newSwiftClock(2000), Rand: rand.NewPCG(seed, uint64(n))}
			r, err := NewRun(form, src, env)
			if err != nil {
				t.Fatal(err)
			}
			_, err = r.Do(context.Background())
			if cut.Ops() < n {
				if err != nil {
					t.Fatal(err)
				}
				break
			}
			for again, at := 0, n; at > 0 && cut.Ops() >= at; again++ {
				cuts++
				disk = disk.Crash(storetest.Torn(random.IntN))
				whole(t, disk, want)
				at = 0
				if again < 4 {
					at = random.IntN(3 * n)
				}
				cut = &storetest.Faults{Store: disk, Fail: storetest.PowerCut(at)}
				env.Store = cut
				r, err = OpenRun(src, env)
				if isError[*archive.NotARun](err) {
					r, err = NewRun(form, src, env)
				}
				if err != nil {
					t.Fatalf("cut at %d: %v", n, err)
				}
				if _, err = r.Do(context.Background()); err != nil && (at == 0 || cut.Ops() < at) {
					t.Fatalf("cut at %d: %v", n, err)
				}
			}
			if got := whole(t, disk, want); got != len(want) {
				t.Errorf("cut at %d: %d files of %d", n, got, len(want))
			}
		}
		t.Logf("%s: %d cuts", form.formName(), cuts)
	}
}

// whole fails if a file under a final name differs from the one wanted.
func whole(t *testing.T, s store.Store, want map[string][]byte) (found int) {
	t.Helper()
	for name, w := range want {
		got, err := s.Read(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		found++
		if err != nil || !bytes.Equal(got, w) {
			t.Errorf("%s is under its final name and not whole: %v", name, err)
		}
	}
	return found
}
