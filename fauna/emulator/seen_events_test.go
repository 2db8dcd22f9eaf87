package emulator

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"fauna-export/fauna/fql"
)

// incWorld has a collection c with an index c-ts on ts and ref.
func incWorld(t *testing.T) *world {
	w := newWorld(t)
	w.do(`CreateCollection({name: "c"})`)
	w.do(`CreateIndex({name: "c-ts", source: Collection("c"), terms: [], values: [{field: "ts"}, {field: "ref"}]})`)
	return w
}

// changed returns the ids in the index from one time on, read at another.
func (w *world) changed(from, at int64) string {
	w.t.Helper()
	return idList(w.ask(w.s.Secret(), fmt.Sprintf(
		`At(%d, Map(Paginate(Range(Match(Index("c-ts")), [%d], []), {size: 1000}), Lambda(["t", "r"], Select("id", Var("r")))))`, at, from)))
}

// removed returns the ids of the remove events after a time.
func (w *world) removed(after, at int64) string {
	w.t.Helper()
	return idList(w.ask(w.s.Secret(), fmt.Sprintf(
		`At(%d, Map(Filter(Paginate(Events(Documents(Collection("c"))), {size: 1000, after: {ts: %d}}), Lambda("e", Equals(Select("action", Var("e")), "remove"))), Lambda("e", Select(["document", "id"], Var("e")))))`, at, after)))
}

func TestSeenIndex_onlyTheLastTimeOfADocumentHasAnEntry(t *testing.T) {
	t.Parallel()
	w := incWorld(t)
	t0 := w.now()
	w.do(`Create(Ref(Collection("c"), 1), {data: {n: 0}})`)
	first := w.now()
	w.do(`Update(Ref(Collection("c"), 1), {data: {n: 1}})`)
	w.do(`Update(Ref(Collection("c"), 1), {data: {n: 2}})`)
	w.do(`Do(Create(Ref(Collection("c"), 2), {data: {}}), Update(Ref(Collection("c"), 2), {data: {a: 1}}), Update(Ref(Collection("c"), 2), {data: {a: 2}}))`)
	w.do(`Create(Ref(Collection("c"), 3), {data: {}})`)
	w.do(`Delete(Ref(Collection("c"), 3))`)
	w.do(`Create(Ref(Collection("c"), 3), {data: {}})`)
	w.do(`Create(Ref(Collection("c"), 4), {data: {}})`)
	w.do(`Delete(Ref(Collection("c"), 4))`)
	if got := w.changed(t0, w.now()); got != "1 2 3" {
		t.Errorf("now: %q", got)
	}
	if got := w.changed(t0, first); got != "1" {
		t.Errorf("at a time in between: %q", got)
	}
	same := w.now()
	w.do(`Update(Ref(Collection("c"), 1), {data: {n: 2}})`)
	if got := w.changed(same, w.now()); got != "1" {
		t.Errorf("an update that changes nothing: %q", got)
	}
}

func TestSeenIndex_rangeIsInclusiveAndOrderedByTimeThenID(t *testing.T) {
	t.Parallel()
	w := incWorld(t)
	at := w.now()
	w.do(`Map([9, 10, 2], Lambda("i", Create(Ref(Collection("c"), Var("i")), {data: {}})))`)
	if got := w.changed(at, w.now()); got != "2 9 10" {
		t.Errorf("from its time: %q", got)
	}
	if got := w.changed(at+1, w.now()); got != "" {
		t.Errorf("from a microsecond later: %q", got)
	}
	w.want(w.s.Secret(), `Paginate(Range(Match(Index("c-ts")), Time("2026-11-22T00:00:00Z"), []))`, 200, `{"resource":{"data":[]}}`)
}

func TestSeenIndex_madeLateAnswersForBefore(t *testing.T) {
	t.Parallel()
	for name, docs := range map[string]int{"6 documents, at once": 6, "300 documents, after a build": 300} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.do(`CreateCollection({name: "c"})`)
			w.do(`Create(Ref(Collection("c"), 100000), {data: {}})`)
			t0 := w.now()
			w.pass(time.Second)
			list, _ := json.Marshal(make([]int, docs))
			w.do(`Map(%s, Lambda("i", Create(Collection("c"), {data: {}})))`, list)
			t1 := w.now()
			w.pass(time.Second)
			w.do(`CreateIndex({name: "c-ts", source: Collection("c"), terms: [], values: [{field: "ts"}, {field: "ref"}]})`)
			if docs > 128 {
				w.want(w.s.Secret(), `Paginate(Match(Index("c-ts")))`, 400,
					`{"errors":[{"position":["paginate","index"],"code":"instance not found","description":"Index 'c-ts' is not active."}]}`)
				w.want(w.s.Secret(), `Select("active", Get(Index("c-ts")))`, 200, `{"resource":false}`)
				w.pass(4 * time.Second)
			}
			w.want(w.s.Secret(), `Select("active", Get(Index("c-ts")))`, 200, `{"resource":true}`)
			if got := len(strings.Fields(w.changed(t0+1, t1))); got != docs {
				t.Errorf("%d changes, want %d", got, docs)
			}
			if got := w.changed(0, t0); got != "100000" {
				t.Errorf("at T0: %q", got)
			}
		})
	}
}

