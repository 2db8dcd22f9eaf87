package export

import "time"

const (
	firstTuned = 8 // requests in flight at the start
	leastTuned = 2 // so that ids can be read in parallel to documents
	mostTuned  = 16

	// An epoch measures a number of workers: this many pages per request in
	// flight, a minimum of pages, and a minimum time.
	epochPages = 3
	leastPages = 16
	leastEpoch = 500 * time.Millisecond

	tunedGain = 1.06 // least gain that justifies more
	tunedLoss = 0.93 // greatest loss, from the best, that fewer may cost
	tunedDrop = 0.85 // below this, by page times alone, an epoch ends early
	tunedMove = 1.35 // a change of speed that means new conditions

	firstRest = 8 // epochs between searches, at first
	mostRest  = 64

	// rowCost is how many bytes cost a server as much as one more document: on
	// a real server 640 bytes took 100 µs, 4 MB took 70 ms.
	rowCost = 4 << 10
)

// tuner finds the number of requests in flight: the smallest that is nearly as
// fast as the best, since more only adds latency. It measures one number for an
// epoch, tries half as many more, then a third fewer, keeps the better one and
// rests.
//
// The caller provides the clock and the lock.
type tuner struct {
	n int // requests in flight

	settle int       // pages that still belong to the previous number
	since  time.Time // of the epoch, zero while pages settle
	pages  int
	work   float64
	busy   time.Duration

	step  tunerStep
	base  int     // the number to go back to
	best  float64 // the highest speed of this search
	rose  bool    // this search settled on more
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

// newTuner returns a tuner that starts with n requests in flight.
func newTuner(n int) *tuner {
	n = min(max(n, leastTuned), mostTuned)
	return &tuner{n: n, rests: firstRest, settle: n}
}

// page learns from a page that has just been read, after took. Pass only pages
// that succeeded at the first try and have the usual size.
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

// tooFew reports before the end of an epoch that fewer requests in flight are
// too few: given the time per page, this many cannot reach the best speed.
// Distant servers show this at once, since their pages take the same time
// however few there are.
func (t *tuner) tooFew() bool {
	if t.step != tunerFewer || t.pages < t.n {
		return false
	}
	most := t.work / t.busy.Seconds() * float64(t.n)
	return most < t.best*tunedDrop
}

// disturbed restarts the epoch, because it did not measure the server's speed
// with this number.
func (t *tuner) disturbed() {
	t.again(time.Time{})
	t.settle = max(t.settle, t.n)
}

func (t *tuner) again(now time.Time) {
	t.since, t.pages, t.work, t.busy = now, 0, 0, 0
}

// judge chooses the number for the next epoch from the speed of this one and
// the duration of its pages.
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

// search looks for a better number than the current one, which gives speed. It
// tries more first, unless that only made pages slower.
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

// settleOn ends a search. If it found nothing new the next one comes later.
func (t *tuner) settleOn(n int) {
	t.n, t.step, t.calm = n, tunerRest, 0
	t.rest = t.rests
	t.rests = min(2*t.rests, mostRest)
}
