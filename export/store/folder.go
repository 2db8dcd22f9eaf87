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
	"sync"
	"syscall"
)

const (
	dirMode  = 0o700
	fileMode = 0o600

	lockName  = "lock"
	freshName = ".new" // ends the name of a small file being replaced
)

// Folder is a Store in a folder of the file system. It follows no links below
// the folder, writes only to files that it made itself or that belong to this
// user, and never waits for a named pipe.
type Folder struct {
	dir string

	mu   sync.Mutex
	held *roots // while it is locked: the folder that was locked, wherever it is now
}

// NewFolder is a folder of the file system. Lock makes it, 0700, with its missing
// parents; files in it are 0600.
func NewFolder(dir string) *Folder { return &Folder{dir: dir} }

// Name is the folder's name.
func (s *Folder) Name() string { return s.dir }

// roots are the folder and those in it that hold files, opened as they are used.
type roots struct {
	mu  sync.Mutex
	top *os.Root
	in  map[string]*os.Root // by prefix
}

func (r *roots) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	err := r.top.Close()
	for _, in := range r.in {
		err = errors.Join(err, in.Close())
	}
	return err
}

// openTop opens a folder. What is no folder is ENOTDIR, as for any other call: of
// os.OpenRoot it is an error without a number.
func openTop(dir string) (*os.Root, error) {
	top, err := os.OpenRoot(dir)
	if err != nil {
		if info, serr := os.Stat(dir); serr == nil && !info.IsDir() {
			err = &fs.PathError{Op: "open", Path: dir, Err: syscall.ENOTDIR}
		}
	}
	return top, err
}

// open returns the roots, and what is to be called when they are not used any
// more.
func (s *Folder) open() (*roots, func(), error) {
	s.mu.Lock()
	held := s.held
	s.mu.Unlock()
	if held != nil {
		return held, func() {}, nil
	}
	top, err := openTop(s.dir)
	if err != nil {
		return nil, nil, err
	}
	r := &roots{top: top, in: map[string]*os.Root{}}
	return r, func() { r.close() }, nil
}

// below is the folder of a prefix, which must be a real one; with make it must be
// this user's, and is made if need be.
func (r *roots) below(prefix string, make bool) (*os.Root, error) {
	if prefix == "" {
		return r.top, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if in := r.in[prefix]; in != nil {
		return in, nil
	}
	name := strings.TrimSuffix(prefix, "/")
	if make {
		if err := r.top.Mkdir(name, dirMode); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
	}
	before, err := r.top.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !before.IsDir() {
		return nil, &Foreign{Name: name, Why: "is a link or a file, and not the folder that it must be"}
	}
	if make {
		if err := owned(r.top, name, before); err != nil {
			return nil, err
		}
	}
	in, err := r.top.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	if now, err := in.Stat("."); err != nil || !os.SameFile(before, now) {
		in.Close()
		return nil, &Foreign{Name: name, Why: "was replaced while it was opened"}
	}
	if make && before.Mode().Perm() != dirMode {
		// Some file systems keep no modes.
		_ = r.top.Chmod(name, dirMode)
	}
	r.in[prefix] = in
	return in, nil
}

// forget closes the folder of a prefix.
func (r *roots) forget(prefix string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if in := r.in[prefix]; in != nil {
		in.Close()
		delete(r.in, prefix)
	}
}

// place is a file: the folder that holds it and its name there.
type place struct {
	root *os.Root
	name string
	full string // as the store names it, for messages
}

// at finds the place of a name; done is to be called when it is not used any more.
func (s *Folder) at(name string, make bool) (p place, done func(), err error) {
	if err := CheckName(name); err != nil {
		return place{}, nil, err
	}
	prefix, base := "", name
	if i := strings.IndexByte(name, '/'); i >= 0 {
		prefix, base = name[:i+1], name[i+1:]
	}
	r, done, err := s.open()
	if err != nil {
		return place{}, nil, err
	}
	root, err := r.below(prefix, make)
	if err != nil {
		done()
		return place{}, nil, err
	}
	return place{root: root, name: base, full: name}, done, nil
}

// regular returns the Lstat result of a regular file.
func (p place) regular() (fs.FileInfo, error) {
	info, err := p.root.Lstat(p.name)
	if err == nil && !info.Mode().IsRegular() {
		err = &NotRegular{Name: p.full, Mode: info.Mode()}
	}
	return info, err
}

// openAs opens the very file that Lstat described, without waiting and without
// following a link that took its place meanwhile.
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

// create replaces whatever has the name with a new file.
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

// write replaces the file all or nothing.
func (p place) write(data []byte) error {
	fresh := place{root: p.root, name: p.name + freshName, full: p.full + freshName}
	f, err := fresh.create()
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
		err = p.root.Rename(fresh.name, p.name)
	}
	if err != nil {
		return errors.Join(err, fresh.remove())
	}
	return syncRoot(p.root)
}

// Lock takes a lock of the system's on a file in the work folder, so that it is
// free again however the process ends. It refuses a work folder that is a link,
// belongs to another user, or holds anything that is not a regular file of this
// user's.
func (s *Folder) Lock() (func() error, error) { return s.lockAs(lockName) }

