package fauna

import (
	"reflect"
	"strings"
	"testing"
)

func TestDecodePairs(t *testing.T) {
	t.Parallel()
	const cursor = `"after":[12,{"@ref":{"id":"8","collection":{"@ref":{"id":"c","collection":{"@ref":{"id":"collections"}}}}}},{"@ref":{"id":"8","collection":{"@ref":{"id":"c","collection":{"@ref":{"id":"collections"}}}}}}]`
	tests := []struct {
		name, answer string
		want         *pairsPage // nil: refused
	}{
		{"empty", `{"resource":{"data":[]}}`, &pairsPage{collection: "c", ts: []int64{}, ids: []int64{}, nextID: -1}},
		{"two and more", `{"resource":{` + cursor + `,"data":[[10,"7"],[11,"6"]]}}`,
			&pairsPage{collection: "c", ts: []int64{10, 11}, ids: []int64{7, 6}, nextTS: 12, nextID: 8}},
		{"a cursor of another collection", `{"resource":{` + strings.ReplaceAll(cursor, `"id":"c"`, `"id":"data"`) + `,"data":[[10,"7"]]}}`, nil},
		{"not the first page", `{"resource":{"before":[10],"data":[[10,"7"]]}}`, nil},
		{"behind the time read at", `{"resource":{"data":[[10,"7"],[101,"8"]]}}`, nil},
		{"before all time", `{"resource":{"data":[[-5,"7"]]}}`, nil},
		{"out of order", `{"resource":{"data":[[10,"7"],[10,"6"]]}}`, nil},
		{"one twice", `{"resource":{"data":[[10,"7"],[10,"7"]]}}`, nil},
		{"a cursor that does not lead on", `{"resource":{` + cursor + `,"data":[[12,"8"]]}}`, nil},
		{"two lists", `{"resource":{"data":[],"data":[[10,"7"]]}}`, nil},
		{"spaces", `{ "resource" : { "data" : [ [ 10 , "7" ] ] } }`, &pairsPage{collection: "c", ts: []int64{10}, ids: []int64{7}, nextID: -1}},
		{"largest", `{"resource":{"data":[[5,"9223372036854775807"]]}}`,
			&pairsPage{collection: "c", ts: []int64{5}, ids: []int64{9223372036854775807}, nextID: -1}},
		{"too large", `{"resource":{"data":[[1,"9223372036854775808"]]}}`, nil},
		{"ref in place of id", `{"resource":{"data":[[1,{"@ref":{}}]]}}`, nil},
		{"cut", `{"resource":{"data":[[1,"2"],[3,`, nil},
		{"no data", `{"resource":{}}`, nil},
		{"cursor of documents", `{"resource":{"after":[{"@ref":{"id":"8"}}],"data":[]}}`, nil},
		{"cursor without id", `{"resource":{"after":[12],"data":[]}}`, nil},
	}
	for _, test := range tests {
		got, err := decodePairs([]byte(test.answer), PairsRequest{Collection: "c", At: 100, FromID: -1, Size: 10})
		if (err != nil) != (test.want == nil) || test.want != nil && !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: %+v, %v; want %+v", test.name, got, err, test.want)
		}
	}
}

func FuzzDecodePairs(f *testing.F) {
	f.Add([]byte(`{"resource":{"after":[12,{"@ref":{"id":"8"}},{"@ref":{"id":"8"}}],"data":[[10,"7"],[11,"6"]]}}`))
	f.Add([]byte(`{"resource":{"data":[[`))
	f.Fuzz(func(t *testing.T, answer []byte) {
		p, err := decodePairs(answer, PairsRequest{Collection: "c", FromID: -1, Size: 100})
		if err == nil && len(p.ts) != len(p.ids) {
			t.Errorf("%d times of %d ids", len(p.ts), len(p.ids))
		}
	})
}
