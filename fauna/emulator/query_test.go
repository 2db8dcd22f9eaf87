package emulator

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"fauna-export/fauna/fql"
)

// Readers and writers run concurrently; each page must be from a time at which all
// documents of a transaction are present.
func TestQuery_readersSeeWholeTransactions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(`CreateCollection({name: "c"})`)
	w.do(`CreateIndex({name: "i", source: Collection("c"), values: [{field: "ts"}, {field: "ref"}]})`)
	predicate := w.key("r", `{resource: Collection("c"), actions: {read: Query(Lambda("ref", Select(["data", "ok"], Get(Var("ref")))))}}`)
	const rounds, writers, readers = 30, 2, 6
	var group sync.WaitGroup
	for n := range writers {
		group.Go(func() {
			for i := range rounds {
				body, _ := fql.Parse(fmt.Sprintf(`Map([0, 1, 2, 3, 4], Lambda("i", Create(Ref(Collection("c"), Add(%d, Var("i"))), {data: {ok: true}})))`, (n*rounds+i)*5))
				if resp := w.s.query(context.Background(), request{Secret: w.s.Secret(), Body: body, APIVersion: "4"}); resp.Status != 200 {
					t.Errorf("%d %s", resp.Status, resp.Body)
				}
			}
		})
	}
	for n := range readers {
		group.Go(func() {
			secret := w.s.Secret()
			if n%2 == 1 {
				secret = predicate
			}
			body, _ := fql.Parse(`Map(Paginate(Documents(Collection("c")), {size: 1000}), Lambda("x", Get(Var("x"))))`)
			for range rounds {
				resp := w.s.query(context.Background(), request{Secret: secret, Body: body, APIVersion: "4"})
				if got := dataLen(resp); got < 0 || got%5 != 0 {
					t.Errorf("%d documents", got)
				}
			}
		})
	}
	group.Wait()
	w.want(w.s.Secret(), `Count(Documents(Collection("c")))`, 200, fmt.Sprintf(`{"resource":%d}`, writers*rounds*5))
}

// A failing query leaves nothing behind.
func TestQuery_failureTakesBackItsWrites(t *testing.T) {
	t.Parallel()
	w := incWorld(t)
	w.do(`Create(Ref(Collection("c"), 1), {data: {n: 1}})`)
	const all = `[Map(Paginate(Documents(Collection("c"))), Lambda("x", Get(Var("x")))), Paginate(Collections()), Paginate(Keys()), Paginate(Indexes()), Paginate(Match(Index("c-ts"))), Paginate(Events(Documents(Collection("c"))))]`
	before := w.do(all)
	w.want(w.s.Secret(), `Do(Update(Ref(Collection("c"), 1), {data: {n: 2}}), Create(Collection("c"), {data: {}}), Delete(Ref(Collection("c"), 1)), CreateCollection({name: "d"}), CreateKey({role: "admin"}), Update(Collection("c"), {name: "e", history_days: 3}), Delete(Index("c-ts")), Abort("no"))`, 400, "")
	if after := w.do(all); after != before {
		t.Errorf("before %s\nafter  %s", before, after)
	}
	w.want(w.s.Secret(), `CreateKey({role: "admin"})`, 201, "")
}

// A key's role must have been created by an earlier query.
func TestQuery_keyNeedsARoleOfAnEarlierQuery(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.want(w.s.Secret(), `Do(CreateRole({name: "r", privileges: []}), CreateKey({role: Role("r")}))`, 400,
		`{"errors":[{"position":["do",1],"code":"validation failed","description":"document data is not valid.","failures":[{"field":["do","1","role"],"code":"invalid reference","description":"Cannot read reference."}]}]}`)
	w.want(w.s.Secret(), `Exists(Role("r"))`, 200, `{"resource":false}`)
}

// A predicate that writes allows nothing, and writes nothing.
func TestQuery_predicateMayNotWrite(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(`CreateCollection({name: "c"})`)
	w.do(`Create(Ref(Collection("c"), 1), {data: {}})`)
	secret := w.key("r", `{resource: Collection("c"), actions: {read: Query(Lambda("ref", Exists(Select("ref", Create(Collection("c"), {data: {}})))))}}`)
	w.want(secret, `Paginate(Documents(Collection("c")))`, 200, `{"resource":{"data":[]}}`)
	w.want(w.s.Secret(), `Count(Documents(Collection("c")))`, 200, `{"resource":1}`)
}

// A GET is read-only: writes are refused and have no effect.
func TestQuery_readOnlyRefusesWrites(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(`CreateCollection({name: "c"})`)
	body, _ := fql.Parse(`[Exists(Collection("c")), Create(Collection("c"), {data: {}})]`)
	resp := w.s.query(context.Background(), request{Secret: w.s.Secret(), Body: body, APIVersion: "4", ReadOnly: true})
	w.compare("a create by GET", resp, 400, `{"errors":[{"position":[1],"code":"invalid expression"…`)
	w.want(w.s.Secret(), `Count(Documents(Collection("c")))`, 200, `{"resource":0}`)
}