// For each cursor, the events it gives when they are at its time.
func TestSeenEvents_cursorsAtTheTimeOfTheEvents(t *testing.T) {
	t.Parallel()
	w := incWorld(t)
	w.do(`Map([10, 20, 30], Lambda("i", Create(Ref(Collection("c"), Var("i")), {data: {}})))`)
	at := w.now()
	w.do(`Do(Map([10, 20, 30], Lambda("i", Delete(Ref(Collection("c"), Var("i"))))), Map([5, 6], Lambda("i", Create(Ref(Collection("c"), Var("i")), {data: {}}))))`)
	cases := []struct{ name, after, want string }{
		{"object with ts is exclusive", fmt.Sprintf(`{"object":{"ts":%d}}`, at), ""},
		{"object with ts and action is exclusive", fmt.Sprintf(`{"object":{"ts":%d,"action":"remove"}}`, at), ""},
		{"a number gives the adds", fmt.Sprint(at), "+5 +6"},
		{"a time gives the adds", fmt.Sprintf(`{"@ts":%q}`, fql.AppendTime(nil, microsTime(at))), "+5 +6"},
		{"object with the ts before gives all, removes first", fmt.Sprintf(`{"object":{"ts":%d}}`, at-1), "-10 -20 -30 +5 +6"},
		{"a whole event is inclusive", fmt.Sprintf(`{"object":{"ts":%d,"action":"remove","document":{"ref":{"collection":"c"},"id":20}}}`, at), "-20 -30 +5 +6"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			resp := w.send(w.s.Secret(), `{"paginate":{"events":{"documents":{"collection":"c"}}},"after":`+c.after+`}`)
			if got := eventList(t, resp); got != c.want {
				t.Errorf("have %q, want %q", got, c.want)
			}
		})
	}
	ref := `{"@ref":{"id":"20","collection":{"@ref":{"id":"c","collection":{"@ref":{"id":"collections"}}}}}}`
	refused := []struct{ name, after, want string }{
		{"the server's object unwrapped", fmt.Sprintf(`{"ts":%d,"action":"remove","document":%s}`, at, ref), `{"errors":[{"position":["after"],"code":"invalid expression"…`},
		{"in @obj", fmt.Sprintf(`{"@obj":{"ts":%d,"action":"remove","document":%s}}`, at, ref), `{"errors":[{"position":["after","@obj"],"code":"invalid expression"…`},
		{"in an array", fmt.Sprintf(`[%d]`, at), `{"errors":[{"position":["after"],"code":"invalid argument","description":"Object, Integer, Time, or Date expected, Array provided."}]}`},
	}
	for _, c := range refused {
		t.Run(c.name, func(t *testing.T) {
			w.t = t
			w.compare(c.after, w.send(w.s.Secret(), `{"paginate":{"events":{"documents":{"collection":"c"}}},"after":`+c.after+`}`), 400, c.want)
		})
	}
}

// eventList formats a page of events as "+1 -2".
func eventList(t *testing.T, resp response) string {
	t.Helper()
	var out struct {
		Resource struct {
			Data []struct {
				Action   string
				Document struct {
					Ref struct{ ID string } `json:"@ref"`
				}
			}
		}
	}
	if resp.Status != 200 || json.Unmarshal(resp.Body, &out) != nil {
		return fmt.Sprintf("%d %s", resp.Status, resp.Body)
	}
	var parts []string
	for _, ev := range out.Resource.Data {
		sign := map[string]string{"add": "+", "remove": "-"}[ev.Action]
		parts = append(parts, sign+ev.Document.Ref.ID)
	}
	return strings.Join(parts, " ")
}

