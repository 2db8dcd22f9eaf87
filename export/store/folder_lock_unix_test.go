//go:build unix

package store

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A holder removes the file of its lock, which others may have open by then.
func TestLockIn_isHeldByOneAtATime(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var holders, held atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 2000 {
				release, err := LockIn(dir, "lock")
				if bad, ok := errors.AsType[*Error](err); ok && bad.Locked {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				if n := holders.Add(1); n != 1 {
					t.Errorf("%d hold the lock", n)
				}
				held.Add(1)
				time.Sleep(20 * time.Microsecond)
				holders.Add(-1)
				if err := release(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if held.Load() == 0 {
		t.Error("nobody held the lock")
	}
}
