//go:build ignore

// Bench measures how fast the program is and how much memory it takes, and prints the
// figures as a Markdown table:
//
//	go run .ci/bench.go [-short] [-write README.md]
//
// It runs the packages' benchmarks, which can also be run on their own. It needs Go
// and, for memory and the terminal, a Unix system with nothing else running. It takes
// about four minutes, or one with -short, which is less precise. The exit code is 1 if
// a figure misses its target.
package main

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// runs lists the benchmarks in the order in which they run.
var runs = [][]string{
	{"./export/row", "-bench", "Page/jsonl|BesideDriver", "-benchtime", "2s", "-cpu", "1"},
	{"./export", "-bench", "Engine/jsonl-(none|zstd)", "-benchtime", "3x", "-cpu", "2"},
	{"./export", "-run", "TestCore", "-v"},
	{"./export", "-bench", "EngineS3/jsonl-none", "-benchtime", "3x", "-cpu", "2"},
	{"./export/load", "-bench", "Load", "-benchtime", "1x"},
	{"./cmd/fauna-export", "-bench", "Start", "-benchtime", "15x"},
	{"./cmd/fauna-export", "-bench", "Run_firstRow", "-benchtime", "7x"},
	{"./cmd/fauna-export", "-bench", "Run_(besideFetch|processorTime|s3|memory|growth|smallCollections|farServer)", "-benchtime", "1x"},
}

// line is one line of the table.
type line struct {
	what string
	of   []figure
	hold string // the target, as text
	ok   func(v []float64) bool
	text string // format of the figures
}

// figure is a benchmark's number, or the ratio of two.
type figure struct{ benchmark, unit, over string }

// one returns the figure of one benchmark.
func one(benchmark, unit string) figure { return figure{benchmark: benchmark, unit: unit} }

func atLeast(least ...float64) func([]float64) bool {
	return func(v []float64) bool {
		for i := range least {
			if !(v[i] >= least[i]) {
				return false
			}
		}
		return true
	}
}

func atMost(most float64) func([]float64) bool {
	return func(v []float64) bool {
		for i := range v {
			if !(v[i] <= most) {
				return false
			}
		}
		return true
	}
}

func first(ok func([]float64) bool) func([]float64) bool {
	return func(v []float64) bool { return ok(v[:1]) }
}