func TestSeenEvents_walkByTheServersCursor(t *testing.T) {
	t.Parallel()
	w := incWorld(t)
	for i := range 16 {
		w.do(`Create(Ref(Collection("c"), %d), {data: {}})`, i)
	}
	w.do(`Map(Take(8, [0, 1, 2, 3, 4, 5, 6, 7]), Lambda("i", Delete(Ref(Collection("c"), Var("i")))))`)
	w.do(`Map([0, 1, 2, 3, 4, 5, 6, 7], Lambda("i", Create(Ref(Collection("c"), Var("i")), {data: {}})))`)
	seen, after := 0, ""
	for range 10 {
		resp := w.send(w.s.Secret(), `{"paginate":{"events":{"documents":{"collection":"c"}}},"size":7`+after+`}`)
		var out struct {
			Resource struct {
				After json.RawMessage
				Data  []json.RawMessage
			}
		}
		if err := json.Unmarshal(resp.Body, &out); err != nil || resp.Status != 200 {
			t.Fatalf("%d %s", resp.Status, resp.Body)
		}
		seen += len(out.Resource.Data)
		if out.Resource.After == nil {
			break
		}
		after = `,"after":{"object":` + string(out.Resource.After) + `}`
	}
	if seen != 32 {
		t.Errorf("%d of 32 events", seen)
	}
}

func TestSeenEvents_filterThinsAPageAndKeepsItsCursor(t *testing.T) {
	t.Parallel()
	w := incWorld(t)
	w.do(`Map([1, 2, 3, 4, 5, 6], Lambda("i", Create(Ref(Collection("c"), Var("i")), {data: {}})))`)
	t0 := w.now()
	w.do(`Do(Map([1, 2, 3, 4], Lambda("i", Delete(Ref(Collection("c"), Var("i"))))), Create(Ref(Collection("c"), 7), {data: {}}), Create(Ref(Collection("c"), 8), {data: {}}))`)
	resp := w.ask(w.s.Secret(), fmt.Sprintf(`Filter(Paginate(Events(Documents(Collection("c"))), {size: 5, after: {ts: %d}}), Lambda("e", Equals(Select("action", Var("e")), "remove")))`, t0-1))
	if n := dataLen(resp); n != 4 || !strings.Contains(string(resp.Body), `"after":{"ts"`) {
		t.Errorf("%d events in %s", n, resp.Body)
	}
}

func TestSeenEvents_rangeOnEventsIsRefused(t *testing.T) {
	t.Parallel()
	w := incWorld(t)
	none := `"code":"invalid argument","description":"Set does not support events history."}]}`
	w.want(w.s.Secret(), `Paginate(Range(Events(Documents(Collection("c"))), 1, 2))`, 400, `{"errors":[{"position":[],`+none)
	w.want(w.s.Secret(), `Paginate(Range(Events(Documents(Collection("c"))), 1, []))`, 400,
		`{"errors":[{"position":["paginate","to"],"code":"invalid argument","description":"Object, Integer, Time, or Date expected, Array provided."}]}`)
	w.want(w.s.Secret(), `Map(Paginate(Events(Reverse(Documents(Collection("c"))))), Lambda("x", Var("x")))`, 400, `{"errors":[{"position":["collection"],`+none)
	w.want(w.s.Secret(), `Paginate(Events(Events(Documents(Collection("c")))))`, 400, `{"errors":[{"position":["paginate"],`+none)
}

func TestSeenEvents_boundedByAt(t *testing.T) {
	t.Parallel()
	w := incWorld(t)
	w.do(`Create(Ref(Collection("c"), 1), {data: {}})`)
	t0 := w.now()
	w.pass(time.Second)
	w.do(`Delete(Ref(Collection("c"), 1))`)
	w.want(w.s.Secret(), fmt.Sprintf(`At(%d, Count(Paginate(Events(Documents(Collection("c"))))))`, t0), 200, `{"resource":{"data":[1]}}`)
	if got := w.removed(t0, w.now()); got != "1" {
		t.Errorf("removed after: %q", got)
	}
}

