//go:build unix

package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// shell runs a sh script in which fauna-export is the real program, and returns
// its exit code and stderr.
func shell(t *testing.T, dir string, env []string, script string) (int, string) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), limit)
	defer stop()
	cmd := exec.CommandContext(ctx, "sh", "-uc", script)
	cmd.Dir = dir
	cmd.Env = append(cleanEnvironment(t, env), "PATH="+filepath.Dir(binary)+string(os.PathListSeparator)+os.Getenv("PATH"))
	var output strings.Builder
	cmd.Stderr = &output
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), output.String()
}

// Losing the output is an error, and must not hide the command's own.
func TestStdout_thatIsLostNeverMakesASuccess(t *testing.T) {
	t.Parallel()
	s, secret := readSample(t)
	env := []string{"FAUNA_SECRET=" + secret, "FAUNA_EXPORT_DOMAIN=" + s.endpoint}
	dir := t.TempDir()
	// The exit code of a program in a pipe whose reader reads nothing.
	code := func(command string) string { return "{ " + command + "; echo $? >code; } | :; exit $(cat code)" }
	if got, output := shell(t, dir, env, "fauna-export run --collection products --out bad && echo >>bad/products.jsonl"); got != 0 {
		t.Fatal(output)
	}
	for _, c := range []struct {
		name, script string
		linux        bool
		want         int
		says         string
	}{
		{"verify of a bad folder, into a closed pipe", code("fauna-export verify bad"), false, exitError, "products"},
		{"text into a closed pipe", code("fauna-export fql role --collection a"), false, exitDone, ""},
		{"a version into a closed pipe", code("fauna-export --version"), false, exitDone, ""},
		{"completions into a closed pipe", code("fauna-export completion bash"), false, exitDone, ""},
		{"help to a full device", "fauna-export run --help >/dev/full", true, exitError, "no space"},
		{"half of the rows", "{ fauna-export run --collection customers --out -; echo $? >code; } | head -c 1000 >/dev/null; exit $(cat code)", false, exitPartial, "not all"},
		{"rows to a full device", "fauna-export run --collection products --out - >/dev/full", true, exitError, "no space"},
		{"rows to a closed stdout", "fauna-export run --collection products --out - >&-", true, exitError, "closed"},
		{"a log on a full device", "fauna-export run --collection products --out logged --log-file /dev/full", true, exitError, "--log-file"},
		{"events to a full device", "fauna-export run --collection products --out events --json >/dev/full", true, exitError, "events"},
		{"events into a closed pipe", code("fauna-export run --collection products --out piped --json"), false, exitError, "events"},
		{"rows to a null device", "fauna-export run --collection products --out - >/dev/null", false, exitDone, "260 rows"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.linux && runtime.GOOS != "linux" {
				t.Skip("needs Linux's devices")
			}
			if got, output := shell(t, dir, env, c.script); got != c.want || !strings.Contains(output, c.says) {
				t.Errorf("exit %d, want %d; stderr:\n%s", got, c.want, output)
			}
		})
	}
}

func TestSignal_oneThatIsIgnoredAtTheStartStaysSo(t *testing.T) {
	t.Parallel()
	// Like nohup, ignore SIGHUP: the server continues until SIGTERM.
	got, output := shell(t, t.TempDir(), nil, `
trap '' HUP
fauna-export serve --empty --listen 127.0.0.1:0 >out &
until grep -q secret= out; do :; done
kill -HUP $!
FAUNA_SECRET=$(sed -n s/secret=//p out) fauna-export schema --domain $(sed -n s/endpoint=//p out) >/dev/null || exit 90
kill -TERM $!
wait $!`)
	if got != exitDone {
		t.Errorf("exit %d: %s", got, output)
	}
}
