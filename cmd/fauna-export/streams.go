package main

import (
	"io"
	"strings"
	"unicode"
)

// streams is how the program meets the world, so that a test can stand in for it.
type streams struct {
	in       io.Reader
	out, err io.Writer
	getenv   func(string) string
	terminal bool // a person sits at stdin and stderr and may be asked
	live     bool // stderr is a terminal, so that a line may be drawn over
}

// app is what every command is given: the streams and the flags that stand
// everywhere.
type app struct {
	streams
	global globalFlags
	log    *logFile
}

// mayAsk says whether a question may be asked.
func (a *app) mayAsk() bool { return a.terminal && !a.global.noInput }

// plain makes a text from elsewhere (a server, a file, a name) safe for a
// terminal: control and format characters become U+FFFD.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return ' '
		}
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}
