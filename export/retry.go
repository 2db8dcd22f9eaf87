package export

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"fauna-export/export/row"
)

const (
	// sameSize is how often a page that may be too large is requested again at
	// the same size.
	sameSize = 2
	// longAnswer is how long a failure may take without counting as a timeout.
	// After a longer one a smaller page is requested at once.
	longAnswer = 5 * time.Second
	// maxBroken is how often a request with damaged or implausible answers is
	// sent.
	maxBroken = 5
	// longestTry is more than a request and the pause before it can take. If
	// they took longer the machine was asleep, and only this much counts as
	// failing.
	longestTry = 2 * time.Minute
	// retryFor is the default time for which a request is retried.
	retryFor = 5 * time.Minute

	firstBackoff = 200 * time.Millisecond
	maxBackoff   = 20 * time.Second
)

// attempts counts the tries of one request. It defines what is retried, and for
// how long.
type attempts struct {
	allowed time.Duration // total time for failures
	tries   int
	last    time.Time // of the previous failure
	failing time.Duration
}

// failed handles the failure of a request sent at asked. It returns nil if the
// request should be retried after a pause, otherwise the final error. With
// smaller it returns early if fewer documents may help.
func (a *attempts) failed(err error, asked, now time.Time, smaller bool) error {
	a.tries++
	fail := failureOf(err)
	switch {
	case brokenAnswer(err):
		if a.tries >= maxBroken {
			return err
		}
	case fail == nil, fail.Expired(), fail.Refused(), fail.Missing():
		return err
	case smaller && fail.Smaller() && (!fail.Retry() || fail.Slow() || a.tries > sameSize || now.Sub(asked) > longAnswer):
		return err
	case !fail.Retry():
		return err
	}
	if !a.last.IsZero() {
		a.failing += min(now.Sub(a.last), longestTry)
	}
	a.last = now
	// A document that always fails on the server fails fast; temporary failures
	// (network, busy server) get the full time.
	lasting := fail != nil && fail.Smaller() && !fail.Slow() && a.tries > 3*sameSize
	if a.failing >= a.allowed || lasting {
		return &GaveUp{After: a.failing, Tries: a.tries, Err: err}
	}
	return nil
}

// backoff returns the pause after the nth failure in a row: it doubles each
// time, and is a random value between half and all of that.
func backoff(n int, random *rand.Rand) time.Duration {
	d := maxBackoff
	if n < 7 {
		d = min(d, firstBackoff<<n)
	}
	return d/2 + time.Duration(random.Int64N(int64(d/2)))
}

// brokenAnswer reports whether an answer was damaged in transit, or is
// well-formed but not what was requested.
func brokenAnswer(err error) bool {
	if _, page := errors.AsType[*row.PageError](err); page {
		return true
	}
	strange, ok := errors.AsType[interface {
		error
		Strange() bool
	}](err)
	return ok && strange.Strange()
}

// Retry repeats requests made outside a run in the same way as a run.
type Retry struct {
	Clock Clock       // nil means the system's
	Rand  rand.Source // nil means a random seed
	// For limits how long one request is repeated; 0 means five minutes.
	For time.Duration
	// Waiting, unless nil, is called before each pause with the failure and the
	// time of the next try.
	Waiting func(err error, next time.Time)
}

// Do repeats a request until it succeeds or fails with a permanent error.
func (r Retry) Do(ctx context.Context, ask func() error) error {
	env := Env{Clock: r.Clock, Rand: r.Rand}.withDefaults()
	random := rand.New(env.Rand)
	a := attempts{allowed: cmp.Or(r.For, retryFor)}
	for {
		asked := env.Clock.Now()
		err := ask()
		if err == nil || ctx.Err() != nil {
			return err
		}
		if err := a.failed(err, asked, env.Clock.Now(), false); err != nil {
			return err
		}
		pause := backoff(a.tries-1, random)
		if r.Waiting != nil {
			r.Waiting(err, env.Clock.Now().Add(pause))
		}
		if env.Clock.Wait(ctx, pause) != nil {
			return context.Cause(ctx)
		}
	}
}
