package emulator

import (
	"context"
	"encoding/json"
	"testing"
	"time"
)

// FuzzQuery sends arbitrary bytes as a request: there must always be an answer, in
// time, that is JSON, and an error if they are no query.
func FuzzQuery(f *testing.F) {
	for i, x := range readRecord(f, "recorded.jsonl") {
		if i%3 == 0 || x.Raw != nil || x.Status == 400 {
			body := string(x.Request)
			if x.Raw != nil {
				body = *x.Raw
			}
			f.Add([]byte(body))
		}
	}
	for _, text := range []string{``, `{`, `"\ud800"`, `{"let":{"a":[0,0,0,0,0,0,0,0]},"in":{"let":{"b":[{"var":"a"},{"var":"a"}]},"in":[{"var":"b"},{"var":"b"}]}}`,
		`{"let":{"f":{"lambda":"g","expr":{"map":{"var":"g"},"collection":[{"var":"g"}]}}},"in":{"map":{"var":"f"},"collection":[{"var":"f"}]}}`,
		`{"at":1,"expr":{"paginate":{"events":{"documents":{"collection":"c"}}},"before":{"object":{"ts":9}},"size":1}}`,
		`{"paginate":{"reverse":{"range":{"match":{"index":"i"}},"from":[null],"to":[1]}},"before":[5]}`,
		`{"remove":{"ref":{"collection":"c"},"id":1},"ts":1,"action":"create"}`, `{"@set":{"union":[{"@set":{"documents":{"@ref":"collections/c"}}}]}}`,
		`{"update":{"collection":"c"},"params":{"object":{"name":"d","history_days":null}}}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		w := newWorld(t)
		w.do(`CreateCollection({name: "c"})`)
		w.do(`CreateIndex({name: "i", source: Collection("c"), values: [{field: "ts"}, {field: "ref"}]})`)
		w.do(`Create(Ref(Collection("c"), 1), {data: {a: [1, "x"], r: Ref(Collection("c"), 1)}})`)
		began := time.Now()
		resp := w.s.query(context.Background(), request{Secret: w.s.Secret(), Body: body, APIVersion: "4", Timeout: 2 * time.Second})
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("took %s", took)
		}
		var out struct {
			Resource any
			Errors   []any
		}
		if err := json.Unmarshal(resp.Body, &out); err != nil {
			t.Fatalf("%d is no JSON: %s", resp.Status, resp.Body)
		}
		if good := resp.Status < 300; good == (len(out.Errors) > 0) {
			t.Errorf("%d with %s", resp.Status, resp.Body)
		}
		if !json.Valid(body) && resp.Status != 400 {
			t.Errorf("%d for what is no JSON", resp.Status)
		}
	})
}
