package tui

import (
	"context"
	"errors"
	"slices"
	"testing"

	"fauna-export/fauna/emulator"
	"fauna-export/fauna/fql"
)

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

func TestSetup_v10TextByOneKey(t *testing.T) {
	b := newBench(t, 80, 24).to(setupID)
	b.keys("v")
	b.shows("FQL v10", "Role.create({", "connect_readonly")
	b.keys("v")
	b.shows("CreateRole({", "connect-readonly")
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

func TestSetup_keysFitWhatIsDone(t *testing.T) {
	b := newBench(t, 80, 24).to(outputID)
	b.keys("esc", "esc")
	b.at(setupID)
	b.shows("Done: the secret is accepted", "i switch to incremental")
	b.hides("role already exists")
	b.keys("i") // indexes are still to be created, and the role exists
	b.shows("Index", "u new role", "i full")
	b.hides("Done:")

	b = newBench(t, 80, 24)
	b.withAdmin(setupID)
	b.keys("i", "enter")
	b.shows("Done: indexes, role and key created", "i switch to full")
	b.keys("i")
	b.shows("Done: role and key created", "i switch to incremental")
	b.keys("i")
	b.shows("Done: indexes, role and key created")
}

func TestSetup_indexesThatNobodyMadeAreNotDone(t *testing.T) {
	b := newBench(t, 80, 24)
	b.withSecret(collectionsID).keys("i") // incremental, with a secret of one's own
	b.keys("esc")
	b.at(accessID)
	b.keys("1")
	b.at(collectionsID)
	b.keys("enter")
	b.at(setupID)
	b.hides("Done:")
	b.shows("Index", "u role already exists")
	b.keys("i")
	b.shows("Done: the secret is accepted")
	b.keys("i") // whose role that secret has is unknown
	b.hides("Done:")
	b.shows("u role already exists")

	b = newBench(t, 80, 24, demo)
	b.to(setupID).keys("right", "r", "esc", "i") // only the key was created
	b.hides("Done:")
}

func TestSetup_refusalOfACollectionThatDoesNotExistIsExplained(t *testing.T) {
	b := newBench(t, 80, 24, demo, func(_ *bench, c *Config) {
		c.Shell = func(context.Context, string) (string, error) {
			return "Error: validation failed: document data is not valid.\n", errors.New("refused")
		}
	})
	b.to(setupID).keys("r")
	b.shows("The demo server refused", "validation failed", "Do all of these collections exist there?")
}

func TestSetup_refusalOfAKeyBeforeItsRoleIsExplained(t *testing.T) {
	srv := emulator.New(emulator.Options{})
	b := newBench(t, 80, 24, demo, func(_ *bench, c *Config) {
		c.Shell = func(ctx context.Context, query string) (string, error) { return srv.Shell(ctx, srv.Secret(), query) }
	})
	b.to(setupID).keys("r") // the server has no collections
	b.shows("The demo server refused", "Do all of these collections exist there?")
	b.keys("esc", "right", "r")
	b.shows("The demo server refused", "validation failed", "Does the role exist there yet? Run the queries in order.")
	b.hides("Do all of these collections")
}
