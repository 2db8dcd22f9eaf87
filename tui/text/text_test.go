package text

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
)

func TestWords_numbersSizesAndTimesAsPeopleSayThem(t *testing.T) {
	t.Parallel()
	cases := []struct{ got, want string }{
		{Number(0), "0"}, {Number(999), "999"}, {Number(1000), "1,000"}, {Number(1234567), "1,234,567"}, {Number(-1000), "-1,000"}, {Number(-999), "-999"},
		{Count(1, "row"), "1 row"}, {Count(0, "row"), "0 rows"}, {Count(2, "retry"), "2 retries"}, {Count(2, "index"), "2 indexes"}, {Count(20_000, "document"), "20,000 documents"},
		{Short(999), "999"}, {Short(20_449), "20.4 k"}, {Short(17_190_000), "17.1 M"}, {Short(2_500_000_000), "2.5 G"},
		{Size(0), "0 B"}, {Size(-1), "0 B"}, {Size(999), "999 B"}, {Size(1500), "1.5 kB"}, {Size(12_340_000), "12 MB"}, {Size(2_500_000_000), "2.5 GB"}, {Size(999_999), "1.0 MB"},
		{Span(1500 * time.Millisecond), "1.5 s"}, {Span(70 * time.Second), "70 s"}, {Span(10 * time.Minute), "10 min"}, {Span(150 * time.Minute), "2 h 30 min"}, {Span(24 * time.Hour), "24 h"}, {Span(7 * 24 * time.Hour), "7 days"}, {Span(math.MaxInt64), "without end"}, {Span(-1), "0 s"},
		{Clock(72 * time.Second), "1:12"}, {Clock(3700 * time.Second), "1:01:40"}, {Clock(-time.Second), "0:00"},
		{Rate(0.1), ""}, {Rate(math.NaN()), ""}, {Rate(9870.4), "9,870/s"}, {Rate(0.7), "1/s"}, {Time(1795343462399000), "10:31:02 UTC"},
		{Clean("a\x1b[31mb\nc\u202ed"), "a\ufffd[31mb\ufffdc\ufffdd"}, {Quoted("a\x07"), "\"a\ufffd\""}, {Sentence(errors.New(" x\x9b\n")), "x\ufffd"},
		{Fit("a long line", 6), "a lon…"}, {Pad("é", 3), "é  "}, {PadLeft("12", 4), "  12"}, {Sides("a", "b", 5), "a   b"},
		{strings.Join(Wrap("one two three", 7), "|"), "one two|three"},
		{Table([][]string{{"name", "rows"}, {"東京", "12"}, {"é", "3"}}), "name  rows\n東京  12\né     3\n"},
		{Nearest("prodcuts", []string{"users", "products"}), "products"}, {Nearest("zebra", []string{"users"}), ""},
	}
	for _, c := range cases {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
	if Percent(999, 1000) != 99 || Percent(1000, 1000) != 100 || Percent(1, 0) != 0 || Percent(-5, 10) != 0 {
		t.Error("percents")
	}
}

// FuzzClean: no terminal gets a control character, whatever a server sends.
func FuzzClean(f *testing.F) {
	for _, s := range []string{"", "users", "\x1b]0;title\a", "a\u202eb", "\x9b2J", "👩‍👩‍👧", "\xff\xfe", "z\u0300\u0301", "東京"} {
		f.Add(s, 7)
	}
	f.Fuzz(func(t *testing.T, s string, w int) {
		c := Clean(s)
		for _, r := range c {
			if Hidden(r) && r != '\ufffd' {
				t.Fatalf("%q holds %U", c, r)
			}
		}
		if Width(c) != ansi.StringWidth(c) {
			t.Fatalf("%q is %d cells wide, not %d", c, ansi.StringWidth(c), Width(c))
		}
		if w = w % 200; w >= 0 && Width(Fit(c, w)) > w {
			t.Fatalf("%q cut to %d cells has %d", c, w, Width(Fit(c, w)))
		}
	})
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
		if got := Clean(in); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestWidth_isThatOfTheTerminal(t *testing.T) {
	pieces := []string{"a", " ", "~", "\x1b[31m", "\x1b[0m", "\x1b[1;36m", "█", "░", "│", "┌", "▁", "✓", "✗", "…", "·", "●", "•", "é", "e\u0301", "\u0301", "東", "👩‍👩‍👧", "\ufe0f", "\u200d", "م"}
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		var s string
		for range r.IntN(8) {
			s += pieces[r.IntN(len(pieces))]
		}
		if got, want := Width(s), ansi.StringWidth(s); got != want {
			t.Fatalf("width(%q) = %d, want %d", s, got, want)
		}
		for _, w := range []int{1, 2, 3, 5} {
			if n := ansi.StringWidth(Fit(s, w)); n > w {
				t.Fatalf("fit(%q, %d) takes %d", s, w, n)
			}
		}
	}
}
