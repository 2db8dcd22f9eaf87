package export

import (
	"container/heap"
	"math/rand/v2"
	"testing"
	"time"
)

// modelServer answers pages in the order of the requests, on a number of cores,
// over a line with latency and bandwidth. It has its own clock.
type modelServer struct {
	cores     int
	page      time.Duration // time of a core per page
	latency   time.Duration // round trip
	bandwidth float64       // bytes per second, 0 for unlimited
	crowd     time.Duration // more time per page for each other one being served
	noise     float64
	most      int // most pages in flight that the memory budget allows, 0 for any

	random *rand.Rand
	now    time.Time
	free   []time.Time // when each core is free
	line   time.Time   // when the line is free
	flying flights
}

const (
	modelRows  = 2000
	modelBytes = 1_300_000
)

type flight struct{ asked, answered time.Time }

type flights []flight

func (f flights) Len() int           { return len(f) }
func (f flights) Less(i, j int) bool { return f[i].answered.Before(f[j].answered) }
func (f flights) Swap(i, j int)      { f[i], f[j] = f[j], f[i] }
func (f *flights) Push(x any)        { *f = append(*f, x.(flight)) }
func (f *flights) Pop() any {
	last := len(*f) - 1
	x := (*f)[last]
	*f = (*f)[:last]
	return x
}

func (m *modelServer) start() {
	m.random = rand.New(rand.NewPCG(1, 2))
	m.now = time.Unix(1_800_000_000, 0)
	m.free = make([]time.Time, m.cores)
	m.line, m.flying = time.Time{}, nil
}

// ask sends one request.
func (m *modelServer) ask() {
	core := 0
	for i, t := range m.free {
		if t.Before(m.free[core]) {
			core = i
		}
	}
	work := m.page + m.crowd*time.Duration(len(m.flying))
	work = time.Duration(float64(work) * (1 + m.noise*(2*m.random.Float64()-1)))
	arrives := m.now.Add(m.latency / 2)
	if arrives.Before(m.free[core]) {
		arrives = m.free[core]
	}
	m.free[core] = arrives.Add(work)
	sent := m.free[core]
	if m.bandwidth > 0 {
		if sent.Before(m.line) {
			sent = m.line
		}
		sent = sent.Add(time.Duration(modelBytes / m.bandwidth * float64(time.Second)))
		m.line = sent
	}
	heap.Push(&m.flying, flight{m.now, sent.Add(m.latency / 2)})
}

// answer waits for the next answer.
func (m *modelServer) answer() flight {
	f := heap.Pop(&m.flying).(flight)
	m.now = f.answered
	return f
}

// speed returns the pages per second with n requests in flight.
func (m *modelServer) speed(n int) float64 {
	if m.most > 0 {
		n = min(n, m.most)
	}
	m.start()
	start := m.now
	const pages = 3000
	for got := 0; got < pages; got++ {
		for len(m.flying) < n {
			m.ask()
		}
		m.answer()
	}
	return pages / m.now.Sub(start).Seconds()
}

// drive passes pages from the server to a tuner, and returns the number it chose
// for each page.
func (m *modelServer) drive(t *tuner, pages int) []int {
	var chosen []int
	for range pages {
		n := t.n
		if m.most > 0 {
			n = min(n, m.most)
		}
		for len(m.flying) < n {
			m.ask()
		}
		f := m.answer()
		t.page(m.now, m.now.Sub(f.asked), len(m.flying), modelRows, modelBytes)
		chosen = append(chosen, t.n)
	}
	return chosen
}

// usual returns the number that a tuner kept for most of the pages.
func usual(chosen []int) (n, pages int) {
	count := map[int]int{}
	for _, c := range chosen {
		if count[c]++; count[c] > pages {
			n, pages = c, count[c]
		}
	}
	return n, pages
}

func TestTuner_findsNearlyTheBestWithinAFewPages(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		server   modelServer
		min, max int // requests in flight at the end
	}{
		{"a server of two cores", modelServer{cores: 2, page: 200 * time.Millisecond, latency: time.Millisecond}, 2, 4},
		{"a server of two cores 50 ms away", modelServer{cores: 2, page: 200 * time.Millisecond, latency: 50 * time.Millisecond}, 2, 5},
		{"a server of eight cores", modelServer{cores: 8, page: 200 * time.Millisecond, latency: 5 * time.Millisecond}, 8, 12},
		{"a server of many cores", modelServer{cores: 64, page: 200 * time.Millisecond, latency: 5 * time.Millisecond}, 16, 16},
		{"a far server", modelServer{cores: 2, page: 20 * time.Millisecond, latency: 200 * time.Millisecond}, 12, 16},
		{"a narrow line", modelServer{cores: 2, page: 100 * time.Millisecond, latency: 50 * time.Millisecond, bandwidth: 1e6}, 2, 4},
		{"a narrow, far line", modelServer{cores: 2, page: 100 * time.Millisecond, latency: 200 * time.Millisecond, bandwidth: 1e6}, 2, 4},
		{"a server that a crowd slows down", modelServer{cores: 2, page: 200 * time.Millisecond, latency: 20 * time.Millisecond, crowd: 20 * time.Millisecond}, 2, 5},
		{"one at a time", modelServer{cores: 1, page: 300 * time.Millisecond}, 2, 4},
		{"a far server under a budget of five pages", modelServer{cores: 8, page: 20 * time.Millisecond, latency: 200 * time.Millisecond, most: 5}, 4, 12},
	} {
		for _, noise := range []float64{0, 0.3} {
			t.Run(c.name, func(t *testing.T) {
				m := c.server
				m.noise = noise
				best := 0.0
				for n := 1; n <= maxTuned; n++ {
					best = max(best, m.speed(n))
				}
				m.start()
				tuned := newTuner(farTuned)
				chosen := m.drive(tuned, 1000)
				early, _ := usual(chosen[200:500])
				late, kept := usual(chosen[500:])
				for when, n := range map[string]int{"early": early, "late": late} {
					if got := m.speed(n); got < 0.90*best {
						t.Errorf("noise %v: %s it keeps %d in flight: %.1f pages/s of %.1f", noise, when, n, got, best)
					}
				}
				if late < c.min || late > c.max {
					t.Errorf("noise %v: it keeps %d in flight, want %d to %d", noise, late, c.min, c.max)
				}
				if share := float64(kept) / 500; share < 0.65 {
					t.Errorf("noise %v: it kept that for %.0f %% of the pages only", noise, 100*share)
				}
			})
		}
	}
}

