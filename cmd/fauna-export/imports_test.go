package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	modulePath = "fauna-export"
	faultGroup = "fauna/emulator/fault" // only tests import it
)

// allowedImports lists the groups that the code of a group may import; a group may always
// import itself. A group is a folder listed here with all folders below it that
// are not listed themselves.
var allowedImports = map[string][]string{
	"assets":         {},
	"fauna/fql":      {"assets"},
	"fauna":          {"fauna/fql", "assets"},
	"fauna/emulator": {"fauna/fql", "assets"},
	faultGroup:       {"fauna/emulator"},
	"export/row":     {},
	"export/store":   {},
	"export/pairs":   {"export/store"},
	"export/archive": {"export/pairs", "export/store", "export/row"},
	"export/load":    {"export/archive", "export/store", "export/row"},
	"export":         {"export/archive", "export/pairs", "export/store", "export/row"},
	"export/config":  {"export", "export/store", "export/row"},
	"tui":            {"fauna", "fauna/fql", "export", "export/config", "export/archive", "export/load", "export/store", "export/row", "assets"},
	"cmd": {"tui", "export", "export/config", "export/archive", "export/load", "export/store", "export/row",
		"fauna", "fauna/fql", "fauna/emulator", "assets"},
}

// allowedTestImports lists what the tests of a group may import in addition to its code.
var allowedTestImports = map[string][]string{
	"cmd":            {faultGroup},
	"fauna/fql":      {"fauna/emulator"},
	"fauna":          {"fauna/emulator", faultGroup},
	"fauna/emulator": {"fauna"},
	faultGroup:       {"fauna/fql"},
	"export":         {"fauna", "fauna/fql", "fauna/emulator", faultGroup},
	"tui":            {"fauna/emulator", faultGroup},
}

// restrictedLibraries lists the libraries that only one group may import, by path prefix.
var restrictedLibraries = []struct{ prefix, group string }{
	{"github.com/jackc/pgx", "export/load"},
	{"modernc.org/sqlite", "export/load"},
	{"database/sql", "export/load"},
	{"github.com/charmbracelet/", "tui"},
	{"github.com/atotto/clipboard", "tui"},
	{"github.com/aymanbagabas/go-osc52", "tui"},
	{"github.com/fauna/faunadb-go", "fauna"},
	{"github.com/parquet-go/", "export/row"},
	{"github.com/minio/", "export/store"},
	{"github.com/goccy/go-yaml", "export/config"},
	{"github.com/spf13/", "cmd"},
}

// listed holds the fields of `go list -json` that these tests use.
type listed struct {
	ImportPath   string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

// listPackages returns all packages of the module, from the go command.
func listPackages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", "./...")
	cmd.Dir = moduleRoot(t)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p listed
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("decode go list's answer: %v", err)
		}
		all = append(all, p)
	}
	if len(all) < len(allowedImports) {
		t.Fatalf("go list names %d packages, there are %d groups", len(all), len(allowedImports))
	}
	return all
}

// moduleRoot returns the folder of go.mod.
func moduleRoot(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
		t.Fatalf("no go.mod above the command: %v", err)
	}
	return dir
}

// groupOf returns the group of an import path, "" for a path of another module.
func groupOf(importPath string) string {
	rest, ours := strings.CutPrefix(importPath, modulePath+"/")
	if !ours {
		return ""
	}
	group := ""
	for known := range allowedImports {
		if (rest == known || strings.HasPrefix(rest, known+"/")) && len(known) > len(group) {
			group = known
		}
	}
	return cmp.Or(group, rest)
}

func TestImports_onlyAllowed(t *testing.T) {
	t.Parallel()
	for _, p := range listPackages(t) {
		group := groupOf(p.ImportPath)
		may, known := allowedImports[group]
		if !known {
			t.Errorf("%s is in no group", p.ImportPath)
			continue
		}
		check := func(imports, may []string, what string) {
			for _, path := range imports {
				to := groupOf(path)
				if to != "" && to != group && !slices.Contains(may, to) {
					t.Errorf("%s (%s) imports %s: %s may not import %s", p.ImportPath, what, path, group, to)
				}
				for _, k := range restrictedLibraries {
					if strings.HasPrefix(path, k.prefix) && k.group != group && what == "code" && !(group == "export/load" && k.group == "export/row") {
						t.Errorf("%s imports %s, which only %s may", p.ImportPath, path, k.group)
					}
				}
			}
		}
		check(p.Imports, may, "code")
		check(slices.Concat(p.TestImports, p.XTestImports), slices.Concat(may, allowedTestImports[group]), "tests")
	}
}

func TestImports_programContainsNoFaults(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("go", "list", "-deps", "./cmd/fauna-export")
	cmd.Dir = moduleRoot(t)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list -deps: %v", err)
	}
	deps := strings.Fields(string(out))
	if !slices.Contains(deps, modulePath+"/fauna/emulator") {
		t.Errorf("the program does not hold the embedded server: %d packages were listed", len(deps))
	}
	for _, path := range deps {
		if path == modulePath+"/"+faultGroup || path == "net/http/httptest" {
			t.Errorf("the program holds %s", path)
		}
	}
}

func TestImports_engineHasNoNetworkAndNoTerminal(t *testing.T) {
	t.Parallel()
	for _, p := range listPackages(t) {
		if group := groupOf(p.ImportPath); group != "export" && !strings.HasPrefix(group, "export/") {
			continue
		}
		for _, path := range p.Imports {
			network := path == "net" || strings.HasPrefix(path, "net/http")
			if network && groupOf(p.ImportPath) != "export/store" || strings.Contains(path, "isatty") {
				t.Errorf("%s imports %s", p.ImportPath, path)
			}
		}
	}
}

func TestImports_moduleSortsBeforeItsLibraries(t *testing.T) {
	t.Parallel()
	// Packages without pending imports are initialised in the order of their
	// paths. tui/quiet must come before bubbletea, or every start asks the
	// terminal for its background colour and waits for an answer.
	if quiet, tea := modulePath+"/tui/quiet", "github.com/charmbracelet/bubbletea"; quiet >= tea {
		t.Errorf("%s does not sort before %s", quiet, tea)
	}
}

func TestImports_topLevel(t *testing.T) {
	t.Parallel()
	allowed := []string{"cmd", "tui", "fauna", "export", "assets", "go.mod", "go.sum", "README.md"}
	for _, p := range listPackages(t) {
		rest, _ := strings.CutPrefix(p.ImportPath, modulePath+"/")
		if top, _, _ := strings.Cut(rest, "/"); !slices.Contains(allowed, top) {
			t.Errorf("package %s is outside the groups", p.ImportPath)
		}
	}
	// Also check what git tracks, if this is a clone: a file at the top level
	// need not be in a package.
	cmd := exec.Command("git", "ls-files")
	cmd.Dir = moduleRoot(t)
	out, err := cmd.Output()
	if err != nil {
		t.Logf("git ls-files: %v; only packages were looked at", err)
		return
	}
	for _, file := range strings.Fields(string(out)) {
		top, _, _ := strings.Cut(file, "/")
		if !strings.HasPrefix(top, ".") && !slices.Contains(allowed, top) {
			t.Errorf("%s lies at the top level, beside %v", file, allowed)
		}
	}
}
