package archive

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"

	"fauna-export/export/store"
)

// How the files begin that a run or a merge replaces. Data files are not among them:
// their states say whether they are a run's own.
var (
	ourManifest = regexp.MustCompile(`^\{\s*"version":`)
	ourSums     = regexp.MustCompile(`^[0-9a-f]{64}  `)
	ourRows     = regexp.MustCompile(`^\{"ref":"`)
)

// CheckOwn returns a *store.Error if an existing file, which a run or a merge is about
// to replace, does not begin like one that they write: it is the user's. Empty files
// pass.
func CheckOwn(s store.Store, name string) error {
	f, size, err := s.Open(name)
	_, irregular := errors.AsType[*store.NotRegular](err)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case irregular:
		return Strange(s, name)
	case err != nil:
		return fmt.Errorf("read %s: %w", name, err)
	}
	defer f.Close()
	begins := ourRows
	switch base := path.Base(name); {
	case base == ManifestName:
		begins = ourManifest
	case base == SumsName:
		begins = ourSums
	case path.Ext(base) == ".sql":
		begins = ourScript
	}
	head := make([]byte, min(size, 128))
	if _, err := io.ReadFull(f, head); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	if size > 0 && !begins.Match(head) {
		return Strange(s, name)
	}
	return nil
}

// Strange returns the error of a file that would be replaced, and that is not the
// run's own.
func Strange(s store.Store, name string) error {
	return &store.Error{Store: s.Name(), Problem: fmt.Sprintf("contains %s, which fauna-export did not write and would replace: move it away", name)}
}
