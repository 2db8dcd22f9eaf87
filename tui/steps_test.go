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
	b.at(collectionsID)
	b.keys("esc", "enter")
	b.at(collectionsID) // asked once
}

func TestDomain_goesOnWithoutAnAnswer(t *testing.T) {
	b := newBench(t, 80, 24, func(b *bench, _ *Config) { b.server.reach = errNoNetwork })
	b.shows("connection refused", "enter goes on all the same")
	b.keys("enter")
	b.at(collectionsID)
}

func TestDomain_anotherAddressForgetsTheSecret(t *testing.T) {
	b := newBench(t, 80, 24).to(checkID)
	b.keys("esc", "esc", "esc", "esc", "esc")
	b.at(domainID)
	b.keys("backspace", "enter")
	if b.w.server != nil || b.w.known != nil || b.server.closed == 0 {
		t.Error("the secret of another server is kept")
	}
	b.shows("users")
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
			if got := b.w.chosen(); !slices.Equal(got, c.want) {
				t.Errorf("chosen %q, want %q", got, c.want)
			}
			b.shows("added")
			b.keys("enter")
			b.at(outputID)
		})
	}
}

func TestCollections_linesOfAPasteThatArriveAsKeysDoNotLeaveTheStep(t *testing.T) {
	b := newBench(t, 80, 24).to(collectionsID)
	for _, line := range []string{"{", "  data: [", "    Collection(\"users\"),", "    Collection(\"products\")", "  ]", "}"} {
		b.typed(line)
		b.keys("enter")
		b.at(collectionsID)
	}
	if got := b.w.chosen(); !slices.Equal(got, []string{"users", "products"}) {
		t.Errorf("chosen %q", got)
	}
}

func TestCollections_listChoosesFiltersAndDrops(t *testing.T) {
	b := newBench(t, 80, 24).to(collectionsID)
	b.paste("users\nproducts\nline-items\n")
	b.keys("tab", "down", "space")
	if got := b.w.chosen(); !slices.Equal(got, []string{"users", "line-items"}) {
		t.Errorf("space: %q", got)
	}
	b.keys("n")
	b.shows("0 chosen of 3")
	b.keys("enter")
	b.at(collectionsID)
	b.shows("Name at least one collection.")
	b.keys("/")
	b.typed("ITEM")
	b.keys("enter", "a", "esc")
	if got := b.w.chosen(); !slices.Equal(got, []string{"line-items"}) {
		t.Errorf("all of a filter: %q", got)
	}
	b.keys("home", "d")
	if len(b.w.choices) != 2 || b.w.choices[0].name != "products" {
		t.Errorf("drop: %v", b.w.choices)
	}
}

func TestSecret_isNeverOnScreenAndLeavesTheField(t *testing.T) {
	b := newBench(t, 80, 24).to(secretID)
	b.paste("  \"" + testSecret + "\"\r\n")
	b.shows("40 characters", "••••")
	b.hides(testSecret, testSecret[:6])
	b.keys("enter")
	b.at(checkID)
	c := b.w.steps[secretID].(*secretStep)
	if c.field.value() != "" || !c.held.IsZero() {
		t.Error("the secret stays in its field")
	}
	last := b.dialed[len(b.dialed)-1]
	if last.Secret.Len() != len(testSecret) {
		t.Errorf("the server was given %d characters", last.Secret.Len())
	}
	if text := fmt.Sprintf("%+v %#v", *b.w.session, c.held); strings.Contains(text, testSecret) {
		t.Error("the session prints its secret")
	}
}

func TestSecret_staysInTheFieldWhenItIsNotAccepted(t *testing.T) {
	for name, err := range map[string]error{"not a key of this database": errRefused, "connection refused": errNoNetwork} {
		b := newBench(t, 80, 24).to(secretID)
		b.server.list = err
		b.typed(testSecret)
		b.keys("enter")
		b.at(secretID)
		b.shows(name, "40 characters")
		b.server.list = nil
		b.keys("enter")
		b.at(checkID)
	}
}

