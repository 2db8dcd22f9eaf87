//go:build unix

package tui

import (
	"syscall"
	"testing"
	"time"
)

func TestExport_aThousandCollectionsUseLessThanATenthOfACore(t *testing.T) {
	w := benchWizard(t)
	c := w.steps[exportID].(*exportStep)
	states := []progress{{state: runGoing, status: thousandStatus(100)}, {state: runGoing, status: thousandStatus(500)}}
	best := time.Hour
	for range 5 {
		begin := cpuTime(t)
		for i := range 100 {
			w.Update(progressMsg{c.gen, states[i%2]})
			w.View()
		}
		best = min(best, cpuTime(t)-begin)
	}
	if best > slower*100*time.Millisecond {
		t.Errorf("a hundred updates take %s", best)
	}
}

// cpuTime is what this process has used of a core: others share the machine.
func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
