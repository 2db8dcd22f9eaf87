package text

import "strings"

// ShellWord returns text as one word of a command line to copy into a shell. A
// home folder written as ~ stays one.
func ShellWord(s string) string {
	s = Clean(s)
	home := ""
	if rest, ok := strings.CutPrefix(s, "~/"); ok {
		home, s = "~/", rest
	}
	plain := !strings.ContainsFunc(s, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_./:@%+,{}", r) || r >= 0x80)
	})
	if plain && s+home != "" && !strings.Contains(s, "{") {
		return home + s
	}
	return home + "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
