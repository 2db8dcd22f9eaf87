package tui

import (
	"math/rand/v2"
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
			var f field
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

func TestField_showsItsCursorWithoutColours(t *testing.T) {
	b := newBench(t, 80, 24)
	f := field{}
	f.set("abc")
	if got := f.view(b.w.st, 20, true); !strings.Contains(got, "abc█") {
		t.Errorf("at the end: %q", got)
	}
	f.cursor = 1
	if got := f.view(b.w.st, 20, true); !strings.Contains(got, "a▏bc") {
		t.Errorf("in the middle: %q", got)
	}
}

func TestField_fitsAnyWidthWithTheCursorInSight(t *testing.T) {
	b := newBench(t, 80, 24)
	for _, text := range []string{"", "plain", "東京東京東京東京東京", "e\u0301e\u0301e\u0301", "👩‍👩‍👧👩‍👩‍👧", strings.Repeat("x", 500)} {
		f := field{hint: "a hint that is rather long for a narrow field"}
		f.set(text)
		for cursor := range len(f.text) + 1 {
			f.cursor = cursor
			for w := range 40 {
				got := f.view(b.w.st, w, true)
				if n := ansi.StringWidth(got); n > w {
					t.Fatalf("%q, cursor %d: %d cells of %d: %q", text, cursor, n, w, got)
				}
				if w >= 8 && !strings.ContainsAny(got, "█▏") {
					t.Fatalf("%q, cursor %d, width %d: no cursor in %q", text, cursor, w, got)
				}
			}
		}
	}
}

func TestField_wipeLeavesNothingInMemory(t *testing.T) {
	f := field{masked: true}
	f.insert([]rune(testSecret))
	f.insert([]rune("more"))
	held := f.text[:cap(f.text)]
	f.wipe()
	for _, r := range held {
		if r != 0 {
			t.Fatalf("the wiped field still holds %q", string(held))
		}
	}
	if f.value() != "" {
		t.Error("the wiped field is not empty")
	}
}

func TestClean_keepsTextAndReplacesControls(t *testing.T) {
	cases := map[string]string{
		"users":                    "users",
		"東京":                       "東京",
		"a\nb":                     "a�b",
		"\x1b[31m":                 "�[31m",
		"\x9b2J":                   "�2J",
		"a\u202eb":                 "a�b",
		"\u2066x\u2069":            "�x�",
		"\xff\xfe":                 "��",
		"👩‍👩‍👧":                    "👩‍👩‍👧",
		"\u0645\u06cc\u200c\u062e": "\u0645\u06cc\u200c\u062e",
		"soft\u00adhyphen":         "soft�hyphen",
		"\u200b":                   "�",
		"line\u2028break":          "line�break",
		"e\u0301":                  "e\u0301",
		"\x7f":                     "�",
		"private\ue000":            "private�",
		"tag\U000e0041":            "tag�",
		"no-break\u00a0here":       "no-break\u00a0here",
	}
	for in, want := range cases {
		if got := clean(in); got != want {
			t.Errorf("clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzClean(f *testing.F) {
	for _, name := range hostileNames {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := clean(s)
		if strings.ContainsFunc(got, hidden) {
			t.Errorf("clean(%q) = %q holds what a terminal must not be given", s, got)
		}
		if clean(got) != got {
			t.Errorf("clean is not done with %q", got)
		}
		for _, w := range []int{0, 1, 7, 30} {
			if n := width(pad(got, w)); n != w {
				t.Errorf("pad(%q, %d) takes %d cells", got, w, n)
			}
			for _, l := range wrap(got, max(2, w)) {
				if width(l) > max(2, w) {
					t.Errorf("wrap(%q, %d): %q is wider", got, w, l)
				}
			}
		}
	})
}

func TestWidth_isThatOfTheTerminal(t *testing.T) {
	pieces := []string{"a", " ", "~", "\x1b[31m", "\x1b[0m", "\x1b[1;36m", "█", "░", "│", "┌", "▁", "✓", "✗", "…", "·", "●", "•", "é", "e\u0301", "\u0301", "東", "👩‍👩‍👧", "\ufe0f", "\u200d", "م"}
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		var s string
		for range r.IntN(8) {
			s += pieces[r.IntN(len(pieces))]
		}
		if got, want := width(s), ansi.StringWidth(s); got != want {
			t.Fatalf("width(%q) = %d, want %d", s, got, want)
		}
		for _, w := range []int{1, 2, 3, 5} {
			if n := ansi.StringWidth(fit(s, w)); n > w {
				t.Fatalf("fit(%q, %d) takes %d", s, w, n)
			}
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

func TestNearest_findsTheNameThatWasMeant(t *testing.T) {
	names := []string{"users", "products", "line-items", "Orders"}
	cases := map[string]string{"prodcuts": "products", "user": "users", "usres": "users", "orders": "Orders", "lineitems": "line-items", "invoices": "", "": ""}
	for in, want := range cases {
		if got := nearest(in, names); got != want {
			t.Errorf("nearest(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestUnits_readWell(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000"} {
		if got := countText(n); got != want {
			t.Errorf("countText(%d) = %q, want %q", n, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1.0 kB", 9_940: "9.9 kB", 999_400: "999 kB", 999_600: "1.0 MB", 13_400_000: "13 MB"} {
		if got := bytesText(n); got != want {
			t.Errorf("bytesText(%d) = %q, want %q", n, got, want)
		}
	}
}
