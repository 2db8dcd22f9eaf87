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
	busy := &Error{Store: s.dir, Problem: "another process is working in it", Locked: true}
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
			return nil, busy
		case errors.Is(err, fs.ErrNotExist): // its holder just removed it
			continue
		}
		return nil, s.folderError("lock the folder", err)
	}
	return nil, busy
}

// LockIn locks a file in a folder that is no store, and removes it when it is released.
// The error is an *Error if another process holds the lock.
func LockIn(dir, name string) (release func() error, err error) {
	top, err := openTop(dir)
	if err != nil {
		return nil, err
	}
	for range 10 {
		p := place{root: top, name: name, full: name}
		if _, err := p.regular(); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, errors.Join(err, top.Close())
		}
		f, err := openLocked(top, name)
		if errors.Is(err, errLocked) {
			break
		}
		if err != nil {
			return nil, errors.Join(err, top.Close())
		}
		ours, err := f.Stat()
		if there, bad := p.regular(); err == nil && bad == nil && os.SameFile(ours, there) {
			return sync.OnceValue(func() error {
				_ = top.Remove(name) // some systems keep an open file
				return errors.Join(unlock(f), top.Close())
			}), nil
		}
		f.Close() // its holder just removed it
	}
	top.Close()
	return nil, &Error{Store: dir, Problem: "another process is working in it", Locked: true}
}

// lock is one attempt of lockAs; fs.ErrNotExist means that another attempt may
// succeed.
func (s *Folder) lock(top *os.Root, name string) (func() error, error) {
	work, err := openBelow(top, WorkPrefix, true)
	if err != nil {
		return nil, err
	}
	defer work.Close()
	p := place{root: work, name: name, full: WorkPrefix + name}
	if err := p.ours(); err != nil {
		return nil, err
	}
	f, err := openLocked(work, name)
	if err != nil {
		return nil, err
	}
	// The previous holder may have deleted the file after we opened it and before
	// we locked it, which would make the lock useless.
	ours, err := f.Stat()
	if err == nil {
		var there fs.FileInfo
		if there, err = p.regular(); err == nil && !os.SameFile(ours, there) {
			err = fs.ErrNotExist
		}
	}
	if err == nil {
		err = s.checkWork(work)
	}
	if err != nil {
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
