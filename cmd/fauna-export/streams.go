package main

import "io"

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
