package load

import (
	"os"
	"path/filepath"
	"strings"

	"fauna-export/export/archive"
	"fauna-export/export/store"
)

// CheckPlace returns an error if a target is among the files of a run: of the one in
// the store named from, or of another. A run's manifest lists all of its files, and
// what else is there would be in the way of later syncs and of --keep.
func CheckPlace(into, from string) error {
	t, err := newTarget(into, nil)
	if err != nil {
		return err
	}
	path, dir := "", ""
	switch t := t.(type) {
	case *sqlite:
		path, dir = t.file, filepath.Dir(t.file)
	case *files:
		path, dir = t.dir, t.dir
	default:
		return nil
	}
	if from != "" && !store.IsURL(from) && within(resolved(path), resolved(from)) {
		return &Error{Kind: KindUsage, Where: t.name(), What: "it is in the folder that is loaded", Do: "choose a place outside of " + from}
	}
	if found, err := archive.Inspect(store.NewFolder(dir)); err == nil && (found.Manifest != nil || found.Run != nil || found.Kind == archive.Sharded || found.Kind == archive.Broken) {
		return &Error{Kind: KindUsage, Where: t.name(), What: "there is a run in that folder", Do: "choose another one"}
	}
	return nil
}

// resolved returns a path without links, as far as it exists.
func resolved(path string) string {
	path, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	for rest := ""; ; path, rest = filepath.Dir(path), filepath.Join(filepath.Base(path), rest) {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			return filepath.Join(real, rest)
		}
		if filepath.Dir(path) == path {
			return filepath.Join(path, rest)
		}
	}
}

// within reports whether a resolved path is a folder or below it.
func within(path, dir string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(os.PathSeparator))
}