// lockAs takes the lock with that name in the work folder.
func (s *Folder) lockAs(name string) (func() error, error) {
	busy := &Error{Store: s.dir, Problem: "another process is working in it", Locked: true}
	if err := os.MkdirAll(s.dir, dirMode); err != nil {
		return nil, s.trouble("make the folder", err)
	}
	for range 10 {
		top, err := openTop(s.dir)
		if err != nil {
			return nil, s.trouble("open the folder", err)
		}
		r := &roots{top: top, in: map[string]*os.Root{}}
		release, err := s.lock(r, name)
		if err == nil {
			return release, nil
		}
		r.close()
		switch {
		case errors.Is(err, errLocked):
			return nil, busy
		case errors.Is(err, fs.ErrNotExist): // its holder has just removed it
			continue
		}
		return nil, s.trouble("lock the folder", err)
	}
	return nil, busy
}

// lock is one attempt of Lock; fs.ErrNotExist means that another one may
// succeed.
func (s *Folder) lock(r *roots, name string) (func() error, error) {
	work, err := r.below(WorkPrefix, true)
	if err != nil {
		return nil, err
	}
	p := place{root: work, name: name, full: WorkPrefix + name}
	before, err := p.regular()
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	} else if err == nil {
		err = owned(work, p.full, before)
	}
	if err != nil {
		return nil, err
	}
	f, err := openLocked(work, filepath.Join(s.dir, filepath.FromSlash(p.full)), name)
	if err != nil {
		return nil, err
	}
	// The previous holder may have deleted the file between our opening and
	// locking it, which would make the lock useless.
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
	s.held = r
	s.mu.Unlock()
	return sync.OnceValue(func() error {
		s.mu.Lock()
		s.held = nil
		s.mu.Unlock()
		return errors.Join(unlock(f), r.close())
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
		info, err := p.regular()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = owned(work, p.full, info)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// trouble is an error of the system about the folder as a whole: where another
// folder is the way out, an *Error that says so.
func (s *Folder) trouble(doing string, err error) error {
	problem := ""
	_, irregular := errors.AsType[*NotRegular](err)
	_, foreign := errors.AsType[*Foreign](err)
	switch {
	case irregular, foreign:
		return &Error{Store: s.dir, Problem: err.Error() + ": move it away, or choose another folder"}
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

// List names the files of the folder, of its work folder and of that of a merge.
func (s *Folder) List() ([]Entry, error) {
	r, done, err := s.open()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, s.trouble("list the folder", err)
	}
	defer done()
	var out []Entry
	for _, prefix := range []string{"", WorkPrefix, MergedPrefix} {
		root, err := r.below(prefix, false)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if _, foreign := errors.AsType[*Foreign](err); foreign && prefix == MergedPrefix {
			continue // it is listed as what it is; only a merge needs it
		}
		if err != nil {
			return nil, s.trouble("list the folder", err)
		}
		entries, err := fs.ReadDir(root.FS(), ".")
		if err != nil {
			return nil, s.trouble("list the folder", err)
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

// Open opens a regular file to be read.
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

// readAll reads a file of a known size that may grow, up to a bound.
func readAll(r io.Reader, name string, size, most int64) ([]byte, error) {
	if size > most {
		return nil, &TooLarge{Name: name, Size: size, Most: most}
	}
	data, err := io.ReadAll(io.LimitReader(r, most+1))
	if err == nil && int64(len(data)) > most {
		err = &TooLarge{Name: name, Size: int64(len(data)), Most: most}
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

// Append makes a new file when size is 0, whatever stood under the name; else it
// goes on with a regular file of this user's that has no other name.
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
		err = &Foreign{Name: p.full, Why: "has a second name (a hard link)"}
	}
	if err != nil {
		return nil, err
	}
	f, now, err := p.openAs(was, os.O_RDWR)
	if err != nil {
		return nil, err
	}
	if now.Size() < size {
		err = &Short{Name: name, Want: size}
	}
	if err == nil && now.Mode().Perm() != fileMode {
		_ = f.Chmod(fileMode) // some file systems keep no modes
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

// Cut makes a place to go on from durable at once.
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
	if p.root == q.root {
		err = p.root.Rename(p.name, q.name)
	} else {
		// A root renames below itself only; both are in the folder's own.
		r, end, oerr := s.open()
		if oerr != nil {
			return oerr
		}
		defer end()
		err = r.top.Rename(from, to)
	}
	if err != nil {
		return err
	}
	if err := syncRoot(q.root); err != nil || p.root == q.root {
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

// Close removes the work folder with the lock in it, unless other files are left
// there.
func (s *Folder) Close() error {
	r, done, err := s.open()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer done()
	work, err := r.below(WorkPrefix, false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
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
			return nil // some systems keep a file that is open, as the lock is
		}
	}
	r.forget(WorkPrefix)
	err = r.top.Remove(strings.TrimSuffix(WorkPrefix, "/"))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTEMPTY) || errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// Free is the space left on the disk of the folder, or of its nearest parent that
// exists.
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

// syncRoot makes a folder's entries durable.
func syncRoot(root *os.Root) error {
	f, err := root.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(syncDir(f), f.Close())
}
