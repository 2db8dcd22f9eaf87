package export

import (
	"context"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"fauna-export/export/row"
	"fauna-export/export/store"
)

// farSource is a source behind a slow line, on a server with a number of cores.
// It only takes time: in a synctest bubble that time is exact.
type farSource struct {
	Source
	latency   time.Duration // round trip
	bandwidth int64         // bytes per second, 0 for unlimited
	cores     chan struct{} // nil for unlimited
	document  time.Duration // time of a core for one
	id        time.Duration // time of a core for an id alone

	mu    sync.Mutex
	line  time.Time // when the line is free again
	most  int       // most pages of documents at once
	now   int
	pages []farPage // in order of arrival
}

// farPage records a page of documents.
type farPage struct {
	n, bytes int
	took     time.Duration
}

func (f *farSource) work(d time.Duration) {
	time.Sleep(f.latency / 2)
	if f.cores != nil {
		f.cores <- struct{}{}
		time.Sleep(d)
		<-f.cores
	}
}

func (f *farSource) send(bytes int) {
	if f.bandwidth > 0 {
		f.mu.Lock()
		now := time.Now()
		if f.line.Before(now) {
			f.line = now
		}
		f.line = f.line.Add(time.Duration(bytes) * time.Second / time.Duration(f.bandwidth))
		wait := f.line.Sub(now)
		f.mu.Unlock()
		time.Sleep(wait)
	}
	time.Sleep(f.latency / 2)
}

func (f *farSource) Now(ctx context.Context) (int64, error) {
	f.work(0)
	f.send(100)
	return f.Source.Now(ctx)
}

func (f *farSource) CollectionTimes(ctx context.Context, names []string, at int64) ([]int64, error) {
	f.work(0)
	f.send(100)
	return f.Source.CollectionTimes(ctx, names, at)
}

func (f *farSource) Unreadable(ctx context.Context, names []string) (unreadable, missing, filtered []string, err error) {
	f.work(0)
	f.send(100)
	return f.Source.Unreadable(ctx, names)
}

func (f *farSource) IDs(ctx context.Context, p PageRequest) ([]int64, int64, error) {
	ids, next, err := f.Source.IDs(ctx, p)
	f.work(time.Duration(len(ids)) * f.id)
	f.send(10 * len(ids))
	return ids, next, err
}

func (f *farSource) Documents(ctx context.Context, p PageRequest) ([]byte, error) {
	start := time.Now()
	f.mu.Lock()
	f.now++
	f.most = max(f.most, f.now)
	f.mu.Unlock()
	f.work(time.Duration(p.Size) * f.document)
	body, err := f.Source.Documents(ctx, p)
	f.send(len(body))
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now--
	f.pages = append(f.pages, farPage{p.Size, len(body), time.Since(start)})
	return body, err
}

// farRun exports n documents of 640 bytes from the source, and returns how long
// that took.
func farRun(t *testing.T, spec Spec, f *farSource, n int64) (time.Duration, *Run) {
	t.Helper()
	if f.Source == nil {
		f.Source = newInstantSource(n, 640)
	}
	spec.Collections = []string{"users"}
	r, err := NewRun(spec, f, Env{Store: store.NewStream(io.Discard)})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	m, err := r.Do(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if m.Collections[0].Rows != n {
		t.Errorf("%d rows of %d", m.Collections[0].Rows, n)
	}
	took := time.Since(start)
	t.Logf("%s for %d documents, %d requests, %d at once of %d", took, n, r.Status().Requests, f.most, r.Status().Workers)
	return took, r
}

// How close a run comes to its limit, including the start: requests in flight
// times page size per latency, or the line's bandwidth.
func TestRun_nearlyAllThatALineCanCarry(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		latency   time.Duration
		bandwidth int64
		workers   int // 0 lets the run choose
		page      int
		documents int64
		least     float64 // share of the limit; of that for 8 requests if the run chooses
	}{
		{"50 ms", 50 * time.Millisecond, 0, 8, 250, 100_000, 0.85},
		{"200 ms", 200 * time.Millisecond, 0, 8, 250, 100_000, 0.85},
		{"200 ms, one at a time", 200 * time.Millisecond, 0, 1, 250, 50_000, 0.85},
		{"200 ms, 16 at a time", 200 * time.Millisecond, 0, 16, 250, 200_000, 0.85},
		{"50 ms, pages found", 50 * time.Millisecond, 0, 8, 0, 300_000, 0.70},
		{"50 ms, number found", 50 * time.Millisecond, 0, 0, 250, 120_000, 1.2},
		{"200 ms, all found", 200 * time.Millisecond, 0, 0, 0, 400_000, 1.1},
		{"1 MB/s", time.Millisecond, 1_000_000, 8, 0, 50_000, 0.95},
		{"1 MB/s, one at a time", time.Millisecond, 1_000_000, 1, 0, 50_000, 0.95},
		{"1 MB/s, 200 ms", 200 * time.Millisecond, 1_000_000, 8, 0, 50_000, 0.93},
		{"1 MB/s, all found", time.Millisecond, 1_000_000, 0, 0, 50_000, 0.95},
		{"1 MB/s, 200 ms, all found", 200 * time.Millisecond, 1_000_000, 0, 0, 50_000, 0.93},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &farSource{latency: c.latency, bandwidth: c.bandwidth}
				took, _ := farRun(t, Spec{Workers: c.workers, PageSize: c.page}, f, c.documents)
				page := c.page
				if page == 0 {
					page = aimBytes / 640
				}
				workers := c.workers
				if workers == 0 {
					workers = farTuned
				}
				possible := float64(workers*page) / c.latency.Seconds()
				if c.bandwidth > 0 {
					possible = float64(c.bandwidth) / 640
				}
				share := float64(c.documents) / took.Seconds() / possible
				if t.Logf("%.1f %% of what is possible", 100*share); share < c.least {
					t.Errorf("less than %.0f %%", 100*c.least)
				}
			})
		})
	}
}

