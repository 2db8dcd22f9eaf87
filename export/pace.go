package export

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// longSilence is from when on a run says that it waits for an answer.
const longSilence = 5 * time.Second

// pace is how fast all workers together may ask: pauses after an overloaded
// server's answers, fewer requests in flight after these, a largest rate of
// documents, and the jitter of retries.
type pace struct {
	clock Clock

	mu      sync.Mutex
	maxRate int
	random  *rand.Rand
	until   time.Time // nobody asks before
	limit   float64   // requests in flight, at most
	most    float64
	reserve time.Time // when the next document may be read, under maxRate
	waiting string
	nextTry time.Time
	waits   int       // calls in a pause after a failure
	flying  int       // requests that are not answered yet
	silent  time.Time // since when there is no answer to any of them
}

func newPace(clock Clock, src rand.Source, workers, maxRate int) *pace {
	return &pace{clock: clock, random: rand.New(src), limit: float64(workers), most: float64(workers), maxRate: maxRate}
}

// backoff is the pause after the nth failure in a row: it doubles, and lies
// anywhere between half and all of that.
func (p *pace) backoff(n int) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return backoff(n, p.random)
}

// wait returns when this worker may ask.
func (p *pace) wait(ctx context.Context) error {
	for {
		p.mu.Lock()
		d := p.until.Sub(p.clock.Now())
		p.mu.Unlock()
		if d <= 0 {
			return ctx.Err()
		}
		if err := p.clock.Wait(ctx, d); err != nil {
			return err
		}
	}
}

// spend waits for its turn to read n documents under the largest rate.
func (p *pace) spend(ctx context.Context, n int) error {
	p.mu.Lock()
	if p.maxRate == 0 {
		p.mu.Unlock()
		return nil
	}
	now := p.clock.Now()
	if p.reserve.Before(now) {
		p.reserve = now
	}
	d := p.reserve.Sub(now)
	p.reserve = p.reserve.Add(time.Duration(float64(n) / float64(p.maxRate) * float64(time.Second)))
	p.mu.Unlock()
	return p.clock.Wait(ctx, d)
}

// setMaxRate changes the largest rate; what was reserved under the old one is dropped.
func (p *pace) setMaxRate(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.maxRate, p.reserve = n, time.Time{}
}

// slow makes everybody pause, and halves the requests in flight.
func (p *pace) slow(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock.Now()
	if t := now.Add(d); t.After(p.until) {
		// One overload is answered to all that were in flight: it halves once.
		if p.until.Before(now) {
			p.limit = max(1, p.limit/2)
		}
		p.until = t
	}
}

// asked notes a request. What it returns notes how it ended: with an answer,
// whatever its sense, or without one.
func (p *pace) asked() (answered func(error)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.flying == 0 {
		p.silent = p.clock.Now()
	}
	p.flying++
	return func(err error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.flying--
		if err == nil {
			p.silent = p.clock.Now()
			// Others may still pause, but nothing is waited for any more.
			p.waiting, p.nextTry = "", time.Time{}
			if p.limit < p.most {
				// After a slow-down the requests in flight grow again, by one
				// every few answers.
				p.limit = min(p.most, p.limit+1/(2*p.limit))
			}
		}
	}
}

// slowed tells whether fewer requests are in flight than there may be.
func (p *pace) slowed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.limit < p.most || p.clock.Now().Before(p.until)
}

func (p *pace) inFlight() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return int(p.limit)
}

func (p *pace) setWorkers(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.most, p.limit = float64(n), float64(n)
}

// pause is a worker's own pause after a failure; everybody can see why.
func (p *pace) pause(ctx context.Context, d time.Duration, why string) error {
	p.mu.Lock()
	p.waits++
	p.waiting, p.nextTry = why, p.clock.Now().Add(d)
	p.mu.Unlock()
	err := p.clock.Wait(ctx, d)
	p.mu.Lock()
	p.waits--
	if p.waits == 0 {
		p.waiting, p.nextTry = "", time.Time{}
	}
	p.mu.Unlock()
	return err
}

// state is what the run waits for, empty when it does not.
func (p *pace) state() (string, time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if quiet := p.clock.Now().Sub(p.silent); p.waiting == "" && p.flying > 0 && quiet >= longSilence {
		return fmt.Sprintf("no answer from the server for %s", quiet.Round(time.Second)), time.Time{}
	}
	return p.waiting, p.nextTry
}
