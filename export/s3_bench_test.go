package export

import (
	"context"
	"fmt"
	"testing"
	"time"

	"fauna-export/export/row"
	"fauna-export/export/store"
	"fauna-export/export/store/storetest"
)

// BenchmarkEngineS3 is BenchmarkEngine with a local versitygw instead of a folder;
// storetest.GatewayVariable names the variable with the path of the program.
func BenchmarkEngineS3(b *testing.B) {
	for _, form := range []Spec{{Format: row.JSONL}, {Format: row.JSONL, Compress: row.Zstd}} {
		b.Run(form.withDefaults().formName(), func(b *testing.B) {
			g := storetest.NewGateway(b)
			o := storetest.S3Options(g.Endpoint)
			o.PartSize, o.Beat, o.Patience = 0, 0, 0
			form.Collections = []string{"users"}
			src := newVariedSource(1_000_000)
			var fastest float64
			b.ResetTimer()
			for n := range b.N {
				s, err := store.NewS3(context.Background(), fmt.Sprintf("s3://%s/run%d", storetest.Bucket, n), o)
				if err != nil {
					b.Fatal(err)
				}
				start, before := time.Now(), src.bytes.Load()
				r, err := NewRun(form, src, Env{Store: s})
				if err == nil {
					_, err = r.Do(context.Background())
				}
				if err != nil {
					b.Fatal(err)
				}
				fastest = max(fastest, float64(src.bytes.Load()-before)/1e6/time.Since(start).Seconds())
				if err := s.Remove("users.jsonl"); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(fastest, "best-MB/s")
		})
	}
}
