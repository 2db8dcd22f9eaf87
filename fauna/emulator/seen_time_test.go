package emulator

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"fauna-export/fauna/fql"
)

// minimumOf reads a collection's earliest readable time as a client does: from the
// error of a read at 0.
func minimumOf(w *world, collection string) int64 {
	w.t.Helper()
	resp := w.ask(w.s.Secret(), fmt.Sprintf(`At(0, Paginate(Documents(Collection(%q)), {size: 1}))`, collection))
	_, text, ok := strings.Cut(string(resp.Body), "minimum allowed timestamp ")
	text, _, _ = strings.Cut(text, ".\"")
	at, good := parseTime(text)
	if !ok || !good || resp.Status != 400 || !bytes.HasSuffix(resp.Body, []byte("\n}\n")) {
		w.t.Fatalf("no minimum in %d %s", resp.Status, resp.Body)
	}
	return micros(at)
}

func (w *world) wantMinimum(collection string, at int64) {
	w.t.Helper()
	if got := minimumOf(w, collection); got != at {
		w.t.Errorf("minimum of %s is %s from now, want %s", collection, time.Duration(got-w.now())*time.Microsecond, time.Duration(at-w.now())*time.Microsecond)
	}
}

const grace = int64(15 * time.Minute / time.Microsecond)

func TestSeenTime_writeIsSeenAtItsOwnTimeAndNotBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(`CreateCollection({name: "c"})`)
	resp := w.ask(w.s.Secret(), `Create(Ref(Collection("c"), 1), {data: {}})`)
	if !strings.Contains(string(resp.Body), fmt.Sprintf(`"ts":%d`, resp.TxnTime)) {
		t.Errorf("ts is not the transaction's time %d: %s", resp.TxnTime, resp.Body)
	}
	if got := w.idsAt(w.s.Secret(), "c", resp.TxnTime); got != "1" {
		t.Errorf("at its time: %q", got)
	}
	if got := w.idsAt(w.s.Secret(), "c", resp.TxnTime-1); got != "" {
		t.Errorf("a microsecond before: %q", got)
	}
}

func TestSeenTime_futureIsThePresent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(`CreateCollection({name: "c"})`)
	w.do(`Create(Ref(Collection("c"), 1), {data: {}})`)
	if got := w.idsAt(w.s.Secret(), "c", w.now()+2_000_000); got != "1" {
		t.Errorf("two seconds ahead: %q", got)
	}
}

func TestSeenTime_lastSeenTimeIsWaitedForAndReadExactly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(`CreateCollection({name: "c"})`)
	ahead := w.now() + 2_000_000
	body, _ := fql.Parse(fmt.Sprintf(`At(%d, Paginate(Documents(Collection("c"))))`, ahead))
	done := make(chan response)
	go func() {
		done <- w.s.query(context.Background(), request{Secret: w.s.Secret(), Body: body, APIVersion: "4", LastSeen: ahead})
	}()
	select {
	case resp := <-done:
		t.Fatalf("answered at once: %d %s", resp.Status, resp.Body)
	case <-time.After(20 * time.Millisecond):
	}
	w.pass(time.Second)
	w.do(`Create(Ref(Collection("c"), 1), {data: {}})`)
	w.pass(2 * time.Second)
	resp := <-done
	if resp.Status != 200 || dataLen(resp) != 1 || resp.TxnTime < ahead {
		t.Errorf("have %d %s at %d", resp.Status, resp.Body, resp.TxnTime)
	}
}

func TestSeenTime_lastSeenTooFarAheadTimesOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(`CreateCollection({name: "c"})`)
	body, _ := fql.Parse(`Paginate(Documents(Collection("c")))`)
	resp := w.s.query(context.Background(), request{Secret: w.s.Secret(), Body: body, APIVersion: "4", LastSeen: w.now() + 8_000_000, Timeout: 30 * time.Millisecond})
	w.compare("a read 8 s ahead", resp, 503, "{\n  \"errors\": [\n    {\n      \"code\": \"time out\"…")
}

