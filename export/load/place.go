package load

import (
	"os"
	"path/filepath"
	"strings"

	"fauna-export/export/archive"
	"fauna-export/export/store"
)

// CheckPlace returns an error if a target is among the files of a run: of the one in
// the store named from, or in the folder of another. A sync replaces files with the
// names of its own, and stops at any others in the work folder. --keep removes no run
// with files that its manifest does not list.
func CheckPlace(into, from string) error {
	t, err := newTarget(into, nil)
	if err != nil {
		return err
	}
	return checkPlace(t, from)
}

// checkPlace is CheckPlace for a target that is parsed.
func checkPlace(t target, from string) error {
	var path string
	var dirs []string
	switch t := t.(type) {
	case *sqlite:
		path, dirs = t.path, []string{filepath.Dir(t.file), filepath.Dir(t.path)}
	case *files:
		path, dirs = resolved(t.dir), []string{t.dir}
	default:
		return nil
	}
	if from != "" && !store.IsURL(from) && within(path, resolved(from)) {
		return &Error{Kind: KindUsage, Where: t.name(), What: "it is in the folder that is loaded", Do: "choose a place outside of " + from}
	}
	for _, dir := range dirs {
		if found, err := archive.Inspect(store.NewFolder(dir)); err == nil && (found.Manifest != nil || found.Run != nil || found.Kind == archive.Sharded || found.Kind == archive.Broken) {
			return &Error{Kind: KindUsage, Where: t.name(), What: "there is a run in that folder", Do: "choose another one"}
		}
	}
	return nil
}

// resolved returns a path without links, as far as it exists. A link may lead to what
// does not exist.
func resolved(path string) string {
	path, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	for rest, links := "", 0; ; {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			return filepath.Join(real, rest)
		}
		dir := filepath.Dir(path)
		to, err := os.Readlink(path)
		switch {
		case err == nil && links < 100: // more lead in a circle
			links++
			if !filepath.IsAbs(to) {
				to = filepath.Join(resolved(dir), to)
			}
			path = to
		case dir == path:
			return filepath.Join(path, rest)
		default:
			path, rest = dir, filepath.Join(filepath.Base(path), rest)
		}
	}
}

// within reports whether a resolved path is a folder or below it.
func within(path, dir string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(os.PathSeparator))
}
