package export

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

func collectPairs(t *testing.T, next func() (pair, bool, error)) []pair {
	t.Helper()
	var out []pair
	for {
		p, more, err := next()
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			return out
		}
		out = append(out, p)
	}
}

func encodePairs(t testing.TB, meta pairsMeta, all []pair) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := newPairWriter(&b, meta)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		if err := w.add(p); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// randomPairs are pairs in the index's order, many of one time.
func randomPairs(random *rand.Rand, n int) []pair {
	all := make([]pair, n)
	for i := range all {
		all[i] = pair{random.Int64N(int64(n)), random.Int64()}
	}
	slices.SortFunc(all, comparePairs)
	return slices.Compact(all)
}

func TestPairs_readAsWritten(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	meta := pairsMeta{Endpoint: "http://x:1", Collection: "docs", Sync: 3, At: 77, Made: 5}
	lists := [][]pair{nil, {{0, 0}}, {{-5, 9}, {-5, 10}, {1 << 60, 0}}}
	for _, n := range []int{1, pairsBlock - 1, pairsBlock, pairsBlock + 1, 3 * pairsBlock} {
		lists = append(lists, randomPairs(random, n))
	}
	for _, want := range lists {
		data := encodePairs(t, meta, want)
		r, err := newPairReader(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		got := collectPairs(t, r.next)
		r.close()
		if !slices.Equal(got, want) || r.meta != meta {
			t.Errorf("%d pairs came back as %d, of %+v", len(want), len(got), r.meta)
		}
	}
}

func TestPairs_damageIsFound(t *testing.T) {
	all := randomPairs(rand.New(rand.NewPCG(3, 4)), 500)
	data := encodePairs(t, pairsMeta{Collection: "docs"}, all)
	other := errors.New("other pairs")
	read := func(data []byte) error {
		r, err := newPairReader(bytes.NewReader(data))
		if err != nil {
			return err
		}
		defer r.close()
		for i := 0; ; i++ {
			p, more, err := r.next()
			if err != nil || !more {
				return err
			}
			if i >= len(all) || p != all[i] {
				return other
			}
		}
	}
	if err := read(data); err != nil {
		t.Fatal(err)
	}
	for cut := range data {
		var damaged *damagedPairs
		if err := read(data[:cut]); !errors.As(err, &damaged) {
			t.Fatalf("cut at %d of %d: %v", cut, len(data), err)
		}
	}
	for i := len(pairsMagic); i < len(data); i++ {
		bent := slices.Clone(data)
		bent[i] ^= 0x10
		// Some bits of the frame's header mean nothing to what it holds.
		if err := read(bent); errors.Is(err, other) {
			t.Fatalf("byte %d of %d is bent, and other pairs are read", i, len(data))
		}
	}
}

func FuzzPairs_decode(f *testing.F) {
	f.Add(encodePairs(f, pairsMeta{Collection: "docs"}, []pair{{1, 2}, {1, 3}, {9, 1}}))
	f.Add([]byte(pairsMagic))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := newPairReader(bytes.NewReader(data))
		if err != nil {
			return
		}
		defer r.close()
		var last pair
		for n := 0; ; n++ {
			p, more, err := r.next()
			if err != nil || !more {
				return
			}
			if n > 0 && comparePairs(last, p) >= 0 {
				t.Fatalf("%v after %v", p, last)
			}
			last = p
		}
	})
}

func TestPairSorter_anyOrderWithinBoundedMemory(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for _, n := range []int{0, 1, 99, 100, 101, 1000} {
		want := randomPairs(random, n)
		mixed := slices.Clone(want)
		random.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		store := NewDirStore(t.TempDir())
		release, err := store.Lock()
		if err != nil {
			t.Fatal(err)
		}
		s := newPairSorter(store, WorkPrefix+"x", 100)
		for _, p := range mixed {
			if err := s.add(p); err != nil {
				t.Fatal(err)
			}
		}
		var got []pair
		if err := s.each(func(p pair) error { got = append(got, p); return nil }); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d pairs: not sorted", n)
		}
		if entries, err := store.List(); err != nil || len(entries) > 0 {
			t.Errorf("left behind: %v, %v", entries, err)
		}
		if err := release(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestJoin_whatDiffers(t *testing.T) {
	tests := []struct {
		name       string
		old, index []pair
		want       []change
	}{
		{"nothing", nil, nil, []change{}},
		{"the same", []pair{{1, 5}, {2, 3}}, []pair{{1, 5}, {2, 3}}, []change{}},
		{"created", nil, []pair{{1, 5}}, []change{{5, noTime, 1}}},
		{"removed", []pair{{1, 5}}, nil, []change{{5, 1, noTime}}},
		{"updated", []pair{{1, 5}, {2, 3}}, []pair{{2, 3}, {7, 5}}, []change{{5, 1, 7}}},
		{"dated back", []pair{{4, 5}}, []pair{{1, 5}}, []change{{5, 4, 1}}},
		{"listed twice", []pair{{4, 5}}, []pair{{6, 5}, {7, 5}}, []change{{5, 4, 7}}},
		{"one time, many", []pair{{1, 1}, {1, 2}, {1, 3}}, []pair{{1, 2}, {1, 3}, {1, 4}}, []change{{1, 1, noTime}, {4, noTime, 1}}},
	}
	for _, test := range tests {
		j, err := newJoiner(slicePairs(test.old))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range test.index {
			if err := j.add(p); err != nil {
				t.Fatal(err)
			}
		}
		if err := j.end(); err != nil {
			t.Fatal(err)
		}
		got := j.changes()
		if !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
		now := make([]int64, len(got))
		for i, c := range got {
			now[i] = c.new
		}
		want := slices.Clone(test.index)
		if test.name == "listed twice" {
			want = want[1:]
		}
		if after := collectPairs(t, applied(slicePairs(test.old), got, now)); !slices.Equal(after, want) {
			t.Errorf("%s: the new state is %v, want %v", test.name, after, want)
		}
	}
}
