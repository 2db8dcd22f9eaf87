//go:build unix

package tui

import (
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/charmbracelet/x/term"
	"golang.org/x/sys/unix"
)

// withoutEcho returns a terminal's mode in which it does not show what is typed.
func withoutEcho(mode term.State) *term.State {
	mode.Lflag &^= syscall.ECHO
	mode.Lflag |= syscall.ICANON | syscall.ISIG
	mode.Iflag |= syscall.ICRNL
	return &mode
}

// watchContinue returns a channel that receives after the program was suspended.
func watchContinue() (continued <-chan os.Signal, end func()) {
	all := make(chan os.Signal, 1)
	signal.Notify(all, syscall.SIGCONT)
	return all, func() { signal.Stop(all) }
}

// longestSuspending is the time in which a signal has suspended the program. The
// system ignores it if no shell could continue the program.
const longestSuspending = 200 * time.Millisecond

// WatchSuspend gives a terminal its present mode while ctrl+Z suspends the program.
// It is for main, since it never ends.
func WatchSuspend(terminal *os.File) {
	before, err := term.GetState(terminal.Fd())
	if err != nil || signal.Ignored(syscall.SIGTSTP) {
		return
	}
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTSTP)
	go func() {
		for range asked {
			suspend(terminal, before, stopUntilContinued)
		}
	}()
}

// suspend stops the program while the terminal has a mode. If it has that mode already,
// the wizard gave it back, and sets its own again itself: it must not be undone. Nor
// must the shell's mode, if the program is in the background.
func suspend(terminal *os.File, mode *term.State, stop func()) {
	now, err := term.GetState(terminal.Fd())
	if err != nil {
		return
	}
	if *now == *mode || ofAnother(terminal) {
		stop()
		return
	}
	_ = term.SetState(terminal.Fd(), mode)
	stop()
	_ = term.SetState(terminal.Fd(), now)
}

// ofAnother reports whether the terminal is in use by another program. To set its
// mode would stop this one.
func ofAnother(terminal *os.File) bool {
	group, err := unix.IoctlGetInt(int(terminal.Fd()), unix.TIOCGPGRP)
	return err == nil && group != unix.Getpgrp()
}

// stopUntilContinued suspends the program, and returns after it was continued.
func stopUntilContinued() {
	continued, end := watchContinue()
	defer end()
	// SIGTSTP would come here again: the runtime can't undo Notify for it.
	if syscall.Kill(syscall.Getpid(), syscall.SIGTTIN) == nil {
		select {
		case <-continued:
		case <-time.After(longestSuspending):
		}
	}
}
