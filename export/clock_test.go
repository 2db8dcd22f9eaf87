package export

import (
	"context"
	"math/rand/v2"
	"time"
)

// swiftClock is a clock on which time passes many times as fast.
type swiftClock struct {
	start  time.Time
	factor time.Duration
}

func newSwiftClock(factor time.Duration) swiftClock {
	return swiftClock{start: time.Now(), factor: factor}
}

func (c swiftClock) Now() time.Time { return c.start.Add(time.Since(c.start) * c.factor) }

func (c swiftClock) Wait(ctx context.Context, d time.Duration) error {
	return systemClock{}.Wait(ctx, d/c.factor)
}

// swiftEnv is a folder, with time a thousand times as fast and retries from a
// seed.
func swiftEnv(dir string, seed uint64) Env {
	return Env{Store: NewDirStore(dir), Clock: newSwiftClock(1000), Rand: rand.NewPCG(seed, 1)}
}
