package tui

import (
	"testing"
	"time"

	"fauna-export/export"
	"fauna-export/fauna"
)

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

func TestCheck_anIndexThatIsBeingBuiltIsAskedForAgainByItself(t *testing.T) {
	b := newBench(t, 80, 24, incremental)
	b.server.index = map[string]fauna.IndexCheck{"users": {Exists: true, Building: true}}
	b.to(checkID)
	b.shows("being built", "rechecked every few seconds")
	if b.recheck == 0 {
		t.Fatal("nobody asks again")
	}
	b.server.index = nil
	c := b.w.steps[checkID].(*checkStep)
	b.act(c.check)
	b.shows("✓ ok", "enter start the export")
}

func TestCheck_showsAnErrorOfTheServerAndAsksAgain(t *testing.T) {
	b := newBench(t, 80, 24).to(checkID)
	b.server.err = errNoNetwork
	b.keys("r")
	b.shows("connection refused", "r checks again")
	b.keys("enter")
	b.at(checkID)
	b.server.err = nil
	b.keys("r")
	b.shows("20,000")
}

func TestCheck_doesNotBeginWhileSomethingCannotBeRead(t *testing.T) {
	b := newBench(t, 80, 24).to(checkID)
	b.server.access = map[string]fauna.Access{"products": {Exists: true}}
	b.keys("r")
	b.shows("no access", "1 collection can't be read: u show fix")
	b.keys("enter")
	b.at(checkID)
	b.keys("u")
	b.shows("Update(Role(")
	b.keys("esc")
	b.server.access = nil
	b.keys("r")
	b.hides("no access")
	b.server.access = map[string]fauna.Access{"products": {Exists: true}}
	b.keys("r", "x")
	b.hides("products")
	b.keys("enter")
	b.at(doneID)
}

func TestCheck_timeIsOfARateThatWasMeasured(t *testing.T) {
	b := newBench(t, 80, 24).to(checkID)
	b.shows("Measured: about 10,986 documents/s, so about 2.0 s.", "about 7.1 MB")
	limited := newBench(t, 80, 24, func(_ *bench, c *Config) { c.MaxRate = 500 }).to(checkID)
	limited.shows("Limited to 500 documents/s, so about 42 s.")
	b = newBench(t, 80, 24)
	b.server.docs = map[string]int{"users": 0, "products": 0, "line-items": 0}
	b.to(checkID).hides("documents/s")
}

func TestCheck_roleOfAKeyThatIsNotOursMayHaveAnotherName(t *testing.T) {
	b := newBench(t, 80, 24).withSecret(checkID)
	b.server.access = map[string]fauna.Access{"products": {Exists: true}}
	b.keys("r", "u")
	b.shows(`Update(Role("connect-readonly")`, "If your key's role is not named connect-readonly")
	ours := newBench(t, 80, 24).to(checkID)
	ours.server.access = b.server.access
	ours.keys("r", "u")
	ours.hides("If your key's role")
}

func TestCheck_folderIsSaidWithWhatIsKnownOfIt(t *testing.T) {
	b := newBench(t, 120, 40)
	b.w.look = func(path string) place { return place{path: path, isNew: true, free: 1_000_000} }
	b.to(checkID).shows("Into /srv/fauna-2026-11-22 (new, 1.0 MB free)", "The disk may be too small: about 7.1 MB is needed.")
}

func TestCheck_longerHistoryIsOfferedOnlyWhereSomeIsShorter(t *testing.T) {
	b := newBench(t, 80, 24)
	b.server.docs["users"] = 2_000_000_000_000
	b.server.access = map[string]fauna.Access{}
	for _, name := range b.server.names {
		b.server.access[name] = fauna.Access{Exists: true, Readable: true, HistoryDays: 7}
	}
	b.to(checkID).shows("readable for only 7 days.")
	b.hides("Press h")
	b.keys("h")
	if b.w.panel != nil {
		t.Errorf("h opens a text without FQL:\n%s", b.view())
	}
	b.server.access["users"] = fauna.Access{Exists: true, Readable: true, HistoryDays: 6}
	b.keys("r")
	b.shows("readable for only 6 days.", "Press h")
	b.keys("h")
	b.shows("history_days: 7")
	b.hides("products")
}

func TestCheck_whatEnterDoesAfterAnExportThatEnded(t *testing.T) {
	b := newBench(t, 80, 24).to(exportID)
	b.w.look = func(path string) place { return place{path: path, free: -1, begun: true} } // as it is from now on
	b.keys("s", "y")
	b.w.runner.wg.Wait()
	b.look()
	b.shows("Export incomplete (stopped)")
	b.keys("esc")
	b.at(checkID)
	b.shows("Ready to resume the export?", "Resumes the unfinished export in /srv/fauna-2026-11-22, with its original", "options.", "enter resume the export")
	b.hides("(new", "The snapshot stays readable", "so about")
	resumed := false
	b.w.runner.open = func(_ export.Spec, _ export.Source, resume bool) (exporting, error) {
		resumed = resume
		return shopRun(), nil
	}
	b.held = false
	b.keys("enter")
	b.at(doneID)
	if !resumed {
		t.Error("enter started another export")
	}
	b.server.err = errNoNetwork
	b.keys("esc")
	b.at(checkID)
	b.shows("r checks again.")
	b.hides("Nothing has been exported yet")
}

func TestCheck_aSecretThatIsRejectedCanBeChanged(t *testing.T) {
	for name, to := range map[string]func(*bench) *bench{
		"by FQL":   func(b *bench) *bench { return b.to(checkID) },
		"a secret": func(b *bench) *bench { return b.withSecret(checkID) },
		"an admin": func(b *bench) *bench { return b.withAdmin(checkID) },
	} {
		b := to(newBench(t, 80, 24))
		b.server.err = errRefused
		b.keys("r")
		b.shows("Secret rejected", "x change the secret")
		b.server.err = nil
		b.keys("x")
		b.hides("Secret accepted")
		if b.w.at == accessID {
			b.keys("enter")
		}
		b.paste(testSecret)
		b.keys("enter")
		if name == "an admin" { // whose secret never exports
			b.at(setupID)
			b.shows("enter create role and key")
			b.keys("enter", "enter")
		}
		b.at(checkID)
		b.shows("enter start the export")
	}
}

func TestCheck_manyCollectionsTakeTheirTimeThoughTheyAreEmpty(t *testing.T) {
	b := newBench(t, 80, 24, func(b *bench, _ *Config) {
		thousand(b)
		for name := range b.server.docs {
			b.server.docs[name] = 0
		}
		b.server.docs["collection-0001"] = 3
		b.server.counting = 100 * time.Millisecond
	})
	b.withSecret(checkID)
	b.shows("It takes about 38 s: a few requests for each of 1,000 collections.")
}

func TestCheck_anAdminsSecretThatCreatedNothingChecksNothing(t *testing.T) {
	b := newBench(t, 80, 24).withAdmin(checkID)
	b.server.err = errRefused
	b.keys("r")
	b.server.err = nil
	b.keys("x", "enter")
	b.paste(testSecret)
	b.keys("enter")
	b.at(setupID)
	b.keys("esc")
	b.at(accessID)
	b.hides("Secret accepted")
	b.keys("esc")
	b.at(checkID)
	b.shows("There is no secret yet")
	if b.w.server != nil {
		t.Error("the admin's secret is in use")
	}
}
