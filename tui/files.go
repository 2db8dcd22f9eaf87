package tui

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"fauna-export/export"
	"fauna-export/export/archive"
	"fauna-export/export/store"
	"fauna-export/fauna"
	"fauna-export/tui/text"
)

// writeNew writes a text to a file in the current folder: name, or, if that holds other
// text, name-2, name-3 … It returns the full path.
func writeNew(name, body string) (string, error) {
	return firstFree(name, func(path string) (bool, error) {
		err := store.CreatePrivate(path, []byte(body))
		if !errors.Is(err, fs.ErrExist) {
			return true, err
		}
		old, err := store.ReadRegular(path, int64(len(body)))
		return err == nil && bytes.Equal(old, []byte(body)), nil
	})
}

// newPath returns the full path of the first of name, name-2 … that doesn't exist.
func newPath(name string) (string, error) {
	return firstFree(name, func(path string) (bool, error) {
		_, err := os.Lstat(path)
		return errors.Is(err, fs.ErrNotExist), nil
	})
}

// firstFree returns the full path of the first of name, name-2 … for which have is true.
func firstFree(name string, have func(path string) (bool, error)) (string, error) {
	ext, numbered := filepath.Ext(name), name
	for i := 2; i <= 1000; i++ {
		path, err := filepath.Abs(numbered)
		if err != nil {
			return "", err
		}
		if ok, err := have(path); ok || err != nil {
			return path, err
		}
		numbered = fmt.Sprintf("%s-%d%s", strings.TrimSuffix(name, ext), i, ext)
	}
	return "", fmt.Errorf("too many files named %s", name)
}

// A place is what is known about the folder to export to.
type place struct {
	path  string // full
	err   error  // why it can't be used, or nil
	isNew bool   // it does not exist yet
	begun bool   // it contains an unfinished export
	chain bool   // it contains an incremental export: the next sync goes there too
	free  int64  // bytes free on its disk, -1 if unknown
}

// trouble returns why an export with this mode can't be written there, or nil.
func (p place) trouble(mode export.Mode) error {
	switch {
	case p.err != nil:
		return p.err
	case p.begun:
		return nil
	case p.chain && mode != export.Incremental:
		return sayError("It holds an incremental export: choose incremental for its next sync, or another folder.")
	}
	return nil
}

// about describes the place in a few words, or returns "" if nothing is known.
func (p place) about() string {
	var about []string
	switch {
	case p.isNew:
		about = append(about, "new")
	case p.chain:
		about = append(about, "holds earlier syncs: this will be the next one")
	case p.begun:
	case p.path != "":
		about = append(about, "empty")
	}
	if p.free > 0 {
		about = append(about, text.Size(p.free)+" free")
	}
	return strings.Join(about, ", ")
}

// look examines a folder, which must be new, empty, or contain an unfinished or an
// incremental export. archive.Inspect decides, as for a run.
func look(path string) place {
	p := place{path: path, free: -1}
	if store.IsURL(path) {
		p.inspect()
		return p
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		p.isNew = true
	case err != nil:
		p.err = sayError(fmt.Sprintf("Can't use this folder: %v", reason(err)))
	case !info.IsDir():
		p.err = sayError("This is a file, not a folder.")
	default:
		p.inspect()
	}
	dir := path
	for !isDir(dir) {
		if dir == filepath.Dir(dir) {
			return p
		}
		dir = filepath.Dir(dir)
	}
	p.free, _ = store.NewFolder(dir).Free() // -1 if unknown
	switch err := writable(dir); {
	case p.err != nil:
	case err != nil:
		p.err = sayError(fmt.Sprintf("Can't write to %s: %v", text.Clean(homePath(dir)), reason(err)))
	case p.free == 0:
		p.err = sayError(fmt.Sprintf("No space is left in %s.", text.Clean(homePath(dir))))
	}
	return p
}

// lookAgain examines the chosen folder again, after an export that changed it.
func (s *session) lookAgain() { s.examine(new(wait), func() {}) }

