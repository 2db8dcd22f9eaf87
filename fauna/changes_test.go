package fauna_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"fauna-export/fauna"
	"fauna-export/fauna/emulator"
)

const syncIndex = `CreateIndex({name: "docs-ts", source: Collection("docs"), terms: [], values: [{field: "ts"}, {field: "ref"}]})`

// allPairs reads the whole index, page by page.
func allPairs(t *testing.T, c *fauna.Client, at int64, size int) (ts, ids []int64) {
	t.Helper()
	for fromTS, fromID := int64(0), int64(-1); ; {
		pageTS, pageIDs, nextTS, nextID, err := c.Pairs(t.Context(), fauna.PairsRequest{Collection: "docs", Index: "docs-ts", At: at, FromTS: fromTS, FromID: fromID, Size: size})
		if err != nil {
			t.Fatal(err)
		}
		ts, ids = append(ts, pageTS...), append(ids, pageIDs...)
		if nextID < 0 {
			return ts, ids
		}
		fromTS, fromID = nextTS, nextID
	}
}

func TestPairs_oneTimeAcrossPages(t *testing.T) {
	t.Parallel()
	s := newServer(t, emulator.Options{})
	s.run(`CreateCollection({name: "docs"})`)
	s.run(syncIndex)
	var all []string
	for id := 1; id <= 30; id++ {
		all = append(all, fmt.Sprintf(`Create(Ref(Collection("docs"), "%d"), {data: {n: %d}})`, id, id))
	}
	s.run("Do(" + strings.Join(all, ", ") + ")")
	s.run(`Update(Ref(Collection("docs"), "5"), {data: {n: 50}})`)
	ts, ids := allPairs(t, s.admin, s.now(), 7)
	if len(ids) != 30 || ids[29] != 5 || ts[29] <= ts[28] || ts[0] != ts[28] {
		t.Fatalf("ids %v at %v", ids, ts)
	}
	slices.Sort(ids)
	if got := slices.Compact(ids); len(got) != 30 {
		t.Errorf("%d different ids", len(got))
	}
	since, changed, _, next, err := s.admin.Pairs(t.Context(), fauna.PairsRequest{Collection: "docs", Index: "docs-ts", FromTS: ts[28] + 1, FromID: -1, Size: 100})
	if err != nil || next != -1 || !reflect.DeepEqual(changed, []int64{5}) || since[0] != ts[29] {
		t.Errorf("after the first time: %v at %v, next %d, %v", changed, since, next, err)
	}
}

func TestDocumentsOf_nullForThoseThatAreNotThere(t *testing.T) {
	t.Parallel()
	s := newServer(t, emulator.Options{})
	s.fill("docs", 5)
	before := s.now()
	s.run(`Delete(Ref(Collection("docs"), "2"))`)
	s.run(`Update(Ref(Collection("docs"), "3"), {data: {n: 33}})`)
	body, err := s.admin.DocumentsOf(t.Context(), fauna.PageRequest{Collection: "docs", At: s.now()}, []int64{2, 3, 4, 77})
	text := string(body)
	if err != nil || !strings.HasPrefix(text, `{"resource":{"data":[null,{"ref":{"@ref":{"id":"3"`) || !strings.HasSuffix(text, `,null]}}`) || !strings.Contains(text, `"n":33`) || strings.Count(text, `"ts"`) != 2 {
		t.Errorf("%s, %v", text, err)
	}
	body, err = s.admin.DocumentsOf(t.Context(), fauna.PageRequest{Collection: "docs", At: before, Paths: [][]any{{"ref", "id"}, {"data", "n"}, {"data", "none"}}}, []int64{2, 3})
	if got, want := string(body), `{"resource":{"data":[["2",2,null],["3",3,null]]}}`; err != nil || got != want {
		t.Errorf("%s, want %s, %v", got, want, err)
	}
	body, err = s.admin.DocumentsOf(t.Context(), fauna.PageRequest{Collection: "docs", At: before}, []int64{99})
	if got, want := string(body), `{"resource":{"data":[null]}}`; err != nil || got != want {
		t.Errorf("%s, want %s, %v", got, want, err)
	}
}

func TestEvents_removalsAndCreationsInPages(t *testing.T) {
	t.Parallel()
	s := newServer(t, emulator.Options{})
	s.fill("docs", 9)
	start := s.now()
	s.run(`Do(Delete(Ref(Collection("docs"), "4")), Delete(Ref(Collection("docs"), "2")), Create(Ref(Collection("docs"), "20"), {}))`)
	s.run(`Delete(Ref(Collection("docs"), "9"))`)
	s.run(`Create(Ref(Collection("docs"), "9"), {})`)
	for _, size := range []int{1, 2, 100} {
		var got []string
		last := start
		err := s.admin.Events(t.Context(), fauna.EventsRequest{Collection: "docs", After: start, At: s.now(), Size: size}, func(id, ts int64, removed bool) error {
			if ts < last || ts <= start {
				t.Errorf("event of %d at %d after %d", id, ts, last)
			}
			last = ts
			got = append(got, fmt.Sprint(id, removed))
			return nil
		})
		want := []string{"2 true", "4 true", "20 false", "9 true", "9 false"}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("pages of %d: %v, want %v, %v", size, got, want, err)
		}
	}
	stop := errors.New("enough")
	if err := s.admin.Events(t.Context(), fauna.EventsRequest{Collection: "docs", After: start, At: s.now(), Size: 10}, func(int64, int64, bool) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("the walk went on: %v", err)
	}
}
