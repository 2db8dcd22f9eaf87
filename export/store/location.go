package store

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

// IsURL reports whether a store's name is a URL rather than a folder's path.
func IsURL(name string) bool { return strings.HasPrefix(name, s3Scheme) }

// At returns the store with a name: a folder, or for s3://bucket/prefix an S3
// store. After ctx has ended, an S3 store stops retrying within seconds.
func At(ctx context.Context, name string, o S3Options) (Store, error) {
	if IsURL(name) {
		return NewS3(ctx, name, o)
	}
	if err := checkFolder(name); err != nil {
		return nil, err
	}
	return NewFolder(name), nil
}

// ShelfAt returns the shelf with a name: a folder of folders, or an S3 prefix
// with prefixes below it.
func ShelfAt(ctx context.Context, name string, o S3Options) (Shelf, error) {
	if IsURL(name) {
		return newS3Shelf(ctx, name, o)
	}
	return NewFolderShelf(name), nil
}

// Clean returns the canonical form of a store's name. It fails only for invalid
// URLs.
func Clean(name string) (string, error) {
	if IsURL(name) {
		u, err := parseS3(name)
		return u.String(), err
	}
	return filepath.Clean(name), checkFolder(name)
}

// otherURL matches the beginning of a URL.
var otherURL = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]+://`)

// checkFolder returns an error for a folder's name that is a URL of another kind, or
// in other letters: nobody means the local folder "gs:".
func checkFolder(name string) error {
	if !otherURL.MatchString(name) {
		return nil
	}
	return fmt.Errorf("%q is a URL that can't be used: give a folder, or s3://bucket/prefix", name)
}

// Join returns the full name of a store's file, for messages.
func Join(name, file string) string {
	if IsURL(name) {
		return strings.TrimSuffix(name, "/") + "/" + file
	}
	return filepath.Join(name, filepath.FromSlash(file))
}

// Split divides a store's clean name into the name of its shelf and its name on
// that shelf.
func Split(name string) (shelf, base string) {
	if IsURL(name) {
		shelf, base = path.Split(name)
		return strings.TrimSuffix(shelf, "/"), base
	}
	return filepath.Dir(name), filepath.Base(name)
}

// ExpandHome replaces a leading ~ with the home folder, for paths that no shell
// expands: in --out=~/x, environment variables, and files.
func ExpandHome(path string) (string, error) {
	if path != "~" && !strings.HasPrefix(path, "~/") && !strings.HasPrefix(path, "~"+string(filepath.Separator)) {
		return path, nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("find the home folder for %q: %w", path, err)
	}
	return filepath.Join(home, path[1:]), nil
}
