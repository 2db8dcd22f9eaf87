package store

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
	"unsafe"
)

var errLocked = errors.New("locked by another process")

const (
	errorSharingViolation = syscall.Errno(32)
	errorHandleDiskFull   = syscall.Errno(39)
	errorDiskFull         = syscall.Errno(112)
)

func unlock(f *os.File) error { return f.Close() }

// openLocked opens a file that nobody else can open until it is closed, or
// the process ends.
func openLocked(_ *os.Root, path, _ string) (*os.File, error) {
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return nil, err
	}
	h, err := syscall.CreateFile(name, syscall.GENERIC_READ|syscall.GENERIC_WRITE, 0, nil,
		syscall.OPEN_ALWAYS, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	if errors.Is(err, errorSharingViolation) {
		return nil, errLocked
	}
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	return os.NewFile(uintptr(h), path), nil
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
	ok, _, err := syscall.NewLazyDLL("kernel32.dll").NewProc("GetDiskFreeSpaceExW").Call(
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
