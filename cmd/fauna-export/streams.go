package main

import (
	"context"
	"errors"
	"io"
	"net"
	"sync/atomic"

	"fauna-export/export/config"
	"fauna-export/fauna"
)

// streams is how the program meets the world, so that a test can stand in for it.
type streams struct {
	in       io.Reader
	out, err io.Writer
	rows     io.Writer // takes the rows of --out -; nil for out
	getenv   func(string) string
	terminal bool // a person sits at stdin and stderr and may be asked
	live     bool // stderr is a terminal, so that a line may be drawn over
	// dial opens a connection to a server; nil is a connection over TCP.
	dial func(ctx context.Context, network, address string) (net.Conn, error)
	// limit bounds the process's memory in bytes; nil leaves it alone.
	limit func(bytes int64)
}

// app is what every command is given: the streams and the flags that stand
// everywhere.
type app struct {
	streams
	global config.Config
	log    *logFile
	lost   error // why events of --json were not written
	hidden atomic.Pointer[fauna.Secret]
}

// rowsOut is where the rows of --out - go.
func (a *app) rowsOut() io.Writer {
	if a.rows != nil {
		return a.rows
	}
	return a.out
}

// noOutput stands for a stdout that was closed before the program began.
type noOutput struct{}

// Write always fails.
func (noOutput) Write([]byte) (int, error) {
	return 0, errors.New("it is closed, or a device that drops everything")
}

// limitMemory bounds the memory of the process, where that is ours.
func (a *app) limitMemory(bytes int64) {
	if a.limit != nil {
		a.limit(bytes)
	}
}

// mayAsk says whether a question may be asked.
func (a *app) mayAsk() bool { return a.terminal && !a.global.NoInput }
