package emulator

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// rows reads every document of c at a time, by id.
func (w *world) rows(at int64) map[string]string {
	w.t.Helper()
	resp := w.ask(w.s.Secret(), fmt.Sprintf(`At(%d, Map(Paginate(Documents(Collection("c")), {size: 1000}), Lambda("x", [Select("id", Var("x")), Get(Var("x"))])))`, at))
	return w.table(resp)
}

// table turns a page of [id, document] into a map.
func (w *world) table(resp response) map[string]string {
	w.t.Helper()
	var out struct {
		Resource struct{ Data [][2]json.RawMessage }
	}
	if resp.Status != 200 || json.Unmarshal(resp.Body, &out) != nil {
		w.t.Fatalf("%d %s", resp.Status, resp.Body)
	}
	rows := map[string]string{}
	for _, row := range out.Resource.Data {
		rows[strings.Trim(string(row[0]), `"`)] = string(row[1])
	}
	return rows
}

// writes makes random changes: creates, updates, deletes, ttls, and, if past, writes
// backdated by up to 3 s.
func (w *world) writes(r *rand.Rand, count int, ttl, past bool) {
	w.t.Helper()
	for i := range count {
		w.pass(time.Duration(r.IntN(20)) * time.Millisecond)
		ref := fmt.Sprintf(`Ref(Collection("c"), %d)`, r.IntN(120))
		back := w.now() - r.Int64N(3_000_000)
		texts := []string{
			fmt.Sprintf(`Create(%s, {data: {n: %d}})`, ref, i),
			fmt.Sprintf(`Create(%s, {data: {n: %d}})`, ref, i),
			fmt.Sprintf(`Update(%s, {data: {n: %d}})`, ref, i),
			fmt.Sprintf(`Delete(%s)`, ref),
		}
		if ttl {
			texts = append(texts,
				fmt.Sprintf(`Update(%s, {ttl: TimeAdd(Now(), %d, "seconds")})`, ref, []int{1, 2, 3600}[r.IntN(3)]),
				fmt.Sprintf(`Update(%s, {ttl: null})`, ref))
		}
		if past {
			texts = append(texts,
				fmt.Sprintf(`Insert(%s, %d, "create", {data: {n: %d}})`, ref, back, i),
				fmt.Sprintf(`Insert(%s, %d, "update", {data: {m: %d}})`, ref, back, i),
				fmt.Sprintf(`Insert(%s, %d, "delete", {})`, ref, back))
		}
		text := texts[r.IntN(len(texts))]
		if resp := w.ask(w.s.Secret(), text); resp.Status >= 300 && resp.Status != 400 && resp.Status != 404 {
			w.t.Fatalf("%s: %d %s", text, resp.Status, resp.Body)
		}
	}
}

// There are two rules for rebuilding the rows at T1 from those at T0: asking for the
// ids at T1 is exact, following remove events is not.
func TestSeenRounds_rulesThatRebuildTheRows(t *testing.T) {
	t.Parallel()
	lost := 0
	for _, ttl := range []bool{false, true} {
		for seed := range uint64(4) {
			w := incWorld(t)
			r := rand.New(rand.NewPCG(seed, 1))
			w.writes(r, 60, ttl, false)
			t0 := w.now()
			base := w.rows(t0)
			w.pass(time.Millisecond)
			w.writes(r, 150, ttl, false)
			t1 := w.now()
			truth := w.rows(t1)
			for id := range base { // documents that expired since are no longer in the snapshot
				if _, still := w.rows(t0)[id]; !still {
					delete(base, id)
				}
			}
			changes := w.table(w.ask(w.s.Secret(), fmt.Sprintf(`At(%d, Map(Paginate(Range(Match(Index("c-ts")), [%d], []), {size: 1000}), Lambda(["t", "r"], [Select("id", Var("r")), Get(Var("r"))])))`, t1, t0)))

			exact := maps.Clone(base)
			maps.Copy(exact, changes)
			ids := strings.Fields(w.idsAt(w.s.Secret(), "c", t1))
			maps.DeleteFunc(exact, func(id, _ string) bool { return !slices.Contains(ids, id) })
			if !maps.Equal(exact, truth) {
				t.Errorf("ttl %t, seed %d: the ids at T1 do not rebuild the rows", ttl, seed)
			}

			naive := maps.Clone(base)
			maps.Copy(naive, changes)
			for _, id := range strings.Fields(w.removed(t0, t1)) {
				delete(naive, id)
			}
			for id := range truth {
				if _, ok := naive[id]; !ok {
					lost++
				}
			}
		}
	}
	if lost == 0 {
		t.Error("deleting by events after the changes lost no row: too kind")
	}
}