func TestSecret_keyThatMayNotListCollectionsIsFine(t *testing.T) {
	b := newBench(t, 80, 24, func(b *bench, _ *Config) { b.server.list = &fauna.Error{Kind: fauna.KindDenied, Status: 403} })
	b.to(checkID).shows("Secret accepted: reads 3 of 3", "20,000")
}

func TestSetup_demoRunsTheVeryTextAndTakesTheSecret(t *testing.T) {
	var ran []string
	b := newBench(t, 80, 24, func(b *bench, c *Config) {
		demo(b, c)
		play := c.Shell
		c.Shell = func(ctx context.Context, fql string) (string, error) {
			ran = append(ran, fql)
			return play(ctx, fql)
		}
	})
	b.keys("enter", "ctrl+r")
	b.shows("[x] users", "3 names added")
	b.keys("enter", "enter", "r", "enter", "r")
	b.shows("shown only once", testSecret)
	b.keys("enter")
	b.at(secretID)
	b.hides(testSecret)
	b.shows("40 characters")
	b.keys("enter")
	b.at(checkID)
	want := []string{fql.CollectionsFQL(fql.V4), b.w.setup().RoleFQL(), b.w.setup().KeyFQL()}
	if !slices.Equal(ran, want) {
		t.Errorf("ran %q, want %q", ran, want)
	}
}

func TestSetup_adminSecretMakesRoleAndKeyAndIsDropped(t *testing.T) {
	b := newBench(t, 80, 24).to(setupID)
	b.keys("a")
	b.paste("fnADMINexampleADMINexampleADMINexampleAD\n")
	b.hides("fnADMIN")
	b.keys("enter")
	b.at(secretID)
	b.shows("The role and the key are made", "40 characters")
	if b.w.steps[setupID].(*setupStep).admin != nil {
		t.Error("the admin's secret is kept")
	}
	b.keys("enter")
	b.at(checkID)

	b = newBench(t, 80, 24, func(b *bench, _ *Config) { b.server.apply = errRefused }).to(setupID)
	b.keys("a")
	b.typed("fnADMIN")
	b.keys("enter")
	b.at(setupID)
	b.shows("✗")
	b.keys("esc")
	b.shows("1 of 2 · Role")
}

