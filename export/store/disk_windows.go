package store

import (
	"errors"
	"io/fs"
	"math"
	"os"
	"syscall"
	"unsafe"
)

var errLocked = errors.New("locked by another process")

var kernel32 = syscall.NewLazyDLL("kernel32.dll")

const (
	errorLockViolation  = syscall.Errno(33)
	errorHandleDiskFull = syscall.Errno(39)
	errorDiskFull       = syscall.Errno(112)
)

// locks is the range of a lock: one byte far past the end, since nobody could
// read a byte that is locked.
var locks = syscall.Overlapped{Offset: math.MaxUint32, OffsetHigh: math.MaxInt32}

// unlock gives a lock back. Closing the file alone would do so too, but later.
func unlock(f *os.File) error {
	at := locks
	_, _, err := kernel32.NewProc("UnlockFileEx").Call(f.Fd(), 0, 1, 0, uintptr(unsafe.Pointer(&at)))
	if errors.Is(err, syscall.Errno(0)) {
		err = nil
	}
	return errors.Join(err, f.Close())
}

// openLocked opens a file and takes the lock on it, which ends when the file is
// closed or the process exits. Others can open and stat the file meanwhile: os.Root
// opens a file for reading to stat it.
func openLocked(root *os.Root, name string) (*os.File, error) {
	f, err := root.OpenFile(name, os.O_RDWR|os.O_CREATE, fileMode)
	if err != nil {
		return nil, err
	}
	const exclusive, failImmediately = 2, 1
	at := locks
	ok, _, err := kernel32.NewProc("LockFileEx").Call(f.Fd(), exclusive|failImmediately, 0, 1, 0, uintptr(unsafe.Pointer(&at)))
	if ok != 0 {
		return f, nil
	}
	f.Close()
	if errors.Is(err, errorLockViolation) {
		return nil, errLocked
	}
	return nil, &os.PathError{Op: "lock", Path: name, Err: err}
}

// syncDir does nothing: this system makes folder entries durable by itself.
func syncDir(*os.File) error { return nil }

// noWait is not needed here: pipes have names of their own.
const noWait = 0

// owned accepts every file: the system decides what may be opened.
func owned(*os.Root, string, fs.FileInfo) error { return nil }

// belongs accepts every file.
func belongs(fs.FileInfo) bool { return true }

// rootOwned accepts every file.
func rootOwned(fs.FileInfo) bool { return true }

// errNoReader does not happen here.
var errNoReader = errors.New("nobody reads the pipe")

// links does not count hard links here.
func links(fs.FileInfo) int { return 1 }

// freeSpace returns the space available to this user, in bytes.
func freeSpace(dir string) (int64, error) {
	name, err := syscall.UTF16PtrFromString(dir)
	if err != nil {
		return -1, err
	}
	var free int64
	ok, _, err := kernel32.NewProc("GetDiskFreeSpaceExW").Call(
		uintptr(unsafe.Pointer(name)), uintptr(unsafe.Pointer(&free)), 0, 0)
	if ok == 0 {
		return -1, &os.PathError{Op: "free space", Path: dir, Err: err}
	}
	return free, nil
}

// Full reports whether an error means that no space is left.
func Full(err error) bool {
	return errors.Is(err, errorDiskFull) || errors.Is(err, errorHandleDiskFull)
}