var lines = []line{
	{
		what: "serializer, one core, all kinds of values",
		of:   []figure{one("Page/jsonl", "best-MB/s"), one("Page/jsonl", "allocs/op")},
		text: "%.0f MB/s, %.0f allocations", hold: "≥ 500 MB/s, 0",
		ok: func(v []float64) bool { return v[0] >= 500 && v[1] == 0 },
	}, {
		what: "compared with the Go driver's decoder, on what that can decode",
		of:   []figure{{"BesideDriver/row", "best-MB/s", "BesideDriver/driver"}},
		text: "%.0f ×", hold: "≥ 25 ×", ok: atLeast(25),
	}, {
		what: "engine with an instant source, 2 cores: JSONL, zstd",
		of:   []figure{one("Engine/jsonl-none", "best-MB/s"), one("Engine/jsonl-zstd", "best-MB/s")},
		text: "%.0f, %.0f MB/s", hold: "≥ 250, ≥ 150 MB/s", ok: atLeast(250, 150),
	}, {
		what: "CPU time for a million documents of 640 bytes: `run`; a bare fetch, over h2c",
		of:   []figure{one("Run_processorTime/run", "cpu-s/million"), one("Run_processorTime/fetch", "cpu-s/million"), one("Run_processorTime/fetch-h2c", "cpu-s/million")},
		text: "%.1f s; %.1f, %.1f s", hold: "≤ 2.5 s", ok: first(atMost(2.5)),
	}, {
		what: "a simulated core (2 processors, 0.45 ms a document, 0.03 ms an id): `run` : a bare fetch, 140,000 documents of 720 bytes, 400,000 of 90",
		of:   []figure{one("Core_aRunIsAsFastAsABareFetch/720B", "run/fetch"), one("Core_aRunIsAsFastAsABareFetch/90B", "run/fetch")},
		text: "%.2f, %.2f ×", hold: "≤ 1.05 ×", ok: atMost(1.05),
	}, {
		what: "the same, 3,000 documents of 100 kB",
		of:   []figure{one("Core_aRunIsAsFastAsABareFetch/100kB", "run/fetch")},
		text: "%.2f ×", hold: "≤ 1.05 ×", ok: atMost(1.05),
	}, {
		what: "the same, of each: the first second : the later rate",
		of:   []figure{one("Core_aRunIsAsFastAsABareFetch/720B", "first-second"), one("Core_aRunIsAsFastAsABareFetch/90B", "first-second"), one("Core_aRunIsAsFastAsABareFetch/100kB", "first-second")},
		text: "%.2f, %.2f, %.2f", hold: "≥ 0.8", ok: atLeast(0.8, 0.8, 0.8),
	}, {
		what: "`run` compared with fetching the same pages, 8 at a time, and discarding them; 50 ms",
		of:   []figure{one("Run_besideFetch", "run/fetch"), one("Run_besideFetch", "run-s"), one("Run_besideFetch", "fetch-s")},
		text: "%.2f × (%.1f, %.1f s)", hold: "≤ 1.10 ×", ok: first(atMost(1.10)),
	}, {
		what: "documents per second compared with 8 pages per round trip; 50, 200 ms",
		of:   []figure{one("Run_farServer/50ms", "share"), one("Run_farServer/200ms", "share")},
		text: "%.2f, %.2f ×",
	}, {
		what: "share of the bandwidth used; 1 MB/s, 50 ms",
		of:   []figure{one("Run_farServer/1MBps", "share")},
		text: "%.2f",
	}, {
		what: "memory, JSONL: 1, 4, 8, 16 workers",
		of:   []figure{one("Run_memory/jsonl/1-workers", "MiB"), one("Run_memory/jsonl/4-workers", "MiB"), one("Run_memory/jsonl/8-workers", "MiB"), one("Run_memory/jsonl/16-workers", "MiB")},
		text: "%.0f, %.0f, %.0f, %.0f MiB", hold: "≤ 96 MiB", ok: atMost(96),
	}, {
		what: "to S3 (versitygw on this machine), 2 cores: engine; memory of `run`, JSONL, zstd",
		of:   []figure{one("EngineS3/jsonl-none", "best-MB/s"), one("Run_s3/jsonl", "MiB"), one("Run_s3/zstd", "MiB")},
		text: "%.0f MB/s; %.0f, %.0f MiB", hold: "≥ 150 MB/s; ≤ 160 MiB",
		ok: func(v []float64) bool { return v[0] >= 150 && v[1] <= 160 && v[2] <= 160 },
	}, {
		what: "memory, zstd; Parquet: 8, 16 workers each",
		of:   []figure{one("Run_memory/zstd/8-workers", "MiB"), one("Run_memory/zstd/16-workers", "MiB"), one("Run_memory/parquet/8-workers", "MiB"), one("Run_memory/parquet/16-workers", "MiB")},
		text: "%.0f, %.0f; %.0f, %.0f MiB", hold: "≤ 160 MiB", ok: atMost(160),
	}, {
		what: "memory, JSONL: 10 thousand to 10 million small documents",
		of:   []figure{one("Run_growth/10000", "MiB"), one("Run_growth/100000", "MiB"), one("Run_growth/1000000", "MiB"), one("Run_growth/10000000", "MiB")},
		text: "%.0f, %.0f, %.0f, %.0f MiB", hold: "≤ 96 MiB", ok: atMost(96),
	}, {
		what: "`load` of a million documents of 640 bytes into Postgres: its COPY compared with `psql \\copy` of the same rows as CSV",
		of:   []figure{one("Load_besideCopy", "copy/psql"), one("Load_besideCopy", "rows/s"), one("Load_besideCopy", "psql-rows/s")},
		text: "%.2f × (%.0f, %.0f rows/s)", hold: "≤ 1.3 ×", ok: first(atMost(1.3)),
	}, {
		what: "the same, whole command (types, COPY, key, proof): memory, time",
		of:   []figure{one("Load_besideCopy", "MiB"), one("Load_besideCopy", "load-s")},
		text: "%.0f MiB, %.1f s", hold: "≤ 128 MiB", ok: first(atMost(128)),
	}, {
		what: "`load` of 100 changes into 1 000 000 rows",
		of:   []figure{one("Load_besideCopy", "changes-s")},
		text: "%.2f s",
	}, {
		what: "first rows in a file; 5 ms",
		of:   []figure{one("Run_firstRow", "ms")},
		text: "%.0f ms",
	}, {
		what: "1 000 collections of 10 documents; 5 ms",
		of:   []figure{one("Run_smallCollections", "s")},
		text: "%.1f s", hold: "≤ 4 s", ok: atMost(4),
	}, {
		what: "`--version`, `--help`",
		of:   []figure{one("Start/version", "ms"), one("Start/help", "ms")},
		text: "%.0f, %.0f ms", hold: "≤ 100 ms", ok: atMost(100),
	}, {
		what: "the wizard's first frame",
		of:   []figure{one("Start/wizard", "ms")},
		text: "%.0f ms", hold: "≤ 200 ms", ok: atMost(200),
	},
}

func main() {
	log.SetFlags(0)
	short := flag.Bool("short", false, "take a quarter of the time, less precise")
	write := flag.String("write", "", "put the table into `FILE` too, between its two marks")
	flag.Parse()
	held, err := bench(*short, *write)
	if err != nil {
		log.Fatal(err)
	}
	if !held {
		os.Exit(1)
	}
}

