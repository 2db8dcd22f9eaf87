//go:build unix

package tui

import "syscall"

// writable reports why nothing can be made in a folder, nil when it can.
func writable(dir string) error {
	const write = 2
	return syscall.Access(dir, write)
}
