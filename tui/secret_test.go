package tui

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fauna-export/fauna"
)

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

func TestSecret_keyThatMayNotListCollectionsIsFine(t *testing.T) {
	b := newBench(t, 80, 24, func(b *bench, _ *Config) { b.server.list = &fauna.Error{Kind: fauna.KindDenied, Status: 403} })
	b.to(outputID).shows("Secret accepted: it reads 3 of 3")
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
	for message, err := range map[string]error{"Secret rejected: wrong database": errRefused, "connection refused": errNoNetwork} {
		b := newBench(t, 80, 24).to(secretID)
		b.server.list = err
		b.typed(testSecret)
		b.keys("enter")
		b.at(secretID)
		b.shows(message, "40 characters")
		b.server.list = nil
		b.keys("enter")
		b.at(outputID)
	}
}
