package tui

import (
	"os"

	"github.com/charmbracelet/x/term"
	"golang.org/x/sys/windows"
)

// withoutEcho returns a terminal's mode in which it does not show what is typed.
func withoutEcho(mode term.State) *term.State {
	mode.Mode &^= windows.ENABLE_ECHO_INPUT
	mode.Mode |= windows.ENABLE_PROCESSED_INPUT | windows.ENABLE_LINE_INPUT
	return &mode
}

// watchContinue returns a channel that never receives: Windows suspends no programs.
func watchContinue() (continued <-chan os.Signal, end func()) { return nil, func() {} }

// WatchSuspend does nothing, as Windows suspends no programs.
func WatchSuspend(*os.File) {}
