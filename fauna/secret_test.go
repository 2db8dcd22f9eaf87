package fauna

import (
	"bytes"
	"encoding/base64"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"
)

const secretText = "fnAEXAMPLEexampleEXAMPLEexampleEXAMPLEex"

func TestSecret_neverPrints(t *testing.T) {
	t.Parallel()
	s := NewSecret(secretText)
	type open struct{ Secret Secret }
	type closed struct{ secret Secret }
	shapes := map[string]any{
		"value": s, "pointer": &s, "field": open{s}, "field of pointer": &open{s}, "unexported field": closed{s},
		"pointer to unexported field": &closed{s}, "slice": []Secret{s}, "map": map[string]Secret{"a": s},
		"map key": map[Secret]int{s: 1}, "any": []any{s}, "client": Client{secret: s}, "options": Options{Secret: s},
		"error": fmt.Errorf("x: %v", s),
	}
	for name, shape := range shapes {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%p", "%t", "%c", "%U", "%10s", "%-50v", "%.3s"} {
			checkNoSecret(t, name+" "+verb, fmt.Sprintf(verb, shape))
		}
		if js, err := json.Marshal(shape); err == nil {
			checkNoSecret(t, name+" JSON", string(js))
		}
		var b bytes.Buffer
		slog.New(slog.NewTextHandler(&b, nil)).Info("x", "value", shape)
		slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "value", shape)
		checkNoSecret(t, name+" slog", b.String())
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		if got := fmt.Sprintf(verb, s); got != redacted {
			t.Errorf("%s prints %q", verb, got)
		}
	}
	if text, _ := s.MarshalText(); string(text) != redacted || s.String() != redacted {
		t.Errorf("text is %s, %s", text, s.String())
	}
	if js, err := json.Marshal(s); err != nil || string(js) != `"[redacted]"` {
		t.Errorf("JSON is %s, %v", js, err)
	}
	if x, err := xml.Marshal(open{s}); err != nil || !strings.Contains(string(x), redacted) {
		t.Errorf("XML is %s, %v", x, err)
	}
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(open{s}); err == nil {
		t.Error("gob writes a secret")
	}
	checkNoSecret(t, "gob", b.String())
	err := errors.Join(fmt.Errorf("a: %w", errors.New(s.Scrub("No key found for secret "+secretText+"."))))
	checkNoSecret(t, "scrubbed error", err.Error())
}

func checkNoSecret(t *testing.T, what, text string) {
	t.Helper()
	for _, form := range []string{secretText, fmt.Sprintf("%x", secretText), fmt.Sprintf("%X", secretText), fmt.Sprint([]byte(secretText)), secretText[:10]} {
		if strings.Contains(text, form) {
			t.Errorf("%s prints the secret: %s", what, text)
		}
	}
}

func TestNewSecret_trimsWhatPastingAdds(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		secretText, " " + secretText + "\r\n", "\t'" + secretText + "' ", `"` + secretText + `"`, "`" + secretText + "`",
		"\ufeff" + secretText + "  ", "“" + secretText + "”",
	} {
		if s := NewSecret(text); s.reveal() != secretText || s.Len() != 40 || s.IsZero() {
			t.Errorf("NewSecret(%q) has %d bytes", text, s.Len())
		}
	}
	for _, text := range []string{"", "  ", "\n", `""`} {
		if s := NewSecret(text); !s.IsZero() || s.Len() != 0 || s != (Secret{}) {
			t.Errorf("NewSecret(%q) is not zero", text)
		}
	}
}

func TestSecret_Scrub(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]string{"n": "no secret was given", "no": "no secret was given", "no:db:admin": "no secret was given", "secret": "no [redacted] was given"} {
		if got := NewSecret(answer).Scrub("no secret was given"); got != want {
			t.Errorf("after the answer %q: %q", answer, got)
		}
	}
	scoped := NewSecret(secretText + ":db/child:admin")
	got := scoped.Scrub("a " + secretText + ":db/child:admin b " + secretText + " c")
	if want := "a [redacted] b [redacted] c"; got != want {
		t.Errorf("Scrub = %q, want %q", got, want)
	}
	quoted, escaped := "", ""
	for _, c := range secretText {
		quoted += fmt.Sprintf("%%%02X", c)
		escaped += fmt.Sprintf(`\u%04x`, c)
	}
	part := secretText[5:21]
	for _, shown := range []string{
		strings.ToUpper(secretText), strings.ToLower(part), quoted, quoted[15:50], escaped, escaped[18:90],
		fmt.Sprintf("%x", secretText), fmt.Sprintf("%X", part), "0" + fmt.Sprintf("%x", part),
		base64.StdEncoding.EncodeToString([]byte(secretText + ":")), base64.RawURLEncoding.EncodeToString([]byte("Bearer " + secretText)),
		base64.StdEncoding.EncodeToString([]byte("x" + secretText))[9:40], base64.RawStdEncoding.EncodeToString([]byte("xx" + part)),
		url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(secretText))),
		`https://user:` + quoted + `@proxy:1/`, "?q=" + secretText[:12] + "%20", strings.ReplaceAll(quoted, "%", `\x`),
	} {
		if got := scoped.Scrub("<" + shown + ">"); !strings.Contains(got, redacted) || strings.Contains(got, shown) {
			t.Errorf("%s is shown as %s", shown, got)
		}
	}
	for _, plain := range []string{
		"documents/users at 2026-11-28T18:19:10.123456Z", strings.Repeat("abcdefghijklmnop", 9), "sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		`C:\Users\export\backup-2026`, "100%25 of 12%20345", "x\xff\xfey",
	} {
		if got := scoped.Scrub(plain); got != plain {
			t.Errorf("%q became %q", plain, got)
		}
	}
	if got := (Secret{}).Scrub("plain"); got != "plain" {
		t.Errorf("Scrub without a secret = %q", got)
	}
}

