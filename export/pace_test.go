package export

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"fauna-export/export/archive"
	"fauna-export/export/store/storetest"
	"fauna-export/fauna"
)

func TestSizer_findsPagesOfAMegabyteOrMore(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		bytes    int64         // size of a document
		each     time.Duration // time per document
		min, max int
	}{
		{"small documents", 200, 0, 5000, 7501},
		{"of 640 bytes", 640, 0, 1500, 2400},
		{"tiny documents stop at the largest page", 10, 0, 20_000, 20_000},
		{"of 100 kB", 100_000, 0, 10, 26},
		{"of 8 MB", 8_000_000, 0, 1, 1},
		{"a slow server", 640, 10 * time.Millisecond, 50, 200},
		{"a very slow server", 640, 3 * time.Second, 1, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSizer(0)
			if s.n != 32 {
				t.Errorf("it begins with %d", s.n)
			}
			for range 40 {
				s.observe(s.n, int64(s.n)*c.bytes, time.Duration(s.n)*c.each, 8, time.Minute)
			}
			if s.n < c.min || s.n > c.max {
				t.Errorf("it ends with %d", s.n)
			}
			if got := s.reserve(s.n); got < int64(s.n)*c.bytes {
				t.Errorf("it reserves %d", got)
			}
		})
	}
}

func TestSizer_growsAgainAfterAFailure(t *testing.T) {
	t.Parallel()
	for _, fixed := range []int{0, 1000} {
		s := newSizer(fixed)
		for range 20 {
			s.observe(s.n, int64(s.n)*640, 0, 8, time.Minute)
		}
		before := s.n
		s.shrink(s.n)
		if s.n > before/2 {
			t.Errorf("%d after %d", s.n, before)
		}
		for range 30 {
			s.observe(s.n, int64(s.n)*640, 0, 8, time.Minute)
		}
		if s.n < before*3/4 {
			t.Errorf("%d long after %d", s.n, before)
		}
		if fixed > 0 && s.n != fixed {
			t.Errorf("the user's choice became %d", s.n)
		}
	}
}

func TestSizer_shrinksWhenDocumentsGrow(t *testing.T) {
	t.Parallel()
	s := newSizer(0)
	for range 20 {
		s.observe(s.n, int64(s.n)*640, 0, 8, time.Minute)
	}
	s.observe(s.n, int64(s.n)*64_000, 0, 8, time.Minute)
	if _, most := aimed(8); int64(s.n)*64_000 > most {
		t.Errorf("pages of %d", s.n)
	}
}

func TestPace_backoffDoublesWithJitterAndHasACeiling(t *testing.T) {
	t.Parallel()
	p := newPace(systemClock{}, rand.NewPCG(1, 1), 8, 0)
	seen := map[time.Duration]bool{}
	for n := range 20 {
		top := min(firstBackoff<<min(n, 10), maxBackoff)
		for range 20 {
			d := p.backoff(n)
			if d < top/2 || d > top {
				t.Errorf("pause %d is %s, not within %s and %s", n, d, top/2, top)
			}
			seen[d] = true
		}
	}
	if len(seen) < 300 {
		t.Errorf("only %d different pauses", len(seen))
	}
}

func TestPace_slowDownIsShared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPace(systemClock{}, rand.NewPCG(1, 1), 8, 0)
		p.slow(3 * time.Second)
		p.slow(time.Second) // the same overload, reported to another worker
		if got := p.inFlight(); got != 4 {
			t.Errorf("%d in flight", got)
		}
		start := time.Now()
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				if err := p.wait(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("they waited %s", took)
		}
		for range 200 {
			p.asked()(nil)
		}
		if got := p.inFlight(); got != 8 {
			t.Errorf("%d in flight after many answers", got)
		}
		for range 20 {
			time.Sleep(time.Minute)
			p.slow(time.Second)
		}
		if got := p.inFlight(); got != 1 {
			t.Errorf("%d in flight", got)
		}
	})
}

