package tui

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"fauna-export/export"
	"fauna-export/export/archive"
	"fauna-export/fauna"
	"fauna-export/tui/text"
)

func TestExport_outageGoesTheMomentAnAnswerComes(t *testing.T) {
	b := newBench(t, 100, 24).to(exportID)
	b.showing(progress{state: runGoing, status: outage()})
	b.shows("Connection lost · retrying in 4 s · gives up in 5:00", "connection refused", "0 documents/s")
	b.hides("9,870")
	st := outage() // one worker still waits, while another got a page
	st.Rows, st.Bytes = st.Rows+32, st.Bytes+20_000
	b.w.steps[exportID].(*exportStep).progressed(progress{state: runGoing, status: st})
	b.shows("Exporting 3 collections")
	b.hides("Connection lost", "connection refused")
}

func TestExport_onlyALostConnectionIsCalledLost(t *testing.T) {
	for why, title := range map[error]string{
		errOutage: "Connection lost · retrying in 4 s · gives up in 5:00",
		&fauna.Error{Kind: fauna.KindServer, Status: 500}: "Server errors · retrying in 4 s · gives up in 5:00",
		errors.New("the server contradicts itself"):       "Waiting · retrying in 4 s · gives up in 5:00",
	} {
		b := newBench(t, 120, 30).to(exportID)
		st := outage()
		st.Waiting = why
		b.showing(progress{state: runGoing, status: st})
		b.shows(title, strings.ToLower(title[:10]))
		if title[0] != 'C' {
			b.hides("onnection lost")
		}
	}
	b := newBench(t, 100, 24).to(exportID) // the engine reports silence in the same way
	c := b.w.steps[exportID].(*exportStep)
	c.progressed(progress{state: runGoing, status: running()})
	b.spent.Add(int64(12 * time.Second))
	st := running()
	st.Waiting = errors.New("no answer from the server for 12s")
	c.progressed(progress{state: runGoing, status: st})
	b.shows("Waiting for the server: no answer for 0:12")
}

func TestExport_aServerThatAnswersNothingIsSaid(t *testing.T) {
	b := newBench(t, 100, 24).to(exportID)
	c := b.w.steps[exportID].(*exportStep)
	c.progressed(progress{state: runGoing, status: running()})
	b.shows("Exporting 3 collections", "9,870 documents/s")
	b.spent.Add(int64(12 * time.Second))
	c.progressed(progress{state: runGoing, status: running()})
	b.shows("Waiting for the server: no answer for 0:12", "0 documents/s")
	b.hides("9,870")
	st := running()
	st.Rows++
	c.progressed(progress{state: runGoing, status: st})
	b.shows("Exporting 3 collections")
	b.hides("Waiting for the server")
}

func TestExport_expiryOfTheSnapshotIsSaidAtThatMoment(t *testing.T) {
	b := newBench(t, 120, 40).to(exportID)
	c := b.w.steps[exportID].(*exportStep)
	c.progressed(progress{state: runGoing, status: running()})
	b.hides("expired")
	b.spent.Add(int64(15 * time.Minute))
	c.progressed(progress{state: runGoing, status: running()})
	b.shows("expired; the rest needs a new one !", "snapshot expired;")
}

func TestExport_totalAndTimeLeftAreThereWithMostCollectionsDone(t *testing.T) {
	b := newBench(t, 80, 24)
	thousand(b)
	b.to(exportID).showing(progress{state: runGoing, status: thousandStatus(990)})
	b.shows("61 %", "left 0:", "990 done · 4 running · 6 waiting · 0 failed")
}

func TestExport_ratesAreZeroWhilePaused(t *testing.T) {
	b := newBench(t, 120, 40)
	st := running()
	st.Paused = true
	b.to(exportID).showing(progress{state: runGoing, status: st})
	b.shows("Paused (p resumes). The snapshot keeps expiring.", "0 documents/s", "0 B/s")
	b.hides("9,870", "6.2 MB/s", "left")
}

func TestExport_emptyCollectionIsCalledEmpty(t *testing.T) {
	st := running()
	st.Collections[0] = export.CollectionStatus{Name: "wishlists", State: export.CollectionRunning, ExpectedFinal: true}
	b := newBench(t, 80, 24).to(exportID)
	b.showing(progress{state: runGoing, status: st})
	b.shows("empty")
	b.hides("… %")
}

