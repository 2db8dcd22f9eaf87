package emulator

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

// crowd returns a server with a collection c of n documents, and the total time that it
// would have made clients wait.
func crowd(t *testing.T, n int64) (w *world, waited *time.Duration) {
	t.Helper()
	w = newWorld(t)
	waited = new(time.Duration)
	w.s.wait = func(_ context.Context, d time.Duration) { *waited += d; w.pass(d) }
	err := w.s.Load("c", func(yield func(Document) bool) {
		for id := range n {
			if !yield(Document{ID: id, Data: fmt.Appendf(nil, `{"n":%d}`, id)}) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return w, waited
}

// The times are those of a real server on two cores.
func TestDenied_pagesCostAsOnARealServer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		documents int64
		query     string
		seen      time.Duration
	}{
		{20_000, `Paginate(Documents(Collection("c")), {size: 1})`, 14 * time.Second},
		{20_000, `Paginate(Documents(Collection("c")), {size: 64})`, 3 * time.Second},
		{20_000, `Map(Paginate(Documents(Collection("c")), {size: 1000}), Lambda("x", Select("id", Var("x"))))`, 430 * time.Millisecond},
		{20_000, `Paginate(Documents(Collection("c")), {size: 16000})`, 100 * time.Millisecond},
		{20_000, `Count(Documents(Collection("c")))`, 230 * time.Millisecond},
		{100_000, `Paginate(Documents(Collection("c")), {size: 64})`, 21 * time.Second},
		{100_000, `Paginate(Documents(Collection("c")), {size: 1000})`, 3 * time.Second},
		{100_000, `Paginate(Documents(Collection("c")), {size: 80000})`, 470 * time.Millisecond},
		{100_000, `Count(Documents(Collection("c")))`, 550 * time.Millisecond},
		{140_000, `Paginate(Documents(Collection("c")), {size: 80000})`, 870 * time.Millisecond},
	} {
		w, waited := crowd(t, c.documents)
		secret := w.key("blind", `{resource: Collections(), actions: {read: true}}`)
		if resp := w.ask(secret, c.query); resp.Status != 200 || strings.Contains(string(resp.Body), "@ref") {
			t.Errorf("%s: %d %s", c.query, resp.Status, resp.Body)
		}
		if *waited < c.seen/2 || *waited > c.seen*2 {
			t.Errorf("%d documents, %s: %s, want about %s", c.documents, c.query, *waited, c.seen)
		}
	}
}

func TestDenied_pagesOfOneTimeOutOnALargeCollection(t *testing.T) {
	t.Parallel()
	w, waited := crowd(t, 100_000)
	secret := w.key("blind", `{resource: Collections(), actions: {read: true}}`)
	w.want(secret, `Paginate(Documents(Collection("c")), {size: 1})`, 503, "")
	if *waited != defaultQueryTimeout {
		t.Errorf("the answer came after %s, want the timeout", *waited)
	}
}

func TestDenied_aPredicateThatShowsFewDocumentsCostsToo(t *testing.T) {
	t.Parallel()
	w, waited := crowd(t, 20_000)
	secret := w.key("few", `{resource: Collection("c"), actions: {read: Query(Lambda("ref", Equals(Select(["data", "n"], Get(Var("ref"))), 19000)))}}`)
	for _, c := range []struct {
		size     int
		from, to time.Duration
	}{
		{1, 10 * time.Second, 30 * time.Second},
		{80_000, 50 * time.Millisecond, 500 * time.Millisecond},
	} {
		*waited = 0
		if n := dataLen(w.ask(secret, fmt.Sprintf(`Paginate(Documents(Collection("c")), {size: %d})`, c.size))); n != 1 {
			t.Errorf("size %d: %d documents", c.size, n)
		}
		if *waited < c.from || *waited > c.to {
			t.Errorf("size %d: %s", c.size, *waited)
		}
	}
	*waited = 0
	w.do(`Paginate(Documents(Collection("c")), {size: 1})`)
	if *waited != 0 {
		t.Errorf("an admin waits %s", *waited)
	}
}
