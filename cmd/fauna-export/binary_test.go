package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// binary is the program under test, built once for all tests of this run.
var binary string

func TestMain(m *testing.M) {
	if text := os.Getenv(fetchVariable); text != "" {
		if err := fetchChild(text, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	code, err := buildAndRun(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func buildAndRun(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "fauna-export-test")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "fauna-export")
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	build := exec.Command("go", "build", "-o", binary, ".")
	if out, err := build.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return m.Run(), nil
}

// ciVariable is set where a test must fail instead of being skipped if
// something it needs is not installed.
const ciVariable = "FAUNA_EXPORT_CI"

// needPrograms skips a test unless all of its programs are installed.
func needPrograms(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := exec.LookPath(name); err != nil {
			lacks(t, name+" is not installed")
		}
	}
}

// lacks skips a test for something missing on the machine, or fails it if
// ciVariable is set.
func lacks(t *testing.T, why string) {
	t.Helper()
	if os.Getenv(ciVariable) != "" {
		t.Fatalf("%s, and .ci/run should have installed it", why)
	}
	t.Skip(why)
}

// limit is the timeout of a process or a wait.
const limit = 40 * time.Second

// process is the real program, running without a terminal.
type process struct {
	*exec.Cmd
	out, err lockedBuffer
}

// start starts the real program with env and this process's environment, except
// the variables that the program reads.
func start(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.CommandContext(t.Context(), binary, args...)}
	p.Env = cleanEnvironment(t, env)
	p.Stdout, p.Stderr = &p.out, &p.err
	if err := p.Start(); err != nil {
		t.Fatalf("start the program: %v", err)
	}
	return p
}

// cleanEnvironment returns the environment without anything from the user's own
// set-up that would change the program's behaviour.
func cleanEnvironment(t testing.TB, env []string) []string {
	t.Helper()
	home := t.TempDir()
	clean := []string{"HOME=" + home, "XDG_CONFIG_HOME=" + home, "TERM=xterm-256color"}
	for _, name := range []string{"PATH", "TMPDIR", "SystemRoot"} {
		if value, ok := os.LookupEnv(name); ok {
			clean = append(clean, name+"="+value)
		}
	}
	return append(clean, env...)
}

// execIn returns a command that runs the real program in a folder.
func execIn(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, args...)
	cmd.Dir = dir
	cmd.Env = cleanEnvironment(t, nil)
	return cmd
}

// end waits for the program and returns its result.
func (p *process) end(t *testing.T) ran {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- p.Wait() }()
	select {
	case err := <-done:
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatalf("wait for the program: %v", err)
		}
	case <-time.After(limit):
		p.Process.Kill()
		<-done
		t.Fatalf("the program did not end within %s; stderr:\n%s", limit, p.err.String())
	}
	return ran{code: p.ProcessState.ExitCode(), out: p.out.String(), err: p.err.String()}
}

// lockedBuffer is a buffer that can be read while a process writes to it.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

var _ io.Writer = (*lockedBuffer)(nil)

// eventually waits until a condition is true.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after %s there is still not: %s", limit, what)
		}
	}
}

// filesBelow returns all files below a folder with their contents, by
// slash-separated name.
func filesBelow(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) {
			return nil // renamed by the program meanwhile
		}
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		files[filepath.ToSlash(name)] = string(content)
		return nil
	})
	if err != nil {
		t.Fatalf("read what lies below %s: %v", dir, err)
	}
	return files
}

// finalFiles returns the names below a folder that indicate that something is finished.
func finalFiles(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	for name := range filesBelow(t, dir) {
		if !strings.HasPrefix(name, ".fauna-export/") {
			names = append(names, name)
		}
	}
	return names
}
