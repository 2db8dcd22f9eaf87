package tui

import (
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
)

func TestField_edits(t *testing.T) {
	alt := func(r rune) tea.KeyMsg { return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}, Alt: true} }
	cases := []struct {
		name string
		keys []tea.KeyMsg
		want string
	}{
		{"types", []tea.KeyMsg{keyMsg("a"), keyMsg("ö")}, "one twoaö"},
		{"deletes back", []tea.KeyMsg{keyMsg("backspace")}, "one tw"},
		{"deletes forward", []tea.KeyMsg{keyMsg("home"), keyMsg("delete")}, "ne two"},
		{"inserts in the middle", []tea.KeyMsg{keyMsg("left"), keyMsg("left"), keyMsg("X")}, "one tXwo"},
		{"clears to the start", []tea.KeyMsg{keyMsg("left"), keyMsg("ctrl+u")}, "o"},
		{"clears to the end", []tea.KeyMsg{keyMsg("ctrl+a"), keyMsg("right"), keyMsg("ctrl+k")}, "o"},
		{"deletes a word", []tea.KeyMsg{keyMsg("ctrl+w")}, "one "},
		{"moves a word back", []tea.KeyMsg{alt('b'), keyMsg("X")}, "one Xtwo"},
		{"moves a word on", []tea.KeyMsg{keyMsg("home"), alt('f'), keyMsg("X")}, "oneX two"},
		{"deletes a word on", []tea.KeyMsg{keyMsg("home"), alt('d')}, " two"},
		{"pastes without the newline", []tea.KeyMsg{{Type: tea.KeyRunes, Runes: []rune(" three\r\n"), Paste: true}}, "one twothree"},
		{"pastes lines as words", []tea.KeyMsg{{Type: tea.KeyRunes, Runes: []rune("a\nb"), Paste: true}}, "one twoa b"},
		{"takes no control characters", []tea.KeyMsg{{Type: tea.KeyRunes, Runes: []rune("\x1b[2J\x00")}}, "one two[2J"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f := newField(newBench(t, 80, 24).w.st, "")
			f.set("one two")
			for _, k := range c.keys {
				if !f.key(k) {
					t.Errorf("%s is not a key of the field", k)
				}
			}
			if f.value() != c.want {
				t.Errorf("the field holds %q, want %q", f.value(), c.want)
			}
		})
	}
}

func TestField_takesNoMoreThanItsLimitAndSaysSo(t *testing.T) {
	b := newBench(t, 80, 24, func(b *bench, c *Config) { c.AnswersFile = t.TempDir() + "/answers.yaml" })
	b.paste(strings.Repeat("x", 3<<20))
	b.shows("localhost:8443", "takes at most 4,096 characters")
	if n := len(b.w.config().Domain); n > mostTyped {
		t.Errorf("the answers hold %d characters", n)
	}
	b.keys("backspace")
	b.hides("takes at most")
	b.keys("ctrl+u")
	b.paste(strings.Repeat("/", mostTyped))
	b.hides("takes at most")
	b.keys("x")
	b.shows("takes at most 4,096 characters")
	if got := b.w.endpointText; got != strings.Repeat("/", mostTyped) {
		t.Errorf("the field holds %d characters", len(got))
	}
	b.w.steps[domainID].(*domainStep).field.set("localhost")
	b.hides("takes at most")
}

func TestCollections_takeNoMoreThanTheirLimitAndSaySo(t *testing.T) {
	b := newBench(t, 80, 24).to(collectionsID)
	b.typed("users ")
	b.paste(strings.Repeat("x", mostPasted))
	b.shows("1 collection", "users", "The list takes at most 1,000,000 characters")
	b = newBench(t, 80, 24).withSecret(collectionsID)
	b.paste(strings.Repeat("x", mostPasted+1))
	b.shows("The list takes at most 1,000,000 characters")
	b.hides("xxx")
	b.w.steps[collectionsID].(*collectionsStep).area.SetValue(strings.Repeat("x", mostPasted)) // as with very many collections
	b.keys("j")
	b.paste("users")
	b.hides("takes at most")
}

func TestSecretField_takesNoMoreThanItsLimitAndSaysSo(t *testing.T) {
	b := newBench(t, 80, 24).to(secretID)
	b.paste(strings.Repeat("x", 3<<20))
	b.shows("Too long for a secret", "paste the secret, or the whole CreateKey result")
	b.paste(strings.Repeat("x ", 400_000) + testSecret) // around it there may be much
	b.shows("40 characters", "The secret was extracted")
	b.keys("ctrl+u")
	b.typed(strings.Repeat("x", mostTyped+1))
	b.shows("4,096 characters")
}

func TestField_showsItsCursorWithoutColours(t *testing.T) {
	b := newBench(t, 80, 24)
	f := newField(b.w.st, "")
	f.set("abc")
	if got := f.view(20, true); !strings.Contains(got, "\x1b[7m") {
		t.Errorf("no cursor: %q", got)
	}
}

func TestField_fitsAnyWidthWithTheCursorInSight(t *testing.T) {
	b := newBench(t, 80, 24)
	for _, typed := range []string{"", "plain", "東京東京東京東京東京", "e\u0301e\u0301e\u0301", "👩‍👩‍👧👩‍👩‍👧", strings.Repeat("x", 200)} {
		f := newField(b.w.st, "a hint that is rather long for a narrow field")
		f.set(typed)
		for at := range len([]rune(typed)) + 1 {
			f.in.SetCursor(at)
			for w := 1; w < 40; w += 3 {
				if n := ansi.StringWidth(f.view(w, true)); n > w {
					t.Fatalf("%q, cursor %d: %d cells of %d: %q", typed, at, n, w, f.view(w, true))
				}
			}
		}
	}
}

func TestSecretField_wipeLeavesNothingInMemory(t *testing.T) {
	f := secretField{}
	for _, r := range testSecret {
		f.key(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}})
	}
	held := f.typed[:cap(f.typed)]
	f.wipe()
	for _, r := range held {
		if r != 0 {
			t.Fatalf("the wiped field still holds %q", string(held))
		}
	}
	if f.length() != 0 {
		t.Error("the wiped field is not empty")
	}
}

func TestLooksLikeSecret_namesAndPathsDoNot(t *testing.T) {
	for typed, want := range map[string]bool{
		testSecret: true, "x " + testSecret + " y": true, testSecret[:14]: true, "http://" + testSecret: true, "fnAEAgB1SmACAXyzabc": true,
		"users": false, "functions": false, "fnAccounts": false, "localhost:8443": false, "/srv/fauna-2026-11-22": false, "": false,
	} {
		if got := looksLikeSecret(typed); got != want {
			t.Errorf("looksLikeSecret(%q) = %v", typed, got)
		}
	}
}

func TestHighlight_changesNoText(t *testing.T) {
	b := newBench(t, 80, 24, func(_ *bench, c *Config) { c.Color = "always" })
	for _, line := range []string{
		`CreateRole({`, `  name: "connect-readonly",`, `{ "field": "ts" },`, `Paginate(Collections(), { size: 1000 })`,
		`"a \" quote`, `'unended`, `// a comment "x"`, `a / b`, "", `Lambda("c", Select("id", Var("c")))`, `é: 1.5e3, null true`,
	} {
		got := highlight(b.w.st, line)
		if ansi.Strip(got) != line {
			t.Errorf("highlight(%q) reads %q", line, ansi.Strip(got))
		}
	}
	if got := highlight(b.w.st, `Paginate("x", 1)`); strings.Count(got, "\x1b[3") != 3 {
		t.Errorf("a call, a string and a number are not coloured: %q", got)
	}
}
