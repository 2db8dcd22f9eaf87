package store

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"regexp"
	"sync"
)

// Shared is a Store in which several processes, on several machines perhaps, work
// at once, each on files of its own. A folder that machines share must have locks
// and hard links that work across them.
type Shared interface {
	Store
	// Create makes the store if need be, and in it a small file that must not be
	// there yet, all or nothing and durably: of several at once one succeeds, and for the others the error is
	// fs.ErrExist.
	Create(name string, data []byte) error
	// LockFor is Lock for one of the processes: it keeps out only those that take
	// the same name, of letters, digits and "-".
	LockFor(name string) (release func() error, err error)
}

// lockEnd ends the name of a lock that LockFor takes.
const lockEnd = ".lock"

// lockFile matches the names of locks in the work folder.
var lockFile = regexp.MustCompile(`^([A-Za-z0-9-]+\.)?lock$`)

// isLock reports whether a name in the work folder is that of a lock.
func isLock(base string) bool { return lockFile.MatchString(base) }

// LockFor takes a lock of the system's on a file of that name in the work folder.
func (s *Folder) LockFor(name string) (func() error, error) { return s.lockAs(name + lockEnd) }

// Create writes the file beside its place and then links it there, which fails
// where something is.
func (s *Folder) Create(name string, data []byte) error {
	if err := os.MkdirAll(s.dir, dirMode); err != nil {
		return s.trouble("make the folder", err)
	}
	p, done, err := s.at(name, true)
	if err != nil {
		return err
	}
	defer done()
	fresh := place{root: p.root, name: fmt.Sprintf("%s.%d%s", p.name, rand.Uint32(), freshName), full: p.full}
	f, err := fresh.create()
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = p.root.Link(fresh.name, p.name)
	}
	if rerr := fresh.remove(); err == nil {
		err = rerr
	}
	if err != nil {
		return err
	}
	return syncRoot(p.root)
}

// Create writes a file that is not there yet.
func (s *Memory) Create(name string, data []byte) error {
	if err := CheckName(name); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.files[name] != nil {
		return &fs.PathError{Op: "create", Path: name, Err: fs.ErrExist}
	}
	s.files[name] = &memoryFile{data: append([]byte(nil), data...), synced: len(data)}
	return nil
}

// LockFor keeps out other users of the same name.
func (s *Memory) LockFor(name string) (func() error, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lockedFor[name] {
		return nil, &Error{Store: s.Name(), Problem: "another process is working on its " + name, Locked: true}
	}
	if s.lockedFor == nil {
		s.lockedFor = map[string]bool{}
	}
	s.lockedFor[name] = true
	return sync.OnceValue(func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.lockedFor, name)
		return nil
	}), nil
}