func TestSeenTime_nowWithLastSeenIsThatTimeAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hour := w.now() + int64(time.Hour/time.Microsecond)
	body, _ := fql.Parse(`Now()`)
	resp := w.s.query(context.Background(), request{Secret: w.s.Secret(), Body: body, APIVersion: "4", LastSeen: hour})
	w.compare("Now()", resp, 200, `{"resource":{"@ts":"2026-11-22T11:00:00Z"}}`)
	w.want(w.s.Secret(), `Now()`, 200, `{"resource":{"@ts":"2026-11-22T10:00:00Z"}}`)
}

func TestSeenTime_nowIgnoresAt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.want(w.s.Secret(), `At(Time("2026-11-22T09:59:00Z"), Now())`, 200, `{"resource":{"@ts":"2026-11-22T10:00:00Z"}}`)
}

func TestSeenTime_minimumIsReadableWithAnyKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(`CreateCollection({name: "c"})`)
	client := w.secretOf(w.do(`CreateKey({role: "client"})`))
	resp := w.ask(client, `At(0, Paginate(Documents(Collection("c")), {size: 1}))`)
	want := `Requested timestamp 1970-01-01T00:00:00Z less than minimum allowed timestamp 2026-11-22T09:45:00.002Z.`
	if resp.Status != 400 || !strings.Contains(string(resp.Body), want) {
		t.Errorf("have %d %s", resp.Status, resp.Body)
	}
}

// The effect of history_days. T0 is a time shortly after the creation.
func TestSeenTime_historyDays(t *testing.T) {
	t.Parallel()
	setUp := func(t *testing.T, days string) (*world, int64) {
		w := newWorld(t)
		w.do(`CreateCollection({name: "c"%s})`, days)
		w.do(`Create(Ref(Collection("c"), 1), {data: {}})`)
		w.do(`Create(Ref(Collection("c"), 2), {data: {}})`)
		w.pass(time.Second)
		t0 := w.now()
		w.pass(time.Second)
		w.do(`Delete(Ref(Collection("c"), 2))`)
		return w, t0
	}
	events := func(w *world, after int64) string {
		return string(w.ask(w.s.Secret(), fmt.Sprintf(`Map(Select("data", Paginate(Events(Documents(Collection("c"))), {after: {ts: %d}})), Lambda("e", Select("action", Var("e"))))`, after)).Body)
	}
	const minute = time.Minute
	update := func(w *world, days string) int64 {
		at := w.now()
		w.do(`Update(Collection("c"), {history_days: %s})`, days)
		return at
	}
	t.Run("0: now less 15 minutes, and events before are cut off without error", func(t *testing.T) {
		w, t0 := setUp(t, "")
		w.wantMinimum("c", w.now()-grace)
		if got := events(w, t0); got != `{"resource":["remove"]}` {
			t.Errorf("events: %s", got)
		}
		w.pass(17 * minute)
		w.wantMinimum("c", w.now()-grace)
		if got := w.idsAt(w.s.Secret(), "c", t0); got != "400" {
			t.Errorf("T0: %s", got)
		}
		if got := events(w, t0); got != `{"resource":[]}` {
			t.Errorf("events: %s", got)
		}
	})
	for name, wait := range map[string]time.Duration{"0 to 1 at once": 0, "0 to 1 after 10 minutes": 10 * minute} {
		t.Run(name+": frozen at the update less 15 minutes, T0 is exact", func(t *testing.T) {
			w, t0 := setUp(t, "")
			w.pass(wait)
			at := update(w, "1")
			w.pass(17*minute - wait)
			w.wantMinimum("c", at-grace)
			if got := w.idsAt(w.s.Secret(), "c", t0); got != "1 2" {
				t.Errorf("T0: %s", got)
			}
			if got := events(w, t0); got != `{"resource":["remove"]}` {
				t.Errorf("events: %s", got)
			}
		})
	}
	t.Run("0 to 1 after 17 minutes: T0 stays lost", func(t *testing.T) {
		w, t0 := setUp(t, "")
		w.pass(17 * minute)
		at := update(w, "1")
		w.pass(5 * minute)
		w.wantMinimum("c", at-grace)
		if got := w.idsAt(w.s.Secret(), "c", t0); got != "400" {
			t.Errorf("T0: %s", got)
		}
	})
	t.Run("1 to 0: lost at once, and raising it again brings nothing back", func(t *testing.T) {
		w, t0 := setUp(t, ", history_days: 1")
		w.pass(17 * minute)
		if got := w.idsAt(w.s.Secret(), "c", t0); got != "1 2" {
			t.Errorf("T0 under 1: %s", got)
		}
		update(w, "0")
		w.wantMinimum("c", w.now()-grace)
		if got := w.idsAt(w.s.Secret(), "c", t0); got != "400" {
			t.Errorf("T0: %s", got)
		}
		for _, days := range []string{"1", "30"} {
			update(w, days)
			if got := w.idsAt(w.s.Secret(), "c", t0); got != "400" {
				t.Errorf("T0 under %s again: %s", days, got)
			}
		}
	})
	t.Run("null from the creation: creation less 15 minutes, for ever", func(t *testing.T) {
		w, t0 := setUp(t, ", history_days: null")
		made := dawn
		w.pass(1000 * time.Hour)
		w.wantMinimum("c", made-grace)
		if got := w.idsAt(w.s.Secret(), "c", t0); got != "1 2" {
			t.Errorf("T0: %s", got)
		}
	})
	t.Run("0 to null: the update less 15 minutes, for ever", func(t *testing.T) {
		w, _ := setUp(t, "")
		at := update(w, "null")
		w.want(w.s.Secret(), `Select("history_days", Get(Collection("c")), "none")`, 200, `{"resource":"none"}`)
		w.pass(1000 * time.Hour)
		w.wantMinimum("c", at-grace)
	})
}

