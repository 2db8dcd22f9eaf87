package tui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"fauna-export/export"
	"fauna-export/export/archive"
	"fauna-export/export/row"
)

func TestWizard_wholeWayByKeyboard(t *testing.T) {
	b := newBench(t, 80, 24)
	var spec export.Spec
	b.w.runner.open = func(s export.Spec, _ export.Source, resume bool) (exporting, error) {
		if resume {
			t.Error("a new export is opened as an old one")
		}
		spec = s
		return b.run, nil
	}
	b.to(secretID)
	b.paste("secret: '" + testSecret + "'")
	b.keys("enter")
	b.at(outputID)
	b.keys("up", "up", "right") // CSV
	b.keys("enter")
	b.at(checkID)
	b.keys("enter")
	b.at(doneID)
	b.shows("Exported and verified: 3 collections, 21,004 documents", "users.jsonl")
	want := []string{"line-items", "products", "users"}
	if !slices.Equal(spec.Collections, want) || spec.Format != row.CSV || spec.Dir != "/srv/fauna-2026-11-22" || spec.Endpoint != "http://localhost:8443" {
		t.Errorf("the export is %+v", spec)
	}
	b.keys("enter")
	if out, err := b.w.outcome(t.Context(), nil); !b.quit || err != nil || !strings.Contains(out.Summary, "21,004 documents") || out.Dir != spec.Dir {
		t.Errorf("outcome %+v, %v, quit %v", out, err, b.quit)
	}
}

func TestWizard_escGoesBackAndKeepsEverything(t *testing.T) {
	b := newBench(t, 80, 24).to(outputID)
	b.keys("up", "up", "right", "down", "right", "down", "ctrl+u")
	b.typed("/srv/other")
	b.keys("down")
	b.typed("users:city:string=data.address.city")
	b.keys("enter", "enter")
	b.at(checkID)
	b.keys("esc")
	b.at(outputID)
	b.shows("(•) CSV", "(•) gzip", "/srv/other", "city", "data.address.city")
	b.keys("esc")
	b.at(secretID)
	b.shows("Secret accepted. Enter to keep it")
	b.keys("esc")
	b.at(setupID)
	b.shows("Done: the secret is accepted")
	b.keys("esc")
	b.at(collectionsID)
	b.shows("[x] users", "[x] products", "[x] line-items")
	b.keys("esc", "esc")
	b.at(domainID)
	b.shows("http://localhost:8443")
	b.keys("esc")
	b.shows("Quit?")
	b.keys("n")
	b.hides("Quit?")
	b.keys("esc", "y")
	if _, err := b.w.outcome(t.Context(), nil); !b.quit || !errors.Is(err, ErrLeft) {
		t.Errorf("left with %v, quit %v", err, b.quit)
	}
}

func TestWizard_lettersTypedIntoFieldsAreNoKeys(t *testing.T) {
	b := newBench(t, 80, 24)
	b.keys("ctrl+u")
	b.typed("q?")
	b.at(domainID)
	b.shows("▌ q?")
	b.hides("Help:")
	b.keys("ctrl+u")
	b.typed("localhost")
	b.to(collectionsID)
	b.typed("sequences?qa")
	b.hides("Help:")
	b.at(collectionsID)

	b = newBench(t, 80, 24).withSecret(collectionsID)
	b.keys("/")
	b.typed("qa?n")
	b.shows("/ qa?n", "3 of 3")
	b.hides("Help:")
	b.keys("enter", "?")
	b.shows("Help: Collections")
}

func TestWizard_helpIsOneKeyAwayEverywhere(t *testing.T) {
	for id := range stepID(steps) {
		b := newBench(t, 80, 24).to(id)
		b.keys("f1")
		b.shows("Help: " + stepNames[id])
		b.keys("esc")
		b.hides("Help: ")
		b.at(id)
	}
}

func TestWizard_ctrlCLeavesEveryStep(t *testing.T) {
	for id := range stepID(steps) {
		b := newBench(t, 80, 24).to(id)
		b.keys("ctrl+c")
		_, err := b.w.outcome(t.Context(), nil)
		if !b.quit || !errors.Is(err, ErrInterrupted) {
			t.Errorf("%s: %v, quit %v", id, err, b.quit)
		}
		if b.w.runner.active() {
			t.Errorf("%s: the export still runs", id)
		}
	}
}

// stubborn is an export that doesn't stop when told to.
type stubborn struct {
	*fakeRun
	free chan struct{}
}

func (s stubborn) Do(context.Context) (*archive.Manifest, error) {
	<-s.free
	return nil, context.Canceled
}

