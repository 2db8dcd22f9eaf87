package tui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"fauna-export/export"
	"fauna-export/export/config"
	"fauna-export/export/row"
	"fauna-export/fauna"
	"fauna-export/fauna/fql"
)

func TestDomain_plaintextNeedsAYes(t *testing.T) {
	b := newBench(t, 80, 24)
	b.keys("ctrl+u")
	b.typed("http://10.0.0.7:8443")
	dialed := len(b.dialed)
	b.keys("enter")
	b.shows("unencrypted")
	b.keys("n")
	b.at(domainID)
	if len(b.dialed) != dialed {
		t.Error("the server was asked before the yes")
	}
	b.keys("enter", "y")
	b.at(accessID)
	b.keys("esc", "enter")
	b.at(accessID) // asked once
}

func TestDomain_goesOnWithoutAnAnswer(t *testing.T) {
	b := newBench(t, 80, 24, func(b *bench, _ *Config) { b.server.reach = errNoNetwork })
	b.shows("connection refused", "Enter to continue anyway")
	b.keys("enter")
	b.at(accessID)
}

func TestCollections_takesWhatTheShellPrints(t *testing.T) {
	cases := []struct {
		name, text string
		want       []string
	}{
		{"refs", "{\n  data: [\n    Collection(\"users\"),\n    Collection(\"Ünï-cödé.1\")\n  ]\n}", []string{"users", "Ünï-cödé.1"}},
		{"names", "{\n  data: [\n    'users',      'products',\n    'types',      'empty'\n  ]\n}", []string{"users", "products", "types", "empty"}},
		{"json", `{"data":["users","products"]}`, []string{"users", "products"}},
		{"lines with CRLF", "users\r\nproducts\r\nusers\r\n", []string{"users", "products"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, 80, 24).to(collectionsID)
			b.paste(c.text)
			b.keys("enter")
			b.at(setupID)
			if got := b.w.chosen(); !slices.Equal(got, c.want) {
				t.Errorf("chosen %q, want %q", got, c.want)
			}
		})
	}
}

func TestSecret_keyThatMayNotListCollectionsIsFine(t *testing.T) {
	b := newBench(t, 80, 24, func(b *bench, _ *Config) { b.server.list = &fauna.Error{Kind: fauna.KindDenied, Status: 403} })
	b.to(outputID).shows("Secret accepted: it reads 3 of 3")
}

func TestAnswers_ofLastTimeDoNotReplaceAnAddressThatWasAskedFor(t *testing.T) {
	file := t.TempDir() + "/answers.yaml"
	b := newBench(t, 80, 24, func(_ *bench, c *Config) { c.AnswersFile, c.Endpoint = file, "http://localhost:1" })
	b.keys("enter")
	asked := newBench(t, 80, 24, func(_ *bench, c *Config) { c.AnswersFile, c.Endpoint = file, "http://localhost:2" })
	asked.shows("http://localhost:2")
	offered := newBench(t, 80, 24, func(_ *bench, c *Config) { c.AnswersFile = file })
	offered.shows("http://localhost:1")
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
	b.shows("exporting: 12,824 rows, 61 %", "60 x 18")
	b.endRun()
	b.send(tea.WindowSizeMsg{Width: 80, Height: 24})
	b.at(doneID)
}

func TestDone_partialIsTheErrorOfRun(t *testing.T) {
	partial := &export.Partial{Window: []string{"users"}}
	b := newBench(t, 80, 24, func(b *bench, _ *Config) { b.run.err = partial })
	b.to(doneID).shows("Finished, but not everything", "read at more than one time: users")
	b.keys("enter")
	if out, err := b.w.outcome(t.Context(), nil); !errors.Is(err, error(partial)) || !strings.Contains(out.Summary, "more than one time") {
		t.Errorf("outcome %+v, %v", out, err)
	}
}

func TestDomain_anotherAddressForgetsTheSecret(t *testing.T) {
	b := newBench(t, 80, 24).to(checkID)
	b.keys("d", "backspace", "enter")
	if b.w.server != nil || b.w.known != nil || b.server.closed == 0 {
		t.Error("the secret of another server is kept")
	}
	b.at(secretID)
}

func TestCollections_pickerMarksFiltersAndRemoves(t *testing.T) {
	b := newBench(t, 80, 24).withSecret(collectionsID)
	b.keys("down", "space")
	if got := b.w.chosen(); !slices.Equal(got, []string{"line-items", "users"}) {
		t.Errorf("space: %q", got)
	}
	b.keys("n")
	b.shows("0 of 3")
	b.keys("enter")
	b.at(collectionsID)
	b.shows("Choose at least one collection.")
	b.keys("/")
	b.typed("ITEM")
	b.keys("enter", "a", "esc")
	if got := b.w.chosen(); !slices.Equal(got, []string{"line-items"}) {
		t.Errorf("all of a filter: %q", got)
	}
	b.paste("users\nproducts\nnothere\n")
	b.shows("3 names marked", "[!] nothere")
	b.keys("end", "home", "down")
	for b.w.steps[collectionsID].(*collectionsStep).picker.here().name != "nothere" {
		b.keys("down")
	}
	b.keys("d")
	b.hides("nothere")
}

