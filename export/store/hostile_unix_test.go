//go:build unix

package store_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"fauna-export/export/store"
)

// planted is a folder with something of another user's in it, and that user's
// file, which must not be touched.
type planted struct {
	dir, victim string
}

func plant(t *testing.T) planted {
	t.Helper()
	p := planted{dir: filepath.Join(t.TempDir(), "out"), victim: filepath.Join(t.TempDir(), "victim")}
	for _, dir := range []string{p.dir, p.victim} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	p.write(t, filepath.Join(p.victim, "id_rsa"), "x")
	return p
}

func (p planted) write(t *testing.T, path, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
		t.Fatal(err)
	}
}

func (p planted) untouched(t *testing.T) {
	t.Helper()
	entries, err := os.ReadDir(p.victim)
	if err != nil || len(entries) != 1 {
		t.Errorf("the stranger's folder holds %v, %v", entries, err)
	}
	if got, err := os.ReadFile(filepath.Join(p.victim, "id_rsa")); err != nil || string(got) != "x" {
		t.Errorf("the stranger's file holds %q, %v", got, err)
	}
}

// refused checks for an error that names the folder and what is wrong with it.
func refused(t *testing.T, err error, says string) {
	t.Helper()
	if e, ok := errors.AsType[*store.Error](err); !ok || !strings.Contains(e.Problem, says) || !strings.Contains(e.Problem, "choose another folder") {
		t.Errorf("error %v, want one that says %q", err, says)
	}
}

func TestFolder_refusesAWorkFolderThatIsALink(t *testing.T) {
	t.Parallel()
	p := plant(t)
	if err := os.Symlink(p.victim, filepath.Join(p.dir, ".fauna-export")); err != nil {
		t.Fatal(err)
	}
	s := store.NewFolder(p.dir)
	_, err := s.Lock()
	refused(t, err, ".fauna-export is a link")
	_, err = s.List()
	refused(t, err, ".fauna-export is a link")
	for doing, err := range map[string]error{"write": s.Write(store.WorkPrefix+"run.json", nil), "remove": s.Remove(store.WorkPrefix + "id_rsa"), "close": s.Close()} {
		if err == nil {
			t.Errorf("%s goes through the link", doing)
		}
	}
	p.untouched(t)
}

func TestFolder_refusesWhatIsNoRegularFileInItsWorkFolder(t *testing.T) {
	t.Parallel()
	for name, makeIt := range map[string]func(path, victim string) error{
		"a link":       func(path, victim string) error { return os.Symlink(filepath.Join(victim, "id_rsa"), path) },
		"a named pipe": func(path, _ string) error { return syscall.Mkfifo(path, 0o600) },
		"a folder":     func(path, _ string) error { return os.Mkdir(path, 0o700) },
	} {
		for _, file := range []string{"lock", "run.json", "run.json.new", "products.jsonl.part", "products.jsonl.state"} {
			t.Run(name+"/"+file, func(t *testing.T) {
				t.Parallel()
				p := plant(t)
				path := filepath.Join(p.dir, ".fauna-export", file)
				if err := errors.Join(os.Mkdir(filepath.Dir(path), 0o700), makeIt(path, p.victim)); err != nil {
					t.Fatal(err)
				}
				s := store.NewFolder(p.dir)
				_, err := s.Lock()
				refused(t, err, "is "+name)
				if _, err := s.Read(store.WorkPrefix + file); err == nil {
					t.Error("it is read")
				}
				if _, err := s.Append(store.WorkPrefix+file, 1); err == nil {
					t.Error("it is continued")
				}
				p.untouched(t)
			})
		}
	}
}

