package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// Shelf holds the stores of several runs.
type Shelf interface {
	// Names returns the names of entries that may be stores, ascending.
	Names() ([]string, error)
	// Store returns the store with a name.
	Store(name string) Store
	// Remove removes a store whose files have all been removed. It is an error if
	// the store is not empty.
	Remove(name string) error
}

// folderShelf is a folder of folders.
type folderShelf struct{ dir string }

// NewFolderShelf returns the Shelf of the subfolders of dir, without links.
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
	merged := filepath.Join(name, strings.TrimSuffix(MergedPrefix, "/"))
	if info, err := root.Lstat(merged); err == nil && info.IsDir() {
		_ = root.Remove(merged) // an empty one is not listed; another keeps the folder
	}
	err = root.Remove(name)
	if errors.Is(err, syscall.ENOTEMPTY) || errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is not empty", name)
	}
	return err
}

// s3Shelf is a prefix with stores below it.
type s3Shelf struct{ s *S3 }

// newS3Shelf returns the Shelf of the stores directly under a prefix's URL.
func newS3Shelf(ctx context.Context, name string, o S3Options) (Shelf, error) {
	s, err := NewS3(ctx, name, o)
	if err != nil {
		return nil, err
	}
	return s3Shelf{s}, nil
}

func (h s3Shelf) Names() ([]string, error) {
	entries, err := h.s.list("")
	var out []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name, "/"); ok && e.Name != WorkPrefix && e.Name != MergedPrefix {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out, err
}

func (h s3Shelf) Store(name string) Store {
	at := h.s.at
	at.Prefix += name + "/"
	return h.s.below(at)
}

func (h s3Shelf) Remove(name string) error {
	entries, err := h.Store(name).List()
	if err == nil && len(entries) > 0 {
		err = fmt.Errorf("%s still contains %s", name, entries[0].Name)
	}
	return err
}