func TestSecret_isNeverOnScreenAndLeavesTheField(t *testing.T) {
	b := newBench(t, 80, 24).to(secretID)
	b.paste("  \"" + testSecret + "\"\r\n")
	b.shows("40 characters", "••••")
	b.hides(testSecret, testSecret[:6])
	b.keys("enter")
	b.at(outputID)
	c := b.w.steps[secretID].(*secretStep)
	if c.field.length() != 0 {
		t.Error("the secret stays in its field")
	}
	last := b.dialed[len(b.dialed)-1]
	if last.Secret.Len() != len(testSecret) {
		t.Errorf("the server was given %d characters", last.Secret.Len())
	}
	if printed := fmt.Sprintf("%+v %#v", *b.w.session, c.field); strings.Contains(printed, testSecret) {
		t.Error("the session prints its secret")
	}
}

func TestSecret_staysInTheFieldWhenItIsNotAccepted(t *testing.T) {
	for said, err := range map[string]error{"Secret rejected: wrong database": errRefused, "connection refused": errNoNetwork} {
		b := newBench(t, 80, 24).to(secretID)
		b.server.list = err
		b.typed(testSecret)
		b.keys("enter")
		b.at(secretID)
		b.shows(said, "40 characters")
		b.server.list = nil
		b.keys("enter")
		b.at(outputID)
	}
}

func TestSetup_demoRunsTheVeryTextAndTakesTheSecret(t *testing.T) {
	var ran []string
	b := newBench(t, 80, 24, func(b *bench, c *Config) {
		demo(b, c)
		play := c.Shell
		c.Shell = func(ctx context.Context, query string) (string, error) {
			ran = append(ran, query)
			return play(ctx, query)
		}
	})
	b.to(collectionsID).keys("ctrl+r")
	b.shows("[x] users", "3 names found")
	b.keys("enter", "r", "enter", "r")
	b.shows("Fauna shows the secret once", testSecret)
	b.keys("enter")
	b.at(secretID)
	b.hides(testSecret)
	b.shows("40 characters")
	b.keys("enter")
	b.at(outputID)
	setup := fql.Setup{Collections: []string{"users", "products", "line-items"}}
	want := []string{fql.CollectionsFQL(fql.V4), setup.RoleFQL(), setup.KeyFQL()}
	if !slices.Equal(ran, want) {
		t.Errorf("ran %q, want %q", ran, want)
	}
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
	b = newBench(t, 80, 24)
	b.server.docs = map[string]int{"users": 0, "products": 0, "line-items": 0}
	b.to(checkID).hides("documents/s")
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

func TestDone_savedAnswersAreTheRunAgain(t *testing.T) {
	t.Chdir(t.TempDir())
	b := newBench(t, 80, 24).to(outputID)
	b.keys("up", "up", "right", "down", "down", "down")
	b.typed(`users:parent_id:string=["data","parent","id"]`)
	b.keys("enter", "enter", "enter", "s")
	b.shows("Saved fauna-export.yaml", "fauna-export run --config fauna-export.yaml")
	c, err := config.Load(t.Context(), "fauna-export.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c.Out = "/srv/next"
	spec, err := c.Spec()
	if err != nil {
		t.Fatal(err)
	}
	if spec.Format != row.CSV || len(spec.Collections) != 3 || len(spec.Columns["users"]) != 1 {
		t.Errorf("saved: %+v", spec)
	}
}

func TestAnswers_areFilledInAgainWithoutTheSecret(t *testing.T) {
	file := t.TempDir() + "/settings/answers.yaml"
	keep := func(_ *bench, c *Config) { c.AnswersFile = file }
	b := newBench(t, 80, 24, keep).to(outputID)
	b.keys("up", "up", "right", "enter")
	b.at(checkID)

	again := newBench(t, 80, 24, keep)
	again.shows("Filled in from last time; the secret is never saved.")
	again.to(collectionsID)
	again.shows("[x] users", "[x] products", "[x] line-items")
	again.keys("enter", "enter")
	again.at(secretID)
	again.hides("characters")
	again.paste(testSecret)
	again.keys("enter")
	again.shows("(•) CSV")
}

func TestColumns_nothingIsMarkedWhileAnotherCollectionIsRead(t *testing.T) {
	b := newBench(t, 120, 40).to(outputID)
	b.keys("ctrl+o")
	b.w.key(keyMsg("tab")) // its answer is still to come
	b.w.key(keyMsg("a"))
	b.shows("0 marked in all")
	b.act()
	b.shows("0 marked in all", "[ ] data.name")
}
