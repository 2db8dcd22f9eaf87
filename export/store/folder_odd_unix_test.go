//go:build unix

package store

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// What is no folder is refused by name, whatever is done in it, and never waited for.
func TestFolder_refusesWhatIsNone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	for _, err := range []error{
		os.WriteFile(in("file"), nil, 0o600), syscall.Mkfifo(in("pipe"), 0o600),
		os.Symlink("nowhere", in("dangling")), os.Symlink("loop", in("loop")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"file", "file/below", "pipe", "dangling", "dangling/below", "loop", "loop/below", strings.Repeat("x", 300)} {
		s := NewFolder(in(name))
		_, listed := s.List()
		_, read := s.Read("manifest.json")
		_, locked := s.Lock()
		for what, err := range map[string]error{"list": listed, "read": read, "lock": locked} {
			if strings.HasPrefix(name, "dangling") && what != "lock" {
				continue // as good as not there
			}
			if bad, ok := errors.AsType[*Error](err); !ok || bad.Store != in(name) {
				t.Errorf("%s %s: %v", what, name, err)
			}
		}
	}
}
