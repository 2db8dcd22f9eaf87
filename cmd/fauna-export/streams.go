package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"

	"fauna-export/export/config"
	"fauna-export/fauna"
)

// streams connects the program to the outside world, so that tests can replace
// it.
type streams struct {
	in       io.Reader
	out, err io.Writer
	rows     io.Writer // receives the rows of --out -; nil means out
	getenv   func(string) string
	terminal bool // stdin and stderr are a terminal, so the program may ask
	live     bool // stderr is a terminal, so lines can be redrawn
	// dial opens a connection to a server; nil means TCP.
	dial func(ctx context.Context, network, address string) (net.Conn, error)
	// limit sets the process's soft memory limit in bytes; nil leaves it alone.
	limit func(bytes int64)
}

// app is passed to every command: the streams and the global flags.
type app struct {
	streams
	global config.Config
	log    *logFile
	lost   error // why events of --json were not written
	hidden atomic.Pointer[fauna.Secret]
	saying sync.Mutex // held while a line is printed, since requests run in parallel
}

// noOutput stands for a stdout that was closed before the program started.
type noOutput struct{}

// Write always fails.
func (noOutput) Write([]byte) (int, error) {
	return 0, errors.New("it is closed, or the null device")
}

// shown is where help, versions and completions are printed.
type shown struct {
	out  io.Writer
	lost error // why some was lost
}

// Write writes to stdout, and keeps the error. A reader that closed the pipe has
// seen enough.
func (s *shown) Write(text []byte) (int, error) {
	n, err := s.out.Write(text)
	if err = stdoutError(err); err == nil {
		return len(text), nil
	}
	s.lost = cmp.Or(s.lost, err)
	return n, err
}

func (a *app) mayAsk() bool { return a.terminal && !a.global.NoInput }