// After a few pages the run uses pages that are large enough but not slow.
func TestRun_findsThePageSizeWithinAFewPages(t *testing.T) {
	t.Parallel()
	const core = 100 * time.Microsecond
	for _, c := range []struct {
		name      string
		latency   time.Duration
		bandwidth int64
		document  time.Duration // time of one of two cores for one, 0 for none
		size      int           // bytes of a document
		documents int64
		few       int           // pages until the size is found
		least     int           // smallest page from then on, in bytes
		most      time.Duration // longest time of such a page
	}{
		{"a near core", time.Millisecond, 0, core, 640, 200_000, 50, 1_000_000, 2 * time.Second},
		{"a core 200 ms away", 200 * time.Millisecond, 0, core, 640, 200_000, 50, 1_000_000, 2 * time.Second},
		{"no core but 200 ms", 200 * time.Millisecond, 0, 0, 640, 300_000, 17, 1_200_000, time.Second},
		{"small documents", 50 * time.Millisecond, 0, 0, 230, 450_000, 17, 1_200_000, time.Second},
		{"documents of 200 kB", 50 * time.Millisecond, 0, 0, 200_000, 2_000, 8, 1_200_000, time.Second},
		{"1 MB/s", time.Millisecond, 1_000_000, 0, 640, 100_000, 40, 60_000, 2 * time.Second},
		{"1 MB/s, 200 ms away", 200 * time.Millisecond, 1_000_000, 0, 640, 100_000, 40, 60_000, 2200 * time.Millisecond},
		{"a slow core", time.Millisecond, 0, 5 * time.Millisecond, 640, 20_000, 48, 30_000, 2 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &farSource{Source: newInstantSource(c.documents, c.size), latency: c.latency, bandwidth: c.bandwidth, document: c.document}
				if c.document > 0 {
					f.cores = make(chan struct{}, 2)
				}
				farRun(t, Spec{Workers: 8}, f, c.documents)
				later := f.pages[c.few : len(f.pages)-22] // the last pages hold what is left
				small, slow := 0, 0
				for _, p := range later {
					if p.bytes < c.least {
						small++
					}
					if p.took > c.most {
						slow++
					}
					if p.bytes > maxBytes*11/10 {
						t.Errorf("a page of %d bytes took %s", p.bytes, p.took)
					}
				}
				if small > len(later)/20 || slow > len(later)/20 {
					t.Errorf("of %d pages %d were small, %d slow", len(later), small, slow)
				}
			})
		})
	}
}

