package export

import (
	"testing"
	"time"
)

func TestMeter_clockThatJumpsMakesNoWildRates(t *testing.T) {
	t.Parallel()
	for name, jump := range map[string]time.Duration{"sleep": 2 * time.Hour, "put back": -2 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			var m meter
			now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
			second := func() {
				m.add(now, 1_000, 64_000)
				now = now.Add(time.Second)
			}
			for range 20 {
				second()
			}
			now = now.Add(jump)
			if rows, _ := m.rates(now); rows > 1_000 {
				t.Errorf("right after the jump: %.0f rows/s", rows)
			}
			for i := range 20 {
				second()
				if rows, bytes := m.rates(now); rows < 0 || rows > 1_100 || bytes < 0 || i > 12 && rows < 900 {
					t.Errorf("%d s after the jump: %.0f rows/s, %.0f bytes/s", i+1, rows, bytes)
				}
			}
		})
	}
}
