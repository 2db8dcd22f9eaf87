package export

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fauna-export/export/archive"
	"fauna-export/export/row"
	"fauna-export/export/store"
)

// once calls f at the first chosen call.
func once(chosen func(fakeCall) bool, f func()) func(fakeCall) error {
	done := false
	return func(c fakeCall) error {
		if !done && chosen(c) {
			done = true
			f()
		}
		return nil
	}
}

// documentsOf chooses the pages of a collection from an id on.
func documentsOf(name string, from int64) func(fakeCall) bool {
	return func(c fakeCall) bool { return c.what == "documents" && c.collection == name && c.from >= from }
}

// users has 3 000 documents, with ids 100, 103, … 9 097.
func twoCollections() *fakeSource {
	return newFakeSource(map[string]int{"users": 3000, "orders": 500})
}

func TestVerdict_documentsThatLeftOrEnteredTheSnapshotAreCounted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name           string
		from           int64
		change         func(*fakeCollection)
		gone, appeared int64
	}{
		{"gone within a page", 3000, func(c *fakeCollection) { c.remove(4000, 4003, 4600) }, 3, 0},
		{"the first document gone", 0, func(c *fakeCollection) { c.remove(100) }, 1, 0},
		{"the last document gone", 8800, func(c *fakeCollection) { c.remove(9097) }, 1, 0},
		{"a whole page gone and more", 3000, func(c *fakeCollection) {
			for id := int64(3001); id < 8000; id++ {
				c.remove(id)
			}
		}, -1, 0},
		{"appeared within a page", 3000, func(c *fakeCollection) { c.insert(5000, 5001, 5002) }, 0, -1},
		{"appeared behind the last", 8800, func(c *fakeCollection) { c.insert(9098, 9099, 10_000) }, 0, 3},
		{"one for another", 8800, func(c *fakeCollection) { c.remove(9097); c.insert(9096) }, 1, 1},
		{"many of both", 2000, func(c *fakeCollection) {
			for id := int64(6001); id < 7000; id += 6 {
				c.remove(id)
				c.insert(id + 1)
			}
		}, -1, -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := twoCollections()
			users := src.set["users"]
			before := slices.Clone(users.docs)
			src.fault = once(documentsOf("users", c.from), func() { c.change(users) })
			dir := exportDir(t)
			// With one worker all ids are planned before the first page.
			m := mustDo(t, Spec{Collections: []string{"users", "orders"}, PageSize: 100, Workers: 1}, src, swiftEnv(dir, 1))
			e := m.Collections[0]
			// Pages read before the change have the earlier documents.
			var want []int64
			got := idsOf(t, dir, e.File)
			gone, appeared := int64(0), int64(0)
			for _, id := range merged(before, users.docs) {
				_, was := slices.BinarySearch(before, id)
				_, is := slices.BinarySearch(users.docs, id)
				_, has := slices.BinarySearch(got, id)
				if was && is && !has {
					t.Fatalf("document %d is missing", id)
				}
				if has {
					want = append(want, id)
				}
				if was && !has {
					gone++
				}
				if !was && has {
					appeared++
				}
			}
			if data := mustRead(t, dir, e.File); !bytes.Equal(data, jsonl(users, want)) {
				t.Errorf("%d bytes are not the rows of %d ids", len(data), len(want))
			}
			if e.Gone != gone || e.Appeared != appeared || int(e.Gone) < len(e.GoneIDs) {
				t.Errorf("gone %d appeared %d, want %d and %d", e.Gone, e.Appeared, gone, appeared)
			}
			if (c.gone >= 0 && e.Gone != c.gone) || (c.gone < 0 && e.Gone == 0) || (c.appeared >= 0 && e.Appeared != c.appeared) || (c.appeared < 0 && e.Appeared == 0) {
				t.Errorf("gone %d appeared %d", e.Gone, e.Appeared)
			}
			if m.Consistency != archive.ConsistencySnapshot {
				t.Errorf("consistency %s", m.Consistency)
			}
			if rep, err := archive.Verify(context.Background(), store.NewFolder(dir), nil); err != nil || !rep.OK() {
				t.Errorf("verify: %+v %v", rep, err)
			}
		})
	}
}

// idsOf returns the ids in a JSON lines file.
func idsOf(t *testing.T, dir, file string) []int64 {
	t.Helper()
	var ids []int64
	for line := range bytes.Lines(mustRead(t, dir, file)) {
		var id int64
		for _, b := range line[len(`{"ref":"`):] {
			if b == '"' {
				break
			}
			id = id*10 + int64(b-'0')
		}
		ids = append(ids, id)
	}
	return ids
}

