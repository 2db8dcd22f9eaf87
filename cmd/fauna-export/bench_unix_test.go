//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"fauna-export/export"
)

// The benchmarks of the whole program: the real binary in a process of its
// own, whose processor time and memory the system counts, against a server in
// this one. `go run .ci/bench.go` runs them all and makes a table.

// spent is what one process took.
type spent struct {
	wall, cpu time.Duration
	peak      float64 // MiB resident
	manifest  export.Manifest
}

// benchRun runs the real program's `run` against a server.
func benchRun(b *testing.B, s *benchServer, args ...string) spent {
	b.Helper()
	dir := filepath.Join(b.TempDir(), "out")
	defer os.RemoveAll(dir)
	cmd := exec.CommandContext(b.Context(), binary, append([]string{"run", "--domain", s.endpoint, "--out", dir, "--progress-interval", "0"}, args...)...)
	cmd.Env = cleanEnvironment(b, []string{"FAUNA_SECRET=" + s.Secret()})
	var errs bytes.Buffer
	cmd.Stderr = &errs
	start := time.Now()
	if err := cmd.Run(); err != nil {
		b.Fatalf("%v\n%s", err, errs.String())
	}
	out := spent{wall: time.Since(start), cpu: processorTime(cmd)}
	if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		out.peak = float64(u.Maxrss) / 1024
		if runtime.GOOS == "darwin" {
			out.peak /= 1024 // there it is in bytes
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, export.ManifestName))
	if err == nil {
		err = json.Unmarshal(text, &out.manifest)
	}
	if err != nil {
		b.Fatal(err)
	}
	return out
}

// processorTime is what a process that ended used of the processors.
func processorTime(cmd *exec.Cmd) time.Duration {
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
}

// benchFetch fetches the same pages in a process that throws them away.
func benchFetch(b *testing.B, s *benchServer, last int64, size int, h2c bool) (done fetched, cpu time.Duration) {
	b.Helper()
	plan, err := json.Marshal(fetchPlan{Endpoint: s.endpoint, Secret: s.Secret(), Collection: "docs", Last: last, Size: size, H2C: h2c})
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.CommandContext(b.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), fetchVariable+"="+string(plan))
	var errs bytes.Buffer
	cmd.Stderr = &errs
	text, err := cmd.Output()
	if err != nil {
		b.Fatalf("%v\n%s", err, errs.String())
	}
	if err := json.Unmarshal(text, &done); err != nil {
		b.Fatal(err)
	}
	return done, processorTime(cmd)
}

func median[T int | float64 | time.Duration](list []T) T {
	list = slices.Clone(list)
	slices.Sort(list)
	return list[len(list)/2]
}

// besideFetch runs the program and the fetch by turns and reports the median
// of the quotients of their times.
func besideFetch(b *testing.B, s *benchServer, n int64, rounds int) {
	b.Helper()
	for range b.N {
		var ratios, runs, fetches []float64
		for range rounds {
			run := benchRun(b, s, "--collection", "docs")
			fetch, _ := benchFetch(b, s, n, s.usualSize(), false)
			ratios = append(ratios, run.wall.Seconds()/fetch.Seconds)
			runs, fetches = append(runs, run.wall.Seconds()), append(fetches, fetch.Seconds)
		}
		b.ReportMetric(median(ratios), "run/fetch")
		b.ReportMetric(median(runs), "run-s")
		b.ReportMetric(median(fetches), "fetch-s")
		b.ReportMetric(float64(s.usualSize()), "docs/page")
	}
}

// BenchmarkRun_besideFetch is a run, from its start to its end, beside a
// fetch of the same pages, ids known beforehand, 8 at a time, that throws
// them away. The server is 50 ms away.
func BenchmarkRun_besideFetch(b *testing.B) {
	for _, n := range []int64{100_000, 500_000} {
		b.Run(strconv.FormatInt(n, 10), func(b *testing.B) {
			s := serveBench(b, 50*time.Millisecond, 0)
			s.load(b, "docs", n, 640)
			besideFetch(b, s, n, 5)
		})
	}
}

// BenchmarkRun_processorTime is the processor time of this side for a million
// documents of 640 bytes, of the program and of the bare fetch.
func BenchmarkRun_processorTime(b *testing.B) {
	const n = 1_000_000
	s := serveBench(b, 0, 0)
	s.makeUp(b, "docs", n, 640)
	b.Run("run", func(b *testing.B) {
		for range b.N {
			run := benchRun(b, s, "--collection", "docs")
			b.ReportMetric(run.cpu.Seconds(), "cpu-s/million")
			b.ReportMetric(run.wall.Seconds(), "s/million")
			b.ReportMetric(run.peak, "MiB")
		}
	})
	for _, h2c := range []bool{false, true} {
		b.Run(map[bool]string{false: "fetch", true: "fetch-h2c"}[h2c], func(b *testing.B) {
			for range b.N {
				fetch, cpu := benchFetch(b, s, n, 2000, h2c)
				b.ReportMetric(cpu.Seconds(), "cpu-s/million")
				b.ReportMetric(fetch.Seconds, "s/million")
				b.ReportMetric(float64(fetch.Bytes)/n, "B/document")
			}
		})
	}
}

