package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// signalError is the cause of a context ended by a signal.
type signalError struct{ signal syscall.Signal }

// Error implements error.
func (e *signalError) Error() string {
	switch e.signal {
	case syscall.SIGINT:
		return "interrupted"
	case syscall.SIGTERM:
		return "terminated"
	case syscall.SIGHUP:
		return "the terminal was closed"
	case syscall.SIGQUIT:
		return "quit"
	}
	return "ended by signal " + e.signal.String()
}

// watchSignals returns a context that the first SIGINT, SIGTERM, SIGHUP or SIGQUIT
// (ctrl+\) ends, with a *signalError as its cause. The second one ends the process at once,
// which is safe because files with a final name are always complete. SIGPIPE is
// ignored, so that a closed pipe is a write error instead of ending the
// process.
func watchSignals(parent context.Context) context.Context {
	ctx, cancel := context.WithCancelCause(parent)
	signal.Ignore(syscall.SIGPIPE)
	received := make(chan os.Signal, 2)
	// Keep ignored signals ignored: nohup ignores SIGHUP, and a shell ignores
	// SIGINT for background programs.
	for _, s := range []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
		if !signal.Ignored(s) {
			signal.Notify(received, s)
		}
	}
	go func() {
		first, _ := (<-received).(syscall.Signal) // as they are on every system
		cancel(&signalError{signal: first})
		second, _ := (<-received).(syscall.Signal)
		fmt.Fprintln(os.Stderr, "fauna-export: stopped immediately")
		os.Exit(signalCode(second))
	}()
	return ctx
}

// withSignal replaces an error caused by a signal with one that names the
// signal, since failures due to the ended context are not the cause. A command
// that succeeded anyway (nil err) stays successful.
func withSignal(ctx context.Context, err error) error {
	cause, signalled := errors.AsType[*signalError](context.Cause(ctx))
	if err == nil || !signalled || isA[*signalError](err) {
		return err
	}
	if !errors.Is(err, context.Canceled) {
		return fmt.Errorf("%w (%w)", cause, err)
	}
	return cause
}
