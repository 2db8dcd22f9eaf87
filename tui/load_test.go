package tui

import (
	"context"
	"path/filepath"
	"testing"

	"fauna-export/export/load"
)

// TestDone_loadsIntoSQLiteAndProvesIt goes from a server to tables. The target is
// chosen in Output, so Done opens the load by itself.
func TestDone_loadsIntoSQLiteAndProvesIt(t *testing.T) {
	change, run := onEmulator(t, "users", "products", "line-items")
	dir := filepath.Join(t.TempDir(), "shop")
	b := newBench(t, 100, 30, change, func(_ *bench, c *Config) { c.Dir = dir }).to(secretID)
	b.w.prepareLoad = prepareLoad
	b.w.runner.open = openRun
	b.paste(keyOf(t, b, run))
	b.keys("enter")
	b.at(outputID)
	b.keys("up", "up", "up", "right", "right")
	b.shows("(•) SQLite")
	b.keys("enter")
	b.at(checkID)
	b.held = true
	b.keys("enter")
	b.until("the end", func(string) bool { return b.w.at == doneID })
	b.held = false
	b.shows("Load into a database", "sqlite:"+dir+".db")
	b.keys("enter")
	b.shows("Ready to load?", "3 tables · 3 rows", "line-items", "n integer")
	b.keys("d")
	b.shows("CREATE TABLE")
	b.keys("d", "enter")
	b.shows("Loaded and verified", "3 rows in SQLite", "read back and match.")
	b.keys("enter")
	b.shows("Exported and verified", "l load into a database")
}

func TestLoading_refusedPasswordIsAskedFor(t *testing.T) {
	b := newBench(t, 80, 24).to(doneID)
	b.loadErr = &load.Error{Kind: load.KindRefused, Where: "localhost", What: "the password is missing", Do: "give it"}
	b.keys("l")
	b.typed("postgres://app@localhost/shop")
	b.keys("enter")
	b.shows("the password is missing", "password")
	b.typed("hunter2")
	b.shows("•••••••")
	b.hides("hunter2", "the password is missing") // which was of the one before
	b.loadErr = nil
	b.keys("enter")
	b.shows("Ready to load?")
	b.keys("esc")
	b.shows("Exported and verified")
}

func TestLoading_targetThatIsNoneIsRefusedAtOnce(t *testing.T) {
	b := newBench(t, 80, 24).to(doneID)
	b.keys("l")
	b.typed("mysql:x")
	b.keys("enter")
	b.shows("✗", "postgres://USER@HOST/DATABASE")
}

// A load that failed lets go of its target, and another is prepared, as each is done once.
func TestLoading_isPreparedAgainAfterAnError(t *testing.T) {
	b := newBench(t, 80, 24).to(doneID)
	loads := []*fakeLoad{{err: &load.Error{Where: "shop.db", What: "write", Do: "the disk is full"}}, {}}
	prepared := 0
	b.w.prepareLoad = func(context.Context, string, load.Options) (loader, error) {
		prepared++
		return loads[prepared-1], nil
	}
	b.keys("l")
	b.typed("sqlite:shop.db")
	b.keys("enter")
	b.shows("Ready to load?")
	b.keys("enter")
	b.shows("the disk is full", "sqlite:shop.db")
	if !loads[0].closed {
		t.Error("the load that failed holds its target")
	}
	b.keys("enter")
	b.shows("Ready to load?")
	b.keys("enter")
	b.shows("Loaded and verified")
}