func bench(short bool, write string) (held bool, err error) {
	start := time.Now()
	remove, err := buildGateway()
	if err != nil {
		return false, err
	}
	defer remove()
	var found results
	for _, args := range runs {
		args = append([]string{"test", "-run", "^$", "-timeout", "10m"}, append(args[1:], args[0])...)
		if short {
			args = append(args[:len(args)-1], "-short", args[len(args)-1])
		}
		if err := found.run(args); err != nil {
			return false, err
		}
	}
	table, held := found.table()
	fmt.Print(table)
	fmt.Fprintf(os.Stderr, "measured in %s\n", time.Since(start).Round(time.Second))
	if write != "" {
		err = putInto(write, table)
	}
	return held, err
}

// buildGateway builds the S3 server for the benchmarks of s3://, unless the
// environment names one; remove deletes it.
func buildGateway() (remove func(), err error) {
	const variable = "FAUNA_EXPORT_VERSITYGW"
	if os.Getenv(variable) != "" {
		return func() {}, nil
	}
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("go", "install", "github.com/versity/versitygw/cmd/versitygw@v1.8.0")
	cmd.Env = append(os.Environ(), "GOBIN="+dir)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("build versitygw: %w", err)
	}
	return func() { os.RemoveAll(dir) }, os.Setenv(variable, filepath.Join(dir, "versitygw"))
}

// results holds the numbers of benchmarks, by the benchmark's name and the
// unit, and under "cpu" the name of the processor.
type results struct {
	values map[string]float64
	cpu    string
}

var (
	resultLine = regexp.MustCompile(`^Benchmark(\S+?)(-\d+)?\s+\d+\s+(.*)$`)
	attrLine   = regexp.MustCompile(`^=== ATTR\s+Test(\S+) (\S+) (\S+)$`) // from a test in virtual time
	cpuLine    = regexp.MustCompile(`^cpu: (.*)$`)
)

// run runs go with args and parses the results in its output, which is also
// copied to stderr.
func (r *results) run(args []string) error {
	cmd := exec.Command("go", args...)
	var out bytes.Buffer
	cmd.Stdout = io.MultiWriter(&out, os.Stderr)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("go %s: %w", strings.Join(args, " "), err)
	}
	if r.values == nil {
		r.values = map[string]float64{}
	}
	for scan := bufio.NewScanner(&out); scan.Scan(); {
		if m := cpuLine.FindStringSubmatch(scan.Text()); m != nil {
			r.cpu = m[1]
		}
		if m := attrLine.FindStringSubmatch(scan.Text()); m != nil {
			if v, err := strconv.ParseFloat(m[3], 64); err == nil {
				r.values[m[1]+" "+m[2]] = v
			}
		}
		m := resultLine.FindStringSubmatch(scan.Text())
		if m == nil {
			continue
		}
		fields := strings.Fields(m[3])
		for i := 0; i+1 < len(fields); i += 2 {
			v, err := strconv.ParseFloat(fields[i], 64)
			if err != nil {
				return fmt.Errorf("benchmark %s: %w", m[1], err)
			}
			r.values[m[1]+" "+fields[i+1]] = v
		}
	}
	return nil
}

// value returns a figure, NaN if no benchmark gave it.
func (r *results) value(f figure) float64 {
	v, ok := r.values[f.benchmark+" "+f.unit]
	if !ok {
		return math.NaN()
	}
	if f.over != "" {
		return v / r.value(one(f.over, f.unit))
	}
	return v
}

// table returns all lines as Markdown, and whether all targets are met.
func (r *results) table() (string, bool) {
	var b strings.Builder
	held := true
	fmt.Fprintf(&b, "%d cores, %s, %s/%s, %s.\n\n| what | measured | target | |\n|---|---|---|---|\n",
		runtime.NumCPU(), r.cpu, runtime.GOOS, runtime.GOARCH, runtime.Version())
	for _, l := range lines {
		v := make([]float64, len(l.of))
		args := make([]any, len(l.of))
		for i, f := range l.of {
			v[i] = r.value(f)
			args[i] = v[i]
		}
		verdict := ""
		if l.ok != nil {
			verdict = "met"
			if !l.ok(v) {
				verdict, held = "**missed**", false
			}
		}
		measured := strings.ReplaceAll(fmt.Sprintf(l.text, args...), "NaN", "–")
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", l.what, measured, l.hold, verdict)
	}
	return b.String(), held
}

// The marks around the table in a file.
const (
	beginMark = "<!-- figures: go run .ci/bench.go -write README.md -->\n"
	endMark   = "<!-- end of figures -->\n"
)

// putInto replaces the text between the marks of a file.
func putInto(name, table string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(text), beginMark)
	_, after, ends := strings.Cut(rest, endMark)
	if !ok || !ends {
		return errors.New(name + " has no marks for the figures")
	}
	return os.WriteFile(name, []byte(before+beginMark+table+endMark+after), 0o644)
}
