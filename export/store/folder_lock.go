package store

import (
	"errors"
	"io/fs"
	"os"
	"sync"
)

// Lock locks a file in the work folder. The system releases the lock however the
// process ends. It is an error if the work folder is a link, belongs to another
// user, or contains anything but this user's regular files.
func (s *Folder) Lock() (func() error, error) { return s.lockAs(lockName) }

// LockFor locks a file named after name in the work folder.
func (s *Folder) LockFor(name string) (func() error, error) { return s.lockAs(name + lockEnd) }

// lockAs locks a file in the work folder.
func (s *Folder) lockAs(name string) (func() error, error) {
	if err := os.MkdirAll(s.dir, dirMode); err != nil {
		return nil, s.folderError("create the folder", err)
	}
	for range 10 {
		top, err := openTop(s.dir)
		if err != nil {
			return nil, s.folderError("open the folder", err)
		}
		release, err := s.lock(top, name)
		if err == nil {
			return release, nil
		}
		top.Close()
		switch {
		case errors.Is(err, errLocked):
			return nil, busy(s.dir)
		case errors.Is(err, fs.ErrNotExist): // its holder just removed it
			continue
		}
		return nil, s.folderError("lock the folder", err)
	}
	return nil, busy(s.dir)
}

// LockIn locks a file in a folder that is no store, and removes it when it is released.
// The error is an *Error if another process holds the lock.
func LockIn(dir, name string) (release func() error, err error) {
	top, err := openTop(dir)
	if err != nil {
		return nil, err
	}
	f, err := place{root: top, name: name, full: name}.lock()
	if err != nil {
		top.Close()
		if errors.Is(err, errLocked) {
			err = busy(dir)
		}
		return nil, err
	}
	return sync.OnceValue(func() error {
		_ = top.Remove(name) // some systems keep an open file
		return errors.Join(unlock(f), top.Close())
	}), nil
}

func busy(dir string) error {
	return &Error{Store: dir, Problem: "another process is working in it", Locked: true}
}

// lock is one attempt of lockAs; fs.ErrNotExist means that another attempt may
// succeed.
func (s *Folder) lock(top *os.Root, name string) (func() error, error) {
	work, err := openBelow(top, WorkPrefix, true)
	if err != nil {
		return nil, err
	}
	defer work.Close()
	f, err := place{root: work, name: name, full: WorkPrefix + name}.lock()
	if err != nil {
		return nil, err
	}
	if err := s.checkWork(work); err != nil {
		f.Close()
		return nil, err
	}
	s.mu.Lock()
	s.mu.held = top
	s.mu.Unlock()
	return sync.OnceValue(func() error {
		s.mu.Lock()
		s.mu.held = nil
		s.mu.Unlock()
		return errors.Join(unlock(f), top.Close())
	}), nil
}

// lock opens and locks a file, and creates it if needed. The error is errLocked if
// another process holds it.
func (p place) lock() (*os.File, error) {
	for range 10 {
		if err := p.ours(); err != nil {
			return nil, err
		}
		f, err := openLocked(p.root, p.name)
		if err != nil {
			return nil, err
		}
		// The previous holder may have deleted the file after we opened it and before
		// we locked it, which would make the lock useless.
		ours, err := f.Stat()
		if there, bad := p.regular(); err == nil && bad == nil && os.SameFile(ours, there) {
			return f, nil
		}
		f.Close()
	}
	return nil, errLocked
}

// checkWork returns an error if the work folder contains anything that a run of
// this user would not create.
func (s *Folder) checkWork(work *os.Root) error {
	entries, err := fs.ReadDir(work.FS(), ".")
	if err != nil {
		return err
	}
	for _, e := range entries {
		p := place{root: work, name: e.Name(), full: WorkPrefix + e.Name()}
		if isLock(e.Name()) {
			continue
		}
		if err := p.ours(); err != nil {
			return err
		}
	}
	return nil
}
