package export

import "time"

const (
	nearTuned = 2 // requests in flight at the start
	farTuned  = 8 // the same if a page takes little longer than a round trip
	minTuned  = 2 // so that ids and documents can be read in parallel
	maxTuned  = 16

	// An epoch measures a number of workers: it lasts for this many pages per
	// request in flight, a minimum of pages, and a minimum time.
	epochPages = 3
	minPages   = 16
	minStart   = 4 // pages of an epoch at the start
	minEpoch   = 500 * time.Millisecond

	// If pages take this long, more in flight are unlikely to help: fewer and
	// larger ones are tried first.
	slowPage = time.Second

	startGain = 1.08 // least gain from doubling, at the start
	tunedGain = 1.06 // least gain that justifies more
	tunedLoss = 0.93 // greatest loss, against the best, that is accepted for fewer
	tunedDrop = 0.85 // below this, measured by page times alone, an epoch ends early
	tunedMove = 1.35 // a change of speed that means new conditions

	startRest = 2 // epochs before the first search
	firstRest = 8 // epochs between searches, at first
	maxRest   = 64

	// rowCost is how many bytes cost a server as much as one more document: on
	// a real server 640 bytes took 100 µs, 4 MB took 70 ms.
	rowCost = 4 << 10
)

// tuner finds the number of requests in flight: the smallest that is nearly as
// fast as the best, since more only adds latency. At the start it doubles the
// number as long as that pays. Later it measures one number for an epoch, tries
// half as many more, then a third fewer (or in the reverse order), keeps the
// better one and rests.
//
// The caller provides the clock and the lock.
type tuner struct {
	n int // requests in flight

	settle int       // pages that still belong to the previous number
	since  time.Time // start of the epoch, zero while pages settle
	pages  int
	work   float64
	busy   time.Duration
	flying int // sum of the requests in flight, over all pages

	step   tunerStep
	base   int           // the number to return to
	best   float64       // the highest speed of this search
	second tunerStep     // what to try if the first direction does not help
	rest   int           // epochs left to rest
	rests  int           // length of the next rest
	calm   float64       // expected speed at rest
	slow   time.Duration // duration of a page at rest, 0 before it is known
}

// tunerStep is the purpose of an epoch.
type tunerStep int

const (
	tunerStart tunerStep = iota // twice as many, while pages still grow
	tunerMore                   // more
	tunerFewer                  // fewer
	tunerRest                   // keep the number
)

// newTuner returns a tuner that starts with n requests in flight.
func newTuner(n int) *tuner {
	n = min(max(n, minTuned), maxTuned)
	return &tuner{n: n, rests: firstRest, settle: n}
}

// page records a page that took this long, with beside other requests in flight.
// Pass only pages that succeeded at the first try and have the usual size.
func (t *tuner) page(now time.Time, took time.Duration, beside, rows int, bytes int64) {
	if t.settle > 0 {
		if t.settle--; t.settle == 0 {
			t.since = now
		}
		return
	}
	t.pages++
	t.work += float64(bytes) + rowCost*float64(rows)
	t.busy += took
	t.flying += 1 + beside
	elapsed, before := now.Sub(t.since), t.n
	switch {
	case t.tooFew():
		t.other()
	case t.step == tunerStart && t.pages >= max(t.n, minStart):
		t.double(t.speed())
	case t.pages < max(epochPages*t.n, minPages) || elapsed < minEpoch:
		return
	default:
		t.judge(t.speed(), t.busy/time.Duration(t.pages))
	}
	t.again(now)
	if t.n != before {
		t.settle = max(before, t.n)
	}
}

// double doubles the requests in flight as long as that pays. The result is near
// the best, but was measured in a hurry, so the first search follows soon.
func (t *tuner) double(speed float64) {
	if speed >= t.best*startGain && t.n < maxTuned {
		t.base, t.best, t.n = t.n, speed, min(2*t.n, maxTuned)
		return
	}
	if speed >= t.best*startGain {
		t.base = t.n
	}
	t.settleOn(t.base)
	t.rest, t.rests = startRest, firstRest
}

// speed returns the work per second with this number: that of one page in flight
// times their number. Counting the pages that arrive would need many of them to
// be as exact.
func (t *tuner) speed() float64 {
	return t.work / max(t.busy, 1).Seconds() * float64(t.flying) / float64(t.pages)
}

// tooFew reports, before the end of an epoch, whether there are too few requests
// in flight. Distant servers show this at once, since their pages take the same
// time however few there are.
func (t *tuner) tooFew() bool {
	return t.step == tunerFewer && t.pages >= t.n && t.speed() < t.best*tunedDrop
}

// disturbed restarts the epoch, because something else affected the speed.
func (t *tuner) disturbed() {
	t.again(time.Time{})
	t.settle = max(t.settle, t.n)
}

func (t *tuner) again(now time.Time) {
	t.since, t.pages, t.flying, t.work, t.busy = now, 0, 0, 0, 0
}

// judge chooses the number for the next epoch from the speed of this one and
// the duration of its pages.
func (t *tuner) judge(speed float64, took time.Duration) {
	switch t.step {
	case tunerMore, tunerFewer:
		least := tunedGain
		if t.step == tunerFewer {
			least = tunedLoss
		}
		if speed < t.best*least {
			t.other()
			return
		}
		t.base, t.best, t.second = t.n, max(t.best, speed), tunerRest
		t.try(t.step)
	case tunerRest:
		if t.slow == 0 {
			t.slow = took
		}
		moved := speed > t.calm*tunedMove || speed*tunedMove < t.calm
		if moved {
			t.rests = firstRest
		}
		switch t.rest--; {
		case !moved && t.rest > 0:
		case took > t.slow && speed < t.calm: // more in flight only made pages slower
			t.search(speed, tunerFewer, tunerRest)
		case took > slowPage:
			t.search(speed, tunerFewer, tunerMore)
		default:
			t.search(speed, tunerMore, tunerFewer)
		}
	}
}

// search looks for a better number than the current one, whose speed is given:
// first in one direction, then, if that does not help, in a second one.
func (t *tuner) search(speed float64, first, second tunerStep) {
	t.base, t.best, t.second = t.n, speed, second
	t.try(first)
}

// other tries the second direction of a search, or ends it.
func (t *tuner) other() {
	step := t.second
	t.second = tunerRest
	t.try(step)
}

// try starts an epoch with the next number in a direction.
func (t *tuner) try(step tunerStep) {
	var n int
	switch step {
	case tunerMore:
		n = min(maxTuned, t.base+max(1, t.base/2))
	case tunerFewer:
		n = max(minTuned, t.base-max(1, t.base/3))
	default:
		t.settleOn(t.base)
		return
	}
	if n == t.base {
		t.other()
		return
	}
	t.step, t.n = step, n
}

// settleOn ends a search. If it found nothing new the next one comes later.
func (t *tuner) settleOn(n int) {
	t.n, t.step, t.calm, t.slow = n, tunerRest, t.best, 0
	t.rest = t.rests
	t.rests = min(2*t.rests, maxRest)
}
