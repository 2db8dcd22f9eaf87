package export

import (
	"context"
	"math/rand/v2"
	"time"

	"fauna-export/export/store"
)

// Clock is a run's source of time.
type Clock interface {
	Now() time.Time
	// Wait returns after d, or earlier with ctx's error.
	Wait(ctx context.Context, d time.Duration) error
}

// Env is what a run needs from the machine. Tests replace it.
type Env struct {
	// Store holds the run's files. A *store.Stream passes on the rows of a single
	// collection, and the run cannot be resumed.
	Store store.Store
	// Clock defaults to the system's clock.
	Clock Clock
	// Rand randomizes the pauses between retries; the engine locks it. Nil means
	// a random seed.
	Rand rand.Source
	// Warn, unless nil, receives what a user should know before a run starts.
	Warn func(text string)
	// Waiting, unless nil, is told why a run begins to wait before it tries again;
	// requests that wait beside another one are not.
	Waiting func(why string)
}

// OSEnv returns an Env with the system's clock and the folder dir.
func OSEnv(dir string) Env {
	return Env{Store: store.NewFolder(dir)}.withDefaults()
}

// withDefaults fills in what the caller left out.
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
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
