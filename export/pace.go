package export

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// longSilence is how long the server may be silent before the status reports it.
const longSilence = 5 * time.Second

// pace limits how fast all workers together send requests: it pauses and lowers
// the number of requests in flight when the server is overloaded, limits the
// rate of documents, and randomizes retries.
type pace struct {
	clock Clock
	told  func(why string) // of a wait; may be nil

	mu struct {
		sync.Mutex
		maxRate int
		random  *rand.Rand
		until   time.Time // no requests before this time
		limit   float64   // requests in flight, at most
		most    float64
		reserve time.Time // when maxRate allows the next document
		waiting error
		nextTry time.Time
		waits   int           // calls that are pausing after a failure
		flying  int           // requests in flight
		nearest time.Duration // the shortest time to an answer, 0 before the first
		silent  time.Time     // since when no request in flight was answered
	}
}

func newPace(clock Clock, src rand.Source, workers, maxRate int) *pace {
	p := &pace{clock: clock}
	p.mu.random, p.mu.maxRate = rand.New(src), maxRate
	p.mu.limit, p.mu.most = float64(workers), float64(workers)
	return p
}

// backoff returns the pause after the nth failure in a row: it doubles each
// time, and is a random value between half and all of that.
func (p *pace) backoff(n int) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return backoff(n, p.mu.random)
}

// wait returns when this worker may send a request.
func (p *pace) wait(ctx context.Context) error {
	for {
		p.mu.Lock()
		d := p.mu.until.Sub(p.clock.Now())
		p.mu.Unlock()
		if d <= 0 {
			return ctx.Err()
		}
		if err := p.clock.Wait(ctx, d); err != nil {
			return err
		}
	}
}

// spend waits until maxRate allows n more documents.
func (p *pace) spend(ctx context.Context, n int) error {
	p.mu.Lock()
	if p.mu.maxRate == 0 {
		p.mu.Unlock()
		return nil
	}
	now := p.clock.Now()
	if p.mu.reserve.Before(now) {
		p.mu.reserve = now
	}
	d := p.mu.reserve.Sub(now)
	p.mu.reserve = p.mu.reserve.Add(time.Duration(float64(n) / float64(p.mu.maxRate) * float64(time.Second)))
	p.mu.Unlock()
	return p.clock.Wait(ctx, d)
}

// setMaxRate changes the maximum rate and drops reservations under the old one.
func (p *pace) setMaxRate(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mu.maxRate, p.mu.reserve = n, time.Time{}
}

// slow makes all workers pause, and halves the requests in flight.
func (p *pace) slow(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock.Now()
	if t := now.Add(d); t.After(p.mu.until) {
		// An overload fails all requests in flight at once, but should halve
		// only once.
		if p.mu.until.Before(now) {
			p.mu.limit = max(1, p.mu.limit/2)
		}
		p.mu.until = t
	}
}

// asked records a request. The function it returns records its end, with or
// without an answer.
func (p *pace) asked() (answered func(error)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mu.flying == 0 {
		p.mu.silent = p.clock.Now()
	}
	p.mu.flying++
	asked := p.clock.Now()
	return func(err error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.mu.flying--
		if err == nil {
			p.mu.silent = p.clock.Now()
			if took := p.mu.silent.Sub(asked); p.mu.nearest == 0 || took < p.mu.nearest {
				p.mu.nearest = took
			}
			// Others may still be pausing, but the server answers again.
			p.mu.waiting, p.mu.nextTry = nil, time.Time{}
			if p.mu.limit < p.mu.most {
				// After an overload the limit grows again, by one every few
				// answers.
				p.mu.limit = min(p.mu.most, p.mu.limit+1/(2*p.mu.limit))
			}
		}
	}
}

// far reports whether a request that took so long spent most of it on the round
// trip.
func (p *pace) far(took time.Duration) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return took < 2*p.mu.nearest
}

// load returns the number of requests in flight, and whether it is reduced.
func (p *pace) load() (flying int, reduced bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mu.flying, p.mu.limit < p.mu.most || p.clock.Now().Before(p.mu.until)
}

func (p *pace) inFlight() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return int(p.mu.limit)
}

func (p *pace) setWorkers(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mu.most, p.mu.limit = float64(n), float64(n)
}

// pause pauses one worker after a failure, and makes the reason visible in the
// status.
func (p *pace) pause(ctx context.Context, d time.Duration, why error) error {
	p.mu.Lock()
	p.mu.waits++
	first := p.mu.waits == 1
	p.mu.waiting, p.mu.nextTry = why, p.clock.Now().Add(d)
	p.mu.Unlock()
	if first {
		p.tell(why)
	}
	err := p.clock.Wait(ctx, d)
	p.mu.Lock()
	p.mu.waits--
	if p.mu.waits == 0 { // only an answer ends what is waited out
		p.mu.nextTry = time.Time{}
	}
	p.mu.Unlock()
	return err
}

// tell says why the run waits.
func (p *pace) tell(why error) {
	if p.told != nil {
		p.told(why.Error())
	}
}

// state returns the failure that the run is waiting out, nil for none, and when it
// tries again, zero if it is trying or the server is only silent.
func (p *pace) state() (next time.Time, why error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if quiet := p.clock.Now().Sub(p.mu.silent); p.mu.waiting == nil && p.mu.flying > 0 && quiet >= longSilence {
		return time.Time{}, fmt.Errorf("no answer from the server for %s", quiet.Round(time.Second))
	}
	return p.mu.nextTry, p.mu.waiting
}
