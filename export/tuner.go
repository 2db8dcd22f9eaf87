package export

import "time"

const (
	firstTuned = 8 // requests in flight that a run begins with
	leastTuned = 2 // so that ids can be read beside the documents
	mostTuned  = 16

	// What a number is judged by: so many pages for each request in flight, at
	// least so many, and for at least so long.
	epochPages = 3
	leastPages = 16
	leastEpoch = 500 * time.Millisecond

	tunedGain = 1.06 // more in flight must be worth so much
	tunedLoss = 0.93 // and fewer may cost so much of the best that was seen
	tunedDrop = 0.85 // less than that, by the pages' times alone, is known early
	tunedMove = 1.35 // a speed that changed so much is another server's

	firstRest = 8 // epochs between two searches
	mostRest  = 64

	// rowCost is how many bytes of a page cost a server as much as one more
	// document does: on a real core 640 bytes took 100 µs, 4 MB took 70 ms.
	rowCost = 4 << 10
)

// tuner finds the number of requests in flight: more while that gives more,
// and the least that gives nearly the most, since beyond it only the latency
// grows. It measures a number for an epoch, tries one half as large again,
// then one a third smaller, keeps what is better and rests.
//
// It has no clock and no lock of its own.
type tuner struct {
	n int // requests in flight

	settle int       // pages that still belong to the number before
	since  time.Time // of the epoch, zero while pages settle
	pages  int
	work   float64
	busy   time.Duration

	step  tunerStep
	base  int     // the number to go back to
	best  float64 // the highest speed of this search
	rose  bool    // this search took more
	rest  int     // epochs left to rest
	rests int     // how long the next rest is
	calm  float64 // the speed at rest, 0 before it is known
	slow  time.Duration
}

// tunerStep is what an epoch is for.
type tunerStep int

const (
	tunerBase  tunerStep = iota // the number as it is
	tunerMore                   // more
	tunerFewer                  // fewer
	tunerRest
)

// newTuner begins at n requests in flight.
func newTuner(n int) *tuner {
	n = min(max(n, leastTuned), mostTuned)
	return &tuner{n: n, rests: firstRest, settle: n}
}

// page learns from a page that is read now, after took. It must be one that
// was answered at the first time, and as large as the next ones will be.
func (t *tuner) page(now time.Time, took time.Duration, rows int, bytes int64) {
	if t.settle > 0 {
		if t.settle--; t.settle == 0 {
			t.since = now
		}
		return
	}
	t.pages++
	t.work += float64(bytes) + rowCost*float64(rows)
	t.busy += took
	elapsed, before := now.Sub(t.since), t.n
	switch {
	case t.tooFew():
		t.settleOn(t.base)
	case t.pages < max(epochPages*t.n, leastPages) || elapsed < leastEpoch:
		return
	default:
		t.judge(t.work/elapsed.Seconds(), t.busy/time.Duration(t.pages))
	}
	t.again(now)
	if t.n != before {
		t.settle = max(before, t.n)
	}
}

// tooFew tells before the end of an epoch that fewer in flight are too few:
// with so many pages at a time, and each taking what it took, there is no way
// to be as fast as was seen. Far servers show it at once, as their pages take
// the same time however few there are.
func (t *tuner) tooFew() bool {
	if t.step != tunerFewer || t.pages < t.n {
		return false
	}
	most := t.work / t.busy.Seconds() * float64(t.n)
	return most < t.best*tunedDrop
}

// disturbed begins the epoch anew: what happened in it was not the server's
// speed with this number.
func (t *tuner) disturbed() {
	t.again(time.Time{})
	t.settle = max(t.settle, t.n)
}

func (t *tuner) again(now time.Time) {
	t.since, t.pages, t.work, t.busy = now, 0, 0, 0
}

// judge takes the speed of an epoch, and how long its pages took, to choose
// the number for the next one.
func (t *tuner) judge(speed float64, took time.Duration) {
	switch t.step {
	case tunerBase:
		t.search(speed, false)
	case tunerMore:
		switch {
		case speed < t.best*tunedGain && t.rose:
			t.settleOn(t.base)
		case speed < t.best*tunedGain:
			t.fewer()
		default:
			t.base, t.best, t.rose = t.n, speed, true
			t.more()
		}
	case tunerFewer:
		if speed < t.best*tunedLoss {
			t.settleOn(t.base)
			return
		}
		t.base, t.best = t.n, max(t.best, speed)
		t.fewer()
	case tunerRest:
		if t.calm == 0 {
			t.calm, t.slow = speed, took
		}
		moved := speed > t.calm*tunedMove || speed*tunedMove < t.calm
		if moved {
			t.rests = firstRest
		}
		if t.rest--; moved || t.rest <= 0 {
			t.search(speed, took > t.slow && speed < t.calm)
		}
	}
}

// search looks for a better number than the present one, which gives speed:
// first for more, unless less was got for a longer wait.
func (t *tuner) search(speed float64, burdened bool) {
	t.base, t.best, t.rose = t.n, speed, false
	if burdened {
		t.fewer()
		return
	}
	t.more()
}

func (t *tuner) more() {
	switch {
	case t.base < mostTuned:
		t.step, t.n = tunerMore, min(mostTuned, t.base+max(1, t.base/2))
	case t.rose:
		t.settleOn(t.base)
	default:
		t.fewer()
	}
}

func (t *tuner) fewer() {
	if t.base <= leastTuned {
		t.settleOn(t.base)
		return
	}
	t.step, t.n = tunerFewer, max(leastTuned, t.base-max(1, t.base/3))
}

// settleOn ends a search. The next one comes later when this one found
// nothing new.
func (t *tuner) settleOn(n int) {
	t.n, t.step, t.calm = n, tunerRest, 0
	t.rest = t.rests
	t.rests = min(2*t.rests, mostRest)
}
