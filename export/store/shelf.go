package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Shelf contains the stores of several runs.
type Shelf interface {
	// Names returns the names of entries that may be stores, ascending.
	Names() ([]string, error)
	// Store returns the store with a name.
	Store(name string) Store
	// Remove removes a store after all its files were removed. It is an error
	// if the store is not empty.
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
