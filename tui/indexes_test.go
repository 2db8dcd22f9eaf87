package tui

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"fauna-export/export"
	"fauna-export/fauna"
	"fauna-export/fauna/emulator"
)

func TestCheck_indexesAreShownAndKeepTheExportFromBeginning(t *testing.T) {
	b := newBench(t, 80, 24, incremental)
	b.server.index = map[string]fauna.IndexCheck{"users": missingIndex(), "products": wrongIndex(), "line-items": {Exists: true, Building: true}}
	b.to(checkID)
	b.shows("✗ missing", "✗ wrong: source", "! being built", "20,000", `Index "line-items-ts" of "line-items" is still being built`)
	b.keys("enter")
	b.at(checkID)
	b.shows("2 indexes can't be used: u shows the FQL.")
	b.keys("down")
	b.shows("it is sorted in reverse")
	b.keys("u")
	b.shows("1 of 4: Delete the index products-ts.", `Delete(Index("products-ts"))`)
	b.hides("line-items-ts")
	b.keys("c", "esc")
	want := "// 1 of 4: Delete the index products-ts."
	if len(b.copied) != 1 || !strings.HasPrefix(b.copied[0], want) {
		t.Errorf("copied %q", b.copied)
	}

	b.server.index = map[string]fauna.IndexCheck{"line-items": {Exists: true, Building: true}}
	b.keys("r")
	b.hides("✗")
	b.keys("u", "x", "enter") // nothing to fix
	b.at(checkID)
	b.shows("Still building 1 index.")
	b.server.index = nil
	b.keys("r", "enter")
	b.at(doneID)
}

func TestCheck_collectionsWithoutAnIndexCanBeLeftOut(t *testing.T) {
	b := newBench(t, 80, 24, incremental)
	b.server.index = map[string]fauna.IndexCheck{"users": missingIndex(), "line-items": {Exists: true, Building: true}}
	b.to(checkID).keys("x")
	b.shows("1 collection skipped.", "! being built")
	b.hides("users")
}

func TestCheck_anIndexThatTheKeyMayNotReadNeedsTheRole(t *testing.T) {
	b := newBench(t, 80, 24, incremental)
	b.server.index = map[string]fauna.IndexCheck{"users": {Exists: true, Problems: []string{"the key can't read it"}}}
	b.to(checkID)
	b.shows("✗ not allowed")
	b.keys("u")
	b.shows("the role then reads these", "Update(Role(")
	b.keys("end")
	b.shows(`Index("users-ts")`)
}

func TestCheck_fullExportAsksForNoIndex(t *testing.T) {
	b := newBench(t, 80, 24)
	b.server.index = map[string]fauna.IndexCheck{"users": missingIndex()}
	b.to(checkID)
	b.hides("index", "missing")
}

// onEmulator connects a bench over HTTP to an embedded server with the given
// collections, with a shell as in the demo; run runs a query there as an admin.
func onEmulator(t *testing.T, collections ...string) (change func(*bench, *Config), run func(fql string) string) {
	t.Helper()
	srv := emulator.New(emulator.Options{Clock: func() time.Time { return testNow }})
	endpoint, stop, err := srv.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	run = func(fql string) string {
		t.Helper()
		text, err := srv.Shell(t.Context(), srv.Secret(), fql)
		if err != nil {
			t.Fatalf("%s: %v: %s", fql, err, text)
		}
		return text
	}
	for _, name := range collections {
		run(`CreateCollection({name: "` + name + `"})`)
		run(`Create(Collection("` + name + `"), {data: {n: 1}})`)
	}
	return func(b *bench, c *Config) {
		c.Endpoint = endpoint
		b.dial = func(o fauna.Options) (server, error) { return fauna.NewClient(o) }
	}, run
}

// keyOf creates the role and the key of a wizard's set-up, and returns the secret.
func keyOf(t *testing.T, b *bench, run func(string) string) string {
	t.Helper()
	run(b.w.setup().RoleFQL())
	_, after, found := strings.Cut(run(b.w.setup().KeyFQL()), `secret: "`)
	secret, _, whole := strings.Cut(after, `"`)
	if !found || !whole {
		t.Fatal("CreateKey answered without a secret")
	}
	return secret
}

func TestCheck_copiedFQLPutsIndexesRightOnAServer(t *testing.T) {
	change, run := onEmulator(t, "users", "products", "line-items")
	b := newBench(t, 80, 24, incremental, change).to(secretID)
	run(`CreateIndex({name: "products-ts", source: Collection("products"), values: [{field: "ts", reverse: true}, {field: "ref"}]})`)
	run(`CreateIndex({name: "line-items-ts", source: Collection("line-items"), terms: [{field: ["data", "n"]}], values: [{field: "ref"}]})`)
	run(`CreateIndex({name: "users-ts", source: Collection("users"), values: [{field: "ts"}, {field: "ref"}]})`)
	secret := keyOf(t, b, run)
	run(`Delete(Index("users-ts"))`)
	b.paste(secret)
	b.keys("enter", "enter")
	b.at(checkID)
	b.shows("✗ missing", "✗ wrong: order", "✗ wrong: terms, va", "3 indexes not ready: u show fix")
	b.keys("u", "c")
	if len(b.copied) != 1 {
		t.Fatalf("copied %q", b.copied)
	}
	for _, query := range strings.Split(b.copied[0], "\n\n") {
		run(query)
	}
	b.keys("esc", "r")
	b.hides("missing", "wrong")
	b.shows("✓ ok", "enter start the export")

	text := b.view()
	if got := strings.Count(text, "✓ ok"); got != 3 {
		t.Errorf("%d indexes are right:\n%s", got, text)
	}
}

func TestCheck_demoRunsTheFQLAndAsksAgain(t *testing.T) {
	change, run := onEmulator(t, "users", "products", "line-items")
	refuse := errors.New("refused")
	var shell func(string) (string, error)
	b := newBench(t, 80, 24, incremental, change, func(b *bench, c *Config) {
		demo(b, c)
		c.Shell = func(_ context.Context, fql string) (string, error) { return shell(fql) }
	}).to(secretID)
	for _, name := range []string{"users", "products", "line-items"} {
		run(`CreateIndex({name: "` + name + `-ts", source: Collection("` + name + `"), values: [{field: "ts"}, {field: "ref"}]})`)
	}
	secret := keyOf(t, b, run)
	run(`Delete(Index("users-ts"))`)
	b.paste(secret)
	b.keys("enter", "enter")
	b.shows("✗ missing")

	shell = func(string) (string, error) { return "Error: [\n  refused by the shell\n]", refuse }
	b.keys("u")
	b.shows("r run on the demo server")
	b.keys("r")
	b.shows("refused", "refused by the shell")
	b.keys("esc")
	shell = func(fql string) (string, error) { return run(fql), nil }
	b.keys("u", "r")
	b.shows("Ran on the demo server.", "✓ ok", "enter start the export")
	b.hides("missing")
}

// TestExport_aFullOneHasTheIndexesThatAreReady: a full export gets the indexes that
// exist and are readable.
func TestExport_aFullOneHasTheIndexesThatAreReady(t *testing.T) {
	t.Chdir(t.TempDir())
	b := newBench(t, 119, 40)
	b.server.index = map[string]fauna.IndexCheck{"users": {}, "products": {Exists: true, Building: true}}
	var got map[string]string
	b.w.runner.open = func(s export.Spec, _ export.Source, _ bool) (exporting, error) {
		got = s.Indexes
		return b.run, nil
	}
	b.to(doneID)
	if want := map[string]string{"line-items": "line-items-ts"}; !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
