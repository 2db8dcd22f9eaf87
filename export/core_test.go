package export

import (
	"container/heap"
	"context"
	"io"
	"math"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"fauna-export/export/store"
)

// Processor time of requests on a real core, from recorded exchanges: per
// document whatever the query's shape, per id alone, per counted document, per
// page whatever it holds, and per other query.
const (
	coreDocument = 425 * time.Microsecond
	coreID       = 30 * time.Microsecond
	coreCounted  = 6 * time.Microsecond
	corePage     = 25 * time.Millisecond
	coreQuery    = 5 * time.Millisecond
	// corePlain is the document size up to which bytes cost nothing.
	corePlain = 1_000
	// coreBytes is how many further bytes cost a millisecond.
	coreBytes = 456_000
)

// coreSource is a source on a server whose processors work on all requests at
// once, each request on at most one processor. It only takes time: in a synctest
// bubble that time is exact.
type coreSource struct {
	Source
	size    int // of a document, in bytes
	latency time.Duration
	cores   float64

	mu     sync.Mutex
	jobs   coreJobs
	served float64 // processor seconds that each request has received since the start
	at     time.Time
	timer  *time.Timer
	began  time.Time
	pages  []corePageRead
	first  float64 // documents that the server had read after the first second
	// When the last page of ids and the count were asked for.
	ids, count time.Time
}

// coreJob is a request being processed.
type coreJob struct {
	end       float64 // value of coreSource.served at which it ends
	work      float64
	documents int
	done      chan struct{}
}

// corePageRead records a page of documents.
type corePageRead struct {
	n  int
	at time.Duration // when it arrived
}

// arrived returns how many documents arrived within that many seconds.
func (s *coreSource) arrived(seconds int) (n int) {
	for _, p := range s.pages {
		if p.at <= time.Duration(seconds)*time.Second {
			n += p.n
		}
	}
	return n
}

type coreJobs []*coreJob

func (h coreJobs) Len() int           { return len(h) }
func (h coreJobs) Less(i, j int) bool { return h[i].end < h[j].end }
func (h coreJobs) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *coreJobs) Push(x any)        { *h = append(*h, x.(*coreJob)) }
func (h *coreJobs) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	*h = (*h)[:last]
	return x
}

func newCoreSource(src Source, size int) *coreSource {
	s := &coreSource{Source: src, size: size, latency: time.Millisecond, cores: 2, at: time.Now(), began: time.Now()}
	s.timer = time.AfterFunc(math.MaxInt64, s.tick)
	time.AfterFunc(time.Second, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.advance()
		for _, p := range s.pages {
			s.first += float64(p.n)
		}
		for _, j := range s.jobs {
			s.first += float64(j.documents) * (1 - (j.end-s.served)/j.work)
		}
	})
	return s
}

// advance adds the processor time since the last call. The caller holds mu.
func (s *coreSource) advance() {
	now := time.Now()
	if n := float64(len(s.jobs)); n > 0 {
		s.served += now.Sub(s.at).Seconds() * min(1, s.cores/n)
	}
	s.at = now
}

// next sets the timer for the request that ends first. The caller holds mu.
func (s *coreSource) next() {
	if len(s.jobs) == 0 {
		s.timer.Stop()
		return
	}
	wait := (s.jobs[0].end - s.served) / min(1, s.cores/float64(len(s.jobs)))
	s.timer.Reset(time.Duration(math.Ceil(max(0, wait) * 1e9)))
}

func (s *coreSource) tick() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advance()
	for len(s.jobs) > 0 && s.jobs[0].end <= s.served+1e-9 {
		close(heap.Pop(&s.jobs).(*coreJob).done)
	}
	s.next()
}

// serve processes a request that needs that much processor time.
func (s *coreSource) serve(work time.Duration, documents int) {
	time.Sleep(s.latency / 2)
	s.mu.Lock()
	s.advance()
	j := &coreJob{end: s.served + work.Seconds(), work: work.Seconds(), documents: documents, done: make(chan struct{})}
	heap.Push(&s.jobs, j)
	s.next()
	s.mu.Unlock()
	<-j.done
	time.Sleep(s.latency / 2)
}

// document returns the processor time of one document.
func (s *coreSource) document() time.Duration {
	return coreDocument + time.Duration(max(0, s.size-corePlain))*time.Millisecond/coreBytes
}

func (s *coreSource) Now(ctx context.Context) (int64, error) {
	s.serve(coreQuery, 0)
	return s.Source.Now(ctx)
}

func (s *coreSource) CollectionTimes(ctx context.Context, names []string, at int64) ([]int64, error) {
	s.serve(coreQuery, 0)
	return s.Source.CollectionTimes(ctx, names, at)
}

