package export

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
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

// pageLimit is the size at which a client cuts off a page.
const pageLimit = 16 << 20

// instantSource answers at once with documents of 640 bytes, or of a given
// size, whose ids are 1 to n.
type instantSource struct {
	n     int64
	docs  [][2]string // text before the id and after the collection's name, one pair per document in turn
	bytes atomic.Int64
}

// newVariedSource returns documents that compress like real ones: to a fifth of
// their size.
func newVariedSource(n int64) *instantSource {
	random := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields("time year people way day man thing woman life child world school state family student group country problem hand part place case week company system program question work government number night point home water room mother area money story fact month lot right study book eye job word business issue side kind head house service friend father power hour game line end member law car city community name president team minute idea kid body information back parent face others level office door health person art war history party result change morning reason research girl guy moment air teacher force education")
	s := &instantSource{n: n}
	for range 10_000 { // exceeds every compressor's window
		var text []string
		for range 45 {
			text = append(text, words[random.IntN(len(words))])
		}
		s.docs = append(s.docs, [2]string{
			`{"ref":{"@ref":{"id":"`,
			fmt.Sprintf(`","collection":{"@ref":{"id":"collections"}}}}}},"ts":%d,`+
				`"data":{"name":"%s %s","email":"%s%d@example.org","age":%d,"score":%.4f,"key":"%016x","created":{"@ts":"20%02d-0%d-%02dT%02d:59:19.%03dZ"},`+
				`"parent":{"@ref":{"id":"%d","collection":{"@ref":{"id":"users","collection":{"@ref":{"id":"collections"}}}}}},"note":"%s"}}`,
				1795342079040000+random.Int64N(1e9), text[0], text[1], text[2], random.IntN(1e4), random.IntN(90), random.Float64()*100, random.Uint64(),
				10+random.IntN(15), 1+random.IntN(9), 10+random.IntN(18), 10+random.IntN(13), random.IntN(1000), random.Int64N(1e12), strings.Join(text, " ")),
		})
	}
	return s
}

// instantMiddle is the text between the id and the collection's name.
const instantMiddle = `","collection":{"@ref":{"id":"`

func newInstantSource(n int64, size int) *instantSource {
	var doc [2]string
	doc[0] = `{"ref":{"@ref":{"id":"`
	head := `","collection":{"@ref":{"id":"collections"}}}}}},"ts":1795342079040000,` +
		`"data":{"name":"user","email":"someone@example.org","age":42,"score":12.75,"active":true,` +
		`"created":{"@ts":"2022-08-01T23:59:19.360Z"},"born":{"@date":"1980-02-29"},` +
		`"parent":{"@ref":{"id":"318842","collection":{"@ref":{"id":"users","collection":{"@ref":{"id":"collections"}}}}}},` +
		`"tags":["alpha","beta"],"note":"`
	tail := `"}}`
	fill := max(0, size-len(doc[0])-len(instantMiddle)-len("users")-len(head)-len(tail)-7)
	doc[1] = head + strings.Repeat("lorem ipsum dolor sit amet ", fill/27+1)[:fill] + tail
	return &instantSource{n: n, docs: [][2]string{doc}}
}

func (s *instantSource) Now(context.Context) (int64, error) { return 1_800_000_000_000_000, nil }
func (s *instantSource) CollectionTimes(_ context.Context, names []string, _ int64) ([]int64, error) {
	return make([]int64, len(names)), nil
}
func (s *instantSource) Count(context.Context, string, int64) (int64, error) { return s.n, nil }
func (s *instantSource) CountPage(_ context.Context, p PageRequest) (n, next int64, err error) {
	p.From = max(p.From, 1)
	if n = min(int64(p.Size), s.n-p.From+1); p.From+n > s.n {
		return max(0, n), -1, nil
	}
	return n, p.From + n, nil
}
func (s *instantSource) Unreadable(context.Context, []string) (unreadable, missing, filtered []string, err error) {
	return nil, nil, nil, nil
}
func (s *instantSource) MinimumTime(context.Context, string) (int64, error) {
	return 1_799_999_000_000_000, nil
}
func (s *instantSource) Presence(_ context.Context, _ string, ids []int64) (alive, gone, hidden []int64, err error) {
	return ids, nil, nil, nil
}

func (s *instantSource) IDs(_ context.Context, p PageRequest) ([]int64, int64, error) {
	p.From = max(p.From, 1)
	end := min(s.n, p.From+int64(p.Size)-1)
	ids := make([]int64, 0, max(0, end-p.From+1))
	for id := p.From; id <= end; id++ {
		ids = append(ids, id)
	}
	if end < s.n {
		return ids, end + 1, nil
	}
	return ids, -1, nil
}

