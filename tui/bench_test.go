package tui

import (
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
)

// BenchmarkExport_aThousandCollections measures one poll of an export of a thousand
// collections: the message, and the frame drawn after it. A hundred per second must
// take less than a tenth of a core, so one must take less than 1 ms.
func BenchmarkExport_aThousandCollections(b *testing.B) {
	w := benchWizard(b)
	c := w.steps[exportID].(*exportStep)
	states := []progress{
		{state: runGoing, status: thousandStatus(100)}, {state: runGoing, status: thousandStatus(500)}, {state: runGoing, status: thousandStatus(900)},
	}
	i := 0
	for b.Loop() {
		w.Update(answerMsg(func() { c.progressed(states[i%len(states)]) }))
		w.cmds = nil
		if len(w.View()) == 0 {
			b.Fatal("nothing is drawn")
		}
		i++
	}
}

// benchWizard returns a wizard on its export step, in a large window with colours.
func benchWizard(tb testing.TB) *wizard {
	s := newSession(tb.Context(), Config{Color: "always", Dir: "/srv/x"}.withDefaults())
	s.now = func() time.Time { return testNow }
	tb.Cleanup(func() { s.stop(stopWait) })
	w := newWizard(s)
	w.Update(tea.WindowSizeMsg{Width: 120, Height: 40})
	w.at = exportID
	return w
}
