//go:build unix

package tui

import "syscall"

// writable returns why nothing can be created in a folder, or nil.
func writable(dir string) error {
	const write = 2
	return syscall.Access(dir, write)
}
