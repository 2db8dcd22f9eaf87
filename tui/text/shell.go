package text

import (
	"fmt"
	"strings"
)

// ShellWord returns text as one word of a command line to copy into a shell. A
// home folder written as ~ stays one; what a terminal must not be given is written as
// escapes of the shell's own.
func ShellWord(s string) string {
	home := ""
	if rest, ok := strings.CutPrefix(s, "~/"); ok {
		home, s = "~/", rest
	}
	if Clean(s) != s {
		var b strings.Builder
		for _, c := range []byte(s) {
			if c >= 0x20 && c < 0x7f && c != '\'' && c != '\\' {
				b.WriteByte(c)
			} else {
				fmt.Fprintf(&b, `\x%02x`, c)
			}
		}
		return home + "$'" + b.String() + "'"
	}
	plain := !strings.ContainsFunc(s, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_./:@%+,{}", r) || r >= 0x80)
	})
	if plain && s+home != "" && !strings.Contains(s, "{") {
		return home + s
	}
	return home + "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