func TestVerdict_aDocumentAliveButNoLongerAtTheTimeIsReadNow(t *testing.T) {
	t.Parallel()
	src := twoCollections()
	users := src.set["users"]
	all := slices.Clone(users.docs)
	src.fault = once(documentsOf("users", 3000), func() {
		users.remove(4003, 9097, 8998)
		users.live = map[int64]bool{4003: true, 9097: true}
	})
	dir := exportDir(t)
	r, err := NewRun(Spec{Collections: []string{"users", "orders"}, PageSize: 100, Workers: 1}, src, swiftEnv(dir, 1))
	if err != nil {
		t.Fatal(err)
	}
	m, err := r.Do(context.Background())
	partial, ok := errors.AsType[*Partial](err)
	if !ok || !slices.Equal(partial.Window, []string{"users"}) || partial.Denied() {
		t.Fatalf("error %v", err)
	}
	i := slices.Index(all, 8998)
	if got := mustRead(t, dir, "users.jsonl"); !bytes.Equal(got, jsonl(users, slices.Delete(all, i, i+1))) {
		t.Error("other rows")
	}
	if m.Consistency != archive.ConsistencyWindow || m.Collections[0].Gone != 1 || len(m.Collections[0].Warnings) != 2 {
		t.Errorf("manifest %+v", m)
	}
}

func TestVerdict_stopsTheCollectionAndNotTheOthers(t *testing.T) {
	t.Parallel()
	reverse := func(from int64) func(fakeCall, *fakeSource) []byte {
		return func(c fakeCall, s *fakeSource) []byte {
			ids, next := s.set["users"].visible(c.at, c.from, c.size)
			ids = slices.Clone(ids)
			slices.Reverse(ids)
			return fakeBody(nil, "users", ids, next, nil, fakeText)
		}
	}
	for _, c := range []struct {
		name   string
		from   int64
		change func(*fakeCollection)
		bend   func(fakeCall, *fakeSource) []byte
		is     func(error) bool
		denied bool
	}{
		{name: "a privilege taken away", from: 3000, change: func(c *fakeCollection) { c.unreadable = true }, is: isError[*PrivilegeLost], denied: true},
		{name: "documents hidden", from: 3000, change: func(c *fakeCollection) { c.hidden = map[int64]bool{7003: true} }, is: isError[*Hidden], denied: true},
		{name: "made again", from: 3000, change: func(c *fakeCollection) { c.recreated = true }, is: isError[*Recreated]},
		{name: "out of order", from: 3000, bend: reverse(3000), is: isError[*Unexplained]},
		{name: "short", from: 3000, bend: func(c fakeCall, s *fakeSource) []byte {
			ids, next := s.set["users"].visible(c.at, c.from, c.size)
			return fakeBody(nil, "users", ids[:len(ids)-1], next, nil, fakeText)
		}, is: isError[*Unexplained]},
		{name: "empty", from: 3000, bend: func(c fakeCall, s *fakeSource) []byte {
			return fakeBody(nil, "users", nil, -1, nil, fakeText)
		}, is: isError[*Unexplained]},
		{name: "doubled", from: 3000, bend: func(c fakeCall, s *fakeSource) []byte {
			ids, next := s.set["users"].visible(c.at, c.from, c.size)
			ids = slices.Clone(ids)
			if len(ids) > 1 {
				ids[1] = ids[0]
			}
			return fakeBody(nil, "users", ids, next, nil, fakeText)
		}, is: isError[*Unexplained]},
		{name: "more documents than the ids say", from: 3000, bend: func(c fakeCall, s *fakeSource) []byte {
			ids, _ := s.set["users"].visible(c.at, c.from, c.size)
			return fakeBody(nil, "users", ids, ids[len(ids)-1]+1, nil, fakeText)
		}, is: isError[*Unexplained]},
		{name: "damaged", from: 3000, bend: func(c fakeCall, s *fakeSource) []byte {
			ids, next := s.set["users"].visible(c.at, c.from, c.size)
			return fakeBody(nil, "users", ids, next, nil, func(int64) string { return `{"a":tru}` })
		}, is: func(err error) bool { return isError[*row.DocumentError](err) || isError[*row.PageError](err) }},
		{name: "never a page", from: 3000, bend: func(c fakeCall, s *fakeSource) []byte { return []byte(`{"resource":[1,2]}`) }, is: isError[*row.PageError]},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := twoCollections()
			if c.change != nil {
				src.fault = once(documentsOf("users", c.from), func() { c.change(src.set["users"]) })
			} else {
				src.bend = func(call fakeCall, body []byte) []byte {
					if call.collection == "users" && call.from >= c.from {
						return c.bend(call, src)
					}
					return body
				}
			}
			dir := exportDir(t)
			r, err := NewRun(Spec{Collections: []string{"users", "orders"}, PageSize: 100, Workers: 1}, src, swiftEnv(dir, 1))
			if err != nil {
				t.Fatal(err)
			}
			m, err := r.Do(context.Background())
			partial, ok := errors.AsType[*Partial](err)
			if !ok || len(partial.Failures) != 1 || partial.Failures[0].Collection != "users" || !c.is(err) || partial.Denied() != c.denied {
				t.Fatalf("error %v", err)
			}
			if _, err := os.Stat(filepath.Join(dir, "users.jsonl")); err == nil {
				t.Error("a file that is not whole has its final name")
			}
			if orders := src.set["orders"]; !bytes.Equal(mustRead(t, dir, "orders.jsonl"), jsonl(orders, orders.docs)) {
				t.Error("the other collection differs")
			}
			if len(m.Collections) != 1 || len(m.Failed) != 1 || m.Failed[0].Name != "users" {
				t.Errorf("manifest %+v", m)
			}
			if st := r.Status(); st.Collections[0].State != CollectionFailed || st.Collections[0].Err == nil {
				t.Errorf("status %+v", st.Collections[0])
			}
			// The cause is gone, so resuming completes the run.
			src.fault, src.bend = nil, nil
			u := src.set["users"]
			u.unreadable, u.hidden, u.recreated = false, nil, false
			r, err = OpenRun(src, swiftEnv(dir, 2))
			if err != nil {
				t.Fatal(err)
			}
			if m, err = r.Do(context.Background()); err != nil || len(m.Collections) != 2 {
				t.Fatalf("going on: %v", err)
			}
			if !bytes.Equal(mustRead(t, dir, "users.jsonl"), jsonl(u, u.docs)) {
				t.Error("after going on the rows differ")
			}
			if _, err := os.Stat(filepath.Join(dir, ".fauna-export")); err == nil {
				t.Error("the work folder is still there")
			}
		})
	}
}

