package emulator

import (
	"strings"
	"testing"
	"time"
)

func TestSeenTorn_aDeleteAndAnUpdateAtOneTimeHideALivingDocument(t *testing.T) {
	t.Parallel()
	for name, inserts := range map[string][2]string{
		"delete, then update": {`"delete", {}`, `"update", {data: {n: 9}}`},
		"update, then delete": {`"update", {data: {n: 9}}`, `"delete", {}`},
	} {
		w := newWorld(t)
		w.do(`CreateCollection({name: "c"})`)
		w.do(`CreateIndex({name: "c-ts", source: Collection("c"), values: [{field: "ts"}, {field: "ref"}]})`)
		for id := range 3 {
			w.do(`Create(Ref(Collection("c"), %d), {data: {n: %d}})`, id, id)
		}
		before := w.now()
		w.pass(time.Second)
		at := w.now()
		w.pass(time.Second)
		for _, insert := range inserts {
			w.do(`Insert(Ref(Collection("c"), 1), %d, %s)`, at, insert)
		}
		root := w.s.Secret()
		w.want(root, `Select(["data", "n"], Get(Ref(Collection("c"), 1)))`, 200, `{"resource":9}`)
		w.want(root, `Exists(Ref(Collection("c"), 1))`, 200, `{"resource":true}`)
		if pairs := string(w.ask(root, `Paginate(Match(Index("c-ts")))`).Body); !strings.Contains(pairs, `"id":"1"`) {
			t.Errorf("%s: the index has %s", name, pairs)
		}
		w.want(root, `Count(Documents(Collection("c")))`, 200, `{"resource":2}`)
		for when, want := range map[int64]string{before: "0 1 2", w.now(): "0 2"} {
			if got := w.idsAt(root, "c", when); got != want {
				t.Errorf("%s: the documents are %s, want %s", name, got, want)
			}
		}
		// It stays lost until it is deleted and recreated.
		w.do(`Update(Ref(Collection("c"), 1), {data: {n: 10}})`)
		w.want(root, `Count(Documents(Collection("c")))`, 200, `{"resource":2}`)
		w.do(`Delete(Ref(Collection("c"), 1))`)
		w.do(`Create(Ref(Collection("c"), 1), {data: {n: 11}})`)
		w.want(root, `Count(Documents(Collection("c")))`, 200, `{"resource":3}`)
	}
}