func TestFindSecret(t *testing.T) {
	t.Parallel()
	shell := `{
  ref: Ref(Keys(), "481386119929266688"),
  ts: 1795344428860000,
  role: Role("connect-readonly"),
  secret: '` + secretText + `',
  hashed_secret: '$2a$05$EXAMPLEHASH'
}`
	evaluated := `{"ref":{"@ref":{"id":"481384956751249920","collection":{"@ref":{"id":"keys"}}}},"ts":1795343319570000,` +
		`"role":{"@ref":{"id":"connect-readonly","collection":{"@ref":{"id":"roles"}}}},"secret":"` + secretText + `","hashed_secret":"$2a$05$EXAMPLEHASH"}`
	token := "fnE" + strings.Repeat("x", 48)
	tests := []struct{ name, pasted, want, note string }{
		{"bare", secretText, secretText, ""},
		{"newline", secretText + "\r\n", secretText, ""},
		{"quoted", "'" + secretText + "'", secretText, ""},
		{"shell", shell, secretText, ""},
		{"shell on one line", strings.ReplaceAll(shell, "\n", " "), secretText, ""},
		{"shell with the query", `> CreateKey({ name: "x", role: Role("x"), })` + "\n" + shell, secretText, ""},
		{"shell in colour", strings.ReplaceAll(shell, "'", "\x1b[32m'"), secretText, ""},
		{"fauna eval", evaluated, secretText, ""},
		{"a line of it", "  secret: \"" + secretText + "\",", secretText, ""},
		{"the member in JSON", `"secret": "` + secretText + `"`, secretText, ""},
		{"assignment", "export FAUNA_SECRET=" + secretText, secretText, ""},
		{"in a sentence", "your secret is " + secretText + " ok", secretText, ""},
		{"token", token, token, ""},
		{"web token", "eyJh.eyJi.c2ln", "eyJh.eyJi.c2ln", ""},
		{"scoped", secretText + ":db/child:admin", secretText + ":db/child:admin", ""},
		{"short", secretText[:39], secretText[:39], "this has 39"},
		{"a root key of one's own", "secret", "secret", "doesn't look like"},
		{"two", shell + strings.ReplaceAll(shell, "fnAEXAMPLE", "fnAEXAMPLF"), "fnAEXAMPLF" + secretText[10:], "2 secrets"},
		{"twice the same", shell + shell, secretText, ""},
		{"hash alone", "$2a$05$EXAMPLEHASH", "", "hashed_secret"},
		{"hash member", "hashed_secret: '$2a$05$EXAMPLEHASH'", "", "No secret"},
		{"something else", "{ data: [ Collection(\"users\") ] }", "", "No secret"},
		{"words", "what is this", "", "No secret"},
		{"empty", " \n", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, note := FindSecret(tt.pasted)
			if s.reveal() != tt.want {
				t.Errorf("found %q, want %q", s.reveal(), tt.want)
			}
			if tt.note == "" && note != "" || !strings.Contains(note, tt.note) {
				t.Errorf("note %q, want %q", note, tt.note)
			}
			checkNoSecret(t, "the note", note)
		})
	}
}

func FuzzFindSecret(f *testing.F) {
	for _, s := range []string{secretText, "secret: 'x'", `{"secret":"fn"}`, "$2a$", "\x1b[31m'a", "a b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, pasted string) {
		s, note := FindSecret(pasted)
		if strings.ContainsAny(s.reveal(), " \t\r\n{}") {
			t.Errorf("found a secret with blanks in %q", pasted)
		}
		if s.Len() > 20 && strings.Contains(note, s.reveal()) {
			t.Errorf("the note on %q repeats the secret", pasted)
		}
	})
}
