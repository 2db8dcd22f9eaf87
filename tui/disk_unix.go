//go:build unix

package tui

import (
	"syscall"
)

// freeBytes is how many bytes a person may still write on the disk of path.
func freeBytes(path string) (int64, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(path, &st); err != nil {
		return 0, err
	}
	return int64(uint64(st.Bavail) * uint64(st.Bsize)), nil
}