// Joining all pairs of the index with the last sync's is exact, whatever was written,
// even into the past.
func TestSeenRounds_joinOfPairsIsExact(t *testing.T) {
	t.Parallel()
	w := incWorld(t)
	r := rand.New(rand.NewPCG(9, 9))
	have := map[string]string{} // id to document
	last := map[string]bool{}   // pairs of the last sync
	for round := range 18 {
		w.writes(r, 70, true, true)
		w.pass(time.Millisecond)
		t1 := w.now()
		w.pass(time.Millisecond)
		pairs, ids := map[string]bool{}, map[string]bool{}
		after := ""
		for range 100 {
			resp := w.send(w.s.Secret(), fmt.Sprintf(`{"at":%d,"expr":{"map":{"lambda":["t","r"],"expr":[{"var":"t"},{"select":"id","from":{"var":"r"}}]},"collection":{"paginate":{"match":{"index":"c-ts"}},"size":37%s}}}`, t1, after))
			var out struct {
				Resource struct {
					After json.RawMessage
					Data  [][2]json.RawMessage
				}
			}
			if err := json.Unmarshal(resp.Body, &out); err != nil || resp.Status != 200 {
				t.Fatalf("%d %s", resp.Status, resp.Body)
			}
			for _, p := range out.Resource.Data {
				id := strings.Trim(string(p[1]), `"`)
				if ids[id] {
					t.Errorf("round %d: id %s stands twice among the pairs", round, id)
				}
				ids[id] = true
				pairs[string(p[0])+" "+id] = true
			}
			if out.Resource.After == nil {
				break
			}
			after = `,"after":` + string(out.Resource.After)
		}
		for pair := range pairs {
			_, id, _ := strings.Cut(pair, " ")
			if last[pair] {
				continue
			}
			resp := w.ask(w.s.Secret(), fmt.Sprintf(`At(%d, [If(Exists(Ref(Collection("c"), %s)), Get(Ref(Collection("c"), %s)), null)])`, t1, id, id))
			have[id] = strings.TrimSuffix(strings.TrimPrefix(string(resp.Body), `{"resource":[`), `]}`)
		}
		maps.DeleteFunc(have, func(id, _ string) bool { return !ids[id] })
		if truth := w.rows(t1); !maps.Equal(have, truth) {
			t.Fatalf("round %d: %d rows, want %d", round, len(have), len(truth))
		}
		last = pairs
	}
}

// Snapshots taken while others write read the same later.
func TestSeenRounds_snapshotsUnderWritersDoNotChange(t *testing.T) {
	t.Parallel()
	w := incWorld(t)
	admin := w.s.Secret()
	var group sync.WaitGroup
	for n := range uint64(4) {
		group.Go(func() {
			r := rand.New(rand.NewPCG(n, 3))
			for i := range 100 {
				ref := fmt.Sprintf(`Ref(Collection("c"), %d)`, r.IntN(50))
				w.ask(admin, []string{
					fmt.Sprintf(`Create(%s, {data: {n: %d}})`, ref, i), fmt.Sprintf(`Update(%s, {data: {n: %d}})`, ref, i), fmt.Sprintf(`Delete(%s)`, ref),
				}[r.IntN(3)])
				w.pass(time.Microsecond)
			}
		})
	}
	type snapshot struct {
		at   int64
		body string
	}
	page := `At(%d, Map(Paginate(Documents(Collection("c")), {size: 100}), Lambda("x", Get(Var("x")))))`
	var taken []snapshot
	for range 60 {
		at := w.now()
		taken = append(taken, snapshot{at, string(w.ask(admin, fmt.Sprintf(page, at)).Body)})
	}
	group.Wait()
	for _, s := range taken {
		if again := string(w.ask(admin, fmt.Sprintf(page, s.at)).Body); again != s.body {
			t.Fatalf("at %d\n first %s\n later %s", s.at, s.body, again)
		}
	}
}