func TestSeenTime_historyDaysNeedARightAndAWholeNumber(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(`CreateCollection({name: "c"})`)
	secret := w.key("r", `{resource: Collections(), actions: {read: true}}, {resource: Collection("c"), actions: {read: true}}`)
	w.want(secret, `Update(Collection("c"), {history_days: 1})`, 403, "")
	for _, days := range []string{"-1", "0.5"} {
		w.want(w.s.Secret(), `Update(Collection("c"), {history_days: `+days+`})`, 400, `{"errors":[{"position":[],"code":"validation failed"…`)
	}
	before := w.now()
	got := w.do(`Update(Collection("c"), {history_days: 1})`)
	if !strings.Contains(got, fmt.Sprintf(`"ts":%d,"history_days":1`, before)) {
		t.Errorf("the update does not change the collection's ts: %s", got)
	}
}

func TestSeenTime_beforeTheCreationIsEmptyAndGetTellsSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.now()
	w.pass(time.Minute)
	w.do(`CreateCollection({name: "c"})`)
	w.do(`Create(Ref(Collection("c"), 1), {data: {}})`)
	secret := w.key("r", `{resource: Collections(), actions: {read: true}}, {resource: Collection("c"), actions: {read: true}}`)
	w.want(secret, fmt.Sprintf(`At(%d, Paginate(Documents(Collection("c"))))`, before), 200, `{"resource":{"data":[]}}`)
	w.want(secret, fmt.Sprintf(`At(%d, Get(Collection("c")))`, before), 404,
		`{"errors":[{"position":["expr"],"code":"instance not found","description":"Collection not found."}]}`)
	after := w.now()
	w.pass(34 * time.Minute)
	w.want(secret, fmt.Sprintf(`At(%d, Get(Collection("c")))`, after), 200, "")
	w.want(secret, fmt.Sprintf(`At(%d, Paginate(Documents(Collection("c"))))`, after), 400, "")
}