func TestTuner_costsLittleOnTheWay(t *testing.T) {
	t.Parallel()
	for _, m := range []modelServer{
		{cores: 2, page: 200 * time.Millisecond, latency: 5 * time.Millisecond, noise: 0.3},
		{cores: 2, page: 20 * time.Millisecond, latency: 200 * time.Millisecond, noise: 0.3},
		{cores: 2, page: 50 * time.Millisecond, latency: 50 * time.Millisecond, bandwidth: 1e6, noise: 0.3},
	} {
		best := 0.0
		for n := 1; n <= maxTuned; n++ {
			best = max(best, m.speed(n))
		}
		m.start()
		start := m.now
		m.drive(newTuner(farTuned), 1500)
		if got := 1500 / m.now.Sub(start).Seconds(); got < 0.88*best {
			t.Errorf("%.2f pages/s with the search, %.2f is the best", got, best)
		}
	}
}

// Speeds of a real core, in documents per second, by pages of 4 000 in flight.
var recordedSpeeds = map[int]float64{1: 6862, 2: 8473, 4: 10_871, 8: 10_592, 16: 9026}

// recordedSpeed interpolates the speed of any number linearly.
func recordedSpeed(n int) float64 {
	low := 1
	for 2*low <= n && low < maxTuned {
		low *= 2
	}
	if n == low {
		return recordedSpeeds[n]
	}
	return recordedSpeeds[low] + (recordedSpeeds[2*low]-recordedSpeeds[low])*float64(n-low)/float64(low)
}

func TestTuner_beginsWithAsManyAsARecordedCoreNeeds(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 6))
	for range 20 {
		tuned, now := newTuner(nearTuned), time.Unix(1_800_000_000, 0)
		good := 0
		for page := range 120 {
			speed := recordedSpeed(tuned.n)
			now = now.Add(time.Duration(4000 / speed * float64(time.Second)))
			took := 4000 * float64(tuned.n) / speed * (0.9 + 0.2*random.Float64())
			if page >= 24 && speed > 0.93*recordedSpeeds[4] {
				good++
			}
			tuned.page(now, time.Duration(took*float64(time.Second)), tuned.n-1, 4000, 2_560_000)
		}
		if good < 70 {
			t.Errorf("%d of the last 96 pages were read by a good number at a time; in the end by %d", good, tuned.n)
		}
	}
}

// Eight requests keep the server busy: more give no more, and fewer show at once
// that they give less.
func TestTuner_dropsTooFewRequestsWithinAFewPages(t *testing.T) {
	t.Parallel()
	m := modelServer{cores: 1, page: 25 * time.Millisecond, latency: 175 * time.Millisecond}
	m.start()
	tuned := newTuner(farTuned)
	fewer := 0
	for _, n := range m.drive(tuned, 300) {
		if n < farTuned {
			fewer++
		}
	}
	if fewer == 0 || fewer > 20 { // a full epoch would be 30
		t.Errorf("%d of 300 pages were read by fewer than %d at a time", fewer, farTuned)
	}
}

func TestTuner_followsAServerThatChanges(t *testing.T) {
	t.Parallel()
	m := modelServer{cores: 64, page: 100 * time.Millisecond, latency: 100 * time.Millisecond, noise: 0.2}
	m.start()
	tuned := newTuner(farTuned)
	if n, _ := usual(m.drive(tuned, 600)[300:]); n < 12 {
		t.Fatalf("%d in flight at a server of many cores", n)
	}
	m.free = m.free[:2] // others use it too
	if n, _ := usual(m.drive(tuned, 800)[400:]); n > 7 {
		t.Errorf("%d in flight after it became slow", n)
	}
	m.free = make([]time.Time, 64)
	if n, _ := usual(m.drive(tuned, 800)[400:]); n < 12 {
		t.Errorf("%d in flight after it became fast again", n)
	}
}

func TestTuner_doesNotJudgeWhatWasDisturbed(t *testing.T) {
	t.Parallel()
	m := modelServer{cores: 2, page: 200 * time.Millisecond}
	m.start()
	tuned := newTuner(farTuned)
	for range 100 {
		m.drive(tuned, 10)
		tuned.disturbed()
	}
	if tuned.n != farTuned {
		t.Errorf("%d in flight", tuned.n)
	}
}
