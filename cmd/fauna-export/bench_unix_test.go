//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"fauna-export/export/archive"
	"fauna-export/export/store"
)

// These benchmarks run the real program in its own process, whose CPU time and
// memory the system measures, against a server in this process. `go run
// .ci/bench.go` runs them all and prints a table.

// spent is the time and memory that one process used.
type spent struct {
	wall, cpu time.Duration
	peak      float64 // MiB resident
	manifest  archive.Manifest
}

// benchRun runs `run` of the real program against a server.
func benchRun(b *testing.B, s *benchServer, args ...string) spent {
	b.Helper()
	dir := filepath.Join(b.TempDir(), "out")
	defer os.RemoveAll(dir)
	out := benchProgram(b, s, nil, append([]string{"--out", dir}, args...)...)
	text, err := os.ReadFile(filepath.Join(dir, archive.ManifestName))
	if err == nil {
		err = json.Unmarshal(text, &out.manifest)
	}
	if err != nil {
		b.Fatal(err)
	}
	return out
}

// benchProgram starts `run` of the real program against a server, waits for it,
// and returns what it took.
func benchProgram(b *testing.B, s *benchServer, environment []string, args ...string) spent {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), binary, append([]string{"run", "--domain", s.endpoint, "--progress-interval", "0"}, args...)...)
	cmd.Env = cleanEnvironment(b, append(environment, "FAUNA_SECRET="+s.Secret()))
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
	return spent{wall: time.Since(start), cpu: processorTime(cmd), peak: peak()}
}

// watchPeak polls a process's peak resident memory, in MiB, until it exits; the
// returned function waits for that. Polling is needed because the peak reported
// on exit includes the parent's from before exec. It is NaN on systems other
// than Linux.
func watchPeak(cmd *exec.Cmd) func() float64 {
	last := make(chan float64, 1)
	go func() {
		peak := math.NaN()
		for {
			text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
			_, rest, ok := strings.Cut(string(text), "VmHWM:")
			var kb float64
			if err != nil || !ok {
				break // the process has exited
			}
			if _, err := fmt.Sscan(rest, &kb); err != nil {
				break
			}
			peak = kb / 1024
			time.Sleep(5 * time.Millisecond)
		}
		last <- peak
	}()
	return func() float64 { return <-last }
}

// processorTime returns the CPU time of a process that has exited.
func processorTime(cmd *exec.Cmd) time.Duration {
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
}

// benchFetch fetches the same pages in a process that discards them.
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

// BenchmarkRun_besideFetch compares a whole run with a fetch of the same pages
// that knows all ids beforehand and discards the pages. The two alternate; the
// result is the median ratio of their times. The server is 50 ms away. Since it
// shares the CPU with the run, unlike a real one, its heap of a million
// documents (up to 8 GiB) is collected between measurements. With -short there
// are 100 000 documents, so that starting and finishing dominate.
func BenchmarkRun_besideFetch(b *testing.B) {
	n, rounds := int64(1_000_000), 3
	if testing.Short() {
		n = 100_000
	}
	s := serveBench(b, 50*time.Millisecond, 0)
	s.load(b, "docs", n, 640)
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(8 << 30))
	b.ResetTimer()
	for range b.N {
		var ratios, runs, fetches []float64
		for range rounds {
			runtime.GC()
			run := benchRun(b, s, "--collection", "docs")
			runtime.GC()
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

// BenchmarkRun_processorTime measures the client's CPU time for a million
// documents of 640 bytes, of the program and of a bare fetch.
func BenchmarkRun_processorTime(b *testing.B) {
	const n = 1_000_000
	s := serveBench(b, 0, 0)
	s.makeUp(b, "docs", n, 640)
	for name, args := range map[string][]string{"run": nil, "run-parts-8": {"--parts", "8"}} {
		b.Run(name, func(b *testing.B) {
			for range b.N {
				run := benchRun(b, s, append(args, "--collection", "docs")...)
				b.ReportMetric(run.cpu.Seconds(), "cpu-s/million")
				b.ReportMetric(run.wall.Seconds(), "s/million")
				b.ReportMetric(run.peak, "MiB")
			}
		})
	}
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

// BenchmarkRun_memory measures the program's peak memory for a million
// documents of 640 bytes.
func BenchmarkRun_memory(b *testing.B) {
	s := serveBench(b, 0, 0)
	s.makeUp(b, "docs", 1_000_000, 640)
	for _, form := range []string{"jsonl", "zstd", "parquet"} {
		for _, workers := range []int{1, 4, 8, 16} {
			if form != "jsonl" && (workers == 1 || workers == 4) {
				continue
			}
			b.Run(fmt.Sprintf("%s/%d-workers", form, workers), func(b *testing.B) {
				args := []string{"--collection", "docs", "--workers", strconv.Itoa(workers)}
				switch form {
				case "zstd":
					args = append(args, "--compress", "zstd")
				case "parquet":
					args = append(args, "--format", "parquet")
				}
				for range b.N {
					b.ReportMetric(benchRun(b, s, args...).peak, "MiB")
				}
			})
		}
	}
}

// BenchmarkRun_growth measures the program's peak memory for growing
// collections of small documents, where ids weigh most. -short skips the 10 000
// 000.
func BenchmarkRun_growth(b *testing.B) {
	for _, n := range []int64{10_000, 100_000, 1_000_000, 10_000_000} {
		if testing.Short() && n > 1_000_000 {
			break
		}
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

// BenchmarkRun_smallCollections exports 1 000 collections of 10 documents from
// a server that is 5 ms away.
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

// BenchmarkRun_firstRow measures the time from the program's start until the
// file of a large collection has its first rows; the server is 5 ms away.
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
		path := filepath.Join(dir, store.WorkPrefix, "docs.jsonl.part")
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
	b.ReportMetric(milliseconds(median(times)), "ms")
}

// BenchmarkRun_farServer compares a whole run over a slow connection with the
// least time possible: 8 pages always in flight if latency is the limit,
// otherwise the bandwidth.
func BenchmarkRun_farServer(b *testing.B) {
	for _, latency := range []time.Duration{50 * time.Millisecond, 200 * time.Millisecond} {
		n := int64(latency/time.Millisecond) * 10_000
		if testing.Short() {
			n /= 10
		}
		b.Run(latency.String(), func(b *testing.B) {
			s := serveBench(b, latency, 0)
			s.makeUp(b, "docs", n, 640)
			for range b.N {
				run := benchRun(b, s, "--collection", "docs")
				minimum := float64(n) / float64(fetchersAtOnce*s.usualSize()) * latency.Seconds()
				b.ReportMetric(minimum/run.wall.Seconds(), "share")
				b.ReportMetric(run.wall.Seconds(), "s")
				b.ReportMetric(float64(s.usualSize()), "docs/page")
			}
		})
	}
	b.Run("1MBps", func(b *testing.B) {
		const n, bandwidth = 15_000, 1_000_000
		s := serveBench(b, 50*time.Millisecond, bandwidth)
		s.makeUp(b, "docs", n, 640)
		for range b.N {
			run := benchRun(b, s, "--collection", "docs")
			b.ReportMetric(n*640/run.wall.Seconds()/bandwidth, "share")
			b.ReportMetric(run.wall.Seconds(), "s")
			b.ReportMetric(float64(s.usualSize()), "docs/page")
		}
	})
}
