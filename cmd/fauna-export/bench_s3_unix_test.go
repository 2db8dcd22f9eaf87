//go:build unix

package main

import (
	"bytes"
	"fmt"
	"os/exec"
	"testing"
	"time"

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
				args := []string{"run", "--domain", s.endpoint, "--out", name, "--s3-endpoint", g.Endpoint, "--collection", "docs", "--workers", "8", "--progress-interval", "0"}
				if form != "jsonl" {
					args = append(args, "--compress", form)
				}
				cmd := exec.CommandContext(b.Context(), binary, args...)
				getenv := storetest.S3Options(g.Endpoint).Getenv
				cmd.Env = cleanEnvironment(b, []string{"FAUNA_SECRET=" + s.Secret(),
					"AWS_ACCESS_KEY_ID=" + getenv("AWS_ACCESS_KEY_ID"), "AWS_SECRET_ACCESS_KEY=" + getenv("AWS_SECRET_ACCESS_KEY")})
				var errs bytes.Buffer
				cmd.Stderr = &errs
				start := time.Now()
				if err := cmd.Start(); err != nil {
					b.Fatal(err)
				}
				peak := watchPeak(cmd)
				if err := cmd.Wait(); err != nil {
					b.Fatalf("%v\n%s", err, errs.String())
				}
				into, err := store.NewS3(b.Context(), name, storetest.S3Options(g.Endpoint))
				if err != nil {
					b.Fatal(err)
				}
				m, err := archive.ReadManifest(into)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(peak(), "MiB")
				b.ReportMetric(float64(m.Rows())/time.Since(start).Seconds(), "documents/s")
			}
		})
	}
}
