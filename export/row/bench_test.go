package row

import (
	"strings"
	"testing"
	"time"

	f "github.com/fauna/faunadb-go/v4/faunadb"
)

// benchPage returns a page of documents with all recorded values, several per
// object, repeated. With forDriver it omits values on which the Go driver's
// decoder fails.
func benchPage(tb testing.TB, documents int, forDriver bool) (page []byte, plan []int64) {
	var fields, whole []string
	for _, v := range recordedValues(tb) {
		var decoded f.Value
		if forDriver && f.UnmarshalJSON([]byte(`{"v":`+v.Wire+`}`), &decoded) != nil {
			continue
		}
		if strings.HasPrefix(v.Group, "recorded") && strings.HasPrefix(v.Wire, "{") {
			whole = append(whole, v.Wire)
			continue
		}
		fields = append(fields, v.Wire)
	}
	for i := 0; i+8 <= len(fields); i += 8 {
		var parts []string
		for k, wire := range fields[i : i+8] {
			parts = append(parts, `"`+[]string{"name", "n", "createdAt", "parent", "state", "x", "total", "address"}[k]+`":`+wire)
		}
		whole = append(whole, "{"+strings.Join(parts, ",")+"}")
	}
	var elements []string
	for id := 1; id <= documents; id++ {
		data := whole[id%len(whole)]
		elements = append(elements, documentOf(int64(id), `,"data":`+data))
		plan = append(plan, int64(id))
	}
	return pageOf(elements...), plan
}

// fastest reports the speed of the fastest pass in addition to the average: that
// of the code when nothing else uses the processor.
type fastest struct{ best time.Duration }

func (f *fastest) pass(b *testing.B, work func() error) {
	start := time.Now()
	if err := work(); err != nil {
		b.Fatal(err)
	}
	if took := time.Since(start); f.best == 0 || took < f.best {
		f.best = took
	}
}

func (f *fastest) report(b *testing.B, bytes int) {
	b.ReportMetric(float64(bytes)/1e6/f.best.Seconds(), "best-MB/s")
}

// BenchmarkPage writes pages with all recorded kinds of values on one core.
// Megabytes count the wire format. Run with
//
//	go test -run xxx -bench . ./export/row/
func BenchmarkPage(b *testing.B) {
	page, plan := benchPage(b, 1000, false)
	for _, format := range Formats() {
		b.Run(string(format), func(b *testing.B) {
			s, err := NewSerializer(Layout{Collection: "users", Format: format})
			if err != nil {
				b.Fatal(err)
			}
			var batch Batch
			b.SetBytes(int64(len(page)))
			b.ReportAllocs()
			var passes fastest
			for b.Loop() {
				passes.pass(b, func() error {
					batch.Reset()
					return s.Page(&batch, page, plan)
				})
			}
			passes.report(b, len(page))
			b.ReportMetric(float64(len(page))/float64(len(plan)), "B/document")
		})
	}
}

// BenchmarkBesideDriver writes the pages that the Go driver can decode, and
// decodes them with the driver, for comparison.
func BenchmarkBesideDriver(b *testing.B) {
	page, plan := benchPage(b, 1000, true)
	b.Run("row", func(b *testing.B) {
		s, err := NewSerializer(jsonl)
		if err != nil {
			b.Fatal(err)
		}
		var batch Batch
		b.SetBytes(int64(len(page)))
		b.ReportAllocs()
		var passes fastest
		for b.Loop() {
			passes.pass(b, func() error {
				batch.Reset()
				return s.Page(&batch, page, plan)
			})
		}
		passes.report(b, len(page))
	})
	b.Run("driver", func(b *testing.B) {
		b.SetBytes(int64(len(page)))
		b.ReportAllocs()
		var passes fastest
		for b.Loop() {
			passes.pass(b, func() error {
				var v f.Value
				return f.UnmarshalJSON(page, &v)
			})
		}
		passes.report(b, len(page))
	})
}

// BenchmarkFile converts pages to the bytes of files, in one goroutine: it
// rewrites them and passes the rows to a File.
func BenchmarkFile(b *testing.B) {
	page, plan := benchPage(b, 4000, false)
	for _, l := range []Layout{
		{Format: JSONL}, {Format: JSONL, Compress: Gzip}, {Format: JSONL, Compress: Zstd}, {Format: CSV}, {Format: Parquet},
	} {
		l.Collection = "users"
		b.Run(l.Extension(), func(b *testing.B) {
			s, err := NewSerializer(l)
			if err != nil {
				b.Fatal(err)
			}
			file, err := NewFile(l)
			if err != nil {
				b.Fatal(err)
			}
			var batch Batch
			var written int64
			emit := func(p Piece) error {
				written += int64(len(p.Bytes))
				return nil
			}
			b.SetBytes(int64(len(page)))
			b.ReportAllocs()
			for b.Loop() {
				batch.Reset()
				if err := s.Page(&batch, page, plan); err != nil {
					b.Fatal(err)
				}
				if err := file.Append(&batch, emit); err != nil {
					b.Fatal(err)
				}
			}
			if err := file.Finish(emit); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(written)/float64(b.N)/float64(len(page)), "B-written/B")
		})
	}
}