func isError[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

func TestVerdict_anEmptyEndOfTheIDsIsNotBelieved(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*fakeCollection){
		"unreadable": func(c *fakeCollection) { c.unreadable = true },
		"made again": func(c *fakeCollection) { c.recreated = true },
	} {
		t.Run(name, func(t *testing.T) {
			src := twoCollections()
			users := src.set["users"]
			src.fault = func(c fakeCall) error {
				if c.what == "ids" && c.collection == "users" && c.from > 0 {
					change(users)
				}
				return nil
			}
			r, err := NewRun(Spec{Collections: []string{"users"}}, src, swiftEnv(exportDir(t), 1))
			if err != nil {
				t.Fatal(err)
			}
			_, err = r.Do(context.Background())
			if !isError[*PrivilegeLost](err) && !isError[*Recreated](err) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestVerdict_anExpiredSnapshotIsReplacedAndSaidSo(t *testing.T) {
	t.Parallel()
	src := twoCollections()
	users := src.set["users"]
	src.fault = once(documentsOf("users", 5000), func() {
		src.least = src.now
		users.remove(9097)
		users.insert(9098)
	})
	dir := exportDir(t)
	r, err := NewRun(Spec{Collections: []string{"users", "orders"}, PageSize: 100, Workers: 4}, src, swiftEnv(dir, 1))
	if err != nil {
		t.Fatal(err)
	}
	m, err := r.Do(context.Background())
	partial, ok := errors.AsType[*Partial](err)
	if !ok || len(partial.Failures) != 0 || !slices.Contains(partial.Window, "users") {
		t.Fatalf("error %v", err)
	}
	if m.Consistency != archive.ConsistencyWindow || len(m.Snapshots) != 2 || len(m.Collections[0].Snapshots) != 2 {
		t.Errorf("manifest %+v", m)
	}
	if !bytes.Equal(mustRead(t, dir, "users.jsonl"), jsonl(users, users.docs)) {
		t.Error("the rows are not the old ones and then the new ones")
	}
	if r.Status().Renewed != 1 {
		t.Errorf("renewed %d times", r.Status().Renewed)
	}
}

// Every new time expires before anything is read at it: the loop must end.
func TestVerdict_timesThatExpireAtOnceEndTheCollection(t *testing.T) {
	t.Parallel()
	src := twoCollections()
	src.fault = func(c fakeCall) error {
		if c.what == "documents" && c.collection == "users" {
			return errFakeExpired
		}
		return nil
	}
	r, err := NewRun(Spec{Collections: []string{"users", "orders"}, PageSize: 100, RetryFor: patient}, src, swiftEnv(exportDir(t), 1))
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.Do(context.Background())
	if partial, ok := errors.AsType[*Partial](err); !ok || len(partial.Failures) != 1 || !strings.Contains(err.Error(), "rejects every time as too old") || src.calls > 500 {
		t.Errorf("after %d requests: %v", src.calls, err)
	}
}

// A collection whose pages are all empty, although the server counts documents.
func TestVerdict_anEmptyPlanIsCounted(t *testing.T) {
	t.Parallel()
	src := twoCollections()
	dir := exportDir(t)
	r, err := NewRun(Spec{Collections: []string{"users", "orders"}, RetryFor: patient}, &emptyIDs{src}, swiftEnv(dir, 1))
	if err != nil {
		t.Fatal(err)
	}
	m, err := r.Do(context.Background())
	if partial, ok := errors.AsType[*Partial](err); !ok || len(partial.Failures) != 1 || partial.Failures[0].Collection != "users" || len(m.Collections) != 1 {
		t.Errorf("%v", err)
	}
}

// emptyIDs lists no ids of users.
type emptyIDs struct{ *fakeSource }

func (e *emptyIDs) IDs(ctx context.Context, p PageRequest) ([]int64, int64, error) {
	if p.Collection == "users" {
		return nil, -1, nil
	}
	return e.fakeSource.IDs(ctx, p)
}
