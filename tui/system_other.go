//go:build !unix

package tui

// writable returns nil: this system can't tell without creating something.
func writable(string) error { return nil }

// withoutShell returns false: this system has no sessions.
func withoutShell() bool { return false }
