package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestFolder_saysWhatToDoWhereNoFolderCanBe(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := NewFolder(filepath.Join(file, "below"))
	_, listed := s.List()
	_, locked := s.Lock()
	for doing, err := range map[string]error{"list": listed, "lock": locked} {
		if e, ok := errors.AsType[*Error](err); !ok || !strings.Contains(err.Error(), "choose another folder") || e.Store != s.Name() {
			t.Errorf("%s: %v", doing, err)
		}
	}
	at := &Folder{dir: "d"}
	for cause, says := range map[error]string{
		fs.ErrPermission:     "can't write",
		syscall.EACCES:       "can't write",
		syscall.EPERM:        "can't write",
		syscall.EROFS:        "the disk is read-only",
		syscall.ENOTDIR:      "not a folder",
		syscall.ENAMETOOLONG: "choose a shorter one",
	} {
		err := at.folderError("create the folder", &fs.PathError{Op: "mkdir", Path: "d", Err: cause})
		if e, ok := errors.AsType[*Error](err); !ok || !strings.HasPrefix(e.Error(), "d: ") || !strings.Contains(e.Problem, says) {
			t.Errorf("%v: %v", cause, err)
		}
	}
	other := errors.New("the disk burns")
	if err := at.folderError("create the folder", other); !errors.Is(err, other) || err.Error() != "create the folder: the disk burns" {
		t.Errorf("another error: %v", err)
	}
}
