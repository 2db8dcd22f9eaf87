package pairs

import (
	"bytes"
	"errors"
	"iter"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"fauna-export/export/store"
)

func collectPairs(t *testing.T, all iter.Seq2[Pair, error]) []Pair {
	t.Helper()
	var out []Pair
	for p, err := range all {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, p)
	}
	return out
}

func encodePairs(t testing.TB, meta Meta, all []Pair) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Encode(&b, meta, Slice(all)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// randomPairs returns pairs in the index's order, many with the same time.
func randomPairs(random *rand.Rand, n int) []Pair {
	all := make([]Pair, n)
	for i := range all {
		all[i] = Pair{random.Int64N(int64(n)), random.Int64()}
	}
	slices.SortFunc(all, Compare)
	return slices.Compact(all)
}

func TestPairs_readAsWritten(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	meta := Meta{Endpoint: "http://x:1", Collection: "docs", Sync: 3, At: 77, Made: 5}
	lists := [][]Pair{nil, {{0, 0}}, {{-5, 9}, {-5, 10}, {1 << 60, 0}}}
	for _, n := range []int{1, blockSize - 1, blockSize, blockSize + 1, 3 * blockSize} {
		lists = append(lists, randomPairs(random, n))
	}
	for _, want := range lists {
		data := encodePairs(t, meta, want)
		r, err := NewReader(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		got := collectPairs(t, r.All())
		r.Close()
		if !slices.Equal(got, want) || r.Meta != meta {
			t.Errorf("%d pairs came back as %d, of %+v", len(want), len(got), r.Meta)
		}
	}
}

func TestPairs_damageIsFound(t *testing.T) {
	t.Parallel()
	all := randomPairs(rand.New(rand.NewPCG(3, 4)), 500)
	data := encodePairs(t, Meta{Collection: "docs"}, all)
	other := errors.New("other pairs")
	read := func(data []byte) error {
		r, err := NewReader(bytes.NewReader(data))
		if err != nil {
			return err
		}
		defer r.Close()
		i := -1
		for p, err := range r.All() {
			if err != nil {
				return err
			}
			if i++; i >= len(all) || p != all[i] {
				return other
			}
		}
		return nil
	}
	if err := read(data); err != nil {
		t.Fatal(err)
	}
	for cut := range data {
		var damaged *Damaged
		if err := read(data[:cut]); !errors.As(err, &damaged) {
			t.Fatalf("cut at %d of %d: %v", cut, len(data), err)
		}
	}
	for i := len(magic); i < len(data); i++ {
		bent := slices.Clone(data)
		bent[i] ^= 0x10
		// Some bits of the frame's header don't affect its content.
		if err := read(bent); errors.Is(err, other) {
			t.Fatalf("byte %d of %d is bent, and other pairs are read", i, len(data))
		}
	}
}

func FuzzPairs_decode(f *testing.F) {
	f.Add(encodePairs(f, Meta{Collection: "docs"}, []Pair{{1, 2}, {1, 3}, {9, 1}}))
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := NewReader(bytes.NewReader(data))
		if err != nil {
			return
		}
		defer r.Close()
		var last Pair
		n := 0
		for p, err := range r.All() {
			if err != nil {
				return
			}
			if n++; n > 1 && Compare(last, p) >= 0 {
				t.Fatalf("%v after %v", p, last)
			}
			last = p
		}
	})
}

func TestPairSorter_anyOrderWithinBoundedMemory(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 6))
	for _, n := range []int{0, 1, 99, 100, 101, 1000} {
		want := randomPairs(random, n)
		mixed := slices.Clone(want)
		random.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		folder := store.NewFolder(t.TempDir())
		release, err := folder.Lock()
		if err != nil {
			t.Fatal(err)
		}
		s := NewSorter(folder, store.WorkPrefix+"x")
		s.most = 100
		for _, p := range mixed {
			if err := s.Add(p); err != nil {
				t.Fatal(err)
			}
		}
		got := collectPairs(t, s.All())
		if !slices.Equal(got, want) {
			t.Errorf("%d pairs: not sorted", n)
		}
		if entries, err := folder.List(); err != nil || len(entries) > 0 {
			t.Errorf("left behind: %v, %v", entries, err)
		}
		if err := release(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestJoin_whatDiffers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		old, index []Pair
		want       []Change
	}{
		{"nothing", nil, nil, []Change{}},
		{"the same", []Pair{{1, 5}, {2, 3}}, []Pair{{1, 5}, {2, 3}}, []Change{}},
		{"created", nil, []Pair{{1, 5}}, []Change{{5, NoTime, 1}}},
		{"removed", []Pair{{1, 5}}, nil, []Change{{5, 1, NoTime}}},
		{"updated", []Pair{{1, 5}, {2, 3}}, []Pair{{2, 3}, {7, 5}}, []Change{{5, 1, 7}}},
		{"dated back", []Pair{{4, 5}}, []Pair{{1, 5}}, []Change{{5, 4, 1}}},
		{"listed twice", []Pair{{4, 5}}, []Pair{{6, 5}, {7, 5}}, []Change{{5, 4, 7}}},
		{"one time, many", []Pair{{1, 1}, {1, 2}, {1, 3}}, []Pair{{1, 2}, {1, 3}, {1, 4}}, []Change{{1, 1, NoTime}, {4, NoTime, 1}}},
	}
	for _, test := range tests {
		got, err := Join(Slice(test.old), Slice(test.index))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
		now := make([]int64, len(got))
		for i, c := range got {
			now[i] = c.New
		}
		want := slices.Clone(test.index)
		if test.name == "listed twice" {
			want = want[1:]
		}
		if after := collectPairs(t, Applied(Slice(test.old), got, now)); !slices.Equal(after, want) {
			t.Errorf("%s: the new state is %v, want %v", test.name, after, want)
		}
	}
}
