package tui

import (
	"io"
	"strings"
	"testing"
)

func TestFrame_aNoteOfTwoLinesMovesNothing(t *testing.T) {
	for _, size := range [][2]int{{60, 18}, {80, 24}, {120, 40}} {
		b := newBench(t, size[0], size[1]).to(setupID)
		before := strings.Split(b.view(), "\n")
		b.w.say(noteWarn, "%s", strings.Repeat("a long note of many words ", 9))
		after := strings.Split(b.view(), "\n")
		changed := 0
		for i := range before {
			if strings.TrimRight(before[i], " ") != strings.TrimRight(after[i], " ") {
				changed++
			}
		}
		if len(before) != len(after) || changed > 2 {
			t.Errorf("%v: %d lines changed:\n%s", size, changed, b.view())
		}
	}
}

func TestWindow_titleHasThePercentageAndTheBellRingsAtTheEnd(t *testing.T) {
	b := newBench(t, 80, 24)
	var rang strings.Builder
	b.w.clip.tty = func() (io.WriteCloser, error) { return keepOpen{&rang}, nil }
	b.to(exportID).showing(progress{state: runGoing, status: running()})
	if got := b.w.windowName(); got != "61 % fauna-export" {
		t.Errorf("the window is called %q", got)
	}
	b.endRun()
	if got := b.w.windowName(); got != "✓ fauna-export" || rang.String() != "\a" {
		t.Errorf("at the end %q, and %q was written", got, rang.String())
	}
}

func TestFrame_databaseAndWhatIsToBeKnownOfItStandAbove(t *testing.T) {
	for address, want := range map[string]string{"http://10.0.0.7:8443": "plaintext", "https://core.example.org": "TLS", "http://localhost:8443": "http://localhost:8443"} {
		b := newBench(t, 80, 24, func(_ *bench, c *Config) { c.AllowPlaintext = true })
		b.keys("ctrl+u")
		b.typed(address)
		if top, _, _ := strings.Cut(b.view(), "\n"); !strings.Contains(top, want) || !strings.Contains(top, "fauna-export") {
			t.Errorf("%s: %q", address, top)
		}
	}
	newBench(t, 80, 24, demo).shows(" DEMO ")
}

func TestSteps_namesOfTheWayAreThoseWalked(t *testing.T) {
	b := newBench(t, 120, 40).withSecret(checkID)
	b.hides("Set-up", "Secret\n")
	b.shows("✓ Collections", "✓ Output", "● Check", "· Done")
	for id, want := range map[accessMethod]int{accessFQL: 9, accessSecret: 7, accessAdmin: 8} {
		b.w.method = id
		if n := len(b.w.path()); n != want {
			t.Errorf("way %d has %d steps, want %d", id, n, want)
		}
	}
}
