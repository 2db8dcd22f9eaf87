package store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

const (
	dirMode  = 0o700
	fileMode = 0o600

	lockName  = WorkPrefix + "lock"
	freshName = ".new" // ends the name of a small file being replaced
)

// Folder is a Store in a folder of the file system.
type Folder struct {
	dir string
}

// NewFolder is a folder of the file system. Lock makes it, 0700, with its
// missing parents; files in it are 0600.
func NewFolder(dir string) *Folder { return &Folder{dir: dir} }

// Name is the folder's name.
func (s *Folder) Name() string { return s.dir }

func (s *Folder) path(name string) string {
	return filepath.Join(s.dir, filepath.FromSlash(name))
}

// Lock takes a lock of the system's on a file in the work folder, so that it
// is free again however the process ends.
func (s *Folder) Lock() (func() error, error) {
	if err := os.MkdirAll(s.path(WorkPrefix), dirMode); err != nil {
		return nil, s.trouble("make the folder", err)
	}
	path := s.path(lockName)
	for range 10 {
		f, err := openLocked(path)
		if errors.Is(err, errLocked) {
			return nil, &Error{Store: s.dir, Problem: "another process is working in it", Locked: true}
		}
		if err != nil {
			return nil, s.trouble("lock the folder", err)
		}
		// The holder before may have deleted the file between our opening
		// and locking it: then it is a lock on nothing.
		ours, err := f.Stat()
		if err == nil {
			var there os.FileInfo
			if there, err = os.Stat(path); err == nil && os.SameFile(ours, there) {
				return f.Close, nil
			}
		}
		f.Close()
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("lock the folder: %w", err)
		}
		if err := os.MkdirAll(s.path(WorkPrefix), dirMode); err != nil {
			return nil, s.trouble("make the folder", err)
		}
	}
	return nil, &Error{Store: s.dir, Problem: "another process is working in it", Locked: true}
}

// trouble is an error of the system about the folder as a whole: where another
// folder is the way out, a *Error that says so.
func (s *Folder) trouble(doing string, err error) error {
	problem := ""
	switch {
	case errors.Is(err, fs.ErrPermission):
		problem = "this user may not write there"
	case errors.Is(err, syscall.EROFS):
		problem = "the disk takes no writes"
	case errors.Is(err, syscall.ENOTDIR):
		problem = "it is not a folder, or lies in something that is none"
	case errors.Is(err, syscall.ENAMETOOLONG):
		return &Error{Store: s.dir, Problem: "the name is too long: choose a shorter one"}
	default:
		return fmt.Errorf("%s: %w", doing, err)
	}
	return &Error{Store: s.dir, Problem: fmt.Sprintf("%s: choose another folder (%v)", problem, err)}
}

// List names the files of the folder and of its work folder.
func (s *Folder) List() ([]Entry, error) {
	var out []Entry
	for _, prefix := range []string{"", WorkPrefix, MergedPrefix} {
		entries, err := os.ReadDir(s.path(prefix))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, s.trouble("list the folder", err)
		}
		for _, e := range entries {
			name := prefix + e.Name()
			if name == lockName || e.IsDir() && (name+"/" == WorkPrefix || name+"/" == MergedPrefix) {
				continue
			}
			entry := Entry{Name: name, Size: -1}
			if e.Type().IsRegular() {
				info, err := e.Info()
				if err != nil {
					return nil, fmt.Errorf("list the folder: %w", err)
				}
				entry.Size = info.Size()
			}
			out = append(out, entry)
		}
	}
	slices.SortFunc(out, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

func (s *Folder) Read(name string) ([]byte, error) { return os.ReadFile(s.path(name)) }

func (s *Folder) Write(name string, data []byte) error {
	path := s.path(name)
	if err := s.parent(name); err != nil {
		return err
	}
	f, err := os.OpenFile(path+freshName, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, fileMode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(path+freshName, path)
	}
	if err != nil {
		os.Remove(path + freshName)
		return err
	}
	return syncDir(filepath.Dir(path))
}

// parent makes the folder that a merge writes to.
func (s *Folder) parent(name string) error {
	if !strings.HasPrefix(name, MergedPrefix) {
		return nil
	}
	return os.MkdirAll(s.path(MergedPrefix), dirMode)
}

func (s *Folder) Append(name string, size int64) (Appender, error) {
	if err := s.parent(name); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(s.path(name), os.O_WRONLY|os.O_CREATE, fileMode)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.Size() < size {
		err = fmt.Errorf("%s has %d bytes and should have %d or more", name, info.Size(), size)
	}
	if err == nil {
		err = f.Truncate(size)
	}
	if err == nil {
		_, err = f.Seek(size, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func (s *Folder) Commit(from, to string) error {
	if err := os.Rename(s.path(from), s.path(to)); err != nil {
		return err
	}
	for _, name := range []string{to, from} {
		if err := syncDir(filepath.Dir(s.path(name))); err != nil {
			return err
		}
	}
	return nil
}

func (s *Folder) Remove(name string) error {
	if err := os.Remove(s.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Close removes the work folder with the lock in it, unless other files are
// left there.
func (s *Folder) Close() error {
	entries, err := os.ReadDir(s.path(WorkPrefix))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if WorkPrefix+e.Name() != lockName {
			return nil
		}
	}
	if err := s.Remove(lockName); err != nil {
		return nil // some systems keep a file that is open, as the lock is
	}
	return s.Remove(strings.TrimSuffix(WorkPrefix, "/"))
}

func (s *Folder) Free() (int64, error) {
	dir := s.dir
	for {
		n, err := freeSpace(dir)
		parent := filepath.Dir(dir)
		if err == nil || !errors.Is(err, fs.ErrNotExist) || parent == dir {
			return n, err
		}
		dir = parent
	}
}

// Open opens a file to be read a part at a time.
func (s *Folder) Open(name string) (File, int64, error) {
	f, err := os.Open(s.path(name))
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}