func TestWizard_secondCtrlCDoesNotWaitForTheExport(t *testing.T) {
	b := newBench(t, 80, 24).to(checkID)
	free := make(chan struct{})
	b.w.runner.open = func(export.Spec, export.Source, bool) (exporting, error) { return stubborn{b.run, free}, nil }
	b.held = true
	b.keys("enter")
	b.at(exportID)
	_, wait := b.w.Update(keyMsg("ctrl+c"))
	b.shows("Stopping … ctrl+c again quits at once.")
	if wait == nil {
		t.Fatal("the first ctrl+c waits for nothing")
	}
	b.keys("ctrl+c")
	if !b.quit {
		t.Error("the second ctrl+c waits too")
	}
	close(free)
	if m := wait(); m == nil {
		t.Error("the first ctrl+c does not leave when the export has ended")
	}
}

func TestWizard_isNotSuspendedWhereNoShellWouldComeBack(t *testing.T) {
	for _, alone := range []bool{false, true} {
		b := newBench(t, 80, 24)
		b.w.alone = func() bool { return alone }
		_, cmd := b.w.Update(keyMsg("ctrl+z"))
		if suspends := cmd != nil; suspends == alone {
			t.Errorf("without a shell: %v, suspends: %v", alone, suspends)
		}
		b.keys("f1")
		b.w.View() // drawing determines how far it can scroll
		b.keys("end")
		if shown := strings.Contains(b.w.View(), "ctrl+z"); shown == alone {
			t.Errorf("without a shell: %v, F1 shows the key: %v", alone, shown)
		}
	}
}

func TestWizard_logTellsWhatEachStepCameTo(t *testing.T) {
	var log strings.Builder
	b := newBench(t, 80, 24, func(_ *bench, c *Config) {
		c.Log = func(what string, args ...any) { fmt.Fprintln(&log, append([]any{what}, args...)...) }
	})
	b.to(secretID)
	b.server.list = errRefused
	b.paste(testSecret)
	b.keys("enter")
	b.server.list = nil
	b.keys("enter", "enter", "esc", "enter", "enter")
	b.at(doneID)
	for _, want := range []string{
		"step done step Domain next Access endpoint http://localhost:8443",
		"step done step Access next Collections way fql accepted false",
		"step done step Collections next Set-up chosen 3 listed 3",
		"step done step Set-up next Secret queries 2 copied 0 ran 0 made false",
		"trouble step Secret error ",
		"step done step Secret next Output accepted true readable 3 chosen 3",
		"step done step Output next Check mode full format jsonl compress none folder /srv/fauna-2026-11-22 columns 0",
		"step left step Check next Output collections 3 documents 21004 unreadable 0 indexes_not_ready 0",
		"step done step Export next Done rows 21004 retries 0 seconds 2.1 verified true one_snapshot true",
	} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log has no %q:\n%s", want, log.String())
		}
	}
	if strings.Contains(log.String(), testSecret[:6]) {
		t.Error("the log holds the secret")
	}
}

func TestWizard_answersOfOldQuestionsAreDropped(t *testing.T) {
	b := newBench(t, 80, 24)
	b.server.reach = errNoNetwork
	late := b.later(func() { b.w.steps[domainID].(*domainStep).reach() })
	b.server.reach = nil
	b.keys("x", "backspace")
	b.send(late)
	b.hides("connection refused")

	b.to(secretID)
	b.paste(testSecret)
	late = b.later(func() { b.w.key(keyMsg("enter")) })
	b.keys("esc")
	closed := b.server.closed
	b.send(late)
	if b.w.server != nil || b.server.closed != closed+1 {
		t.Error("a late check of a secret is taken, or its connection leaks")
	}
}

func TestEdit_returnsToWhereItWasOpened(t *testing.T) {
	b := newBench(t, 80, 24).withSecret(checkID)
	b.keys("e")
	b.at(collectionsID)
	b.keys("n", "space", "enter")
	b.at(checkID)
	b.shows("1 collection ·")
	b.keys("o")
	b.at(outputID)
	b.keys("esc")
	b.at(checkID)
	b.keys("d")
	b.at(domainID)
	b.keys("enter") // the same address: the secret stays
	b.at(checkID)
	b.keys("d")
	b.keys("backspace", "enter") // another address: it needs its secret, and then Check again
	b.at(accessID)
	b.keys("2")
	b.paste(testSecret)
	b.keys("enter")
	b.at(checkID)
}

func TestKeystrokes_ofTheThreeWaysHold(t *testing.T) {
	count := func(b *bench, limit int, keys ...string) {
		t.Helper()
		for _, k := range keys {
			switch k {
			case "PASTE":
				b.paste(testSecret)
			default:
				b.keys(k)
			}
		}
		b.at(doneID)
		if len(keys) > limit {
			t.Errorf("%d keys, at most %d", len(keys), limit)
		}
	}
	count(newBench(t, 80, 24), 8, "enter", "PASTE", "enter", "enter", "enter", "enter")
	count(newBench(t, 80, 24, withEnv), 8, "enter", "enter", "enter", "enter", "enter")
	count(newBench(t, 80, 24), 9, "enter", "3", "PASTE", "enter", "enter", "enter", "enter", "enter", "enter")
	count(newBench(t, 80, 24, demo), 12, "enter", "enter", "ctrl+r", "enter", "r", "enter", "r", "enter", "enter", "enter", "enter")
}
