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
	faultRoom  = "fauna/emulator/fault" // only tests import it
)

// arrows lists the rooms that the code of a room may import; a room may always
// import itself. A room is a folder listed here with all folders below it that
// are not listed themselves.
var arrows = map[string][]string{
	"assets":         {},
	"fauna/fql":      {"assets"},
	"fauna":          {"fauna/fql", "assets"},
	"fauna/emulator": {"fauna/fql", "assets"},
	faultRoom:        {"fauna/emulator"},
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

// testArrows lists what the tests of a room may import in addition to its code.
var testArrows = map[string][]string{
	"cmd":            {faultRoom},
	"fauna/fql":      {"fauna/emulator"},
	"fauna":          {"fauna/emulator", faultRoom},
	"fauna/emulator": {"fauna"},
	faultRoom:        {"fauna/fql"},
	"export":         {"fauna", "fauna/fql", "fauna/emulator", faultRoom},
	"tui":            {"fauna/emulator", faultRoom},
}

// keptTo lists the libraries that only one room may import, by path prefix.
var keptTo = []struct{ prefix, room string }{
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
	if len(all) < len(arrows) {
		t.Fatalf("go list names %d packages, there are %d rooms", len(all), len(arrows))
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

// roomOf returns the room of an import path, "" for a path of another module.
func roomOf(importPath string) string {
	rest, ours := strings.CutPrefix(importPath, modulePath+"/")
	if !ours {
		return ""
	}
	room := ""
	for known := range arrows {
		if (rest == known || strings.HasPrefix(rest, known+"/")) && len(known) > len(room) {
			room = known
		}
	}
	return cmp.Or(room, rest)
}

func TestArrows_roomsImportOnlyWhatTheyMay(t *testing.T) {
	t.Parallel()
	for _, p := range listPackages(t) {
		room := roomOf(p.ImportPath)
		may, known := arrows[room]
		if !known {
			t.Errorf("%s is in no room", p.ImportPath)
			continue
		}
		check := func(imports, may []string, what string) {
			for _, path := range imports {
				to := roomOf(path)
				if to != "" && to != room && !slices.Contains(may, to) {
					t.Errorf("%s (%s) imports %s: no arrow %s → %s", p.ImportPath, what, path, room, to)
				}
				for _, k := range keptTo {
					if strings.HasPrefix(path, k.prefix) && k.room != room && what == "code" && !(room == "export/load" && k.room == "export/row") {
						t.Errorf("%s imports %s, which only %s may", p.ImportPath, path, k.room)
					}
				}
			}
		}
		check(p.Imports, may, "code")
		check(slices.Concat(p.TestImports, p.XTestImports), slices.Concat(may, testArrows[room]), "tests")
	}
}

func TestArrows_theProgramHoldsNoFaults(t *testing.T) {
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
		if path == modulePath+"/"+faultRoom || path == "net/http/httptest" {
			t.Errorf("the program holds %s", path)
		}
	}
}

func TestArrows_engineKnowsNoNetworkAndNoTerminal(t *testing.T) {
	t.Parallel()
	for _, p := range listPackages(t) {
		if room := roomOf(p.ImportPath); room != "export" && !strings.HasPrefix(room, "export/") {
			continue
		}
		for _, path := range p.Imports {
			network := path == "net" || strings.HasPrefix(path, "net/http")
			if network && roomOf(p.ImportPath) != "export/store" || strings.Contains(path, "isatty") {
				t.Errorf("%s imports %s", p.ImportPath, path)
			}
		}
	}
}

func TestArrows_moduleSortsBeforeItsLibraries(t *testing.T) {
	t.Parallel()
	// Packages without pending imports are initialised in the order of their
	// paths. tui/quiet must come before bubbletea, or every start asks the
	// terminal for its background colour and waits for an answer.
	if quiet, tea := modulePath+"/tui/quiet", "github.com/charmbracelet/bubbletea"; quiet >= tea {
		t.Errorf("%s does not sort before %s", quiet, tea)
	}
}

func TestArrows_topLevel(t *testing.T) {
	t.Parallel()
	allowed := []string{"cmd", "tui", "fauna", "export", "assets", "go.mod", "go.sum", "README.md"}
	for _, p := range listPackages(t) {
		rest, _ := strings.CutPrefix(p.ImportPath, modulePath+"/")
		if top, _, _ := strings.Cut(rest, "/"); !slices.Contains(allowed, top) {
			t.Errorf("package %s lies outside the rooms", p.ImportPath)
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
