package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestCompletion_namesCollectionsOfTheServer(t *testing.T) {
	t.Parallel()
	s := serveSample(t)
	env := []string{"FAUNA_SECRET=" + s.Secret(), "FAUNA_EXPORT_DOMAIN=" + s.endpoint}
	complete := func(env []string, args ...string) []string {
		t.Helper()
		got := runHere(t, env, append([]string{"__complete"}, args...)...)
		lines := strings.Split(strings.TrimSuffix(got.out, "\n"), "\n")
		if got.code != exitDone || !strings.HasPrefix(lines[len(lines)-1], ":") {
			t.Fatalf("%q: exit %d: %s\n%s", args, got.code, got.err, got.out)
		}
		return lines[:len(lines)-1]
	}
	for _, c := range []struct {
		args []string
		want []string
	}{
		{[]string{"run", "--collection", "c"}, []string{"customers", "carts"}},
		{[]string{"check", "--collection", "customers", "--collection", "c"}, []string{"carts"}},
		{[]string{"fql", "role", "--exclude", "wish"}, []string{"wishlists"}},
		{[]string{"run", "--column", "pro"}, []string{"products:"}},
		{[]string{"run", "--format", ""}, []string{"jsonl", "csv", "parquet", "wire"}},
		{[]string{"run", "--ddl", ""}, []string{"duckdb"}},
	} {
		if got := complete(env, c.args...); !slices.Equal(got, c.want) {
			t.Errorf("%q gives %q, not %q", c.args, got, c.want)
		}
	}
	for _, without := range [][]string{nil, {"FAUNA_SECRET=x"}, {"FAUNA_SECRET=wrong", "FAUNA_EXPORT_DOMAIN=" + s.endpoint}} {
		if got := complete(without, "run", "--collection", ""); len(got) > 0 && got[0] != "" {
			t.Errorf("without a server or a secret: %q", got)
		}
	}
}

func TestCompletion_scriptsAreOnesThatTheShellsRead(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		got := runHere(t, nil, "completion", shell)
		if got.code != exitDone || !strings.Contains(got.out, "fauna-export") {
			t.Fatalf("%s: exit %d: %s", shell, got.code, got.err)
		}
		if shell == "powershell" { // not in Debian
			continue
		}
		needPrograms(t, shell)
		command := exec.Command(shell, "-n", "/dev/stdin")
		command.Stdin = strings.NewReader(got.out)
		if out, err := command.CombinedOutput(); err != nil {
			t.Errorf("%s does not read the script: %v\n%s", shell, err, out)
		}
	}
}

func TestMan_holdsEveryCommandAndFlag(t *testing.T) {
	t.Parallel()
	root, run := runHere(t, nil, "man"), runHere(t, nil, "man", "run")
	if root.code != exitDone || root.out != runHere(t, nil, "man").out {
		t.Fatalf("exit %d, or not the same twice: %s", root.code, root.err)
	}
	for page, wants := range map[string][]string{
		root.out: {`.TH "FAUNA-EXPORT" "1" ""`, "--progress-interval", "129, 130, 143", "fauna-export-run(1)"},
		run.out:  {`.TH "FAUNA-EXPORT-RUN" "1" ""`, "--page-size", ".SH EXAMPLE"},
	} {
		for _, want := range wants {
			if !strings.Contains(page, want) {
				t.Errorf("%s is not in the page:\n%.300s", want, page)
			}
		}
	}
	if got := runHere(t, nil, "man", "rnu"); got.code != exitUsage || !strings.Contains(got.err, "did you mean") {
		t.Errorf("a command that does not exist: exit %d: %s", got.code, got.err)
	}
	dir := t.TempDir()
	if got := runHere(t, nil, "man", "--dir", dir); got.code != exitDone {
		t.Fatalf("exit %d: %s", got.code, got.err)
	}
	pages, err := filepath.Glob(filepath.Join(dir, "*.1"))
	if err != nil || len(pages) < 20 {
		t.Fatalf("pages %q, %v", pages, err)
	}
	if page, err := os.ReadFile(filepath.Join(dir, "fauna-export-run.1")); err != nil || string(page) != run.out {
		t.Errorf("the page of run in the folder is another: %v", err)
	}
	needPrograms(t, "groff")
	for _, page := range pages {
		if out, err := exec.Command("groff", "-man", "-Tutf8", "-ww", "-z", page).CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("groff %s: %v\n%s", page, err, out)
		}
	}
}

func TestVersion_saysHowItWasBuiltAndOfWhat(t *testing.T) {
	t.Parallel()
	if got := runHere(t, nil, "version"); !strings.Contains(got.out, "commit") || !strings.Contains(got.out, "go1.") {
		t.Errorf("version: %s", got.out)
	}
	if got := runHere(t, nil, "version", "--json"); !strings.Contains(got.out, `"commit"`) {
		t.Errorf("version --json: %s", got.out)
	}
	if got := runHere(t, nil, "version", "--notices"); !strings.Contains(got.out, "Mozilla Public License") {
		t.Errorf("version --notices has no licence: %.200s", got.out)
	}
}