// BenchmarkRun_memory is the largest resident size of the program.
func BenchmarkRun_memory(b *testing.B) {
	s := serveBench(b, 0, 0)
	s.makeUp(b, "docs", 1_000_000, 640)
	for _, c := range [][]string{
		{"--workers", "1"}, {"--workers", "4"}, {"--workers", "8"}, {"--workers", "16"},
		{"--workers", "8", "--compress", "zstd"}, {"--workers", "16", "--compress", "zstd"},
		{"--workers", "8", "--format", "parquet"}, {"--workers", "16", "--format", "parquet"},
	} {
		b.Run(fmt.Sprint(c), func(b *testing.B) {
			for range b.N {
				b.ReportMetric(benchRun(b, s, append(c, "--collection", "docs")...).peak, "MiB")
			}
		})
	}
}

// BenchmarkRun_growth is the largest resident size of the program for
// collections of small documents, of which the ids weigh most.
func BenchmarkRun_growth(b *testing.B) {
	for _, n := range []int64{10_000, 100_000, 1_000_000, 10_000_000} {
		b.Run(strconv.FormatInt(n, 10), func(b *testing.B) {
			s := serveBench(b, 0, 0)
			s.makeUp(b, "docs", n, 100)
			for range b.N {
				run := benchRun(b, s, "--collection", "docs")
				b.ReportMetric(run.peak, "MiB")
				b.ReportMetric(run.wall.Seconds(), "s")
			}
		})
	}
}

// BenchmarkRun_smallCollections is 1 000 collections of 10 documents on a
// server that is 5 ms away.
func BenchmarkRun_smallCollections(b *testing.B) {
	s := serveBench(b, 5*time.Millisecond, 0)
	for i := range 1000 {
		s.load(b, fmt.Sprintf("c%03d", i), 10, 640)
	}
	b.ResetTimer()
	for range b.N {
		run := benchRun(b, s, "--all")
		if got := run.manifest.Rows(); got != 10_000 {
			b.Fatalf("%d rows", got)
		}
		b.ReportMetric(run.wall.Seconds(), "s")
		b.ReportMetric(run.cpu.Seconds(), "cpu-s")
	}
}

// BenchmarkRun_firstRow is the time from the start of the program until the
// file of a large collection holds its first rows; the server is 5 ms away.
func BenchmarkRun_firstRow(b *testing.B) {
	s := serveBench(b, 5*time.Millisecond, 0)
	s.makeUp(b, "docs", 10_000_000, 640)
	var times []time.Duration
	for range b.N {
		dir := filepath.Join(b.TempDir(), "out")
		cmd := exec.CommandContext(b.Context(), binary, "run", "--domain", s.endpoint, "--collection", "docs", "--out", dir)
		cmd.Env = cleanEnvironment(b, []string{"FAUNA_SECRET=" + s.Secret()})
		start := time.Now()
		if err := cmd.Start(); err != nil {
			b.Fatal(err)
		}
		path := filepath.Join(dir, export.WorkPrefix, "docs.jsonl.part")
		for {
			info, err := os.Stat(path)
			if err == nil && info.Size() > 0 {
				break
			}
			if err != nil && !errors.Is(err, fs.ErrNotExist) || time.Since(start) > limit {
				b.Fatalf("no row after %s: %v", time.Since(start), err)
			}
			time.Sleep(time.Millisecond / 2)
		}
		times = append(times, time.Since(start))
		cmd.Process.Kill()
		cmd.Wait()
		os.RemoveAll(dir)
	}
	b.ReportMetric(float64(median(times).Milliseconds()), "ms")
}

// BenchmarkRun_farServer is a run over a slow wire, beside the least time that
// this wire allows.
func BenchmarkRun_farServer(b *testing.B) {
	for _, latency := range []time.Duration{50 * time.Millisecond, 200 * time.Millisecond} {
		b.Run(latency.String(), func(b *testing.B) {
			s := serveBench(b, latency, 0)
			s.load(b, "docs", 400_000, 640)
			besideFetch(b, s, 400_000, 1)
		})
	}
	b.Run("1MBps", func(b *testing.B) {
		s := serveBench(b, 50*time.Millisecond, 1_000_000)
		s.load(b, "docs", 20_000, 640)
		for range b.N {
			run := benchRun(b, s, "--collection", "docs")
			b.ReportMetric(20_000*640/1e6/run.wall.Seconds(), "share")
			b.ReportMetric(run.wall.Seconds(), "s")
			b.ReportMetric(float64(s.usualSize()), "docs/page")
		}
	})
}
