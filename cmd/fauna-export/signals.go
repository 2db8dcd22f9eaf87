package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// signalError is the cause of a context that a signal ended.
type signalError struct{ signal syscall.Signal }

// Error implements error.
func (e *signalError) Error() string {
	switch e.signal {
	case syscall.SIGINT:
		return "interrupted"
	case syscall.SIGTERM:
		return "terminated"
	case syscall.SIGHUP:
		return "the terminal went away"
	}
	return "ended by signal " + e.signal.String()
}

// watchSignals returns a context that the first SIGINT, SIGTERM or SIGHUP ends,
// with a *signalError as its cause. The second one ends the process at once:
// whatever lies under a final name is whole at every moment. SIGPIPE is ignored,
// so that a closed pipe is an error of the write and not the end of the process.
//
// stop ends the watching; a signal then does what it does to any program.
func watchSignals(parent context.Context) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signal.Ignore(syscall.SIGPIPE)
	came := make(chan os.Signal, 2)
	// One that is ignored already stays so: nohup ignores SIGHUP, and a shell
	// SIGINT for a program in the background.
	for _, s := range []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) {
			signal.Notify(came, s)
		}
	}
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for first := true; ; first = false {
			select {
			case s := <-came:
				number, ok := s.(syscall.Signal)
				if !ok {
					number = syscall.SIGINT
				}
				if !first {
					fmt.Fprintln(os.Stderr, "fauna-export: stopped at once")
					os.Exit(signalCode(number))
				}
				cancel(&signalError{signal: number})
			case <-done:
				return
			}
		}
	}()
	return ctx, func() {
		signal.Stop(came)
		close(done)
		<-ended
		cancel(nil)
	}
}

// withSignal tells an error that a signal caused by naming the signal: whatever
// broke because the context ended is no failure of its own. A command that was
// done all the same (err nil) stays done.
func withSignal(ctx context.Context, err error) error {
	var cause *signalError
	if err == nil || !errors.As(context.Cause(ctx), &cause) {
		return err
	}
	if isA[*signalError](err) {
		return err
	}
	if !errors.Is(err, context.Canceled) {
		return fmt.Errorf("%w (%w)", cause, err)
	}
	return cause
}
