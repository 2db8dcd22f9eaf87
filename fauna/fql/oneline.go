package fql

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// escapeSequence is what a terminal's colours leave in copied text.
var escapeSequence = regexp.MustCompile("\x1b(?:\\[[0-9;?]*[ -/]*[@-~]|[@-Z\\\\-_])")

// StripEscapes returns text without the escape sequences that colour it in a
// terminal.
func StripEscapes(text string) string { return escapeSequence.ReplaceAllString(text, "") }

// OneLine returns text on one line without invisible characters: controls,
// marks that change the direction of writing, and others without a width,
// after which a word could hide.
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

// maxShown is how many characters of a foreign text go into a message.
const maxShown = 300

// printable returns text on one line, clipped, for use in a message.
func printable(text string) string {
	text = OneLine(text)
	if utf8.RuneCountInString(text) > maxShown {
		text = string([]rune(text)[:maxShown]) + "…"
	}
	return text
}
