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

// seedVariable repeats a run of a test that draws its moments.
const seedVariable = "FAUNA_EXPORT_SEED"

// testSeed is printed, so that a failing run can be repeated.
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

// patient is a time for retries that no swift clock comes to, however slow the
// machine is.
const patient = 10_000 * time.Hour

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
	return Env{Store: store.NewFolder(dir), Clock: newSwiftClock(1000), Rand: rand.NewPCG(seed, 1)}
}