func TestExport_nothingIsCutAboveEmptyLinesInAWideWindow(t *testing.T) {
	st := outage()
	st.Waiting = errors.New("read orders: localhost:8443 (" + strings.Repeat("long words ", 8) + "END)")
	b := newBench(t, 119, 40).to(exportID)
	b.showing(progress{state: runGoing, status: st})
	b.shows("END)")
}

func TestExport_timeAndRetriesAreOfTheWholeRun(t *testing.T) {
	b := newBench(t, 80, 24)
	first := shopRun()
	first.manifest, first.err = nil, errNoNetwork
	first.status.Elapsed, first.status.Retries = 40*time.Second, 3
	second := shopRun()
	second.status.Elapsed, second.status.Retries = 20*time.Second, 2
	second.status.Earlier, second.status.EarlierRetries = first.status.Elapsed, first.status.Retries // even in another process, as checkpoints record it
	runs := []*fakeRun{first, second}
	b.w.runner.open = func(export.Spec, export.Source, bool) (exporting, error) {
		r := runs[0]
		runs = runs[1:]
		return r, nil
	}
	b.to(checkID).keys("enter")
	b.at(exportID)
	b.keys("c")
	b.at(doneID)
	b.shows("in 60 s", "5 retries")
}

func TestExport_demosMaxRateIsHonoured(t *testing.T) {
	for _, rate := range []int{0, 500} {
		b := newBench(t, 80, 24, demo, func(_ *bench, c *Config) { c.MaxRate = rate })
		var got int
		b.w.runner.open = func(s export.Spec, _ export.Source, _ bool) (exporting, error) {
			got = s.MaxRate
			return b.run, nil
		}
		b.to(doneID)
		want := rate
		if want == 0 {
			want = demoRate
		}
		if got != want {
			t.Errorf("--max-rate %d: the export has %d", rate, got)
		}
	}
}

func TestExport_escIsNotOfferedWhereItDoesNothing(t *testing.T) {
	b := newBench(t, 80, 24).to(exportID)
	b.showing(progress{state: runGoing, status: running()})
	b.hides("esc ")
	b.keys("esc")
	b.at(exportID)
}

func TestExport_rateLimitChangesWhileItRuns(t *testing.T) {
	b := newBench(t, 80, 24).to(exportID)
	b.showing(progress{state: runGoing, status: running()})
	b.keys("<", "<", ">", ">", ">")
	if want := []int{4935, 2467, 4934, 9868, 19736}; !slices.Equal(b.run.limits, want) {
		t.Errorf("limits %v, want %v", b.run.limits, want)
	}
	b.keys(">", ">")
	if last := b.run.limits[len(b.run.limits)-1]; last != 0 {
		t.Errorf("the limit stays at %d", last)
	}
}

func TestExport_stoppedShowsTheFolderAndACommandThatAShellTakes(t *testing.T) {
	b := newBench(t, 80, 24).to(exportID)
	b.showing(stopped(context.Canceled))
	b.shows("Stopped. Files so far are in /srv/fauna 2026.", "fauna-export resume '/srv/fauna 2026'", "c resume it")
	for dir, want := range map[string]string{
		"plain": "plain", "~/a b": "~/'a b'", "it's": `'it'\''s'`, "a\x1bb": `$'a\x1bb'`, "$HOME": "'$HOME'", "": "''",
	} {
		if got := text.ShellWord(dir); got != want {
			t.Errorf("ShellWord(%q) = %s, want %s", dir, got, want)
		}
	}
}

func TestExport_stoppedCanBeContinued(t *testing.T) {
	b := newBench(t, 80, 24).to(exportID)
	b.keys("s", "y")
	b.w.runner.wg.Wait()
	b.look()
	b.shows("Stopped. Files so far are in", "c resume it")
	resumed := false
	b.w.runner.open = func(_ export.Spec, _ export.Source, resume bool) (exporting, error) {
		resumed = resume
		return b.run, nil
	}
	b.run = shopRun()
	b.held = false
	b.keys("c")
	b.at(doneID)
	if !resumed {
		t.Error("the export began anew")
	}
}

func TestExport_panicOfTheEngineEndsAsAnError(t *testing.T) {
	b := newBench(t, 80, 24, func(b *bench, _ *Config) { b.run.panics = true })
	b.to(checkID).keys("enter")
	b.at(exportID)
	b.shows("the export crashed: boom")
}

