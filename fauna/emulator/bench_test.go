package emulator

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"fauna-export/fauna/fql"
)

// filler returns a document of about 640 bytes as sent.
func filler(id int64) Document {
	return Document{ID: id, TS: dawn - id, Data: fmt.Appendf(nil, `{"name":"customer %d","email":"c%d@example.org","active":true,"score":%d.5,"parent":{"@ref":{"id":"%d","collection":{"@ref":{"id":"docs","collection":{"@ref":{"id":"collections"}}}}}},"joined":{"@ts":"2022-03-01T00:00:00Z"},"tags":["a","b","c"],"text":%q}`,
		id, id, id, id/2, strings.Repeat("lorem ipsum ", 26))}
}

func load(b testing.TB, s *Server, n int64) {
	b.Helper()
	if err := s.Load("docs", func(yield func(Document) bool) {
		for i := int64(1); i <= n; i++ {
			if !yield(filler(i)) {
				return
			}
		}
	}); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkLoad_100000Documents(b *testing.B) {
	docs := make([]Document, 100_000)
	for i := range docs {
		docs[i] = filler(int64(i))
	}
	for b.Loop() {
		s := New(Options{Seed: 1})
		if err := s.Load("docs", func(yield func(Document) bool) {
			for _, d := range docs {
				if !yield(d) {
					return
				}
			}
		}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPage(b *testing.B) {
	s := New(Options{Seed: 1})
	load(b, s, 120_000)
	w := &world{t: b, s: s}
	w.do(`CreateIndex({name: "docs-ts", source: Collection("docs"), values: [{field: "ts"}, {field: "ref"}], active: true})`)
	s.root.find(clsIndexes, "docs-ts").index.activeAt = 0
	at := s.now()
	pages := map[string]string{
		"documents, 1000": fmt.Sprintf(`At(%d, Map(Paginate(Documents(Collection("docs")), {size: 1000, after: Ref(Collection("docs"), 60000)}), Lambda("x", Get(Var("x")))))`, at),
		"columns, 1000":   fmt.Sprintf(`At(%d, Map(Paginate(Documents(Collection("docs")), {size: 1000, after: Ref(Collection("docs"), 60000)}), Lambda("x", Let({d: Get(Var("x"))}, [Var("d"), Select(["data", "parent", "id"], Var("d"), null)]))))`, at),
		"ids, 50000":      fmt.Sprintf(`At(%d, Map(Paginate(Documents(Collection("docs")), {size: 50000}), Lambda("x", Select("id", Var("x")))))`, at),
		"pairs, 50000":    fmt.Sprintf(`At(%d, Map(Paginate(Match(Index("docs-ts")), {size: 50000}), Lambda(["t", "r"], [Var("t"), Select("id", Var("r"))])))`, at),
		"events, 50000":   fmt.Sprintf(`At(%d, Paginate(Events(Documents(Collection("docs"))), {size: 50000}))`, at),
	}
	for name, text := range pages {
		b.Run(name, func(b *testing.B) {
			body, err := fql.Parse(text)
			if err != nil {
				b.Fatal(err)
			}
			q := request{Secret: s.Secret(), Body: body, APIVersion: "4"}
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					resp := s.query(context.Background(), q)
					if resp.Status != 200 {
						b.Fatalf("%d %s", resp.Status, resp.Body)
					}
					b.SetBytes(int64(len(resp.Body)))
				}
			})
		})
	}
}

// BenchmarkServed_documents1000 reads pages over sockets with HTTP/1.1, as many in
// parallel as there are processors; the client discards the bytes.
func BenchmarkServed_documents1000(b *testing.B) {
	s := New(Options{Seed: 1})
	load(b, s, 20_000)
	endpoint, stop, err := s.Start()
	if err != nil {
		b.Fatal(err)
	}
	defer stop()
	body, err := fql.Parse(fmt.Sprintf(`At(%d, Map(Paginate(Documents(Collection("docs")), {size: 1000, after: Ref(Collection("docs"), 6000)}), Lambda("x", Get(Var("x")))))`, s.now()))
	if err != nil {
		b.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}}
	defer client.CloseIdleConnections()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			req, err := http.NewRequest(http.MethodPost, endpoint, bytes.NewReader(body))
			if err != nil {
				b.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer "+s.Secret())
			req.Header.Set("X-FaunaDB-API-Version", "4")
			resp, err := client.Do(req)
			if err != nil {
				b.Fatal(err)
			}
			n, err := io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close() // read to its end
			if err != nil || resp.StatusCode != 200 {
				b.Fatal(resp.Status, err)
			}
			b.SetBytes(n)
		}
	})
}
