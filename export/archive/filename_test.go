package archive

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestFileName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"users":      "users",
		"line-items": "line-items",
		"a.b_c":      "a.b_c",
		"Kunden_Ä":   "Kunden_Ä",
		"注文":         "注文",
		"a b":        "a%20b",
		"50%;+$!~@":  "50%25%3B%2B%24%21%7E%40",
		".":          "%2E",
		"..":         "%2E.",
		".hidden":    "%2Ehidden",
		"con":        "%63on",
		"NUL.txt":    "%4EUL.txt",
		"com1":       "%63om1",
		"compute":    "compute",
		"a/b\\c":     "a%2Fb%5Cc",
		"e\u0301":    "e%CC%81",
		"\u212b":     "%E2%84%AB",
		"x\xff":      "x%FF",
		"users\x00":  "users%00",
	} {
		if got := FileName(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

func TestFileName_isNeverLongerThan200Bytes(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, name := range []string{strings.Repeat("a", 201), strings.Repeat("a", 202), strings.Repeat("ß", 150), strings.Repeat(" ", 100), strings.Repeat("a", 186) + "%%%%%%%%"} {
		got := FileName(name)
		if len(got) > 200 || !utf8.ValidString(got) {
			t.Errorf("%q: %d bytes: %q", name, len(got), got)
		}
		head, _, _ := strings.Cut(got, "~")
		if i := strings.LastIndexByte(head, '%'); i >= 0 && i > len(head)-3 {
			t.Errorf("%q is cut within an escape", got)
		}
		if other, ok := seen[got]; ok {
			t.Errorf("%q and %q have one name", name, other)
		}
		seen[got] = name
	}
	if got := FileName(strings.Repeat("a", 200)); got != strings.Repeat("a", 200) {
		t.Errorf("200 bytes: %q", got)
	}
}

func TestFileNames_differWhereCaseIsNotToldApart(t *testing.T) {
	t.Parallel()
	names := FileNames([]string{"Users", "users", "USERS", "orders", "Straße", "STRASSE", "İd", "id"})
	if names["orders"] != "orders" {
		t.Errorf("orders became %q", names["orders"])
	}
	seen := map[string]string{}
	for c, name := range names {
		folded := foldName(name)
		if other, ok := seen[folded]; ok {
			t.Errorf("%q and %q clash as %q", c, other, name)
		}
		seen[folded] = c
	}
	if again := FileNames([]string{"users", "Users"}); again["users"] != names["users"] {
		t.Errorf("the name depends on the others: %q and %q", again["users"], names["users"])
	}
}

func TestFileNames_noCollectionIsNamedLikeAPartOfAnother(t *testing.T) {
	t.Parallel()
	names := FileNames([]string{"users", "users-00001-of-00004"})
	if names["users"] != "users" || !strings.HasPrefix(names["users-00001-of-00004"], "users-00001-of-00004~") {
		t.Errorf("%q", names)
	}
}
