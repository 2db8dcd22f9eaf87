//go:build unix

package main

import (
	"fmt"
	"testing"

	"fauna-export/export/archive"
	"fauna-export/export/store"
	"fauna-export/export/store/storetest"
)

// BenchmarkRun_s3 measures the program's peak memory and speed for an export to
// versitygw on this machine; storetest.GatewayVariable holds its path.
func BenchmarkRun_s3(b *testing.B) {
	s := serveBench(b, 0, 0)
	s.makeUp(b, "docs", 1_000_000, 640)
	for _, form := range []string{"jsonl", "zstd"} {
		b.Run(form, func(b *testing.B) {
			g := storetest.NewGateway(b)
			for n := range b.N {
				name := fmt.Sprintf("s3://%s/run%d", storetest.Bucket, n)
				args := []string{"--out", name, "--s3-endpoint", g.Endpoint, "--collection", "docs", "--workers", "8"}
				if form != "jsonl" {
					args = append(args, "--compress", form)
				}
				getenv := storetest.S3Options(g.Endpoint).Getenv
				run := benchProgram(b, s, []string{"AWS_ACCESS_KEY_ID=" + getenv("AWS_ACCESS_KEY_ID"), "AWS_SECRET_ACCESS_KEY=" + getenv("AWS_SECRET_ACCESS_KEY")}, args...)
				into, err := store.NewS3(b.Context(), name, storetest.S3Options(g.Endpoint))
				if err != nil {
					b.Fatal(err)
				}
				m, err := archive.ReadManifest(into)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(run.peak, "MiB")
				b.ReportMetric(float64(m.Rows())/run.wall.Seconds(), "documents/s")
			}
		})
	}
}
