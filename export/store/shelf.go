package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Shelf is where the stores of several runs stand side by side.
type Shelf interface {
	// Names are the names of what stands there and may be a store, ascending.
	Names() ([]string, error)
	// Store is the store of a name.
	Store(name string) Store
	// Remove takes away a store of which all files were removed. One that still
	// holds something stays, and is an error.
	Remove(name string) error
}

// folderShelf is a folder that holds folders.
type folderShelf struct{ dir string }

// NewFolderShelf is a Shelf of the folders in a folder. Links to folders are none.
func NewFolderShelf(dir string) Shelf { return folderShelf{dir: dir} }

func (s folderShelf) Names() ([]string, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

func (s folderShelf) Store(name string) Store { return NewFolder(filepath.Join(s.dir, name)) }

func (s folderShelf) Remove(name string) error {
	root, err := os.OpenRoot(s.dir)
	if err != nil {
		return err
	}
	defer root.Close()
	if info, err := root.Lstat(name); err != nil || !info.IsDir() {
		return errors.Join(err, fs.ErrNotExist)
	}
	err = root.Remove(name)
	if errors.Is(err, syscall.ENOTEMPTY) || errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s still holds something", name)
	}
	return err
}