func TestSetup_adminIsToldOfAMisspeltNameBeforeAnythingIsMade(t *testing.T) {
	b := newBench(t, 80, 24)
	b.keys("enter")
	b.typed("users, prodcuts")
	b.keys("enter", "enter", "a")
	b.typed("fnADMINexampleADMINexampleADMINexampleAD")
	b.keys("enter")
	b.at(setupID)
	b.shows("no such collection: prodcuts (products?)")
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

func TestCheck_doesNotBeginWhileSomethingCannotBeRead(t *testing.T) {
	b := newBench(t, 80, 24)
	b.server.access = map[string]fauna.Access{"products": {Exists: true}}
	b.to(checkID)
	b.shows("✗ NO     not in the role")
	b.keys("enter")
	b.at(checkID)
	b.keys("u")
	b.shows("Update(Role(")
	b.keys("esc")
	b.server.access = nil
	b.keys("r")
	b.hides("NO")
	b.server.access = map[string]fauna.Access{"products": {Exists: true}}
	b.keys("r", "x")
	b.hides("products")
	b.keys("enter")
	b.at(doneID)
}

func TestCheck_showsAnErrorOfTheServerAndAsksAgain(t *testing.T) {
	b := newBench(t, 80, 24).to(checkID)
	b.server.err = errNoNetwork
	b.keys("r")
	b.shows("connection refused", "r asks again")
	b.keys("enter")
	b.at(checkID)
	b.server.err = nil
	b.keys("r")
	b.shows("20,000")
}

func TestExport_keysReachTheRun(t *testing.T) {
	b := newBench(t, 80, 24)
	b.run.status = running()
	b.to(exportID)
	b.look()
	b.shows("64 %", "12,812 / 20,000", "8 of 8 in flight")
	b.keys("p")
	b.shows("Paused.")
	b.keys("p", "+", "esc")
	b.shows("p pauses it")
	b.at(exportID)
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

func TestExport_stoppedCanBeContinued(t *testing.T) {
	b := newBench(t, 80, 24).to(exportID)
	b.keys("s", "y")
	b.w.runner.wg.Wait()
	b.look()
	b.shows("It was stopped.", "c continues")
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

func TestExport_refusedSecretLeadsBackToItsField(t *testing.T) {
	b := newBench(t, 80, 24, func(b *bench, _ *Config) { b.run.manifest, b.run.err = nil, errRefused })
	b.to(checkID).keys("enter")
	b.at(exportID)
	b.shows("e edits the secret")
	b.keys("e")
	b.at(secretID)
	if _, err := b.w.outcome(t.Context(), nil); !errors.Is(err, errRefused) {
		t.Errorf("left then, the wizard says %v", err)
	}
}

func TestExport_panicOfTheEngineEndsAsAnError(t *testing.T) {
	b := newBench(t, 80, 24, func(b *bench, _ *Config) { b.run.panics = true })
	b.to(checkID).keys("enter")
	b.at(exportID)
	b.shows("the export broke: boom")
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

func TestDone_sameAnswersAreNotExportedTwice(t *testing.T) {
	opened := 0
	b := newBench(t, 80, 24)
	b.w.runner.open = func(export.Spec, export.Source, bool) (exporting, error) { opened++; return b.run, nil }
	b.to(doneID)
	b.keys("esc")
	b.at(checkID)
	b.keys("enter")
	b.at(doneID)
	if opened != 1 {
		t.Errorf("%d exports", opened)
	}
}

func TestDone_partialIsTheErrorOfRun(t *testing.T) {
	partial := &export.Partial{Window: []string{"users"}}
	b := newBench(t, 80, 24, func(b *bench, _ *Config) { b.run.err = partial })
	b.to(doneID).shows("Finished, but not all of it.", "read at more than one time: users")
	b.keys("enter")
	if out, err := b.w.outcome(t.Context(), nil); !errors.Is(err, error(partial)) || !strings.Contains(out.Summary, "more than one time") {
		t.Errorf("outcome %+v, %v", out, err)
	}
}

func TestDone_savedAnswersAreTheRunAgain(t *testing.T) {
	t.Chdir(t.TempDir())
	b := newBench(t, 80, 24).to(outputID)
	b.keys("down", "right", "down", "down", "down")
	b.typed(`users:parent_id:string=["data","parent","id"]`)
	b.keys("enter", "enter", "enter")
	b.paste(testSecret)
	b.keys("enter", "enter", "s")
	b.shows("Saved, without the secret", "fauna-export run --config fauna-export.yaml")
	c, err := config.Load(context.Background(), "fauna-export.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c.Out = "/srv/next"
	spec, err := c.Spec()
	if err != nil {
		t.Fatal(err)
	}
	if spec.Format != row.CSV || !slices.Equal(spec.Collections, []string{"users", "products", "line-items"}) || len(spec.Columns["users"]) != 1 {
		t.Errorf("saved: %+v", spec)
	}
}

func TestAnswers_areFilledInAgainWithoutTheSecret(t *testing.T) {
	file := t.TempDir() + "/settings/answers.yaml"
	keep := func(_ *bench, c *Config) { c.AnswersFile = file }
	b := newBench(t, 80, 24, keep).to(outputID)
	b.keys("down", "right", "enter", "enter")
	b.paste(testSecret)
	b.keys("enter")
	b.at(checkID)

	again := newBench(t, 80, 24, keep)
	again.shows("The answers of last time are filled in")
	again.keys("enter")
	again.shows("[x] users", "[x] products", "[x] line-items")
	again.keys("enter")
	again.shows("(•) CSV")
	again.keys("enter", "enter")
	again.at(secretID)
	again.hides("characters")
}