func TestFolder_makesItsFilesAnew(t *testing.T) {
	t.Parallel()
	p := plant(t)
	s := store.NewFolder(p.dir)
	part := filepath.Join(p.dir, ".fauna-export", "a.jsonl.part")
	for what, makeIt := range map[string]func() error{
		"a link":       func() error { return os.Symlink(filepath.Join(p.victim, "id_rsa"), part) },
		"a hard link":  func() error { return os.Link(filepath.Join(p.victim, "id_rsa"), part) },
		"a named pipe": func() error { return syscall.Mkfifo(part, 0o666) },
		"a file for all": func() error {
			return errors.Join(os.WriteFile(part, []byte("planted"), 0o666), os.Chmod(part, 0o666))
		},
	} {
		release, err := s.Lock()
		if err != nil {
			t.Fatal(err)
		}
		if err := makeIt(); err != nil {
			t.Fatal(err)
		}
		a, err := s.Append(store.WorkPrefix+"a.jsonl.part", 0)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		_, err = a.Write([]byte("rows"))
		if err := errors.Join(err, a.Sync(), a.Close(), s.Commit(store.WorkPrefix+"a.jsonl.part", "a.jsonl")); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		info, err := os.Lstat(filepath.Join(p.dir, "a.jsonl"))
		if err != nil || info.Mode() != 0o600 || info.Size() != 4 {
			t.Errorf("%s: %v, %v", what, info, err)
		}
		p.untouched(t)
		if err := release(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFolder_goesOnWithNoFileThatHasAnotherName(t *testing.T) {
	t.Parallel()
	p := plant(t)
	s := store.NewFolder(p.dir)
	p.write(t, filepath.Join(p.dir, ".fauna-export", "b.jsonl"), "")
	if err := os.Link(filepath.Join(p.victim, "id_rsa"), filepath.Join(p.dir, ".fauna-export", "a.jsonl.part")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Append(store.WorkPrefix+"a.jsonl.part", 1); err == nil || !strings.Contains(err.Error(), "hard link") {
		t.Errorf("error %v", err)
	}
	p.untouched(t)
}

func TestFolder_stateIsNeverWrittenThroughALink(t *testing.T) {
	t.Parallel()
	p := plant(t)
	s := store.NewFolder(p.dir)
	for _, name := range []string{"manifest.json", ".fauna-export-manifest.json.new", "SHA256SUMS"} {
		if err := os.Symlink(filepath.Join(p.victim, "id_rsa"), filepath.Join(p.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(s.Write("manifest.json", []byte("{}")), s.Write("SHA256SUMS", []byte("y"))); err != nil {
		t.Fatal(err)
	}
	p.untouched(t)
	if got, err := s.Read("manifest.json"); err != nil || string(got) != "{}" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestFolder_aMergeFollowsNoLink(t *testing.T) {
	t.Parallel()
	p := plant(t)
	if err := os.Symlink(p.victim, filepath.Join(p.dir, "merged")); err != nil {
		t.Fatal(err)
	}
	s := store.NewFolder(p.dir)
	entries, err := s.List()
	if err != nil || len(entries) != 1 || entries[0].Size != -1 {
		t.Errorf("%v, %v", entries, err)
	}
	_, app := s.Append("merged/a.jsonl.part", 0)
	for doing, err := range map[string]error{"append": app, "write": s.Write("merged/SHA256SUMS", nil), "remove": s.Remove("merged/id_rsa")} {
		if err == nil {
			t.Errorf("%s goes through the link", doing)
		}
	}
	p.untouched(t)
}

func TestFolder_readsNoPipeAndNoLink(t *testing.T) {
	t.Parallel()
	p := plant(t)
	s := store.NewFolder(p.dir)
	if err := errors.Join(syscall.Mkfifo(filepath.Join(p.dir, "manifest.json"), 0o600), os.Symlink(filepath.Join(p.victim, "id_rsa"), filepath.Join(p.dir, "a.jsonl"))); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"manifest.json", "a.jsonl"} {
		if _, err := s.Read(name); err == nil || !strings.Contains(err.Error(), "not a regular file") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A folder is renamed and replaced while a run writes to it: the run's files stay
// together, in the folder that it locked.
func TestFolder_replacedWhileItIsLocked(t *testing.T) {
	t.Parallel()
	p := plant(t)
	s := store.NewFolder(p.dir)
	release, err := s.Lock()
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Rename(p.dir, p.dir+"-moved"), os.Symlink(p.victim, p.dir)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Write("manifest.json", []byte("{}")), s.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(p.dir+"-moved", "manifest.json")); err != nil {
		t.Error(err)
	}
	p.untouched(t)
	if err := release(); err != nil {
		t.Error(err)
	}
}

func TestReadInput_boundedAndNeverHanging(t *testing.T) {
	t.Parallel()
	p := plant(t)
	fifo, link, big := filepath.Join(p.dir, "fifo"), filepath.Join(p.dir, "link"), filepath.Join(p.dir, "big")
	if err := errors.Join(syscall.Mkfifo(fifo, 0o600), os.Symlink(filepath.Join(p.victim, "id_rsa"), link)); err != nil {
		t.Fatal(err)
	}
	p.write(t, big, strings.Repeat("x", 101))
	ctx := t.Context()
	if got, err := store.ReadInput(ctx, link, 100); err != nil || string(got) != "x" {
		t.Errorf("a link: %q, %v", got, err)
	}
	if got, err := store.ReadInput(ctx, fifo, 100); err == nil || !strings.Contains(err.Error(), "nobody wrote") {
		t.Errorf("a pipe without a writer: %q, %v", got, err)
	}
	if _, err := store.ReadInput(ctx, big, 100); err == nil {
		t.Error("a file over the bound is read")
	} else if _, ok := errors.AsType[*store.TooLarge](err); !ok {
		t.Errorf("over the bound: %v", err)
	}
	for _, path := range []string{"/dev/zero", p.dir} {
		if _, err := store.ReadInput(ctx, path, 100); err == nil {
			t.Errorf("%s is read", path)
		}
	}
	// A pipe whose writer stays silent ends with the context.
	w, err := os.OpenFile(fifo, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	ctx, stop := context.WithCancel(ctx)
	done := make(chan error)
	go func() {
		_, err := store.ReadInput(ctx, fifo, 100)
		done <- err
	}()
	stop()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("a silent pipe: %v", err)
	}
}

func TestOpenLog_neverWaitsAndMakesItsFilePrivate(t *testing.T) {
	t.Parallel()
	p := plant(t)
	fifo := filepath.Join(p.dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.OpenLog(fifo, "time="); err == nil || !strings.Contains(err.Error(), "without a reader") {
		t.Errorf("a pipe: %v", err)
	}
	path := filepath.Join(p.dir, "log")
	for range 2 {
		f, err := store.OpenLog(path, "time=")
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.WriteString("time=1\n")
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Size() != 14 || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}

// A small file is written beside its place first, under a name that is no user's.
func TestWrite_leavesTheUsersOwnFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	names := []string{"manifest.json", "SHA256SUMS", "export.yaml"}
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(dir, name+".new"), []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := store.NewFolder(dir)
	if err := errors.Join(s.Write(names[0], []byte("{}")), s.Write(names[1], []byte("y")), store.WritePrivate(filepath.Join(dir, names[2]), []byte("a"))); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2*len(names) {
		t.Errorf("%v, %v", entries, err)
	}
	for _, name := range names {
		if text, err := os.ReadFile(filepath.Join(dir, name+".new")); err != nil || string(text) != "mine" {
			t.Errorf("%s.new holds %q, %v", name, text, err)
		}
	}
}

func TestWritePrivate_replacesALinkAndFollowsNone(t *testing.T) {
	t.Parallel()
	p := plant(t)
	path := filepath.Join(p.dir, "answers.yaml")
	for _, at := range []string{path, filepath.Join(p.dir, ".fauna-export-answers.yaml.new")} {
		if err := os.Symlink(filepath.Join(p.victim, "id_rsa"), at); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.CreatePrivate(path, []byte("a")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("made anew over a link: %v", err)
	}
	if err := store.WritePrivate(path, []byte("a")); err != nil {
		t.Fatal(err)
	}
	p.untouched(t)
	info, err := os.Lstat(path)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}

// Only root can plant files of another user.
func TestFolder_refusesWhatBelongsToAnotherUser(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file away")
	}
	for _, name := range []string{".fauna-export", ".fauna-export/a.jsonl.part", ".fauna-export/lock"} {
		p := plant(t)
		p.write(t, filepath.Join(p.dir, ".fauna-export", "a.jsonl.part"), "planted")
		p.write(t, filepath.Join(p.dir, ".fauna-export", "lock"), "")
		if err := os.Chown(filepath.Join(p.dir, name), 1234, 1234); err != nil {
			t.Fatal(err)
		}
		_, err := store.NewFolder(p.dir).Lock()
		refused(t, err, name+" belongs to another user")
	}
}
