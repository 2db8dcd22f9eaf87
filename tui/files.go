package tui

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"fauna-export/export"
	"fauna-export/export/archive"
	"fauna-export/export/store"
)

// writeNew writes a text to a file of that name in the current folder, or, when
// another text stands there, to name-2, name-3 … It returns the full path.
func writeNew(name, text string) (string, error) {
	ext := filepath.Ext(name)
	stem := strings.TrimSuffix(name, ext)
	for i := 1; i < 1000; i++ {
		if i > 1 {
			name = fmt.Sprintf("%s-%d%s", stem, i, ext)
		}
		path, err := filepath.Abs(name)
		if err != nil {
			return "", err
		}
		err = store.CreatePrivate(path, []byte(text))
		if errors.Is(err, fs.ErrExist) {
			if old, err := store.ReadRegular(path, int64(len(text))); err == nil && bytes.Equal(old, []byte(text)) {
				return path, nil
			}
			continue
		}
		if err != nil {
			return "", fmt.Errorf("write a file: %w", err)
		}
		return path, nil
	}
	return "", fmt.Errorf("write a file: too many files named %s", name)
}

// A place is what is known of the folder that an export would be written to.
type place struct {
	path  string // full
	err   error  // why it cannot be used, nil when it can
	isNew bool   // it does not exist yet
	begun bool   // an export that is not finished lies there
	chain bool   // the files of an incremental export lie there: the next sync goes there too
	free  int64  // bytes free on its disk, -1 when not known
}

// trouble is why an export of a mode cannot be written there, nil when it can.
func (p place) trouble(mode export.Mode) error {
	if p.chain && mode != export.Incremental {
		return errors.New("an incremental export lies there: choose incremental for its next sync, or give a new folder")
	}
	return p.err
}

// look finds out about a folder: it must not exist, be empty, or hold an export
// that was begun, or an incremental one.
func look(path string) place {
	p := place{path: path, free: -1}
	found, err := archive.Inspect(store.NewFolder(path))
	switch found.Kind {
	case archive.Unfinished, archive.Partial:
		p.begun = true
	case archive.Syncs:
		p.chain = true
	case archive.Finished:
		p.err = errors.New("this folder holds a finished export: choose another")
	case archive.Foreign:
		p.err = fmt.Errorf("this folder isn't empty (it holds %s): choose another", clean(found.Other))
	default:
		p.err = found.Err
		_, serr := os.Lstat(path)
		p.isNew = errors.Is(serr, fs.ErrNotExist)
	}
	if err != nil {
		if e, ok := errors.AsType[*store.Error](err); ok {
			err = errors.New(e.Problem)
		}
		p.err = fmt.Errorf("not a folder that can be used: %w", err)
	}
	for dir := path; ; {
		if n, err := freeBytes(dir); err == nil {
			p.free = n
			break
		}
		up := filepath.Dir(dir)
		if up == dir {
			break
		}
		dir = up
	}
	return p
}
