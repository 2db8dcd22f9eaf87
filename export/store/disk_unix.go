//go:build unix

package store

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

var errLocked = errors.New("locked by another process")

// noWait opens a named pipe without waiting for the other end.
const noWait = syscall.O_NONBLOCK

// unlock releases a lock. Closing the file is not enough while a just-forked
// child process that has not started its program yet still has it open.
func unlock(f *os.File) error {
	return errors.Join(syscall.Flock(int(f.Fd()), syscall.LOCK_UN), f.Close())
}

// openLocked opens and locks a file. The lock ends when the file is closed or the
// process exits.
func openLocked(root *os.Root, name string) (*os.File, error) {
	f, err := root.OpenFile(name, os.O_RDWR|os.O_CREATE|noWait, fileMode)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, errLocked
		}
		return nil, err
	}
	return f, nil
}

// owned returns an error for a file of another user.
func owned(root *os.Root, name string, info fs.FileInfo) error {
	if belongs(info) || !keepsOwners(root) {
		return nil
	}
	return &Foreign{Name: name, Why: "belongs to another user"}
}

// belongs reports whether a file belongs to this user.
func belongs(info fs.FileInfo) bool {
	return int(info.Sys().(*syscall.Stat_t).Uid) == os.Geteuid()
}

// rootOwned reports whether a file belongs to root.
func rootOwned(info fs.FileInfo) bool {
	return info.Sys().(*syscall.Stat_t).Uid == 0
}

// errNoReader is the error of opening a named pipe that has no reader.
var errNoReader error = syscall.ENXIO

// keepsOwners reports whether new files belong to this user. On some network and
// removable disks they belong to whoever mounted them.
func keepsOwners(root *os.Root) bool {
	const name = ".fauna-export.probe"
	f, err := root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return true
	}
	info, err := f.Stat()
	f.Close()
	root.Remove(name)
	return err != nil || belongs(info)
}

// links returns the number of a file's hard links.
func links(info fs.FileInfo) int { return int(info.Sys().(*syscall.Stat_t).Nlink) }

// syncDir makes the names in an open folder durable.
func syncDir(f *os.File) error {
	err := f.Sync()
	// Some network file systems cannot sync a folder, and don't need to.
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		return nil
	}
	return err
}

// freeSpace returns the space available to this user, in bytes.
func freeSpace(dir string) (int64, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return -1, &os.PathError{Op: "statfs", Path: dir, Err: err}
	}
	return int64(st.Bavail) * int64(st.Bsize), nil
}

// Full reports whether an error means that no space is left.
func Full(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// mayCreateIn returns an error if this user can't create files in a folder.
func mayCreateIn(dir string) error {
	if err := unix.Access(dir, unix.W_OK|unix.X_OK); err != nil {
		return &fs.PathError{Op: "write in", Path: dir, Err: err}
	}
	return nil
}
