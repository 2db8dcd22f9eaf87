package fql

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// escapeSequence matches colour codes in text copied from a terminal.
var escapeSequence = regexp.MustCompile("\x1b(?:\\[[0-9;?]*[ -/]*[@-~]|[@-Z\\\\-_])")

// StripEscapes removes terminal escape sequences from text.
func StripEscapes(text string) string { return escapeSequence.ReplaceAllString(text, "") }

// OneLine returns text on one line without invisible characters: controls,
// direction marks, and other zero-width characters that could hide text.
func OneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, text)
	return strings.TrimSpace(text)
}

// maxShown is how many characters of external text a message may contain.
const maxShown = 300

// printable returns text on one line, clipped, for use in a message.
func printable(text string) string {
	text = OneLine(text)
	if utf8.RuneCountInString(text) > maxShown {
		text = string([]rune(text)[:maxShown]) + "…"
	}
	return text
}
