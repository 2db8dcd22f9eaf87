//go:build unix

package load

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"fauna-export/export/row"
)

// Files that another user put into the folder of typed files are not followed,
// waited for or removed.
func TestFiles_followNoLinkAndTrustNoState(t *testing.T) {
	t.Parallel()
	outside := filepath.Join(t.TempDir(), "id_rsa")
	state := func(text string) func(dir string) error {
		return func(dir string) error { return os.WriteFile(filepath.Join(dir, csvFiles.state), []byte(text), 0o600) }
	}
	for name, c := range map[string]struct {
		plant func(dir string) error
		says  string
	}{
		"a link in place of the file being written": {func(dir string) error { return os.Symlink(outside, filepath.Join(dir, ".fauna-export-users.csv.part")) }, "a link"},
		"a pipe in its place": {func(dir string) error {
			return syscall.Mkfifo(filepath.Join(dir, ".fauna-export-users.csv.part"), 0o600)
		}, "a named pipe"},
		"a link in place of the file":   {func(dir string) error { return os.Symlink("nowhere", filepath.Join(dir, "users.csv")) }, "it already has users"},
		"a pipe in place of the state":  {func(dir string) error { return syscall.Mkfifo(filepath.Join(dir, csvFiles.state), 0o600) }, "a named pipe"},
		"a state of a file elsewhere":   {state(`{"users":{"table":{"Collection":"users","Name":"../` + filepath.Base(outside) + `"}}}`), "not written by a load"},
		"a state that is null":          {state("null"), "not written by a load"},
		"a table of another collection": {state(`{"users":{"table":{"collection":"orders","name":"users"}}}`), "not written by a load"},
		"a state of nothing":            {state(`{"users":null}`), "not written by a load"},
		"a column of nothing": {func(dir string) error {
			plant := state(`{"users":{"table":{"collection":"users","name":"users","columns":[null]},"loads":{"1":"x"}}}`)
			return errors.Join(plant(dir), os.WriteFile(filepath.Join(dir, "users.csv"), nil, 0o600))
		}, "not written by a load"},
	} {
		if err := os.WriteFile(outside, []byte("precious"), 0o600); err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		if err := c.plant(dir); err != nil {
			t.Fatal(err)
		}
		f := newFolder(t, row.JSONL)
		f.add("users", map[int64]string{1: `{"a":1}`})
		_, _, err := f.load("csv:"+dir, func(o *Options) { o.Replace = true })
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
		if text, err := os.ReadFile(outside); err != nil || string(text) != "precious" {
			t.Errorf("%s: the file outside is %q, %v", name, text, err)
		}
	}
	// Leftovers of a killed load are replaced.
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, ".fauna-export-users.csv.part"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	// A user's file of a similar name stays.
	mine := filepath.Join(dir, "users.csv.part")
	if err := os.WriteFile(mine, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := newFolder(t, row.JSONL)
	f.add("users", map[int64]string{1: `{"a":1}`})
	f.must("csv:" + dir)
	if text, err := os.ReadFile(mine); err != nil || string(text) != "mine" {
		t.Errorf("a user's users.csv.part is %q, %v", text, err)
	}
	if _, err := os.Stat(filepath.Join(dir, ".fauna-export-users.csv.part")); err == nil {
		t.Error("what a killed load left is still there")
	}
}
