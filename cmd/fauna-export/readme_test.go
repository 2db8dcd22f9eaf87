package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"fauna-export/export/row"
)

// readme returns the README.
func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(moduleRoot(t), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestReadme_itsTypesComeOutAsItSays(t *testing.T) {
	t.Parallel()
	_, rest, found := strings.Cut(readme(t), "## How Fauna's types are written\n")
	if !found {
		t.Fatal("the README has no such section")
	}
	section, _, _ := strings.Cut(rest, "\n##")
	lines := regexp.MustCompile("(?m)^\\| `([^`]+)`[^|`]*\\| `([^`]+)`").FindAllStringSubmatch(section, -1)
	if len(lines) < 10 {
		t.Fatalf("only %d lines of the table are read:\n%s", len(lines), section)
	}
	s := serveSmall(t)
	for i, line := range lines {
		s.shell(t, fmt.Sprintf(`Create(Ref(Collection("orders"), "%d"), { data: { value: %s } })`, 100+i, line[1]))
	}
	env := []string{"FAUNA_SECRET=" + s.Secret()}
	got := runHere(t, env, "run", "--domain", s.endpoint, "--collection", "orders", "--out", "-")
	if got.code != exitDone {
		t.Fatalf("exit %d: %s", got.code, got.err)
	}
	rows := map[string]string{}
	for text := range strings.Lines(got.out) {
		var r struct {
			Ref  string
			Data struct{ Value json.RawMessage }
		}
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			t.Fatal(err)
		}
		rows[r.Ref] = string(r.Data.Value)
	}
	for i, line := range lines {
		var want bytes.Buffer
		if err := json.Compact(&want, []byte(line[2])); err != nil {
			t.Errorf("%s: %v", line[2], err)
		}
		if got := rows[fmt.Sprint(100+i)]; got != want.String() {
			t.Errorf("%s\nis written  %s\nnot         %s", line[1], got, want.String())
		}
	}
}

func TestReadme_namesEveryFormatAndEveryCommand(t *testing.T) {
	t.Parallel()
	text := readme(t)
	for _, f := range row.Formats() {
		if !strings.Contains(text, "\n| `"+string(f)+"` | ") {
			t.Errorf("the table of formats has no line for %s", f)
		}
	}
	a := &app{streams: streams{getenv: func(string) string { return "" }}}
	root := newRootCommand(a)
	addCompletion(root)
	for _, c := range root.Commands() {
		if name := c.Name(); name != "help" && !strings.Contains(text, "fauna-export "+name) {
			t.Errorf("it does not name the command %s", name)
		}
	}
}

// TestReadme_itsLinksAndTestsAreThere checks the pictures, folders and tests
// that it refers to.
func TestReadme_itsLinksAndTestsAreThere(t *testing.T) {
	t.Parallel()
	text := readme(t)
	for _, link := range regexp.MustCompile(`\]\(([^)#:]+)\)`).FindAllStringSubmatch(text, -1) {
		if _, err := os.Stat(filepath.Join(moduleRoot(t), filepath.FromSlash(link[1]))); err != nil {
			t.Errorf("%v", err)
		}
	}
	anchors := map[string]bool{}
	for _, head := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(text, -1) {
		anchors[strings.ReplaceAll(strings.ToLower(regexp.MustCompile(`[^\w\s-]`).ReplaceAllString(head[1], "")), " ", "-")] = true
	}
	for _, link := range regexp.MustCompile(`\]\(#([^)]+)\)`).FindAllStringSubmatch(text, -1) {
		if !anchors[link[1]] {
			t.Errorf("there is no section #%s", link[1])
		}
	}
	var tests strings.Builder
	for _, folder := range []string{"export", "cmd/fauna-export", "fauna", "tui"} {
		files, err := filepath.Glob(filepath.Join(moduleRoot(t), filepath.FromSlash(folder), "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			tests.Write(source)
		}
	}
	for _, name := range regexp.MustCompile("`(Test[A-Za-z]+_[A-Za-z]+)`").FindAllStringSubmatch(text, -1) {
		if !strings.Contains(tests.String(), "func "+name[1]+"(") {
			t.Errorf("there is no test %s", name[1])
		}
	}
}
