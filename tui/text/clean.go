// Package text formats counts, sizes, times, names and tables for people. It has one
// formatter, one sanitizer for foreign text, and one measure of text width, for the
// wizard and the commands alike.
package text

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean makes text from a server, a file or a person safe for a terminal: one line,
// valid UTF-8, no control characters (C0, DEL, C1) and no invisible ones that reorder
// or hide their neighbours. Each is replaced by U+FFFD, so that names that differ never
// look the same.
func Clean(s string) string {
	i := 0
	for i < len(s) && s[i] >= 0x20 && s[i] < 0x7f {
		i++
	}
	if i == len(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	b.WriteString(s[:i])
	for _, r := range s[i:] {
		if Hidden(r) {
			r = utf8.RuneError
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Lines is Clean for text of several lines; tabs become spaces.
func Lines(s string) []string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\t", "  ")
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	for i := range lines {
		lines[i] = Clean(lines[i])
	}
	return lines
}

// Hidden reports whether a rune must not be given to a terminal: controls, line and
// paragraph separators, marks that change the direction of text, and fillers whose
// width terminals disagree on.
func Hidden(r rune) bool {
	switch {
	case r < 0x20, r >= 0x7f && r < 0xa0:
		return true
	case r == 0x200c, r == 0x200d: // joiners: part of words and of emoji
		return false
	case r == 0x2028, r == 0x2029, r == 0x034f, r == 0x115f, r == 0x1160, r == 0x3164, r == 0xffa0, r == 0x2800:
		return true
	case r >= 0xe0000 && r <= 0xe0fff, r >= 0xe000 && r <= 0xf8ff, r >= 0xf0000:
		return true
	case r < 0x300:
		return r == 0xad
	}
	return unicode.Is(unicode.Cf, r)
}

// Quoted returns a name in quotes, safe for a terminal.
func Quoted(name string) string { return `"` + Clean(name) + `"` }

// Sentence returns an error as one line, safe for a terminal.
func Sentence(err error) string {
	if err == nil {
		return ""
	}
	return Clean(strings.TrimSpace(err.Error()))
}

// ShellWord quotes text as one word to paste into a shell. A home folder written as ~
// stays one; characters a terminal must not be given become shell escapes.
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