// Writes dated into the past, after a snapshot T0 of documents 10 to 60.
func TestSeenPast_writesThatRewriteSnapshots(t *testing.T) {
	t.Parallel()
	const ms, second = int64(1000), int64(1_000_000)
	cases := []struct {
		name  string
		write string // %d is its time
		past  int64  // before T0
		then  string // the ids at T0, read again
		now   string // the ids at T1
		moved bool   // the pairs differ from those before
	}{
		{"insert of a create, 150 ms", `Insert(Ref(Collection("c"), 15), %d, "create", {data: {n: 15}})`, 150 * ms, "10 15 20 30 40 50 60", "10 15 20 30 40 50 60", true},
		{"insert of a create, 60 s, before the collection", `Insert(Ref(Collection("c"), 15), %d, "create", {data: {n: 15}})`, 60 * second, "10 15 20 30 40 50 60", "10 15 20 30 40 50 60", true},
		{"insert of a create, 1 h, below the minimum", `Insert(Ref(Collection("c"), 15), %d, "create", {data: {n: 15}})`, 3600 * second, "10 15 20 30 40 50 60", "10 15 20 30 40 50 60", true},
		{"insert of a create at ts 1", `Insert(Ref(Collection("c"), 15), 1 %.0d, "create", {data: {n: 15}})`, 0, "10 15 20 30 40 50 60", "10 15 20 30 40 50 60", true},
		{"insert of an update", `Insert(Ref(Collection("c"), 20), %d, "update", {data: {n: 99}})`, 150 * ms, "10 20 30 40 50 60", "10 20 30 40 50 60", true},
		{"insert of a delete", `Insert(Ref(Collection("c"), 30), %d, "delete", {})`, 150 * ms, "10 20 40 50 60", "10 20 40 50 60", true},
		{"remove of a create", `Remove(Ref(Collection("c"), 60), %d, "create")`, -1, "10 20 30 40 50", "10 20 30 40 50", true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := incWorld(t)
			made := w.now()
			w.do(`Map([10, 20, 30, 40, 50, 60], Lambda("i", Create(Ref(Collection("c"), Var("i")), {data: {n: Var("i")}})))`)
			w.pass(time.Second)
			t0 := w.now()
			before := w.pairs()
			w.pass(time.Second)
			at := t0 - c.past
			if c.past < 0 {
				at = made
			}
			if strings.Contains(c.write, "%.0d") {
				w.do(strings.ReplaceAll(c.write, " %.0d", ""))
			} else {
				w.do(c.write, at)
			}
			w.pass(time.Second)
			t1 := w.now()
			if got := w.idsAt(w.s.Secret(), "c", t0); got != c.then {
				t.Errorf("T0 has %q, want %q", got, c.then)
			}
			if got := w.idsAt(w.s.Secret(), "c", t1); got != c.now {
				t.Errorf("T1 has %q, want %q", got, c.now)
			}
			if got := w.changed(t0, t1); got != "" {
				t.Errorf("the index shows %q", got)
			}
			if got := w.removed(t0, t1); got != "" {
				t.Errorf("the events show %q", got)
			}
			if after := w.pairs(); (after != before) != c.moved {
				t.Errorf("pairs %s, before %s", after, before)
			}
		})
	}
	w := incWorld(t)
	w.want(w.s.Secret(), fmt.Sprintf(`Insert(Ref(Collection("c"), 1), %d, "create", {data: {}})`, w.now()+second), 400,
		`{"errors":[{"position":[],"code":"invalid write time"…`)
}

// pairs returns all [ts, id] in the index now.
func (w *world) pairs() string {
	return w.ids(w.s.Secret(), `Map(Paginate(Match(Index("c-ts")), {size: 1000}), Lambda(["t", "r"], [Var("t"), Select("id", Var("r"))]))`)
}

func TestSeenPast_insertOfAnUpdateHasTheNewData(t *testing.T) {
	t.Parallel()
	w := incWorld(t)
	w.do(`Create(Ref(Collection("c"), 20), {data: {n: 20, m: 1}})`)
	w.pass(time.Second)
	t0 := w.now()
	w.pass(time.Second)
	w.do(`Insert(Ref(Collection("c"), 20), %d, "update", {data: {n: 99}})`, t0-1000)
	w.want(w.s.Secret(), fmt.Sprintf(`At(%d, Select("data", Get(Ref(Collection("c"), 20))))`, t0), 200, `{"resource":{"n":99,"m":1}}`)
}

// A chunk planned as 10, 20, 30 then reads 10, 15, 20, followed by 30.
func TestSeenPast_plannedChunkShifts(t *testing.T) {
	t.Parallel()
	w := incWorld(t)
	w.do(`Map([10, 20, 30, 40], Lambda("i", Create(Ref(Collection("c"), Var("i")), {data: {}})))`)
	t0 := w.now()
	w.pass(time.Second)
	w.do(`Insert(Ref(Collection("c"), 15), %d, "create", {data: {}})`, t0)
	got := w.ids(w.s.Secret(), fmt.Sprintf(`At(%d, Map(Paginate(Documents(Collection("c")), {size: 3}), Lambda("x", Select("id", Var("x")))))`, t0))
	if !strings.Contains(got, `"data":["10","15","20"]`) || !strings.Contains(got, `"after":[{"@ref":{"id":"30"`) {
		t.Error(got)
	}
}