func TestSeenTime_deletedAndMadeAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(`CreateCollection({name: "c"})`)
	w.do(`CreateIndex({name: "c-ts", source: Collection("c"), values: [{field: "ts"}, {field: "ref"}]})`)
	w.do(`Create(Ref(Collection("c"), 1), {data: {}})`)
	w.do(`CreateCollection({name: "other"})`)
	w.do(`Create(Ref(Collection("other"), 1), {data: {to: Ref(Collection("c"), 1)}})`)
	secret := w.key("r", `{resource: Collections(), actions: {read: true}}, {resource: Collection("c"), actions: {read: true}}`)
	admin := w.s.Secret()
	t0 := w.now()
	w.pass(time.Second)
	w.do(`Delete(Collection("c"))`)
	for _, text := range []string{
		`Paginate(Documents(Collection("c")))`, `Get(Ref(Collection("c"), 1))`, `Get(Collection("c"))`,
		fmt.Sprintf(`At(%d, Paginate(Documents(Collection("c"))))`, t0), fmt.Sprintf(`At(%d, Get(Collection("c")))`, t0),
	} {
		resp := w.ask(admin, text)
		if resp.Status != 400 || !strings.Contains(string(resp.Body), `"code":"invalid ref","description":"Ref refers to undefined collection 'c'"`) {
			t.Errorf("while gone, %s: %d %s", text, resp.Status, resp.Body)
		}
	}
	w.want(admin, `Select(["data", "to"], Get(Ref(Collection("other"), 1)))`, 200,
		`{"resource":{"@ref":{"id":"1","collection":{"@ref":{"id":"c","collection":{"@ref":{"id":"collections"}}}}}}}`)
	w.pass(time.Second)
	w.do(`CreateCollection({name: "c"})`)
	w.do(`Create(Ref(Collection("c"), 9), {data: {}})`)
	w.want(admin, fmt.Sprintf(`At(%d, Paginate(Documents(Collection("c"))))`, t0), 200, `{"resource":{"data":[]}}`)
	w.want(admin, `Get(Ref(Collection("c"), 1))`, 404, "")
	w.want(admin, `Map(Select("data", Paginate(Events(Documents(Collection("c"))))), Lambda("e", [Select("action", Var("e")), Select(["document", "id"], Var("e"))]))`, 200, `{"resource":[["add","9"]]}`)
	w.want(admin, `Paginate(Match(Index("c-ts")))`, 400, `{"errors":[{"position":["paginate","match"],"code":"invalid ref","description":"Ref refers to undefined index 'c-ts'"}]}`)
	w.want(admin, fmt.Sprintf(`At(%d, Get(Collection("c")))`, t0), 404, "")
	w.want(secret, `Get(Ref(Collection("c"), 9))`, 403, "")
	w.want(secret, `Paginate(Documents(Collection("c")))`, 200, `{"resource":{"data":[]}}`)
}

func TestSeenTime_renamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(`CreateCollection({name: "c"})`)
	w.do(`Create(Ref(Collection("c"), 1), {data: {self: Ref(Collection("c"), 1)}})`)
	w.do(`Get(Ref(Collection("c"), 1))`)
	t0 := w.now()
	w.do(`Update(Collection("c"), {name: "d"})`)
	if got := w.idsAt(w.s.Secret(), "c", t0); got != "400" {
		t.Errorf("the old name: %s", got)
	}
	if got := w.idsAt(w.s.Secret(), "d", t0); got != "1" {
		t.Errorf("the new name: %s", got)
	}
	w.want(w.s.Secret(), `Select(["data", "self", "collection", "id"], Get(Ref(Collection("d"), 1)))`, 200, `{"resource":"d"}`)
	if got := w.do(`Get(Ref(Collection("d"), 1))`); strings.Contains(got, `"c"`) {
		t.Errorf("the old name is rendered: %s", got)
	}
}

func TestSeenTime_ttlLeavesOldSnapshotsWithoutAnEvent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(`CreateCollection({name: "c"})`)
	w.do(`CreateIndex({name: "c-ts", source: Collection("c"), values: [{field: "ts"}, {field: "ref"}]})`)
	w.do(`Create(Ref(Collection("c"), 1), {data: {}})`)
	w.do(`Create(Ref(Collection("c"), 2), {data: {}, ttl: TimeAdd(Now(), 5, "seconds")})`)
	t0 := w.now()
	pairs := fmt.Sprintf(`At(%d, Map(Paginate(Match(Index("c-ts"))), Lambda(["t", "r"], Select("id", Var("r")))))`, t0)
	if a, b := w.idsAt(w.s.Secret(), "c", t0), idList(w.ask(w.s.Secret(), pairs)); a != "1 2" || b != "1 2" {
		t.Fatalf("before: %q and %q", a, b)
	}
	w.pass(5 * time.Second)
	if a, b := w.idsAt(w.s.Secret(), "c", t0), idList(w.ask(w.s.Secret(), pairs)); a != "1" || b != "1" {
		t.Errorf("after: %q and %q", a, b)
	}
	w.want(w.s.Secret(), `Count(Paginate(Events(Documents(Collection("c")))))`, 200, `{"resource":{"data":[2]}}`)
	w.want(w.s.Secret(), `Get(Ref(Collection("c"), 2))`, 404, "")
}

