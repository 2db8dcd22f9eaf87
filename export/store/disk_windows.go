package store

import (
	"errors"
	"io/fs"
	"math"
	"os"

	"golang.org/x/sys/windows"
)

var errLocked = errors.New("locked by another process")

// locks returns the locked range: one byte far past the end, because locked bytes
// can't be read.
func locks() *windows.Overlapped {
	return &windows.Overlapped{Offset: math.MaxUint32, OffsetHigh: math.MaxInt32}
}

// unlock releases a lock. Closing the file alone would do that too, but later.
func unlock(f *os.File) error {
	return errors.Join(windows.UnlockFileEx(windows.Handle(f.Fd()), 0, 1, 0, locks()), f.Close())
}

// openLocked opens and locks a file. The lock ends when the file is closed or the
// process exits. Others can open and stat the file meanwhile: os.Root opens a file
// for reading to stat it.
func openLocked(root *os.Root, name string) (*os.File, error) {
	f, err := root.OpenFile(name, os.O_RDWR|os.O_CREATE, fileMode)
	if err != nil {
		return nil, err
	}
	err = windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, locks())
	if err == nil {
		return f, nil
	}
	f.Close()
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return nil, errLocked
	}
	return nil, &os.PathError{Op: "lock", Path: name, Err: err}
}

// syncDir does nothing: Windows makes folder entries durable by itself.
func syncDir(*os.File) error { return nil }

// noWait is not needed: Windows pipes have a separate namespace.
const noWait = 0

// owned accepts every file: Windows decides what may be opened.
func owned(*os.Root, string, fs.FileInfo) error { return nil }

// belongs accepts every file.
func belongs(fs.FileInfo) bool { return true }

// rootOwned accepts every file.
func rootOwned(fs.FileInfo) bool { return true }

// errNoReader does not occur on Windows.
var errNoReader = errors.New("nobody reads the pipe")

// links returns 1: hard links are not counted on Windows.
func links(fs.FileInfo) int { return 1 }

// freeSpace returns the space available to this user, in bytes.
func freeSpace(dir string) (int64, error) {
	name, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return -1, err
	}
	var free uint64
	if err := windows.GetDiskFreeSpaceEx(name, &free, nil, nil); err != nil {
		return -1, &os.PathError{Op: "free space", Path: dir, Err: err}
	}
	return int64(free), nil
}

// Full reports whether an error means that no space is left.
func Full(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL)
}

// mayCreateIn accepts every folder: Windows decides when a file is created.
func mayCreateIn(string) error { return nil }
