package tui

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fauna-export/export"
	"fauna-export/export/store"
	"fauna-export/fauna"
)

// jumpClock is a clock that runs many times as fast, and can jump.
type jumpClock struct {
	began time.Time
	fast  time.Duration

	mu     sync.Mutex
	jumped time.Duration
}

func (c *jumpClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return testNow.Add(time.Since(c.began)*c.fast + c.jumped)
}

func (c *jumpClock) Wait(ctx context.Context, d time.Duration) error { return sleep(ctx, d/c.fast) }

// jump advances the clock as a closed laptop lid would.
func (c *jumpClock) jump(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.jumped += d
}

// lostServer is a server that is unreachable while lost, the first time after
// pagesUntilLost pages of documents.
type lostServer struct {
	server
	address string
	lost    atomic.Bool
	pages   atomic.Int64
}

// pagesUntilLost is how many pages it takes until the network is lost.
const pagesUntilLost = 12

func (l *lostServer) gone() error {
	if !l.lost.Load() {
		return nil
	}
	return &fauna.Error{Op: "read", Kind: fauna.KindUnreachable, Endpoint: l.address, Err: errNoNetwork}
}

func (l *lostServer) Now(ctx context.Context) (int64, error) {
	if err := l.gone(); err != nil {
		return 0, err
	}
	return l.server.Now(ctx)
}

func (l *lostServer) IDs(ctx context.Context, p export.PageRequest) ([]int64, int64, error) {
	if err := l.gone(); err != nil {
		return nil, 0, err
	}
	return l.server.IDs(ctx, p)
}

func (l *lostServer) Documents(ctx context.Context, p export.PageRequest) ([]byte, error) {
	if err := l.gone(); err != nil {
		return nil, err
	}
	if l.pages.Add(1) == pagesUntilLost {
		l.lost.Store(true)
	}
	return l.server.Documents(ctx, p)
}

func (l *lostServer) MinimumTime(ctx context.Context, collection string) (int64, error) {
	if err := l.gone(); err != nil {
		return 0, err
	}
	return l.server.MinimumTime(ctx, collection)
}

// asleep returns a wizard whose export of the sample's customers takes some time, on a
// clock and over a network controlled by the test.
func asleep(t *testing.T) (*bench, *jumpClock, *lostServer) {
	t.Helper()
	clock := &jumpClock{began: time.Now(), fast: 40}
	srv, address := sampleServer(t, clock.Now)
	lost := &lostServer{address: strings.TrimPrefix(address, "http://")}
	b := newBench(t, 80, 24, func(b *bench, c *Config) {
		c.Endpoint, c.Dir = address, filepath.Join(t.TempDir(), "shop")
		b.dial = func(o fauna.Options) (server, error) {
			client, err := fauna.NewClient(o)
			lost.server = client
			return lost, err
		}
	})
	b.w.now = clock.Now
	b.w.runner.open = func(s export.Spec, src export.Source, _ bool) (exporting, error) {
		s.MaxRate, s.PageSize, s.Workers = 40, 20, 2
		return export.NewRun(s, src, export.Env{Store: store.NewFolder(s.Dir), Clock: clock, Rand: rand.NewPCG(1, 2)})
	}
	b.names = "products, customers"
	b.to(secretID)
	for _, fql := range []string{b.w.setup().RoleFQL(), b.w.setup().KeyFQL()} {
		text, err := srv.Shell(t.Context(), srv.Secret(), fql)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(text, "secret") {
			b.paste(text)
		}
	}
	b.keys("enter", "enter")
	b.at(checkID)
	b.run, b.held = nil, true
	b.keys("enter")
	b.at(exportID)
	return b, clock, lost
}

// until polls the export until holds accepts the screen.
func (b *bench) until(what string, holds func(view string) bool) {
	b.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		if b.poll != nil {
			b.look()
		}
		view := b.view()
		for _, wild := range []string{"NaN", "Inf", "-1 s", "-1/s", "lives -", "lives 0"} {
			if strings.Contains(view, wild) {
				b.t.Errorf("the screen shows %q:\n%s", wild, view)
			}
		}
		switch {
		case holds(view):
			return
		case b.t.Failed() || time.Now().After(deadline):
			b.t.Fatalf("there is still not: %s\n%s", what, view)
		}
	}
}

func TestExport_sleepOfTwoHoursAndALostNetwork(t *testing.T) {
	b, clock, lost := asleep(t)
	has := func(text string) func(string) bool {
		return func(view string) bool { return strings.Contains(view, text) }
	}
	b.until("what it waits for", has("Connection lost"))
	b.shows("readable for 1")

	clock.jump(2 * time.Hour)
	b.until("that the snapshot has expired", has("expired; the rest needs a new one"))
	b.hides("more minutes")
	b.until("that it still tries", has("Connection lost"))
	if st := b.w.steps[exportID].(*exportStep).now.status; st.ETA > time.Hour || st.Rate > 1_000 {
		t.Errorf("ETA %s, %.0f rows/s", st.ETA, st.Rate)
	}

	lost.lost.Store(false)
	b.until("a new snapshot", func(view string) bool {
		return strings.Contains(view, "renewed once, so more than one point in time") || b.w.at == doneID // a busy machine may skip that screen
	})
	b.until("the end", func(string) bool { return b.w.at == doneID })
	b.shows("Finished, but incomplete", "ot from a single point in time")
	m := b.w.runner.progress().manifest
	for _, e := range m.Collections {
		want := map[string]int64{"customers": 2_400, "products": 260}[e.Name]
		if e.Rows != want {
			t.Errorf("%s: %d rows, want %d", e.Name, e.Rows, want)
		}
	}
}
