package export

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"fauna-export/export/row"
)

const (
	// sameSize is how often a page that may be too large is asked for again
	// before it is asked for smaller.
	sameSize = 2
	// longAnswer is what a failure may take that is not a time out: after one
	// a smaller page is asked for at once.
	longAnswer = 5 * time.Second
	// mostBroken is how often an answer that is not what was asked for is asked
	// for again.
	mostBroken = 5
	// longestTry is longer than a request and the pause before it can take. What
	// is longer was a machine that slept: it tries again before it gives up.
	longestTry = 2 * time.Minute
	// retryFor is for how long a request is repeated where nothing else is said.
	retryFor = 5 * time.Minute

	firstBackoff = 200 * time.Millisecond
	mostBackoff  = 20 * time.Second
)

// attempts are those of one request so far. It holds the one policy of what is
// asked again, after which pause, and for how long.
type attempts struct {
	allowed time.Duration // for failing, in all
	tries   int
	last    time.Time // of the failure before
	failing time.Duration
}

// failed judges a failure of a request that was begun at asked. It returns nil when
// the request is to be made again after a pause, and otherwise the error to end
// with. With smaller an error that asks for fewer documents is given back early.
func (a *attempts) failed(err error, asked, now time.Time, smaller bool) error {
	a.tries++
	fail := failureOf(err)
	switch {
	case brokenAnswer(err):
		if a.tries >= mostBroken {
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
	// A document that always fails on the server's side shows at once; what may
	// pass (the network, a busy server) has its time.
	lasting := fail != nil && fail.Smaller() && !fail.Slow() && a.tries > 3*sameSize
	if a.failing >= a.allowed || lasting {
		return &GaveUp{After: a.failing, Tries: a.tries, Err: err}
	}
	return nil
}

// backoff is the pause after the nth failure in a row: it doubles, and lies
// anywhere between half and all of that.
func backoff(n int, random *rand.Rand) time.Duration {
	d := mostBackoff
	if n < 7 {
		d = min(d, firstBackoff<<n)
	}
	return d/2 + time.Duration(random.Int64N(int64(d/2)))
}

// brokenAnswer reports whether an answer was cut or garbled on its way, or is in
// the right form and not what was asked for.
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

// Retry repeats requests that a run does not make itself, as a run repeats its own.
type Retry struct {
	Clock Clock       // nil for the system's
	Rand  rand.Source // nil for one of its own
	// Waiting is told before each pause what failed and when it is tried again;
	// it may be nil.
	Waiting func(err error, next time.Time)
}

// Do makes a request until it is answered, or what it fails with does not pass.
func (r Retry) Do(ctx context.Context, ask func() error) error {
	env := Env{Clock: r.Clock, Rand: r.Rand}.withDefaults()
	random := rand.New(env.Rand)
	a := attempts{allowed: retryFor}
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
