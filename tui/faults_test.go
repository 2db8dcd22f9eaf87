package tui

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fauna-export/export"
	"fauna-export/fauna"
	"fauna-export/tui/text"
)

// shellLines is what a shell prints, as a terminal without bracketed paste sends it.
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
	if at := b.w.steps[accessID].(*accessStep).at; at != wayAdmin {
		t.Errorf("two arrows lead to %v", at)
	}
}

func TestDone_anOldOneIsNeverShownAsANewOne(t *testing.T) {
	t.Chdir(t.TempDir())
	var dirs []string
	b := newBench(t, 119, 40)
	b.w.dirText = "shop"
	b.w.runner.open = func(s export.Spec, _ export.Source, _ bool) (exporting, error) {
		dirs = append(dirs, filepath.Base(s.Dir))
		return b.run, os.MkdirAll(s.Dir, 0o700)
	}
	b.to(doneID)
	b.keys("esc")
	b.at(checkID)
	b.shows("Already exported to", "shop-2", "enter export again")
	b.keys("enter")
	b.at(doneID)
	if !slices.Equal(dirs, []string{"shop", "shop-2"}) {
		t.Errorf("exported into %q", dirs)
	}
}

func TestColumns_marksOfAllCollectionsStayAndAreTaken(t *testing.T) {
	b := newBench(t, 200, 50).to(outputID)
	b.keys("ctrl+o", "space", "tab", "space", "down", "space", "shift+tab")
	b.shows("[x] data.address", "3 marked in all")
	b.keys("enter")
	b.shows("3 columns added.")
	if n := len(b.w.columns); n != 3 {
		t.Fatalf("%d columns", n)
	}
	b.keys("ctrl+o")
	b.shows("[x] data.address")
	b.keys("space", "enter")
	b.shows("0 columns added, 1 removed.")
}

func TestColumns_aHalfTypedOneIsNotDropped(t *testing.T) {
	b := newBench(t, 80, 24).to(outputID)
	b.keys("down")
	b.typed("users:city")
	b.keys("up", "enter")
	b.at(outputID)
	b.shows("Write it like customers:email:string=data.email")
	b.typed(":string=data.address.city")
	b.keys("up", "enter")
	b.at(checkID)
	if len(b.w.columns) != 1 || b.w.columns[0].Name != "city" {
		t.Errorf("columns %+v", b.w.columns)
	}
}

func TestAccess_environmentsSecretIsUsed(t *testing.T) {
	b := newBench(t, 80, 24, withEnv).to(accessID)
	b.shows("FAUNA_SECRET is set")
	b.keys("enter")
	b.at(collectionsID)
	if last := b.dialed[len(b.dialed)-1]; last.Secret.Len() != len(testSecret) {
		t.Errorf("the server was given %d characters", last.Secret.Len())
	}
}

func TestAccess_adminsListOfCollectionsIsPickedFrom(t *testing.T) {
	b := newBench(t, 80, 24, withAudit).withAdmin(collectionsID)
	b.shows("[x] users", "[x] products", "[x] line-items", "[ ] audit_log", "no access", "20,000")
	b.keys("enter")
	b.at(setupID)
	b.shows("This will be created", "enter create role and key")
	b.keys("enter")
	b.at(setupID)
	b.shows("Done: role and key created; the admin's secret is discarded.")
	if len(b.server.made) != 1 || len(b.server.made[0].Collections) != 3 || b.server.closed == 0 || b.w.admin {
		t.Errorf("made %+v, %d clients closed", b.server.made, b.server.closed)
	}
	b.keys("enter")
	b.at(outputID)
	b.keys("esc", "enter") // nothing is created twice
	b.at(outputID)
	if len(b.server.made) != 1 {
		t.Error("role and key were created again")
	}
}

