package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// ReadInput reads a file named by the user, such as one with a secret, of at most
// most bytes. It follows links and waits for a pipe's writer until ctx ends.
// A named pipe without a writer, devices and folders are errors.
func ReadInput(ctx context.Context, path string, most int64) ([]byte, error) {
	return readNamed(ctx, path, most, true)
}

// ReadRegular is ReadInput for regular files only. It never blocks.
func ReadRegular(path string, most int64) ([]byte, error) {
	return readNamed(context.Background(), path, most, false)
}

func readNamed(ctx context.Context, path string, most int64, pipes bool) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|noWait, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if mode := info.Mode(); !mode.IsRegular() && (!pipes || mode.Type() != fs.ModeNamedPipe) {
		return nil, &NotRegular{Name: path, Mode: mode}
	}
	stop := context.AfterFunc(ctx, func() { f.Close() })
	defer stop()
	data, err := readAll(f, path, 0, most)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err == nil && len(data) == 0 && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is a named pipe that nobody wrote to", path)
	}
	return data, err
}

// CheckNamed returns an error for a file that a library would wait for, or read without
// end, if it were given the name: a named pipe, a device, or one of more than MaxPEM
// bytes. The null device is an empty file. Everything else that is wrong with a file
// is left to the library to say or to ignore.
func CheckNamed(path string) error {
	_, err := ReadRegular(path, MaxPEM)
	odd, _ := errors.AsType[*NotRegular](err)
	large, _ := errors.AsType[*TooLarge](err)
	if large == nil && (odd == nil || odd.Mode.IsDir()) {
		return nil
	}
	null, bad := os.Stat(os.DevNull)
	if is, worse := os.Stat(path); bad == nil && worse == nil && os.SameFile(null, is) {
		return nil
	}
	return err
}

// MaxPEM is the most that a file of certificates, keys or passwords may have, in bytes.
const MaxPEM = 8 << 20

// ReadPEM returns a reader of files of certificates and keys, as ReadInput reads.
func ReadPEM(ctx context.Context) func(path string) ([]byte, error) {
	return func(path string) ([]byte, error) { return ReadInput(ctx, path, MaxPEM) }
}

// OpenLog opens a file named by the user for appending, and creates it (0600) if
// needed. A file that has content must begin with first, so that no other file is
// appended to. It never waits for a named pipe, and follows no links made by another
// user except root. Character devices are allowed.
func OpenLog(path, first string) (*os.File, error) {
	info, err := os.Lstat(path)
	if err == nil && info.Mode()&fs.ModeSymlink != 0 && !belongs(info) && !rootOwned(info) {
		return nil, &Foreign{Name: path, Why: "is a link that another user created"}
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	flag := os.O_APPEND | os.O_WRONLY | noWait
	if err != nil { // fail if something appears there meanwhile
		flag |= os.O_CREATE | os.O_EXCL
	}
	if old, err := os.Stat(path); err == nil && old.Mode().IsRegular() && old.Size() > 0 {
		if begins, err := readFirst(path, len(first)); err != nil || begins != first {
			return nil, cmp.Or(err, error(&Foreign{Name: path, Why: "is not a log of this program"}))
		}
	}
	f, err := os.OpenFile(path, flag, fileMode)
	if errors.Is(err, errNoReader) {
		return nil, fmt.Errorf("%s is a named pipe without a reader", path)
	}
	return f, err
}

// WritePrivate replaces a file named by the user (0600), atomically and durably.
// A link in its place is replaced, not followed.
func WritePrivate(path string, data []byte) error {
	p, done, err := placeOf(path)
	if err != nil {
		return err
	}
	defer done()
	if info, err := p.root.Lstat(p.name); err == nil && !info.Mode().IsRegular() && info.Mode()&fs.ModeSymlink == 0 {
		return &NotRegular{Name: path, Mode: info.Mode()}
	}
	return p.write(data)
}

// CreatePrivate creates a file (0600). The error is fs.ErrExist if anything has
// that name.
func CreatePrivate(path string, data []byte) error {
	p, done, err := placeOf(path)
	if err != nil {
		return err
	}
	defer done()
	f, err := p.root.OpenFile(p.name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// MayCreate returns an error if this user can't create a folder with a path, or files
// in it if it exists. It changes nothing.
func MayCreate(dir string) error {
	for {
		_, err := os.Lstat(dir)
		parent := filepath.Dir(dir)
		if !errors.Is(err, fs.ErrNotExist) || parent == dir {
			return cmp.Or(err, mayCreateIn(dir))
		}
		dir = parent
	}
}

// placeOf opens the folder that holds a file.
func placeOf(path string) (place, func(), error) {
	dir, name := filepath.Split(path)
	root, err := os.OpenRoot(filepath.Clean(dir))
	if err != nil {
		return place{}, nil, err
	}
	return place{root: root, name: name, full: path}, func() { root.Close() }, nil
}

// readFirst returns the first n bytes of a file, or all of a shorter one.
func readFirst(path string, n int) (string, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|noWait, 0)
	if err != nil {
		return "", err
	}
	defer f.Close()
	first, err := io.ReadAll(io.LimitReader(f, int64(n)))
	return string(first), err
}