func (s *coreSource) Unreadable(ctx context.Context, names []string) (unreadable, missing, filtered []string, err error) {
	s.serve(coreQuery, 0)
	return s.Source.Unreadable(ctx, names)
}

func (s *coreSource) MinimumTime(ctx context.Context, name string) (int64, error) {
	s.serve(coreQuery, 0)
	return s.Source.MinimumTime(ctx, name)
}

func (s *coreSource) Count(ctx context.Context, name string, at int64) (int64, error) {
	s.mu.Lock()
	s.count = time.Now()
	s.mu.Unlock()
	n, err := s.Source.Count(ctx, name, at)
	s.serve(coreQuery+time.Duration(n)*coreCounted, 0)
	return n, err
}

func (s *coreSource) CountPage(ctx context.Context, p PageRequest) (n, next int64, err error) {
	n, next, err = s.Source.CountPage(ctx, p)
	s.serve(corePage+time.Duration(n)*coreCounted, 0)
	return n, next, err
}

func (s *coreSource) IDs(ctx context.Context, p PageRequest) ([]int64, int64, error) {
	s.mu.Lock()
	s.ids = time.Now()
	s.mu.Unlock()
	ids, next, err := s.Source.IDs(ctx, p)
	s.serve(corePage+time.Duration(len(ids))*coreID, 0)
	return ids, next, err
}

func (s *coreSource) Documents(ctx context.Context, p PageRequest) ([]byte, error) {
	body, err := s.Source.Documents(ctx, p)
	s.serve(corePage+time.Duration(p.Size)*s.document(), p.Size)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pages = append(s.pages, corePageRead{p.Size, time.Since(s.began)})
	return body, err
}

// bareFetch reads n documents with known page boundaries, with that many workers,
// and discards them.
func (s *coreSource) bareFetch(n int64, page, workers int) time.Duration {
	start := time.Now()
	froms := make(chan int64)
	var done sync.WaitGroup
	for range workers {
		done.Go(func() {
			for from := range froms {
				size := int(min(int64(page), n-from+1))
				s.serve(corePage+time.Duration(size)*s.document(), size)
			}
		})
	}
	for from := int64(1); from <= n; from += int64(page) {
		froms <- from
	}
	close(froms)
	done.Wait()
	return time.Since(start)
}

// A run takes little longer than a bare fetch, although it also reads the ids and
// the count, which are 8 % of the server's work for small documents. Within the
// first second it reaches four fifths of its later rate.
//
//	go test ./export -run TestCore -v
func TestCore_aRunIsAsFastAsABareFetch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		documents int64
		size      int
		page      int     // page size of the fastest bare fetch with 8 workers
		most      float64 // limit, as a multiple of the bare fetch
	}{
		{"720B", 140_000, 720, 1000, 1.055},
		{"90B", 400_000, 90, 1000, 1.05},
		{"100kB", 3_000, 100_000, 40, 1.05},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fetch := newCoreSource(nil, c.size).bareFetch(c.documents, c.page, 8)
				src := newCoreSource(newInstantSource(c.documents, c.size), c.size)
				r, err := NewRun(Spec{Collections: []string{"users"}}, src, Env{Store: store.NewStream(io.Discard)})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := r.Do(t.Context()); err != nil {
					t.Fatal(err)
				}
				took := time.Since(src.began)
				ratio := took.Seconds() / fetch.Seconds()
				first := src.first / (float64(c.documents) - src.first) * (took - time.Second).Seconds()
				t.Attr("run/fetch", strconv.FormatFloat(ratio, 'f', 3, 64))
				t.Attr("first-second", strconv.FormatFloat(first, 'f', 2, 64))
				t.Logf("%s, a bare fetch %s; %d documents had arrived after one second, %d after two", took, fetch, src.arrived(1), src.arrived(2))
				if ratio > c.most {
					t.Errorf("it takes %.3f times as long as a bare fetch, more than %.3f", ratio, c.most)
				}
				if first < 0.8 {
					t.Errorf("the first second gives %.2f of the later rate", first)
				}
			})
		})
	}
}

// Counting takes as long as many pages, one after the other, so a large collection is
// counted while it is read, and not only once all of its ids are known.
func TestCore_aLargeCollectionIsCountedBeforeAllItsIDsAreKnown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		src := newCoreSource(newInstantSource(1_000_000, 90), 90)
		r, err := NewRun(Spec{Collections: []string{"users"}}, src, Env{Store: store.NewStream(io.Discard)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Do(t.Context()); err != nil {
			t.Fatal(err)
		}
		if src.count.IsZero() || !src.count.Before(src.ids) {
			t.Errorf("counted from %s on, the last ids were asked for at %s", src.count.Sub(src.began), src.ids.Sub(src.began))
		}
	})
}