func TestExport_goesOnInAWindowThatIsTooSmall(t *testing.T) {
	b := newBench(t, 80, 24)
	b.run.status = running()
	b.to(exportID)
	b.send(tea.WindowSizeMsg{Width: 40, Height: 10})
	b.shows("exporting: 12,824 of", "60 x 18")
	b.endRun()
	b.send(tea.WindowSizeMsg{Width: 80, Height: 24})
	b.at(doneID)
}

func TestExport_keysReachTheRun(t *testing.T) {
	b := newBench(t, 80, 24)
	b.run.status = running()
	b.to(exportID)
	b.look()
	b.shows("64 %", "12.8 k of 20.0 k", "8 requests in flight")
	b.keys("p")
	b.shows("Paused")
	b.keys("p", "+")
	if !slices.Equal(b.run.paused, []bool{true, false}) || b.run.workers != 9 {
		t.Errorf("paused %v, workers %d", b.run.paused, b.run.workers)
	}
	b.keys("s")
	b.shows("Stop the export?")
	b.keys("n")
	b.hides("Stop the export?")
	b.endRun()
	b.at(doneID)
}

func TestExport_refusedSecretLeadsBackToItsField(t *testing.T) {
	b := newBench(t, 80, 24, func(b *bench, _ *Config) { b.run.manifest, b.run.err = nil, errRefused })
	b.to(checkID).keys("enter")
	b.at(exportID)
	b.shows("x change the secret")
	b.keys("x")
	b.at(secretID)
	if _, err := b.w.outcome(t.Context(), nil); !errors.Is(err, errRefused) {
		t.Errorf("left then, the wizard says %v", err)
	}
	b.paste(testSecret)
	b.keys("enter")
	b.at(exportID)
}

func TestExport_thereIsNothingToHalveWhileNothingComes(t *testing.T) {
	b := newBench(t, 80, 24).to(exportID)
	b.keys("<")
	b.shows("There is no rate limit.")
	if len(b.run.limits) > 0 {
		t.Errorf("limits %v", b.run.limits)
	}
}

func TestExport_damagedFilesAreNoEventOfVerifiedOnes(t *testing.T) {
	b := newBench(t, 120, 40, func(b *bench, _ *Config) {
		b.run.report = &archive.Report{Files: []archive.FileReport{{Collection: "users", File: "users.jsonl", Problem: "its SHA-256 is another"}}}
	}).to(doneID)
	events := strings.Join(b.w.events, "\n")
	if strings.Contains(events, "verified") || !strings.Contains(events, "NOT match the manifest: users.jsonl: its SHA-256 is another.") {
		t.Errorf("the events are %s", events)
	}
}

func TestExport_enterPressedTwiceStartsOne(t *testing.T) {
	b := newBench(t, 80, 24).to(checkID)
	b.hold(exportID)
	opened := 0
	b.w.runner.open = func(export.Spec, export.Source, bool) (exporting, error) {
		opened++
		return b.run, nil
	}
	b.w.at, b.w.begins = exportID, true
	c := b.w.steps[exportID].(*exportStep)
	b.w.Update(b.later(c.enter)) // started, a moment ago
	b.w.key(keyMsg("enter"))
	b.shows("s stop")
	b.hides("resume")
	c.start(true)
	b.w.asked()
	if c.starting.busy || opened != 1 {
		t.Errorf("opened %d times", opened)
	}
}

func TestExport_folderIsExaminedAgainWhereNoneStarts(t *testing.T) {
	b := newBench(t, 80, 24).to(checkID)
	b.w.runner.open = func(export.Spec, export.Source, bool) (exporting, error) { return nil, errNoNetwork }
	b.w.look = func(path string) place { return place{path: path, free: -1, begun: true} }
	b.keys("enter")
	b.shows("Couldn't start the export.")
	b.keys("esc")
	b.shows("Ready to resume the export?")
}

func TestExport_whetherToStopIsNotAskedOnceItEnded(t *testing.T) {
	b := newBench(t, 80, 24).to(exportID)
	b.keys("s")
	b.shows("Stop the export?")
	b.endRun()
	b.at(doneID)
	b.hides("Stop the export?")
}
