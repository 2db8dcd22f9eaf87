//go:build unix

package tui

import (
	"os"

	"golang.org/x/sys/unix"
)

// writable returns why nothing can be created in a folder, or nil.
func writable(dir string) error { return unix.Access(dir, unix.W_OK) }

// leadsSession reports whether this program leads its session, as in a container: then
// no shell could bring it back after suspending.
func leadsSession() bool {
	session, err := unix.Getsid(0)
	return err == nil && session == os.Getpid()
}
