package export

import (
	"context"
	"math/rand/v2"
	"time"

	"fauna-export/export/store"
)

// Clock is the time that a run lives in.
type Clock interface {
	Now() time.Time
	// Wait returns after d, or earlier with ctx's error.
	Wait(ctx context.Context, d time.Duration) error
}

// Env is what a run takes from the machine, as parameters so that tests can
// give their own.
type Env struct {
	// Store is the run's folder.
	Store store.Store
	// Clock is the machine's when nil.
	Clock Clock
	// Rand spreads retries in time; the engine guards it. Nil is a seed of
	// the engine's choice.
	Rand rand.Source
}

// OSEnv is the machine's clock, and the folder dir in its file system.
func OSEnv(dir string) Env {
	return Env{Store: store.NewFolder(dir), Clock: systemClock{}, Rand: rand.NewPCG(rand.Uint64(), rand.Uint64())}
}

// withDefaults fills the parts that the caller left out.
func (e Env) withDefaults() Env {
	if e.Clock == nil {
		e.Clock = systemClock{}
	}
	if e.Rand == nil {
		e.Rand = rand.NewPCG(rand.Uint64(), rand.Uint64())
	}
	return e
}

type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

func (systemClock) Wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
