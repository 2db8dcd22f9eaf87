//go:build unix

package tui

import "golang.org/x/sys/unix"

// writable returns why nothing can be created in a folder, or nil.
func writable(dir string) error { return unix.Access(dir, unix.W_OK) }

// withoutShell reports whether no shell could bring this program back after suspending:
// it, or the script that it is part of, leads its session, as in a container.
func withoutShell() bool {
	session, err := unix.Getsid(0)
	return err == nil && session == unix.Getpgrp()
}
