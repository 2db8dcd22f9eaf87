package export

import (
	"context"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"fauna-export/export/store"
)

// seedVariable sets the seed of a randomized test, to repeat a failed run.
const seedVariable = "FAUNA_EXPORT_SEED"

// testSeed returns the seed and logs it, so that a failure can be repeated.
func testSeed(t *testing.T) uint64 {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv(seedVariable); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("repeat with %s=%d", seedVariable, seed)
	return seed
}

// patient is a retry time that no swiftClock reaches, however slow the machine
// is.
const patient = 10_000 * time.Hour

// swiftClock is a clock that runs factor times as fast.
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

// swiftEnv returns a folder with a clock a thousand times as fast and retries
// randomized from a seed.
func swiftEnv(dir string, seed uint64) Env {
	return Env{Store: store.NewFolder(dir), Clock: newSwiftClock(1000), Rand: rand.NewPCG(seed, 1)}
}
