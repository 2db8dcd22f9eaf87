package store

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"syscall"
)

// openTop opens a folder. For anything else the error is ENOTDIR, unlike with
// os.OpenRoot.
func openTop(dir string) (*os.Root, error) {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() { // it would wait for a named pipe
		return nil, &fs.PathError{Op: "open", Path: dir, Err: syscall.ENOTDIR}
	}
	return os.OpenRoot(dir)
}

// openBelow opens the folder of a prefix, which must not be a link. With make it
// must belong to this user, and is created if needed.
func openBelow(top *os.Root, prefix string, make bool) (*os.Root, error) {
	name := strings.TrimSuffix(prefix, "/")
	if make {
		if err := top.Mkdir(name, dirMode); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
	}
	before, err := top.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !before.IsDir() {
		return nil, &Foreign{Name: name, Why: "is a link or a file, but must be a folder"}
	}
	if make {
		if err := owned(top, name, before); err != nil {
			return nil, err
		}
	}
	in, err := top.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	if now, err := in.Stat("."); err != nil || !os.SameFile(before, now) {
		in.Close()
		return nil, &Foreign{Name: name, Why: "was replaced while it was opened"}
	}
	if make && before.Mode().Perm() != dirMode {
		// Some file systems store no modes.
		_ = top.Chmod(name, dirMode)
	}
	return in, nil
}

// place is a file, as its folder and its name there.
type place struct {
	root *os.Root
	name string
	full string // the store's name of the file, for messages
}

// regular returns the Lstat result if the file is regular.
func (p place) regular() (fs.FileInfo, error) {
	info, err := p.root.Lstat(p.name)
	if err == nil && !info.Mode().IsRegular() {
		err = &NotRegular{Name: p.full, Mode: info.Mode()}
	}
	return info, err
}

// ours returns an error if the file is there and not a regular file of this user.
func (p place) ours() error {
	info, err := p.regular()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return owned(p.root, p.full, info)
}

// openAs opens exactly the file that Lstat described, without blocking and
// without following a link that has replaced it meanwhile.
func (p place) openAs(was fs.FileInfo, flag int) (*os.File, fs.FileInfo, error) {
	f, err := p.root.OpenFile(p.name, flag|noWait, 0)
	if err != nil {
		return nil, nil, err
	}
	now, err := f.Stat()
	if err == nil && (!now.Mode().IsRegular() || !os.SameFile(was, now)) {
		err = &Foreign{Name: p.full, Why: "was replaced while it was opened"}
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, now, nil
}

// create replaces anything with that name by a new file.
func (p place) create() (*os.File, error) {
	if err := p.remove(); err != nil {
		return nil, err
	}
	return p.root.OpenFile(p.name, os.O_RDWR|os.O_CREATE|os.O_EXCL, fileMode)
}

func (p place) remove() error {
	if err := p.root.Remove(p.name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// write replaces the file atomically. Outside the work folder, where the
// user's own files may be, the name that it is written under is one of ours.
func (p place) write(data []byte) error {
	fresh := p.name + freshName
	if !strings.HasPrefix(p.full, WorkPrefix) {
		fresh = freshPrefix + fresh
	}
	return p.publish(fresh, data, p.root.Rename)
}

// publish writes a file under another name, makes it durable, and then gives it
// its own name.
func (p place) publish(other string, data []byte, give func(from, to string) error) error {
	fresh := place{root: p.root, name: other, full: other}
	f, err := fresh.create()
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = give(other, p.name)
	}
	if rerr := fresh.remove(); err != nil || rerr != nil {
		return errors.Join(err, rerr)
	}
	return syncRoot(p.root)
}

// syncRoot makes a folder's entries durable.
func syncRoot(root *os.Root) error {
	f, err := root.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(syncDir(f), f.Close())
}
