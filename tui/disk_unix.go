//go:build unix

package tui

import (
	"syscall"
)

// freeBytes is what a person may still write on the disk of a folder.
func freeBytes(dir string) (int64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return int64(uint64(s.Bavail) * uint64(s.Bsize)), nil
}

// writable reports why nothing can be made in a folder, nil when it can.
func writable(dir string) error {
	const write = 2
	return syscall.Access(dir, write)
}
