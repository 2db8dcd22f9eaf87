package tui

import (
	"slices"
	"testing"
)

// shellLines is shell output, as a terminal without bracketed paste sends it.
const shellLines = "{\n  data: [\n    \"users\",\n    \"products\",\n    \"line-items\"\n  ]\n}\n"

func TestBurst_pastedLinesAreNamesAndRunNoStepAhead(t *testing.T) {
	b := newBench(t, 80, 24).to(collectionsID)
	b.burst(shellLines)
	b.at(collectionsID)
	b.shows("3 collections", "[x] users", "[x] products", "[x] line-items")
	b.keys("enter")
	b.at(setupID)
	if got := b.w.chosen(); !slices.Equal(got, []string{"users", "products", "line-items"}) {
		t.Errorf("chosen %q", got)
	}
}

func TestBurst_neverActsInAnyStep(t *testing.T) {
	for id := range stepID(steps) {
		b := newBench(t, 80, 24).to(id)
		if id == exportID {
			b.w.steps[exportID].(*exportStep).progressed(progress{state: runGoing, status: running()})
		}
		quit := b.quit
		b.burst("q\ns\ny\n1\nenter\nx\nd\no\ne\nl\nv\n")
		if b.w.at != id || b.w.ask != nil || b.quit != quit || b.w.panel != nil || len(b.run.paused) > 0 {
			t.Errorf("%s: a burst of keys acts: at %s, asks %v, panel %v", id, b.w.at, b.w.ask, b.w.panel)
		}
	}
}

func TestBurst_secretWithItsNewlineStaysInTheField(t *testing.T) {
	b := newBench(t, 80, 24).to(secretID)
	b.burst("{\n  secret: \"" + testSecret + "\",\n}\n")
	b.at(secretID)
	b.shows("40 characters")
	b.hides(testSecret[:8])
	b.keys("enter")
	b.at(outputID)
}

func TestBurst_arrowsOfAHeldKeyPassAtOnce(t *testing.T) {
	b := newBench(t, 80, 24).to(accessID)
	for range 2 {
		if _, cmd := b.w.Update(keyMsg("down")); cmd != nil {
			b.do(cmd)
		}
	}
	if at := b.w.steps[accessID].(*accessStep).at; at != accessAdmin {
		t.Errorf("two arrows lead to %v", at)
	}
}