func TestCollections_misspeltNameIsOfferedItsNearest(t *testing.T) {
	b := newBench(t, 80, 24)
	b.names = "users, prodcuts"
	b.to(secretID).paste(testSecret)
	b.keys("enter")
	b.at(collectionsID)
	b.shows("prodcuts", "→ products?", "1 doesn't exist", "[!]")
	b.keys("enter")
	b.at(collectionsID)
	b.keys("home", "down", "t")
	b.shows("[x] products")
	b.hides("prodcuts", "doesn't exist")
	b.keys("enter")
	b.at(outputID)
	if got := b.w.chosen(); !slices.Equal(got, []string{"products", "users"}) {
		t.Errorf("chosen %q", got)
	}
}

func TestCollections_filterHidesInvalidRowsAndTheBarSaysWhatEscDoes(t *testing.T) {
	b := newBench(t, 80, 24)
	b.names = "users, prodcuts, line-items"
	b.to(secretID).paste(testSecret)
	b.keys("enter", "/")
	b.typed("user")
	b.keys("enter")
	b.shows("users", "esc clear filter")
	b.hides("prodcuts", "line-items")
	b.keys("esc")
	b.at(collectionsID)
	b.shows("prodcuts", "line-items", "esc back")
	var names []string
	for _, x := range b.w.choices {
		names = append(names, x.name)
	}
	if !slices.IsSorted(names) {
		t.Errorf("the list is not sorted: %q", names)
	}
}

func TestCollections_spacesSeparateNamesInALineWithCommasToo(t *testing.T) {
	n := parseNames("customers, orders prodcuts reviews")
	if want := []string{"customers", "orders", "prodcuts", "reviews"}; !slices.Equal(n.Names, want) || len(n.Bad) != 0 {
		t.Errorf("names %q, bad %v", n.Names, n.Bad)
	}
	if n := parseNames("a/b c, d"); len(n.Bad) != 1 {
		t.Errorf("a name that cannot be: %+v", n)
	}
}

