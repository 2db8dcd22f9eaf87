package text

import "testing"

func TestShellWord_isOneWordOfAShell(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{
		"backup": "backup", "/srv/a-b_c.1": "/srv/a-b_c.1", "my backup": "'my backup'", "it's": `'it'\''s'`, "": "''",
		"~/bk": "~/bk", "~/my bk": "~/'my bk'", "a;rm -rf": "'a;rm -rf'", "{time}": "'{time}'", "größe": "größe", "$HOME": "'$HOME'",
	} {
		if got := ShellWord(word); got != want {
			t.Errorf("%q is %s, not %s", word, got, want)
		}
	}
}
