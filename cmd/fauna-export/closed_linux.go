package main

import (
	"os"
	"syscall"
)

// wasClosed reports whether a standard stream was closed when the process
// started: Go's runtime then opens the null device for reading and writing,
// which no shell does.
func wasClosed(f *os.File) bool {
	var have, null syscall.Stat_t
	if syscall.Fstat(int(f.Fd()), &have) != nil || syscall.Stat(os.DevNull, &null) != nil || have.Rdev != null.Rdev || have.Mode&syscall.S_IFMT != syscall.S_IFCHR {
		return false
	}
	flags, _, failed := syscall.Syscall(syscall.SYS_FCNTL, f.Fd(), syscall.F_GETFL, 0)
	return failed == 0 && flags&syscall.O_ACCMODE == syscall.O_RDWR
}
