//go:build unix

package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// What can't be written is refused before the rows are read, which may take long: the
// rows here would be a different error.
func TestLoad_refusesWhatCannotBeWrittenBeforeItReads(t *testing.T) {
	t.Parallel()
	const nobody = 65534
	s := serveSmall(t)
	dir, err := os.MkdirTemp("", "readonly")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	run, program := filepath.Join(dir, "run"), filepath.Join(dir, "program")
	if got := runHere(t, []string{"FAUNA_SECRET=" + s.Secret()}, "run", "--domain", s.endpoint, "--collection", "users", "--out", run); got.code != exitDone {
		t.Fatal(got.err)
	}
	content, err := os.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{program: string(content), filepath.Join(run, "users.jsonl"): "damaged", filepath.Join(dir, "file.db"): ""} {
		if err := os.WriteFile(name, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(program, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, "file.db"), 0o444); err != nil {
		t.Fatal(err)
	}
	// The journal of an SQLite file lies beside it, not beside a link to it.
	real, link := t.TempDir(), filepath.Join(dir, "link.db")
	for path := real; path != os.TempDir() && path != "/"; path = filepath.Dir(path) {
		if err := os.Chmod(path, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(real, "new.db"), link); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	if os.Getuid() == 0 { // root may write everywhere
		err := filepath.WalkDir(run, func(path string, _ fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			return os.Chown(path, nobody, nobody)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, into := range []string{"csv:" + dir, "parquet:" + filepath.Join(dir, "new", "folder"), "sqlite:" + filepath.Join(dir, "new.db"), "sqlite:" + filepath.Join(dir, "file.db"), "sqlite:" + link} {
		cmd := exec.CommandContext(t.Context(), program, "load", run, "--into", into)
		cmd.Dir = "/"
		if os.Getuid() == 0 {
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		}
		out, err := cmd.CombinedOutput()
		may := strings.HasSuffix(into, link)
		if code := cmd.ProcessState.ExitCode(); err == nil || (code == exitUsage) == may || strings.Contains(string(out), "you may write there") == may {
			t.Errorf("%s: exit %d, %v: %s", into, code, err, out)
		}
	}
}