// One worker still pauses after a failure; another gets an answer.
func TestPace_whatIsWaitedForGoesWithTheNextAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPace(systemClock{}, rand.NewPCG(1, 1), 8, 0)
		ctx, cancel := context.WithCancel(t.Context())
		var pausing sync.WaitGroup
		pausing.Go(func() { _ = p.pause(ctx, time.Hour, errors.New("refuses the connection")) })
		synctest.Wait()
		if _, why := p.state(); why == nil || why.Error() != "refuses the connection" {
			t.Errorf("it waits for %v", why)
		}
		p.asked()(nil)
		if next, why := p.state(); why != nil || !next.IsZero() {
			t.Errorf("after an answer it waits for %v, until %s", why, next)
		}
		answered := p.asked()
		time.Sleep(longSilence)
		if _, why := p.state(); why == nil || why.Error() != "no answer from the server for 5s" {
			t.Errorf("without an answer it says %v", why)
		}
		answered(nil)
		if _, why := p.state(); why != nil {
			t.Errorf("after the answer it says %v", why)
		}
		cancel()
		pausing.Wait()

		if err := p.pause(t.Context(), time.Second, errors.New("refuses the connection")); err != nil {
			t.Fatal(err)
		}
		answered = p.asked()
		if next, why := p.state(); why == nil || !next.IsZero() { // the second try is not an answer yet
			t.Errorf("during the next try it waits for %v, until %s", why, next)
		}
		answered(nil)
		if _, why := p.state(); why != nil {
			t.Errorf("after its answer it says %v", why)
		}
	})
}

func TestPace_spendsDocumentsEvenly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPace(systemClock{}, rand.NewPCG(1, 1), 8, 100)
		start := time.Now()
		for range 10 {
			if err := p.spend(t.Context(), 50); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took != 4500*time.Millisecond {
			t.Errorf("500 documents took %s", took)
		}
	})
}

func TestMeter_ratesAreOfTheLastSeconds(t *testing.T) {
	t.Parallel()
	var m meter
	now := time.Unix(1_800_000_000, 0)
	if rows, _ := m.rates(now); rows != 0 {
		t.Errorf("%f before anything", rows)
	}
	for range 300 {
		m.add(now, 10, 1000)
		now = now.Add(100 * time.Millisecond)
	}
	if rows, bytes := m.rates(now); rows < 90 || rows > 115 || bytes < 9000 || bytes > 11_500 {
		t.Errorf("%f rows, %f bytes a second", rows, bytes)
	}
	if rows, _ := m.rates(now.Add(11 * time.Second)); rows != 0 {
		t.Errorf("%f rows a second long after", rows)
	}
}

func TestRun_pausesAndChangesWorkers(t *testing.T) {
	t.Parallel()
	src := newFakeSource(map[string]int{"users": 3000})
	flying, most := 0, 0
	var mu sync.Mutex
	entered := make(chan struct{}, 1000)
	goOn := make(chan struct{})
	slow := &slowSource{fakeSource: src, in: func() {
		mu.Lock()
		flying++
		most = max(most, flying)
		mu.Unlock()
		entered <- struct{}{}
		<-goOn
		mu.Lock()
		flying--
		mu.Unlock()
	}}
	r, err := NewRun(Spec{Collections: []string{"users"}, PageSize: 50, Workers: 2}, slow, OSEnv(exportDir(t)))
	if err != nil {
		t.Fatal(err)
	}
	result := make(chan error, 1)
	go func() {
		_, err := r.Do(context.Background())
		result <- err
	}()
	<-entered
	goOn <- struct{}{}
	<-entered
	<-entered
	if s := r.Status(); s.InFlight != 2 || s.Workers != 2 || s.Phase != Running {
		t.Errorf("%+v", s)
	}
	r.Pause()
	goOn <- struct{}{}
	goOn <- struct{}{}
	for r.Status().InFlight > 0 {
		time.Sleep(time.Millisecond)
	}
	if s := r.Status(); !s.Paused || s.ETA >= 0 {
		t.Errorf("paused: %+v", s)
	}
	r.SetWorkers(5)
	r.Continue()
	for range 5 {
		<-entered
	}
	if s := r.Status(); s.InFlight != 5 || s.Workers != 5 {
		t.Errorf("%+v", s)
	}
	close(goOn)
	if err := <-result; err != nil {
		t.Fatal(err)
	}
	if most != 5 {
		t.Errorf("%d at once", most)
	}
	s := r.Status()
	if s.Phase != Done || s.Rows != 3000 || s.Expected != 3000 || !s.ExpectedFinal || s.ETA != 0 || s.InFlight != 0 || s.Bytes == 0 || s.Written == 0 {
		t.Errorf("%+v", s)
	}
}