func TestExport_outageGoesTheMomentAnAnswerComes(t *testing.T) {
	b := newBench(t, 100, 24).to(exportID)
	b.showing(progress{state: runGoing, status: outage()})
	b.shows("Connection lost · retrying in 4 s · gives up in 5:00", "connection refused", "0 documents/s")
	b.hides("9,870")
	st := outage() // one worker still sleeps, and another one got a page
	st.Rows, st.Bytes = st.Rows+32, st.Bytes+20_000
	b.w.steps[exportID].(*exportStep).progressed(progress{state: runGoing, status: st})
	b.shows("Exporting 3 collections")
	b.hides("Connection lost", "connection refused")
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
	b.shows("expired: the rest needs a new one", "snapshot expired:")
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
	st.Waiting = "read orders: localhost:8443 (" + strings.Repeat("long words ", 8) + "END)"
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
	second.status.Earlier, second.status.EarlierRetries = first.status.Elapsed, first.status.Retries // also of another process: its checkpoints tell
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

func TestOutput_unfinishedExportIsResumedWithoutAnError(t *testing.T) {
	b := newBench(t, 80, 24)
	b.w.look = func(path string) place { return place{path: path, begun: true, free: -1} }
	resumed := []bool{}
	b.w.runner.open = func(_ export.Spec, _ export.Source, resume bool) (exporting, error) {
		resumed = append(resumed, resume)
		return b.run, nil
	}
	b.to(outputID).shows("Contains an unfinished export. Enter resumes it, as it began.")
	b.keys("enter")
	b.shows("Ready to resume the export?", "enter resume the export")
	b.keys("enter")
	b.at(doneID)
	if !slices.Equal(resumed, []bool{true}) {
		t.Errorf("resumed %v", resumed)
	}
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

func TestSetup_consoleWithoutAClipboardHasAKeyThatWrites(t *testing.T) {
	t.Chdir(t.TempDir())
	b := newBench(t, 80, 24, func(_ *bench, c *Config) {
		c.Env = func(name string) string { return map[string]string{"TERM": "linux"}[name] }
	}).to(setupID)
	b.w.clip.goos, b.w.clip.native = "linux", nil
	b.keys("c")
	b.shows("this console has no clipboard", "w writes it to a file")
	b.keys("w")
	b.shows("Wrote fauna-setup.fql")
}

func TestCheck_noUpdateIsOfferedWhereACollectionDoesNotExist(t *testing.T) {
	b := newBench(t, 80, 24).to(outputID)
	delete(b.server.docs, "products")
	b.server.names = []string{"users", "line-items"}
	b.keys("enter")
	b.shows("doesn't exist", "x skip, r check again")
	b.hides("u show fix")
	b.keys("u")
	if b.w.panel != nil {
		t.Error("u opens a text that cannot help")
	}
}

func TestLook_foldersThatCannotBeWrittenToAreRefused(t *testing.T) {
	if _, err := os.Stat("/proc/self"); err == nil {
		if p := look("/proc/x"); p.err == nil {
			t.Errorf("/proc/x: %+v", p)
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if p := look(filepath.Join(file, "below")); p.err == nil {
		t.Errorf("below a file: %+v", p)
	}
}

func TestCheck_anIndexThatIsBeingBuiltIsAskedForAgainByItself(t *testing.T) {
	b := newBench(t, 80, 24, incremental)
	b.server.index = map[string]fauna.IndexCheck{"users": {Exists: true, Building: true}}
	b.to(checkID)
	b.shows("being built", "checked again every few seconds")
	if b.recheck == 0 {
		t.Fatal("nobody asks again")
	}
	b.server.index = nil
	c := b.w.steps[checkID].(*checkStep)
	b.act(c.check)
	b.shows("✓ ok", "enter start the export")
}

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

func TestSecret_typedIntoAWrongFieldIsNeverStored(t *testing.T) {
	file := filepath.Join(t.TempDir(), "settings", "answers.yaml")
	check := func(b *bench, where string) {
		t.Helper()
		b.act(b.w.keepAnswers)
		filepath.WalkDir(filepath.Dir(file), func(path string, d os.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				if body, _ := os.ReadFile(path); strings.Contains(string(body), testSecret[:14]) {
					t.Errorf("%s: %s holds the secret:\n%s", where, path, body)
				}
			}
			return nil
		})
	}
	keep := func(_ *bench, c *Config) { c.AnswersFile = file }
	b := newBench(t, 80, 24, keep)
	b.keys("ctrl+u")
	b.typed(testSecret)
	b.shows("looks like a secret")
	b.keys("enter")
	b.at(domainID)
	check(b, "Domain, typed")
	b.keys("ctrl+u")
	b.paste(testSecret)
	check(b, "Domain, pasted")
	b.typed("localhost")
	b.to(collectionsID)
	b.typed("users, " + testSecret)
	check(b, "Collections, typed")
	b.keys("enter")
	check(b, "Collections, taken")
	if slices.Contains(b.w.chosen(), testSecret) {
		t.Error("the secret is a collection")
	}
	b.paste(testSecret)
	check(b, "Set-up, pasted")

	file = filepath.Join(t.TempDir(), "settings", "answers.yaml")
	b = newBench(t, 80, 24, keep, func(_ *bench, c *Config) { c.Dir = "" }).to(outputID)
	b.typed(testSecret)
	check(b, "Output, typed")
	b.keys("down")
	b.typed("users:" + testSecret)
	check(b, "a column")
}

func TestSession_secretIsTakenOutAfterTheCleaning(t *testing.T) {
	b := newBench(t, 80, 24).to(outputID)
	whole := b.w.clean("a" + testSecret + "b")
	if strings.Contains(whole, testSecret) {
		t.Errorf("said %q", whole)
	}
	b.w.say(noteBad, "%s", "the server says "+testSecret)
	b.hides(testSecret)
}

func TestAnswers_recentAddressesAreOfferedAndHoldNoSecret(t *testing.T) {
	file := filepath.Join(t.TempDir(), "answers.yaml")
	keep := func(_ *bench, c *Config) { c.AnswersFile = file }
	b := newBench(t, 80, 24, keep)
	b.keys("ctrl+u")
	b.typed("localhost:9999")
	b.keys("enter")
	b.at(accessID)
	again := newBench(t, 80, 24, keep)
	again.shows("Recent", "http://localhost:9999")
	again.keys("ctrl+u")
	again.typed("core")
	again.keys("down")
	again.shows("▌ http://localhost:9999")
	if err := storeRecent(file, "http://"+testSecret); err != nil {
		t.Fatal(err)
	}
	if body, err := os.ReadFile(recentFile(file)); err != nil || strings.Contains(string(body), testSecret) {
		t.Errorf("%v: %s", err, body)
	}
}

func TestFolder_tabCompletesItsPath(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"backups-old", "backups-new", "exports", ".hidden"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for typed, want := range map[string]string{"/b": "/backups-", "/e": "/exports/", "/x": "/x", "/backups-o": "/backups-old/", "/.h": "/.hidden/"} {
		if got := complete(dir + typed); got != dir+want {
			t.Errorf("%s becomes %s, want %s", typed, strings.TrimPrefix(got, dir), want)
		}
	}
	b := newBench(t, 100, 24, func(_ *bench, c *Config) { c.Dir = dir + "/e" }).to(outputID)
	b.keys("tab")
	if b.w.dirText != dir+"/exports/" {
		t.Errorf("the folder is %q", b.w.dirText)
	}
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
	b.keys("backspace", "enter") // another one: its secret is wanted, and then Check again
	b.at(accessID)
	b.keys("2")
	b.paste(testSecret)
	b.keys("enter")
	b.at(checkID)
}

func TestSetup_v10TextByOneKey(t *testing.T) {
	b := newBench(t, 80, 24).to(setupID)
	b.keys("v")
	b.shows("FQL v10", "Role.create({", "connect_readonly")
	b.keys("v")
	b.shows("CreateRole({", "connect-readonly")
}

func TestKeystrokes_ofTheThreeWaysHold(t *testing.T) {
	count := func(b *bench, most int, keys ...string) {
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
		if len(keys) > most {
			t.Errorf("%d keys, at most %d", len(keys), most)
		}
	}
	count(newBench(t, 80, 24), 8, "enter", "PASTE", "enter", "enter", "enter", "enter")
	count(newBench(t, 80, 24, withEnv), 8, "enter", "enter", "enter", "enter", "enter")
	count(newBench(t, 80, 24), 9, "enter", "3", "PASTE", "enter", "enter", "enter", "enter", "enter", "enter")
	count(newBench(t, 80, 24, demo), 12, "enter", "enter", "ctrl+r", "enter", "r", "enter", "r", "enter", "enter", "enter", "enter")
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
	for id, want := range map[way]int{wayFQL: 9, waySecret: 7, wayAdmin: 8} {
		b.w.way = id
		if n := len(b.w.path()); n != want {
			t.Errorf("way %d has %d steps, want %d", id, n, want)
		}
	}
}

func TestFind_everyListOfCollectionsAndFilesHasIt(t *testing.T) {
	thousands := func(b *bench, _ *Config) { thousand(b) }
	b := newBench(t, 80, 24, thousands).withSecret(checkID)
	b.keys("/")
	b.typed("0999")
	b.keys("enter")
	b.shows("collection-0999", "/ 0999", "esc clear filter")
	b.hides("collection-0001")
	b.keys("esc")
	b.at(checkID)
	b.shows("collection-0000")

	b = newBench(t, 80, 24).to(exportID)
	b.showing(progress{state: runGoing, status: thousandStatus(500)})
	b.keys("/")
	b.typed("0777")
	b.shows("collection-0777", "waiting")
	b.hides("collection-0500")
	b.keys("esc")
	b.shows("collection-0500")

	b = newBench(t, 80, 24).to(doneID)
	b.keys("/")
	b.typed("line")
	b.shows("line-items.jsonl")
	b.hides("users.jsonl")
}