// examine looks at the chosen folder. If it is still the chosen one then, it becomes the
// session's place, and examined is called.
func (s *session) examine(w *wait, examined func()) {
	look, typed := s.look, s.dirText
	await(s, w, func(context.Context) (place, error) {
		path, err := fullPath(typed)
		if err != nil {
			return place{err: err, free: -1}, nil
		}
		return look(path), nil
	}, func(p place, _ error) {
		if s.dirText == typed {
			s.place = p
			examined()
		}
	})
}

// storeOf returns the store for a folder's path or an s3:// URL. S3's messages other
// than errors are dropped: they have no place on the screen.
func storeOf(path string) (store.Store, error) {
	return store.At(context.Background(), path, store.S3Options{Getenv: os.Getenv, Proxy: fauna.Proxy})
}

func (p *place) inspect() {
	var found archive.Found
	f, err := storeOf(p.path)
	if err == nil {
		found, err = archive.Inspect(f)
	}
	switch found.Kind {
	case archive.Empty:
		p.isNew = p.isNew || store.IsURL(p.path)
	case archive.Unfinished, archive.Partial:
		p.begun = true
	case archive.Syncs:
		p.chain = true
	case archive.Finished:
		p.err = sayError("It holds a finished export. Choose another folder.")
	case archive.Sharded:
		p.err = sayError("It holds shards of a run that aren't joined yet (fauna-export finish joins them). Choose another folder.")
	case archive.Foreign:
		p.err = sayError(fmt.Sprintf("This folder isn't empty (it holds %s). Choose another.", text.Clean(found.Other)))
	case archive.Broken:
		p.err = sayError(fmt.Sprintf("It holds an export that can't be resumed: %v", found.Err))
	}
	if e, ok := errors.AsType[*store.Error](err); ok {
		err = errors.New(e.Problem)
	}
	if err != nil {
		p.err = sayError(fmt.Sprintf("Can't use this folder: %v", reason(err)))
	}
}

// reason strips the path from an error; the screen already shows it.
func reason(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err
	}
	return err
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// complete completes a path as far as all matching folders agree, with a separator
// after a single match.
func complete(typed string) string {
	path, err := fullPath(typed)
	if err != nil {
		return typed
	}
	dir, begin := filepath.Split(path)
	if strings.HasSuffix(typed, string(filepath.Separator)) {
		dir, begin = path, ""
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return typed
	}
	var names []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), begin) && (begin != "" || !strings.HasPrefix(e.Name(), ".")) && isDir(filepath.Join(dir, e.Name())) {
			names = append(names, e.Name())
		}
	}
	if len(names) == 0 {
		return typed
	}
	first, last, n := names[0], names[len(names)-1], 0 // names are sorted
	for n < min(len(first), len(last)) && first[n] == last[n] {
		n++
	}
	common := strings.ToValidUTF8(first[:n], "")
	if len(names) == 1 {
		common += string(filepath.Separator)
	}
	if len(common) <= len(begin) {
		return typed
	}
	return typed + common[len(begin):]
}

func (s *session) write(name, str string) {
	await(s, new(wait), func(context.Context) (string, error) { return writeNew(name, str) }, orFail(s, s.wrote))
}

func (s *session) wrote(path string) {
	s.say(noteGood, "Wrote %s in %s", filepath.Base(path), homePath(filepath.Dir(path)))
}

// homePath shortens a path below the home directory to ~.
func homePath(path string) string {
	home, err := os.UserHomeDir()
	if err != nil || home == "/" || home == "" {
		return path
	}
	if rest, ok := strings.CutPrefix(path, home); ok && (rest == "" || os.IsPathSeparator(rest[0])) {
		return "~" + rest
	}
	return path
}

// fullPath resolves a typed path: trims spaces and expands ~, . and ..
func fullPath(text string) (string, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return "", errors.New("give a folder")
	case strings.ContainsRune(text, 0):
		return "", errors.New("a folder name can't contain a null byte")
	}
	if url, err := store.Clean(text); err != nil || store.IsURL(text) {
		return url, err
	}
	path, err := store.ExpandHome(text)
	if err != nil {
		return "", err
	}
	return filepath.Abs(path)
}
