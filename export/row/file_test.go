package row

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// testLimits make frames and row groups small.
var testLimits = limits{frameSize: 100 << 10, groupRows: 150, groupSize: 80 << 10}

// layoutsOf returns a layout for every format and compression.
func layoutsOf() []Layout {
	columns := []Column{
		{Name: "any", Path: []any{"data", "any"}},
		{Name: "name", Path: []any{"data", "name"}, Type: TypeString},
		{Name: "n", Path: []any{"data", "n"}, Type: TypeInt},
		{Name: "f", Path: []any{"data", "f"}, Type: TypeFloat},
		{Name: "yes", Path: []any{"data", "yes"}, Type: TypeBool},
		{Name: "when", Path: []any{"data", "when"}, Type: TypeTime},
		{Name: "day", Path: []any{"data", "day"}, Type: TypeDate},
	}
	var layouts []Layout
	for _, l := range []Layout{
		{Format: JSONL},
		{Format: JSONL, Columns: columns, Deletion: "deleted_at"},
		{Format: JSONL, Columns: columns, NoData: true},
		{Format: CSV},
		{Format: CSV, Columns: columns, Deletion: "deleted_at"},
		{Format: CSV, NoData: true},
		{Format: Wire},
		{Format: Parquet},
		{Format: Parquet, Columns: columns, Deletion: "deleted_at"},
		{Format: Parquet, NoData: true},
	} {
		l.Collection = "users"
		layouts = append(layouts, l)
		if l.Format != Parquet {
			l.Compress = Gzip
			layouts = append(layouts, l)
			l.Compress = Zstd
			layouts = append(layouts, l)
		}
	}
	return layouts
}

func (l Layout) testName() string {
	return fmt.Sprintf("%s columns=%d nodata=%t", l.Extension(), len(l.Columns), l.NoData)
}

// elementOf returns a page element in the form that a layout requests, with
// values derived from the id.
func elementOf(l Layout, id int64, text string) string {
	data := fmt.Sprintf(`{"any":[%d],"name":"n\u00e9 %d","s":%q}`, id, id, text)
	if id%11 == 0 {
		data = "{}"
	}
	ttl := ""
	if id%5 == 0 {
		ttl = fmt.Sprintf(`,"ttl":{"@ts":"2030-01-01T00:00:%02d.123456789Z"}`, id%60)
	}
	element := documentOf(id, `,"data":`+data+ttl)
	if l.Paths() == nil {
		return element
	}
	if l.NoData {
		ttl = strings.TrimPrefix(ttl, `,"ttl":`)
		if ttl == "" {
			ttl = "null"
		}
		element = fmt.Sprintf(`%s,%d,%s`, refOf(id), 1659398359360000+id, ttl)
	}
	if len(l.Columns) > 0 {
		element += fmt.Sprintf(`,{"a":[%d,{"@date":"2020-02-29"}]},"n\u00e9 \"%d\"\n,",%d,%d.5,%t,{"@ts":"2020-02-29T12:00:00.%03dZ"},{"@date":"2020-02-29"}`,
			id, id, id, id, id%2 == 0, id%1000)
	}
	return "[" + element + "]"
}

// batchesOf writes documents 1 to n, divided into pages at random.
func batchesOf(t testing.TB, l Layout, n int, text string, seed uint64) []*Batch {
	t.Helper()
	s, err := NewSerializer(l)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(seed, 1))
	var batches []*Batch
	for id := 1; id <= n; {
		b := &Batch{}
		for pages := random.IntN(3); pages >= 0; pages-- {
			var elements []string
			var plan []int64
			for size := random.IntN(300); size >= 0 && id <= n; size-- {
				elements = append(elements, elementOf(l, int64(id), text))
				plan = append(plan, int64(id))
				id++
			}
			if err := s.Page(b, pageOf(elements...), plan); err != nil {
				t.Fatal(err)
			}
		}
		batches = append(batches, b)
	}
	return batches
}

// fileOf writes batches to a file. After every interrupt-th piece it discards the
// file and resumes from its state; rows after that piece come again.
func fileOf(t testing.TB, l Layout, batches []*Batch, interrupt int) []byte {
	t.Helper()
	f, err := newFile(l, testLimits)
	if err != nil {
		t.Fatal(err)
	}
	out := bytes.Clone(f.Begin())
	pieces := 0
	var rows int
	var state []byte
	stopped := fmt.Errorf("stopped")
	emit := func(p Piece) error {
		out = append(out, p.Bytes...)
		rows += p.Rows
		pieces++
		if interrupt > 0 && pieces%interrupt == 0 {
			if state, err = f.State(); err != nil {
				t.Fatal(err)
			}
			return stopped
		}
		return nil
	}
	for {
		err := func() error {
			skip := rows
			for _, b := range batches {
				if skip >= len(b.Ends) {
					skip -= len(b.Ends)
					continue
				}
				rest := &Batch{Bytes: b.Bytes, Ends: b.Ends, IDs: b.IDs}
				if skip > 0 {
					start := b.Ends[skip-1]
					rest = &Batch{Bytes: b.Bytes[start:], IDs: b.IDs[skip:]}
					for _, end := range b.Ends[skip:] {
						rest.Ends = append(rest.Ends, end-start)
					}
					skip = 0
				}
				if err := f.Append(rest, emit); err != nil {
					return err
				}
			}
			return f.Finish(emit)
		}()
		if err == nil {
			return out
		}
		if err != stopped {
			t.Fatal(err)
		}
		if f, err = resumeFile(l, state, testLimits); err != nil {
			t.Fatal(err)
		}
	}
}

// A file's bytes depend only on its rows, not on batches or interruptions, and
// Read accepts it.
func TestFile_sameBytes(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("some text that is not the same all the time, ", 20)
	for _, l := range layoutsOf() {
		t.Run(l.testName(), func(t *testing.T) {
			const n = 800
			want := fileOf(t, l, batchesOf(t, l, n, text, 1), 0)
			if got := fileOf(t, l, batchesOf(t, l, n, text, 2), 0); !bytes.Equal(got, want) {
				t.Errorf("other batches make other bytes")
			}
			for _, interrupt := range []int{1, 3} {
				if got := fileOf(t, l, batchesOf(t, l, n, text, 3), interrupt); !bytes.Equal(got, want) {
					t.Errorf("interrupted after every %d pieces: other bytes", interrupt)
				}
			}
			sum, err := Read(context.Background(), Source{Layout: l, File: bytes.NewReader(want), Size: int64(len(want))}, nil)
			if err != nil || sum != (Summary{Rows: n, FirstID: 1, LastID: n}) {
				t.Errorf("Read: %+v, %v", sum, err)
			}
		})
	}
}