// slowSource calls in for each page of documents.
type slowSource struct {
	*fakeSource
	in func()
}

func (s *slowSource) Documents(ctx context.Context, p PageRequest) ([]byte, error) {
	s.in()
	return s.fakeSource.Documents(ctx, p)
}

// A failure that ended the run is not waited out any more.
func TestStatus_nothingIsWaitedForAfterTheEnd(t *testing.T) {
	t.Parallel()
	src := twoCollections()
	src.fault = func(c fakeCall) error {
		if c.what == "documents" {
			return errFakeDown
		}
		return nil
	}
	r, err := NewRun(Spec{Collections: []string{"users", "orders"}, RetryFor: time.Minute}, src, Env{Store: storetest.NewMemory(), Clock: newSwiftClock(1000)})
	must(t, err)
	if _, err := r.Do(t.Context()); !isError[*GaveUp](err) {
		t.Fatal(err)
	}
	if s := r.Status(); s.Waiting != nil || !s.NextTry.IsZero() {
		t.Errorf("%s, it waits for %v until %s", s.Phase, s.Waiting, s.NextTry)
	}
}

// Nor is one that ended a collection.
func TestStatus_nothingIsWaitedForWhileARunFinishes(t *testing.T) {
	t.Parallel()
	src := twoCollections()
	src.fault = func(c fakeCall) error {
		if c.what == "documents" {
			return errFakeServer
		}
		return nil
	}
	var r *Run
	finishing := false
	disk := &storetest.Faults{Store: storetest.NewMemory(), Fail: func(_ int, op storetest.Op, name string) error {
		if op == storetest.OpWrite && name == archive.ManifestName {
			s := r.Status()
			finishing = s.Phase == Finishing
			if s.Waiting != nil || !s.NextTry.IsZero() {
				t.Errorf("it waits for %v until %s", s.Waiting, s.NextTry)
			}
		}
		return nil
	}}
	r, err := NewRun(Spec{Collections: []string{"users"}, RetryFor: time.Minute}, src, Env{Store: disk, Clock: newSwiftClock(1000)})
	must(t, err)
	if _, err := r.Do(t.Context()); !isError[*BadDocument](err) || !finishing {
		t.Errorf("%v", err)
	}
}

// downIndex is a server that answers nothing about an index.
type downIndex struct{ *fauna.Client }

func (downIndex) Pairs(context.Context, PairsRequest) (ts, ids []int64, nextTS, nextID int64, err error) {
	return nil, nil, 0, 0, errFakeDown
}

// A sync after the first has a status of its own, which the run shows.
func TestStatus_nothingIsWaitedForAfterASync(t *testing.T) {
	t.Parallel()
	s := startSyncServer(t)
	s.createDocs(1)
	s.sync()
	r, err := NewRun(s.spec(), downIndex{s.client}, swiftEnv(s.dir, 1))
	must(t, err)
	if _, err := r.Do(t.Context()); !isError[*GaveUp](err) {
		t.Fatal(err)
	}
	if s := r.Status(); s.Waiting != nil || !s.NextTry.IsZero() {
		t.Errorf("%s, it waits for %v until %s", s.Phase, s.Waiting, s.NextTry)
	}
}
