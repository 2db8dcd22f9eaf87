package store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
)

const (
	dirMode  = 0o700
	fileMode = 0o600

	lockName  = "lock"
	freshName = ".new" // suffix of a small file's replacement

	freshPrefix = ".fauna-export-" // begins it outside the work folder
)

// Folder is a Store in a folder of the file system. It follows no links below the
// folder, writes only to files that it created or that belong to this user, and
// never waits for a named pipe.
type Folder struct {
	dir string

	mu struct {
		sync.Mutex
		held *os.Root // while locked: the folder that was locked, wherever it is now
	}
}

// NewFolder returns the Store in a folder. Lock creates the folder (0700) and any
// missing parents; files in it are 0600.
func NewFolder(dir string) *Folder { return &Folder{dir: dir} }

// Name returns the folder's path.
func (s *Folder) Name() string { return s.dir }

// open opens the folder; call done after use.
func (s *Folder) open() (top *os.Root, done func(), err error) {
	s.mu.Lock()
	held := s.mu.held
	s.mu.Unlock()
	if held != nil {
		return held, func() {}, nil
	}
	top, err = openTop(s.dir)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return nil, nil, &Error{Store: s.dir, Problem: fmt.Sprintf("this user can't open it (%v)", err), ReadOnly: true}
	case err != nil:
		return nil, nil, s.folderError("open the folder", err)
	}
	return top, func() { top.Close() }, nil
}

// below opens the folder of a prefix; call done after use.
func (s *Folder) below(prefix string, make bool) (in *os.Root, done func(), err error) {
	top, done, err := s.open()
	if err != nil || prefix == "" {
		return top, done, err
	}
	defer done()
	if in, err = openBelow(top, prefix, make); err != nil {
		return nil, nil, err
	}
	return in, func() { in.Close() }, nil
}

// at returns the place of a file; call done after use.
func (s *Folder) at(name string, make bool) (p place, done func(), err error) {
	if err := CheckName(name); err != nil {
		return place{}, nil, err
	}
	prefix, base := path.Split(name)
	root, done, err := s.below(prefix, make)
	return place{root: root, name: base, full: name}, done, err
}

// folderError wraps an error about the folder as a whole. If choosing another folder
// would help, it returns an *Error that says so.
func (s *Folder) folderError(doing string, err error) error {
	problem := ""
	_, irregular := errors.AsType[*NotRegular](err)
	_, foreign := errors.AsType[*Foreign](err)
	own, _ := errors.AsType[*Error](err)
	switch {
	case own != nil:
		return own
	case irregular, foreign:
		return &Error{Store: s.dir, Problem: err.Error() + ": move it away, or choose another folder"}
	case errors.Is(err, fs.ErrPermission):
		problem = "this user can't write there"
	case errors.Is(err, syscall.EROFS):
		problem = "the disk is read-only"
	case errors.Is(err, syscall.ENOTDIR):
		problem = "it is not a folder, or its parent is not"
	case errors.Is(err, syscall.ELOOP), errors.Is(err, fs.ErrExist):
		return &Error{Store: s.dir, Problem: fmt.Sprintf("a link leads nowhere: choose another folder (%v)", err)}
	case errors.Is(err, syscall.ENAMETOOLONG):
		return &Error{Store: s.dir, Problem: "the name is too long: choose a shorter one"}
	default:
		return fmt.Errorf("%s: %w", doing, err)
	}
	return &Error{Store: s.dir, Problem: fmt.Sprintf("%s: choose another folder (%v)", problem, err), ReadOnly: !errors.Is(err, syscall.ENOTDIR)}
}

