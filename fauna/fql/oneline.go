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

// Printable returns external text on one line and at most 300 characters of it,
// for use in a message.
func Printable(text string) string { return Clip(OneLine(text), 300) }

// Clip shortens text to n characters for a message.
func Clip(text string, n int) string {
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	return string([]rune(text)[:n]) + "…"
}
