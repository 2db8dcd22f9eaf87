package assets

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "update notices.txt")

// module is a library in the program.
type module struct {
	Path, Version, Dir string
	Main               bool
}

// linkedModules returns the libraries linked into the program on all of its
// platforms.
func linkedModules(t *testing.T) []module {
	t.Helper()
	seen := map[string]module{}
	for _, system := range []string{"linux", "darwin", "windows"} {
		command := exec.Command("go", "list", "-deps", "-json=Module", "fauna-export/cmd/fauna-export")
		command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system, "GOARCH=amd64")
		var errs bytes.Buffer
		command.Stderr = &errs
		out, err := command.Output()
		if err != nil {
			t.Fatalf("go list for %s: %v\n%s", system, err, errs.String())
		}
		for d := json.NewDecoder(bytes.NewReader(out)); ; {
			var p struct{ Module *module }
			if err := d.Decode(&p); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			if p.Module != nil && !p.Module.Main {
				seen[p.Module.Path] = *p.Module
			}
		}
	}
	var list []module
	for _, m := range seen {
		list = append(list, m)
	}
	slices.SortFunc(list, func(a, b module) int { return strings.Compare(a.Path, b.Path) })
	return list
}

// licence returns the text of a module's licence files.
func (m module) licence(t *testing.T) string {
	t.Helper()
	entries, err := os.ReadDir(m.Dir)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, e := range entries {
		name := strings.ToUpper(e.Name())
		if e.IsDir() || strings.HasSuffix(name, ".GO") || !strings.HasPrefix(name, "LICEN") && !strings.HasPrefix(name, "COPYING") && !strings.HasPrefix(name, "NOTICE") && !strings.HasPrefix(name, "PATENTS") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(m.Dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, strings.TrimSpace(strings.ReplaceAll(string(text), "\r\n", "\n")))
	}
	if len(texts) == 0 && m.Path == "github.com/mattn/go-localereader" {
		return "The module holds no text of a licence; its README names the MIT License and the author,\nYasuhiro Matsumoto (a.k.a. mattn)."
	}
	if len(texts) == 0 {
		t.Errorf("%s has no licence in %s", m.Path, m.Dir)
	}
	return strings.Join(texts, "\n\n")
}

// notices returns the whole text: each licence once, below the modules it
// applies to.
func notices(t *testing.T) string {
	t.Helper()
	modules := linkedModules(t)
	under := map[string][]string{}
	var order []string
	add := func(name, text string) {
		if under[text] == nil {
			order = append(order, text)
		}
		under[text] = append(under[text], name)
	}
	for _, m := range modules {
		text := m.licence(t)
		if m.Path == "golang.org/x/sys" {
			add("the Go standard library", text) // the same licence
		}
		add(m.Path+" "+m.Version, text)
	}
	line := strings.Repeat("=", 78) + "\n"
	var b strings.Builder
	fmt.Fprintf(&b, "fauna-export is built with Go and the %d libraries named below, each under the\nlicence that follows its name.\n", len(modules))
	for _, text := range order {
		b.WriteString("\n" + line + strings.Join(under[text], "\n") + "\n" + line + "\n" + text + "\n")
	}
	return b.String()
}

func TestNotices_nameEveryLinkedLibrary(t *testing.T) {
	want := notices(t)
	if *update {
		if err := os.WriteFile("notices.txt", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if Notices != want {
		t.Errorf("notices.txt is stale: run `go test ./assets -update`")
	}
	for _, name := range []string{"github.com/fauna/faunadb-go/v4", "Mozilla Public License", "the Go standard library", "github.com/charmbracelet/bubbletea"} {
		if !strings.Contains(Notices, name) {
			t.Errorf("%s is not in the notices", name)
		}
	}
}
