package main

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"fauna-export/export/config"
)

var update = flag.Bool("update", false, "update the schema of config files")

// runCommand returns the run command from the whole tree.
func runCommand(t *testing.T) *cobra.Command {
	t.Helper()
	a := &app{streams: streams{getenv: func(string) string { return "" }}}
	cmd, _, err := newRootCommand(a).Find([]string{"run"})
	if err != nil {
		t.Fatal(err)
	}
	cmd.InheritedFlags() // makes inherited flags part of the command's
	return cmd
}

func TestConfig_holdsEveryFlagOfRun(t *testing.T) {
	t.Parallel()
	exempt := map[string]string{
		"help":          "no option of a run",
		"config":        "the file itself",
		"config-schema": "no option of a run",
		"secret-file":   "a config file says nothing of the secret",
		"shard":         "of one process, not of a run",
		"dry-run":       "of one call, not of a run",
		"json":          "of one call, not of a run",
		"no-input":      "of one call, not of a run",
		"accessible":    "of the wizard",
		"ascii":         "of the wizard",
		"color":         "of the wizard",
	}
	cmd := runCommand(t)
	seen := map[string]bool{}
	visit := func(f *pflag.Flag) {
		seen[f.Name] = true
		if in, out := slices.Contains(config.Keys(), f.Name), exempt[f.Name] != ""; in == out {
			t.Errorf("--%s: in the config file %v, exempt %v", f.Name, in, out)
		}
	}
	cmd.LocalFlags().VisitAll(visit)
	cmd.InheritedFlags().VisitAll(visit)
	for _, key := range config.Keys() {
		if !seen[key] && key != "role" { // only for the wizard
			t.Errorf("%s is a key of the config file and no flag", key)
		}
	}
}

func TestConfigSchema_isTheOneThatLiesBesideTheExample(t *testing.T) {
	t.Parallel()
	got := runHere(t, nil, "run", "--config-schema")
	if got.code != exitDone || got.err != "" {
		t.Fatalf("exit %d: %s", got.code, got.err)
	}
	file := filepath.Join(moduleRoot(t), "assets", "service", "export.schema.json")
	if *update {
		if err := os.WriteFile(file, []byte(got.out), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || string(want) != got.out {
		t.Errorf("%s is not what run --config-schema prints (%v): go test ./cmd/fauna-export -run ConfigSchema -update", file, err)
	}
	var schema struct {
		Properties map[string]struct {
			Type        any
			Description string
			Enum        []string
		}
	}
	if err := json.Unmarshal([]byte(got.out), &schema); err != nil {
		t.Fatal(err)
	}
	for _, key := range config.Keys() {
		if p := schema.Properties[key]; p.Type == nil || p.Description == "" {
			t.Errorf("%s has no type or no description: %+v", key, p)
		}
	}
	if got := schema.Properties["format"].Enum; !slices.Equal(got, []string{"jsonl", "csv", "parquet", "wire"}) {
		t.Errorf("the formats are %q", got)
	}
	example, err := os.ReadFile(filepath.Join(moduleRoot(t), "assets", "service", "export.yaml"))
	if err != nil || !strings.HasPrefix(string(example), "# yaml-language-server: $schema=export.schema.json\n") {
		t.Errorf("the example does not name the schema in its first line: %v", err)
	}
}

func TestConfig_mistakesAreNamedWithFileLineAndKey(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"all: true\nfromat: csv\n":           "FILE:2: fromat: is not an option of a run; did you mean format?",
		"collections: [users]\n":             "FILE:1: collections: is not an option of a run; did you mean collection?",
		"all: true\nflavour: strong\n":       "FILE:2: flavour: is not an option of a run: its keys are the names of the flags",
		"all: true\nformat: xml\n":           `FILE:2: format: "xml" is not one of`,
		"all: yes please\n":                  "FILE:1: all: must be true or false",
		"all: true\n\nsecret: fnAhunter2\n":  "FILE:3: secret: a config file can't contain the secret",
		"all: true\nkeep: 3\nout: backups\n": "--keep needs {time}",
	} {
		file := filepath.Join(t.TempDir(), "export.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got := runHere(t, nil, "run", "--out", "d{time}/x", "--config", file)
		if got.code != exitUsage || !strings.Contains(got.err, strings.ReplaceAll(says, "FILE", file)) || strings.Contains(got.err, "hunter2") {
			t.Errorf("%q: exit %d: %s\nwant %s", text, got.code, got.err, says)
		}
	}
}

// TestConfig_aFileAloneMakesTheRun checks that a run can take everything from
// its config file, global flags too.
func TestConfig_aFileAloneMakesTheRun(t *testing.T) {
	t.Parallel()
	s, secret := readSample(t)
	dir := t.TempDir()
	log := filepath.Join(dir, "run.log")
	options := config.Config{
		Domain: s.endpoint, Collections: []string{"carts"}, Out: filepath.Join(dir, "runs", "{time}"), Keep: 1,
		Format: "csv", LogFile: log, Progress: "0", Columns: []string{"carts:customer:string=data.customer.id"},
	}
	file := filepath.Join(dir, "export.yaml")
	if err := config.Write(file, options); err != nil {
		t.Fatal(err)
	}
	if got := runHere(t, []string{"FAUNA_SECRET=" + secret}, "run", "--config", file); got.code != exitDone {
		t.Fatalf("exit %d: %s", got.code, got.err)
	}
	for _, name := range []string{"carts.csv"} {
		if found, err := filepath.Glob(filepath.Join(dir, "runs", "*", name)); err != nil || len(found) != 1 {
			t.Errorf("%s: %q, %v", name, found, err)
		}
	}
	if text, err := os.ReadFile(log); err != nil || !strings.Contains(string(text), "verified") {
		t.Errorf("the log: %v\n%s", err, text)
	}
}
