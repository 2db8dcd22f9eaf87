package archive

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"fauna-export/export/store"
)

// FolderTime is how a folder's name says the time at which its run began: sorted
// by name the folders are sorted by time.
const FolderTime = "2006-01-02T15-04-05Z"

// KeepNewest removes the oldest of the finished runs in the folders that a pattern
// such as backups/{time} names, until keep are left, and returns what it removed.
// {time} must stand in the last part of the path, once.
//
// A folder counts only where its name is of the pattern and it holds the manifest
// of a finished run, and only what a run writes is removed from it: a folder with
// anything else in it stays as it is, and is an error. Runs that are not finished
// stay too.
func KeepNewest(pattern string, keep int) (removed []string, err error) {
	parent, name := filepath.Split(filepath.Clean(pattern))
	before, after, ok := strings.Cut(name, "{time}")
	if !ok || strings.Contains(parent+after, "{time}") {
		return nil, errors.New("{time} must stand once, in the last part of the folder's path")
	}
	if keep < 1 {
		return nil, errors.New("at least one run must be kept")
	}
	if parent == "" {
		parent = "."
	}
	entries, err := os.ReadDir(parent)
	if err != nil {
		return nil, fmt.Errorf("list the runs: %w", err)
	}
	var runs []string // ascending, as ReadDir gives them
	for _, e := range entries {
		at, ok := strings.CutPrefix(e.Name(), before)
		if ok {
			at, ok = strings.CutSuffix(at, after)
		}
		if _, err := time.Parse(FolderTime, at); !ok || err != nil || !e.IsDir() {
			continue
		}
		if _, err := ReadManifest(store.NewFolder(filepath.Join(parent, e.Name()))); err == nil {
			runs = append(runs, filepath.Join(parent, e.Name()))
		}
	}
	slices.Sort(runs)
	for _, dir := range runs[:max(len(runs)-keep, 0)] {
		if err := removeRun(dir); err != nil {
			return removed, fmt.Errorf("remove the run %s: %w", dir, err)
		}
		removed = append(removed, dir)
	}
	return removed, nil
}

// removeRun removes a finished run's files and then its folder. The manifest goes
// last of the files, so that what was not removed can still be named.
func removeRun(dir string) error {
	m, err := ReadManifest(store.NewFolder(dir))
	if err != nil {
		return err
	}
	var names []string
	for _, e := range m.Collections {
		names = append(names, filepath.FromSlash(e.File))
	}
	names = append(names, "load-postgres.sql", "load-sqlite.sql", "load-duckdb.sql")
	names = append(names, SumsName, ManifestName)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !slices.Contains(names, e.Name()) {
			return fmt.Errorf("it holds %q, which is not of the run", e.Name())
		}
	}
	for _, name := range names {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return os.Remove(dir)
}
