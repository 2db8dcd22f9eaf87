package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ReadInput reads a file that a person named, of at most so many bytes, such as
// that of a secret. Links to it are followed. It may be a pipe with a writer, which
// is waited for until ctx ends; a device or a folder is refused, and a named pipe
// without a writer is as an empty file.
func ReadInput(ctx context.Context, path string, most int64) ([]byte, error) {
	return readNamed(ctx, path, most, true)
}

// ReadRegular is ReadInput for what must be a regular file, such as a config file:
// it waits for nothing.
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
	return data, err
}

// OpenLog opens a file that a person named for appending, and makes it, 0600, if
// need be. It never waits for a named pipe, and follows no link that another user,
// but for root, has made. A character device is taken, a folder is not.
func OpenLog(path string) (*os.File, error) {
	info, err := os.Lstat(path)
	if err == nil && info.Mode()&fs.ModeSymlink != 0 && !belongs(info) && !rootOwned(info) {
		return nil, &Foreign{Name: path, Why: "is a link that another user has made"}
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	flag := os.O_APPEND | os.O_WRONLY | noWait
	if err != nil { // nothing may come to stand there meanwhile
		flag |= os.O_CREATE | os.O_EXCL
	}
	f, err := os.OpenFile(path, flag, fileMode)
	if errors.Is(err, errNoReader) {
		return nil, fmt.Errorf("%s is a named pipe that nobody reads", path)
	}
	return f, err
}

// WritePrivate replaces a file that a person named, 0600, all or nothing and
// durably. A link in its place is replaced, not followed.
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

// CreatePrivate makes a new file, 0600, with a text; fs.ErrExist when anything
// stands under its name.
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

// placeOf is a file in the folder that holds it.
func placeOf(path string) (place, func(), error) {
	dir, name := filepath.Split(path)
	root, err := os.OpenRoot(filepath.Clean(dir))
	if err != nil {
		return place{}, nil, err
	}
	return place{root: root, name: name, full: path}, func() { root.Close() }, nil
}