func TestSeenTime_changedTtlIsRemoveAndAdd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(`CreateCollection({name: "c"})`)
	w.do(`Create(Ref(Collection("c"), 1), {data: {}})`)
	events := `Map(Select("data", Paginate(Events(Documents(Collection("c"))))), Lambda("e", [Select("action", Var("e")), Select(["document", "id"], Var("e"))]))`
	w.do(`Update(Ref(Collection("c"), 1), {data: {a: 1}})`)
	w.want(w.s.Secret(), events, 200, `{"resource":[["add","1"]]}`)
	w.pass(time.Millisecond)
	at := w.now()
	w.do(`Update(Ref(Collection("c"), 1), {ttl: Time("2030-01-01T00:00:00Z")})`)
	w.want(w.s.Secret(), events, 200, `{"resource":[["add","1"],["remove","1"],["add","1"]]}`)
	w.pass(time.Millisecond)
	w.do(`Update(Ref(Collection("c"), 1), {ttl: null})`)
	w.want(w.s.Secret(), events, 200, `{"resource":[["add","1"],["remove","1"],["add","1"],["remove","1"],["add","1"]]}`)
	w.want(w.s.Secret(), `Map(Select("data", Paginate(Events(Documents(Collection("c"))))), Lambda("e", Select("ts", Var("e"))))`, 200,
		fmt.Sprintf(`{"resource":[%d,%d,%d,%d,%d]}`, at-3000, at, at, at+2000, at+2000))
}

func TestSeenTime_ttlClearedAfterTheSnapshot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(`CreateCollection({name: "c"})`)
	w.do(`Create(Ref(Collection("c"), 1), {data: {}, ttl: TimeAdd(Now(), 5, "seconds")})`)
	t0 := w.now()
	w.pass(time.Second)
	w.do(`Update(Ref(Collection("c"), 1), {ttl: null})`)
	if got := w.idsAt(w.s.Secret(), "c", t0); got != "1" {
		t.Fatalf("before: %q", got)
	}
	w.pass(5 * time.Second)
	if got := w.idsAt(w.s.Secret(), "c", t0); got != "" {
		t.Errorf("at T: %q", got)
	}
	w.want(w.s.Secret(), fmt.Sprintf(`At(%d, Get(Ref(Collection("c"), 1)))`, t0), 404, "")
	w.want(w.s.Secret(), `Get(Ref(Collection("c"), 1))`, 200, "")
}

// Pages read while ttls pass are consistent: an id and its document are from a single
// point in time.
func TestSeenTime_pagesWhileTtlsPassAreAllGood(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const docs = 250
	if err := w.s.Load("c", func(yield func(Document) bool) {
		for i := range int64(docs) {
			if !yield(Document{ID: i, TS: dawn - 1, TTL: dawn + 1_000_000 + i*4000}) {
				return
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	t0 := w.now()
	last := docs
	for range 237 {
		w.pass(9 * time.Millisecond)
		resp := w.ask(w.s.Secret(), fmt.Sprintf(`At(%d, Map(Paginate(Documents(Collection("c")), {size: 5000}), Lambda("x", Get(Var("x")))))`, t0))
		n := dataLen(resp)
		if n < 0 || n > last {
			t.Fatalf("%d documents after %d: %.200s", n, last, resp.Body)
		}
		last = n
	}
	if last != 0 {
		t.Errorf("%d documents are left", last)
	}
}
