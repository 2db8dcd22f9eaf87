package export

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"strconv"
	"testing"
	"time"

	"fauna-export/export/archive"
	"fauna-export/export/store"
)

// changingSource answers at once with n documents of 640 bytes, whose ids and
// times are spread like a server's; some of them were changed or removed.
type changingSource struct {
	*instantSource
	changed map[int64]int64 // ts of the changed documents, by number
	order   []int64         // numbers of the changed documents, in order of their ts
	removed map[int64]bool
	head    string // of a document, after its id
	tail    string // after its ts
	at      int64
}

const (
	benchID = 337_567_897_171_787_849
	benchTS = 1_658_188_683_585_000
)

// spread returns a pseudorandom number from 0 to 999.
func spread(i int64) int64 {
	z := uint64(i) * 0x9E3779B97F4A7C15
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return int64((z ^ z>>31) % 1000)
}

func benchIDOf(i int64) int64 { return benchID + i*100_000 + spread(i)*90 + spread(-i)%90 }
func numberOf(id int64) int64 { return (id - benchID) / 100_000 }

func newChangingSource(n int64) *changingSource {
	s := &changingSource{instantSource: newInstantSource(n, 640), changed: map[int64]int64{}, removed: map[int64]bool{}, at: 1_800_000_000_000_000}
	const ts = "1795342079040000"
	at := len(s.docs[0][1])
	for i := range s.docs[0][1] {
		if s.docs[0][1][i:i+len(ts)] == ts {
			at = i
			break
		}
	}
	s.head, s.tail = s.docs[0][1][:at], s.docs[0][1][at+len(ts):]
	return s
}

func (s *changingSource) ts(i int64) int64 {
	if ts, ok := s.changed[i]; ok {
		return ts
	}
	return benchTS + i*1_000_000 + spread(i+1<<40)*999 + spread(i+1<<41)
}

func (s *changingSource) change(i int64) {
	s.at += 1_000_000
	s.changed[i] = s.at
	s.order = append(s.order, i)
}

func (s *changingSource) Now(context.Context) (int64, error) { s.at += 1000; return s.at, nil }

func (s *changingSource) MinimumTime(context.Context, string) (int64, error) { return benchTS, nil }

func (s *changingSource) Presence(_ context.Context, _ string, ids []int64) (alive, gone, hidden []int64, err error) {
	return nil, ids, nil, nil
}

func (s *changingSource) Count(context.Context, string, int64) (int64, error) {
	return s.n - int64(len(s.removed)), nil
}

func (s *changingSource) CountPage(ctx context.Context, p PageRequest) (n, next int64, err error) {
	ids, next, err := s.IDs(ctx, p)
	return int64(len(ids)), next, err
}

func (s *changingSource) CountPairs(ctx context.Context, _ string, at, _ int64) (int64, error) {
	return s.Count(ctx, "", at)
}

func (s *changingSource) IDs(_ context.Context, p PageRequest) ([]int64, int64, error) {
	var ids []int64
	i := int64(0)
	if p.From > 0 {
		i = numberOf(p.From)
	}
	for ; i < s.n && len(ids) < p.Size; i++ {
		if !s.removed[i] {
			ids = append(ids, benchIDOf(i))
		}
	}
	if i < s.n {
		return ids, benchIDOf(i), nil
	}
	return ids, -1, nil
}

func (s *changingSource) appendDocument(b []byte, i int64) []byte {
	b = append(b, s.docs[0][0]...)
	b = strconv.AppendInt(b, benchIDOf(i), 10)
	b = append(b, s.head...)
	b = strconv.AppendInt(b, s.ts(i), 10)
	return append(b, s.tail...)
}

func (s *changingSource) Documents(_ context.Context, p PageRequest) ([]byte, error) {
	i := int64(0)
	if p.From > 0 {
		i = numberOf(p.From)
	}
	end := min(s.n, i+int64(p.Size))
	p.Buf = append(p.Buf[:0], `{"resource":{`...)
	if end < s.n {
		p.Buf = append(p.Buf, `"after":[{"@ref":{"id":"`...)
		p.Buf = strconv.AppendInt(p.Buf, benchIDOf(end), 10)
		p.Buf = append(p.Buf, `","collection":{"@ref":{"id":"`+p.Collection+`","collection":{"@ref":{"id":"collections"}}}}}}],`...)
	}
	p.Buf = append(p.Buf, `"data":[`...)
	for first := i; i < end; i++ {
		if i > first {
			p.Buf = append(p.Buf, ',')
		}
		p.Buf = s.appendDocument(p.Buf, i)
	}
	p.Buf = append(p.Buf, `]}}`...)
	s.bytes.Add(int64(len(p.Buf)))
	return p.Buf, nil
}