func (s *instantSource) Documents(_ context.Context, p PageRequest) ([]byte, error) {
	p.From = max(p.From, 1)
	end := min(s.n, p.From+int64(p.Size)-1)
	if n := (end - p.From + 1) * int64(len(s.docs[0][0])+len(s.docs[0][1])); n > pageLimit && end > p.From {
		return p.Buf, errFakeLarge
	}
	p.Buf = append(p.Buf[:0], `{"resource":{`...)
	if end < s.n {
		p.Buf = append(p.Buf, `"after":[{"@ref":{"id":"`...)
		p.Buf = strconv.AppendInt(p.Buf, end+1, 10)
		p.Buf = append(p.Buf, `","collection":{"@ref":{"id":"`+p.Collection+`","collection":{"@ref":{"id":"collections"}}}}}}],`...)
	}
	p.Buf = append(p.Buf, `"data":[`...)
	for id := p.From; id <= end; id++ {
		if id > p.From {
			p.Buf = append(p.Buf, ',')
		}
		doc := &s.docs[id%int64(len(s.docs))]
		p.Buf = append(p.Buf, doc[0]...)
		p.Buf = strconv.AppendInt(p.Buf, id, 10)
		p.Buf = append(p.Buf, instantMiddle...)
		p.Buf = append(p.Buf, p.Collection...)
		p.Buf = append(p.Buf, doc[1]...)
	}
	p.Buf = append(p.Buf, `]}}`...)
	s.bytes.Add(int64(len(p.Buf)))
	return p.Buf, nil
}

// BenchmarkEngine exports varied documents of about 640 bytes from a source that
// answers at once; MB/s count the bytes from the source.
//
//	go test ./export -run '^$' -bench Engine -benchtime 3x -cpu 2
func BenchmarkEngine(b *testing.B) {
	for _, form := range []Spec{{Format: row.JSONL}, {Format: row.CSV}, {Format: row.Wire}, {Format: row.JSONL, Compress: row.Zstd}, {Format: row.JSONL, Compress: row.Gzip}, {Format: row.Parquet}} {
		b.Run(form.withDefaults().formName(), func(b *testing.B) {
			form.Collections = []string{"users"}
			src := newVariedSource(1_000_000)
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

// memoryVariable turns the test binary into a child process that runs an export:
// "format compression documents size workers latency collections", with the
// latency in milliseconds and the number of documents per collection.
const memoryVariable = "FAUNA_EXPORT_MEMORY_TEST"

func memoryChild(text string) int {
	var format, compress string
	var n int64
	var size, workers, latency, collections int
	if _, err := fmt.Sscan(text, &format, &compress, &n, &size, &workers, &latency, &collections); err != nil {
		return 2
	}
	dir, err := os.MkdirTemp("", "memory")
	if err != nil {
		return 2
	}
	defer os.RemoveAll(dir)
	spec := Spec{Format: row.Format(format), Compress: row.Compression(compress), Workers: workers}
	for i := range collections {
		spec.Collections = append(spec.Collections, fmt.Sprintf("users%d", i))
	}
	debug.SetMemoryLimit(spec.MemoryLimit())
	start := time.Now()
	var src Source = newInstantSource(n, size)
	if latency > 0 {
		src = &farSource{Source: src, latency: time.Duration(latency) * time.Millisecond}
	}
	r, err := NewRun(spec, src, OSEnv(filepath.Join(dir, "out")))
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

// BenchmarkMemory reports the peak resident size of a process that exports under
// the limit of Spec.MemoryLimit. The number of workers and the latency of the
// source vary; with latency the most pages are in memory.
//
//	go test ./export -run '^$' -bench Memory -benchtime 1x
func BenchmarkMemory(b *testing.B) {
	if _, err := os.Stat("/proc/self/status"); err != nil {
		b.Fatal("needs Linux: ", err)
	}
	for _, c := range []string{
		"jsonl none 1000000 640 8 0 1", "csv none 1000000 640 8 0 1", "jsonl zstd 1000000 640 8 0 1", "jsonl gzip 1000000 640 8 0 1", "parquet none 1000000 640 8 0 1",
		"jsonl none 1000000 640 16 50 1", "jsonl zstd 1000000 640 16 50 1", "parquet none 1000000 640 16 50 1",
		"jsonl none 10000000 640 8 0 1", "parquet none 10000000 100 8 0 1", "jsonl none 60 8000000 8 0 1", "parquet none 60 8000000 8 0 1",
		"jsonl none 250000 640 8 0 4", "jsonl zstd 250000 640 8 0 4", "parquet none 250000 640 8 0 4",
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