// Ids cost a run no more than their own processing, and its start and end no more
// than two pages of documents.
func TestRun_idsAreReadBesideTheDocuments(t *testing.T) {
	t.Parallel()
	const document, id = 100 * time.Microsecond, 14 * time.Microsecond
	for _, documents := range []int64{3_000, 10_000, 50_000} {
		for _, workers := range []int{2, 4, 8, 0} {
			synctest.Test(t, func(t *testing.T) {
				f := &farSource{latency: time.Millisecond, cores: make(chan struct{}, 2), document: document, id: id}
				took, _ := farRun(t, Spec{Workers: workers}, f, documents)
				work := time.Duration(documents) * (document + id) / 2
				if over := took - work; over > 400*time.Millisecond {
					t.Errorf("%d documents with %d workers took %s, their work takes %s", documents, workers, took, work)
				}
			})
		}
	}
}

// A run uses more requests where that helps and fewer where they only wait, and
// reports how many.
func TestRun_findsTheNumberOfRequests(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		far       func() *farSource
		documents int64
		min, max  int
	}{
		{"a far server", func() *farSource { return &farSource{latency: 200 * time.Millisecond} }, 60_000, 12, 16},
		{"two cores", func() *farSource {
			return &farSource{latency: time.Millisecond, cores: make(chan struct{}, 2), document: 800 * time.Microsecond}
		}, 120_000, 2, 5},
		{"a narrow line", func() *farSource { return &farSource{latency: 20 * time.Millisecond, bandwidth: 1_000_000} }, 200_000, 2, 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := c.far()
				_, r := farRun(t, Spec{PageSize: 250}, f, c.documents)
				// At times it tries half as many more, or a third fewer.
				if n := r.Status().Workers; n < c.min || n > c.max*3/2 {
					t.Errorf("%d in the end", n)
				}
			})
		})
	}
}

// slowDown changes the workers of a run after a number of pages.
type slowDown struct {
	*farSource
	after int
	run   *Run
}

func (s *slowDown) Documents(ctx context.Context, p PageRequest) ([]byte, error) {
	s.mu.Lock()
	switch s.after--; s.after {
	case 0:
		s.run.SetWorkers(3)
	case -MaxWorkers: // requests already in flight have finished
		s.most = 0
	}
	s.mu.Unlock()
	return s.farSource.Documents(ctx, p)
}

func TestRun_theNumberThatTheUserSetsHolds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &slowDown{farSource: &farSource{Source: newInstantSource(60_000, 640), latency: 200 * time.Millisecond}, after: 50}
		r, err := NewRun(Spec{Collections: []string{"users"}, PageSize: 250}, f, Env{Store: store.NewStream(io.Discard)})
		if err != nil {
			t.Fatal(err)
		}
		f.run = r
		if _, err := r.Do(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := r.Status().Workers; n != 3 {
			t.Errorf("%d workers in the end", n)
		}
		if f.most == 0 || f.most > 3 {
			t.Errorf("%d at once", f.most)
		}
	})
}

// waitingWriter blocks until that many pages were read.
type waitingWriter struct {
	*farSource
	pages int
	open  chan struct{}
}

func (w *waitingWriter) Documents(ctx context.Context, p PageRequest) ([]byte, error) {
	w.mu.Lock()
	if w.pages--; w.pages == 0 {
		close(w.open)
	}
	w.mu.Unlock()
	return w.farSource.Documents(ctx, p)
}

func (w *waitingWriter) Write(p []byte) (int, error) {
	<-w.open
	return len(p), nil
}

// A file that is slow, because of a disk or a compressor, does not stop the
// workers from reading.
func TestRun_readsOnWhileTheFileWaits(t *testing.T) {
	t.Parallel()
	for _, spec := range []Spec{{Format: row.JSONL}, {Format: row.CSV, Compress: row.Gzip}, {Format: row.JSONL, Compress: row.Zstd}, {Format: row.Parquet}} {
		spec.Collections, spec.PageSize, spec.Workers = []string{"users"}, 250, 4
		t.Run(spec.withDefaults().formName(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const pages = 60
				w := &waitingWriter{farSource: &farSource{Source: newInstantSource(pages*250, 640), latency: 20 * time.Millisecond}, pages: pages, open: make(chan struct{})}
				r, err := NewRun(spec, w, Env{Store: store.NewStream(w)})
				if err != nil {
					t.Fatal(err)
				}
				start := time.Now()
				if _, err := r.Do(t.Context()); err != nil {
					t.Fatal(err)
				}
				if took, least := time.Since(start), pages*20*time.Millisecond/4; took > least*3/2 {
					t.Errorf("it took %s, %d pages need %s", took, pages, least)
				}
			})
		})
	}
}