func (s *changingSource) DocumentsOf(_ context.Context, p PageRequest, ids []int64) ([]byte, error) {
	p.Buf = append(p.Buf[:0], `{"resource":{"data":[`...)
	for n, id := range ids {
		if n > 0 {
			p.Buf = append(p.Buf, ',')
		}
		if i := numberOf(id); s.removed[i] {
			p.Buf = append(p.Buf, "null"...)
		} else {
			p.Buf = s.appendDocument(p.Buf, i)
		}
	}
	return append(p.Buf, `]}}`...), nil
}

// Pairs lists the documents in the order of their numbers, with the changed ones
// after all others.
func (s *changingSource) Pairs(_ context.Context, p PairsRequest) (ts, ids []int64, nextTS, nextID int64, err error) {
	at := int64(0)
	switch {
	case p.FromTS > 1_800_000_000_000_000:
		at = s.n + int64(sort.Search(len(s.order), func(k int) bool { return s.changed[s.order[k]] >= p.FromTS }))
	case p.FromID >= 0:
		at = numberOf(p.FromID)
	}
	for ; at < s.n+int64(len(s.order)); at++ {
		i := at
		if at >= s.n {
			i = s.order[at-s.n]
		} else if _, later := s.changed[i]; later || s.removed[i] {
			continue
		}
		if len(ids) == p.Size {
			return ts, ids, s.ts(i), benchIDOf(i), nil
		}
		ts, ids = append(ts, s.ts(i)), append(ids, benchIDOf(i))
	}
	return ts, ids, 0, -1, nil
}

func (s *changingSource) Events(_ context.Context, p EventsRequest, each func(id, ts int64, removed bool) error) error {
	for i := range s.removed {
		if err := each(benchIDOf(i), p.After+1, true); err != nil {
			return err
		}
	}
	return nil
}

// peak calls do and returns the largest heap size meanwhile, in MB.
func peak(do func()) float64 {
	runtime.GC()
	stop, most := make(chan struct{}), make(chan uint64)
	go func() {
		var m runtime.MemStats
		var top uint64
		for {
			runtime.ReadMemStats(&m)
			top = max(top, m.HeapInuse+m.StackInuse)
			select {
			case <-stop:
				most <- top
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	do()
	close(stop)
	return float64(<-most) / 1e6
}

// BenchmarkSync_million performs syncs of a collection of a million documents, of
// which 80 are changed and 20 removed each time, from a source that answers at
// once.
//
//	go test ./export -run '^$' -bench Sync_million -benchtime 1x -cpu 2
func BenchmarkSync_million(b *testing.B) {
	for b.Loop() {
		src := newChangingSource(1_000_000)
		dir := filepath.Join(b.TempDir(), "out")
		one := func(name string, fast bool, rows int64) {
			var m *archive.Manifest
			start := time.Now()
			heap := peak(func() {
				r, err := NewRun(Spec{Mode: Incremental, Collections: []string{"users"}, Fast: fast, Dir: dir}, src, OSEnv(dir))
				if err != nil {
					b.Fatal(err)
				}
				if m, err = r.Do(context.Background()); err != nil {
					b.Fatal(err)
				}
			})
			if e := m.Collections[len(m.Collections)-1]; e.Rows != rows || m.LastSync() != e.Sync {
				b.Fatalf("%s: %+v", name, e)
			}
			b.ReportMetric(time.Since(start).Seconds(), name+"-s")
			b.ReportMetric(heap, name+"-MB")
		}
		one("full", false, 1_000_000)
		if info, err := os.Stat(filepath.Join(dir, store.WorkPrefix, "users.jsonl.pairs")); err == nil {
			b.ReportMetric(float64(info.Size()), "state-bytes")
		}
		edit := func(from int64) {
			for i := range int64(100) {
				if n := from + i*7919; i%5 == 0 {
					src.removed[n] = true
				} else {
					src.change(n)
				}
			}
		}
		edit(1000)
		one("incremental", false, 100)
		edit(5000)
		one("fast", true, 100)
	}
}