// List lists the files in the folder, its work folder and a merge's folder.
func (s *Folder) List() ([]Entry, error) {
	var out []Entry
	for _, prefix := range []string{"", WorkPrefix, MergedPrefix} {
		root, done, err := s.below(prefix, false)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if _, foreign := errors.AsType[*Foreign](err); foreign && prefix == MergedPrefix {
			continue // listed as a plain entry; only a merge needs it
		}
		if err != nil {
			return nil, s.folderError("list the folder", err)
		}
		entries, err := fs.ReadDir(root.FS(), ".")
		done()
		if err != nil {
			return nil, s.folderError("list the folder", err)
		}
		for _, e := range entries {
			name := prefix + e.Name()
			if prefix == WorkPrefix && isLock(e.Name()) || e.IsDir() && (name+"/" == WorkPrefix || name+"/" == MergedPrefix) {
				continue
			}
			entry := Entry{Name: name, Size: -1}
			if e.Type().IsRegular() {
				info, err := e.Info()
				if errors.Is(err, fs.ErrNotExist) {
					continue // removed meanwhile
				}
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

// Open opens a regular file for reading.
func (s *Folder) Open(name string) (File, int64, error) {
	p, done, err := s.at(name, false)
	if err != nil {
		return nil, 0, err
	}
	defer done()
	was, err := p.regular()
	if err != nil {
		return nil, 0, err
	}
	f, now, err := p.openAs(was, os.O_RDONLY)
	if err != nil {
		return nil, 0, err
	}
	return f, now.Size(), nil
}

// Read reads a regular file.
func (s *Folder) Read(name string) ([]byte, error) {
	f, size, err := s.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAll(f, name, size, MaxSmall)
}

// readAll reads a file of a known size that may grow, up to a limit.
func readAll(r io.Reader, name string, size, most int64) ([]byte, error) {
	if size > most {
		return nil, &TooLarge{Name: name, Most: most}
	}
	data, err := io.ReadAll(io.LimitReader(r, most+1))
	if err == nil && int64(len(data)) > most {
		err = &TooLarge{Name: name, Most: most}
	}
	if err != nil {
		return nil, err
	}
	return data, nil
}

// Write replaces a small file.
func (s *Folder) Write(name string, data []byte) error {
	p, done, err := s.at(name, true)
	if err != nil {
		return err
	}
	defer done()
	return p.write(data)
}

// Create writes a temporary file and links it to the name, which fails if the
// name exists.
func (s *Folder) Create(name string, data []byte) error {
	if err := os.MkdirAll(s.dir, dirMode); err != nil {
		return s.folderError("create the folder", err)
	}
	p, done, err := s.at(name, true)
	if err != nil {
		return err
	}
	defer done()
	return p.publish(fmt.Sprintf("%s.%d%s", p.name, rand.Uint32(), freshName), data, p.root.Link)
}

// Append creates a new file if size is 0, replacing any other. Otherwise it
// continues a regular file that belongs to this user and has no other hard link.
func (s *Folder) Append(name string, size int64) (Appender, error) {
	p, done, err := s.at(name, true)
	if err != nil {
		return nil, err
	}
	defer done()
	if size == 0 {
		f, err := p.create()
		if err != nil {
			return nil, err
		}
		return folderFile{f}, nil
	}
	was, err := p.regular()
	if err == nil {
		err = owned(p.root, p.full, was)
	}
	if err == nil && links(was) > 1 {
		err = &Foreign{Name: p.full, Why: "has another hard link"}
	}
	if err != nil {
		return nil, err
	}
	f, now, err := p.openAs(was, os.O_RDWR)
	if err != nil {
		return nil, err
	}
	if now.Size() < size {
		err = short(name, size)
	}
	if err == nil && now.Mode().Perm() != fileMode {
		_ = f.Chmod(fileMode) // some file systems store no modes
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
	return folderFile{f}, nil
}

// folderFile is a file of a folder being written.
type folderFile struct{ *os.File }

// Cut returns a function that makes everything written so far durable.
func (f folderFile) Cut() func() (bool, error) {
	return func() (bool, error) {
		err := f.Sync()
		return err == nil, err
	}
}

// Commit renames a file.
func (s *Folder) Commit(from, to string) error {
	p, done, err := s.at(from, false)
	if err != nil {
		return err
	}
	defer done()
	if _, err := p.regular(); err != nil {
		return err
	}
	q, undo, err := s.at(to, true)
	if err != nil {
		return err
	}
	defer undo()
	// An os.Root can only rename below itself; the top contains both.
	top, end, err := s.open()
	if err != nil {
		return err
	}
	defer end()
	if err := top.Rename(from, to); err != nil {
		return err
	}
	if err := syncRoot(q.root); err != nil || path.Dir(from) == path.Dir(to) {
		return err
	}
	return syncRoot(p.root)
}

// Remove deletes a file.
func (s *Folder) Remove(name string) error {
	p, done, err := s.at(name, false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer done()
	return p.remove()
}

// Close removes the work folder and its lock, unless other files are left there.
func (s *Folder) Close() error {
	work, done, err := s.below(WorkPrefix, false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer done()
	entries, err := fs.ReadDir(work.FS(), ".")
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !isLock(e.Name()) {
			return nil
		}
	}
	for _, e := range entries {
		if err := work.Remove(e.Name()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil // some systems can't delete open files such as the lock
		}
	}
	done()
	top, end, err := s.open()
	if err != nil {
		return err
	}
	defer end()
	err = top.Remove(strings.TrimSuffix(WorkPrefix, "/"))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTEMPTY) || errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// Free returns the free space on the disk of the folder or its nearest existing
// parent.
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
