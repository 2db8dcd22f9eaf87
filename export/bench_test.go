package export

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"fauna-export/export/row"
)

// pageLimit is where a client cuts a page off.
const pageLimit = 16 << 20

// instantSource answers at once with documents of 640 bytes, or of a given
// size, whose ids are 1 to n.
type instantSource struct {
	n     int64
	doc   [2]string // a document around its id
	bytes atomic.Int64
}

func newInstantSource(n int64, size int) *instantSource {
	s := &instantSource{n: n}
	s.doc[0] = `{"ref":{"@ref":{"id":"`
	head := `","collection":{"@ref":{"id":"users","collection":{"@ref":{"id":"collections"}}}}}},"ts":1795342079040000,` +
		`"data":{"name":"user","email":"someone@example.org","age":42,"score":12.75,"active":true,` +
		`"created":{"@ts":"2022-08-01T23:59:19.360Z"},"born":{"@date":"1980-02-29"},` +
		`"parent":{"@ref":{"id":"318842","collection":{"@ref":{"id":"users","collection":{"@ref":{"id":"collections"}}}}}},` +
		`"tags":["alpha","beta"],"note":"`
	tail := `"}}`
	fill := max(0, size-len(s.doc[0])-len(head)-len(tail)-7)
	s.doc[1] = head + strings.Repeat("lorem ipsum dolor sit amet ", fill/27+1)[:fill] + tail
	return s
}

func (s *instantSource) Now(context.Context) (int64, error) { return 1_800_000_000_000_000, nil }
func (s *instantSource) AbsentAt(context.Context, []string, int64) ([]string, error) {
	return nil, nil
}
func (s *instantSource) Unreadable(context.Context, []string) (unreadable, missing []string, err error) {
	return nil, nil, nil
}
func (s *instantSource) MinimumTime(context.Context, string) (int64, error) {
	return 1_799_999_000_000_000, nil
}
func (s *instantSource) Presence(_ context.Context, _ string, ids []int64) (alive, gone, hidden []int64, err error) {
	return ids, nil, nil, nil
}

func (s *instantSource) IDs(_ context.Context, _ string, _, from int64, size int) ([]int64, int64, error) {
	from = max(from, 1)
	end := min(s.n, from+int64(size)-1)
	ids := make([]int64, 0, end-from+1)
	for id := from; id <= end; id++ {
		ids = append(ids, id)
	}
	if end < s.n {
		return ids, end + 1, nil
	}
	return ids, -1, nil
}

func (s *instantSource) Documents(_ context.Context, name string, _, from int64, size int, _ [][]any, b []byte) ([]byte, error) {
	end := min(s.n, from+int64(size)-1)
	if n := (end - from + 1) * int64(len(s.doc[0])+len(s.doc[1])); n > pageLimit && end > from {
		return b, errFakeLarge
	}
	b = append(b[:0], `{"resource":{`...)
	if end < s.n {
		b = append(b, `"after":[{"@ref":{"id":"`...)
		b = strconv.AppendInt(b, end+1, 10)
		b = append(b, `","collection":{"@ref":{"id":"`+name+`","collection":{"@ref":{"id":"collections"}}}}}}],`...)
	}
	b = append(b, `"data":[`...)
	for id := from; id <= end; id++ {
		if id > from {
			b = append(b, ',')
		}
		b = append(b, s.doc[0]...)
		b = strconv.AppendInt(b, id, 10)
		b = append(b, s.doc[1]...)
	}
	b = append(b, `]}}`...)
	s.bytes.Add(int64(len(b)))
	return b, nil
}

// BenchmarkEngine exports documents of 640 bytes from a source that answers
// at once; MB/s are counted in bytes from the source.
//
//	go test ./export -run '^$' -bench Engine -benchtime 3x -cpu 2
func BenchmarkEngine(b *testing.B) {
	for _, form := range []Spec{{Format: row.JSONL}, {Format: row.CSV}, {Format: row.Wire}, {Format: row.JSONL, Compress: row.Zstd}, {Format: row.JSONL, Compress: row.Gzip}, {Format: row.Parquet}} {
		b.Run(form.withDefaults().formName(), func(b *testing.B) {
			form.Collections = []string{"users"}
			src := newInstantSource(1_000_000, 640)
			var fastest float64
			b.ResetTimer()
			for range b.N {
				dir := filepath.Join(b.TempDir(), "out")
				start, before := time.Now(), src.bytes.Load()
				r, err := NewRun(form, src, OSEnv(dir))
				if err != nil {
					b.Fatal(err)
				}
				if _, err := r.Do(context.Background()); err != nil {
					b.Fatal(err)
				}
				fastest = max(fastest, float64(src.bytes.Load()-before)/1e6/time.Since(start).Seconds())
				os.RemoveAll(dir)
			}
			b.ReportMetric(float64(src.bytes.Load())/1e6/b.Elapsed().Seconds(), "MB/s")
			b.ReportMetric(fastest, "best-MB/s")
			b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/million")
		})
	}
}

// memoryVariable makes the test binary a child that exports and ends: "format
// compression documents size".
const memoryVariable = "FAUNA_EXPORT_MEMORY_TEST"

func memoryChild(text string) int {
	var format, compress string
	var n int64
	var size int
	if _, err := fmt.Sscan(text, &format, &compress, &n, &size); err != nil {
		return 2
	}
	dir, err := os.MkdirTemp("", "memory")
	if err != nil {
		return 2
	}
	defer os.RemoveAll(dir)
	spec := Spec{Collections: []string{"users"}, Format: row.Format(format), Compress: row.Compression(compress), Workers: 8}
	debug.SetMemoryLimit(spec.MemoryLimit())
	start := time.Now()
	r, err := NewRun(spec, newInstantSource(n, size), OSEnv(filepath.Join(dir, "out")))
	if err == nil {
		_, err = r.Do(context.Background())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 2
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if kb, ok := strings.CutPrefix(lines.Text(), "VmHWM:"); ok {
			fmt.Println(strings.TrimSuffix(strings.TrimSpace(kb), " kB"), time.Since(start).Seconds())
		}
	}
	return 0
}

// BenchmarkMemory reports the largest resident size of a process that exports
// with 8 workers under the limit of Spec.MemoryLimit.
//
//	go test ./export -run '^$' -bench Memory -benchtime 1x
func BenchmarkMemory(b *testing.B) {
	if _, err := os.Stat("/proc/self/status"); err != nil {
		b.Fatal("needs Linux: ", err)
	}
	for _, c := range []string{
		"jsonl none 1000000 640", "csv none 1000000 640", "jsonl zstd 1000000 640", "jsonl gzip 1000000 640", "parquet none 1000000 640",
		"jsonl none 10000000 640", "parquet none 10000000 100", "jsonl none 60 8000000", "parquet none 60 8000000",
	} {
		b.Run(strings.ReplaceAll(c, " ", "-"), func(b *testing.B) {
			for range b.N {
				cmd := exec.Command(os.Args[0])
				cmd.Env = append(os.Environ(), memoryVariable+"="+c)
				cmd.Stderr = io.Discard
				out, err := cmd.Output()
				if err != nil {
					b.Fatal(err)
				}
				var kb, seconds float64
				if _, err := fmt.Sscan(string(out), &kb, &seconds); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(kb/1024, "MiB")
				b.ReportMetric(seconds, "s")
			}
		})
	}
}
