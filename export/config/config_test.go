package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"fauna-export/export/row"
)

func TestConfig_comesBackAsWritten(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "c.yaml")
	c := Config{
		Domain: "https://db.example.org", Collections: []string{"users", "a: b", "no"}, Format: "csv", Compress: "zstd",
		Columns: []string{`users:parent:string=["data","parent","id"]`}, Workers: "4", PageSize: "auto", MaxRate: 100, NoData: true, Out: "out",
	}
	if err := Write(path, c); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v %v", info.Mode(), err)
	}
	got, err := Load(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, c) {
		t.Errorf("got %+v", got)
	}
	s, err := got.Spec()
	if err != nil {
		t.Fatal(err)
	}
	if s.Workers != 4 || s.PageSize != 0 || s.Format != row.CSV || len(s.Columns["users"]) != 1 || s.MaxRate != 100 {
		t.Errorf("spec %+v", s)
	}
}

func TestLoad_namesLineAndKeyOfWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text, key string
		line            int
	}{
		{"unknown key", "format: csv\n\nfromat: csv\n", "fromat", 3},
		{"wrong type", "domain: x\nmax-rate: fast\n", "max-rate", 2},
		{"list of lists", "collection:\n  - users\n  - [a, b]\n", "collection", 3},
		{"secret", "domain: x\nsecret: fnAexamplesecret\n", "secret", 2},
		{"secret under another name", "FAUNA_SECRET: fnAexamplesecret\n", "FAUNA_SECRET", 1},
		{"secret in a comment", "domain: x\n# the key: fnAexampleEXAMPLEexampleEXAMPLEexampleEX\n", "", 2},
		{"secret as a value", "domain: x\nrole: fnAexampleEXAMPLEexampleEXAMPLEexampleEX\n", "", 2},
		{"secret as a key", "domain: x\nfnAexampleEXAMPLEexampleEXAMPLEexampleEX: y\n", "", 2},
		{"secret as all there is", "fnAexampleEXAMPLEexampleEXAMPLEexampleEX", "", 1},
		{"text for true or false", "strict: maybe\n", "strict", 1},
		{"text for a list", "collection: users\n", "collection", 1},
		{"list for a text", "domain:\n  - a\n  - b\n", "domain", 2},
		{"key twice", "format: csv\nformat: csv\n", "format", 2},
		{"format that is none", "domain: x\nformat: xml\n", "format", 2},
		{"compression that is none", "compress: rar\n", "compress", 1},
		{"mode that is none", "\nmode: both\n", "mode", 2},
		{"database that is none", "ddl: oracle\n", "ddl", 1},
		{"time that is none", "at: yesterday\n", "at", 1},
		{"workers", "workers: many\n", "workers", 1},
		{"page size", "page-size: 0\n", "page-size", 1},
		{"rate", "max-rate: -1\n", "max-rate", 1},
		{"keep", "keep: -2\n", "keep", 1},
		{"interval", "progress-interval: soon\n", "progress-interval", 1},
		{"third column", "column:\n  - users:a=data.a\n  # a comment\n  - users:b=data.b\n  - users:ts=data.ts\n", "column", 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := parse("x.yaml", []byte(c.text))
			e, ok := errors.AsType[*Error](err)
			if !ok {
				t.Fatalf("error %v", err)
			}
			if e.Line != c.line || e.Key != c.key {
				t.Errorf("line %d key %q: %v", e.Line, e.Key, e)
			}
			if strings.Contains(err.Error(), "fnAexample") {
				t.Errorf("the secret is shown: %v", err)
			}
		})
	}
	for text, says := range map[string]string{
		"max-rate: fast\n":            "x.yaml:1: max-rate: must be a whole number, 0 or more",
		"strict: maybe\n":             "x.yaml:1: strict: must be true or false",
		"collection: users\n":         "x.yaml:1: collection: must be a list of strings",
		"domain: {a: b}\n":            "x.yaml:1: domain: must be one text",
		"format: csv\nformat: csv\n":  "x.yaml:2: format: is set twice",
		"colection: [users]\n":        "x.yaml:1: colection: is not an option of a run",
		"format: xml\n":               `x.yaml:1: format: "xml" is not one of ` + strings.Join(row.FormatNames(), ", "),
		"domain: x\n---\ndomain: y\n": "x.yaml: contains more than one YAML document",
		"role: [unclosed\n":           "x.yaml:1: role: is not YAML",
		"role\t: [unclosed\n":         "x.yaml:1: role: is not YAML",
	} {
		if _, err := parse("x.yaml", []byte(text)); err == nil || err.Error() != says {
			t.Errorf("%q: %v, want %s", text, err, says)
		}
	}
	if _, err := parse("x.yaml", nil); err != nil {
		t.Errorf("an empty file: %v", err)
	}
	if _, err := parse("x.yaml", []byte("a: b: c")); err == nil {
		t.Error("no YAML was accepted")
	}
}

func TestOptions_everyFieldOfConfigIsInTheTableOnce(t *testing.T) {
	t.Parallel()
	var c Config
	named, fields := map[string]bool{}, map[any]bool{}
	for _, o := range c.Options() {
		if named[o.Name] || fields[o.to] || o.Usage == "" {
			t.Errorf("%s stands twice, or says nothing", o.Name)
		}
		named[o.Name], fields[o.to] = true, true
	}
	v := reflect.ValueOf(&c).Elem()
	for i := range v.NumField() {
		if !fields[v.Field(i).Addr().Interface()] {
			t.Errorf("%s is no option", v.Type().Field(i).Name)
		}
	}
	for _, o := range New().Options() {
		if o.Default != "" && (len(o.Texts()) != 1 || o.Texts()[0] != o.Default) {
			t.Errorf("the default of %s is %q, not %q", o.Name, o.Texts(), o.Default)
		}
	}
}

// sample sets an option to a value other than its default, and returns it.
func sample(t *testing.T, o Option) string {
	t.Helper()
	for _, text := range append(slices.Clone(o.Words), "true", "7", "3s", "2026-01-02T03:04:05Z", "users:a=data.a", "duckdb") {
		if text != o.Default && o.Set(text) == nil && slices.Contains(o.Texts(), text) {
			return text
		}
	}
	t.Fatalf("no value fits --%s", o.Name)
	return ""
}

// An option needs nothing but its entry in the table: its value survives a config
// file, and is in the schema, and in the Spec if it is for the engine.
func TestOptions_everyOneHasAllItsShapes(t *testing.T) {
	t.Parallel()
	schema, err := json.Marshal(Schema())
	if err != nil {
		t.Fatal(err)
	}
	var described struct {
		Properties map[string]struct{ Description string }
	}
	if err := json.Unmarshal(schema, &described); err != nil {
		t.Fatal(err)
	}
	none, err := Config{}.Spec()
	if err != nil {
		t.Fatal(err)
	}
	for i, option := range new(Config).Options() {
		c := &Config{}
		o := c.Options()[i]
		text := sample(t, o)
		path := filepath.Join(t.TempDir(), "c.yaml")
		if err := Write(path, *c); err != nil {
			t.Fatal(err)
		}
		back, err := Load(t.Context(), path)
		if want := []string{text}; err != nil || !option.Once && !slices.Equal(back.Options()[i].Texts(), want) || option.Once && !reflect.DeepEqual(back, Config{}) {
			t.Errorf("--%s=%s comes back from a file as %q, %v", o.Name, text, back.Options()[i].Texts(), err)
		}
		property, is := described.Properties[o.Name]
		if is == o.Once || is && property.Description != strings.ReplaceAll(o.Usage, "`", "") {
			t.Errorf("the schema says of %s: %q, %v", o.Name, property.Description, is)
		}
		spec, err := c.Spec()
		checks := o.Name == "progress-interval" // it is only checked
		if differs := !reflect.DeepEqual(spec, none); err != nil || differs != (o.spec != nil && !checks || o.Name == "collection") {
			t.Errorf("--%s=%s changes the Spec: %v, %v", o.Name, text, differs, err)
		}
	}
}

func TestLoad_takesValuesAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	c, err := parse("x.yaml", []byte("\ufeffcollection:\n  - 00123\n  - 1.0\n  - 1e3\n  - 0x1F\n  - yes\n  - ~\n  - 'it''s'\n  - null\nrole: 007\n"))
	if want := []string{"00123", "1.0", "1e3", "0x1F", "yes", "~", "it's", "null"}; err != nil || !slices.Equal(c.Collections, want) || c.Role != "007" {
		t.Errorf("%q %q %v", c.Collections, c.Role, err)
	}
}

func TestLoad_hostileFilesAreRefusedByNameAndCheaply(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"brackets":  strings.Repeat("[", 200_000),
		"objects":   "role: " + strings.Repeat("{a: ", 50_000),
		"dashes":    "collection: " + strings.Repeat("- ", 200_000),
		"questions": strings.Repeat("? ", 100_000),
		"binary":    "role: !!binary aGVsbG8=\n",
		"tag":       "collection:\n  - !!str 1\n",
		"alias":     "role: &a x\nindex: *a\n",
		"a list":    "- 1\n",
		"keys":      numberedKeys(90_000),
		"a key":     "? [a]\n: b\n",
	} {
		before, began := allocated(), time.Now()
		_, err := parse("x.yaml", []byte(text))
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("%s took %s", name, took)
		}
		if _, ok := errors.AsType[*Error](err); !ok {
			t.Errorf("%s: %v", name, err)
		}
		if took := allocated() - before; took > 1<<30 {
			t.Errorf("%s took %d MiB", name, took>>20)
		}
	}
}

func numberedKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "a%d: 1\n", i)
	}
	return b.String()
}

func TestLoad_takesOneDocumentWithItsDirectives(t *testing.T) {
	t.Parallel()
	for text, is := range map[string]bool{
		"%YAML 1.2\n---\nrole: a\n":  true,
		"---\nrole: a\n...\n":        true,
		"---\nrole: a\n---\n":        false,
		"role: a\n---\nrole: b\n":    false,
		"---\n---\nrole: a\n":        false,
		"--- {role: a}\n---\nx: 1\n": false,
	} {
		if c, err := parse("x.yaml", []byte(text)); (err == nil) != is || is && c.Role != "a" {
			t.Errorf("%q: %q, %v", text, c.Role, err)
		}
	}
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

func TestLoad_refusesAFileOverOneMiB(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "big.yaml")
	if err := os.WriteFile(path, []byte("format: csv\n#"+strings.Repeat("x", 1<<20)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(t.Context(), path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("%v", err)
	}
}

func TestOption_pathsHaveTheirHomeFolder(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home)
	var c Config
	n := 0
	for _, o := range c.Options() {
		if !o.Path {
			continue
		}
		n++
		for text, want := range map[string]string{"~/bk": filepath.Join(home, "bk"), "~": home, "~other/x": "~other/x", "a/~": "a/~", "-": "-"} {
			if err := o.Set(text); err != nil || o.String() != want {
				t.Errorf("--%s=%s is %q, %v", o.Name, text, o.String(), err)
			}
		}
	}
	if n != 6 {
		t.Errorf("%d options are paths", n)
	}
}

func TestLoad_takesNumbersForTexts(t *testing.T) {
	t.Parallel()
	c, err := parse("x.yaml", []byte("workers: 4\npage-size: 100\nat: 1795343462399000\nprogress-interval: 0\n"))
	if err != nil || c.Workers != "4" || c.PageSize != "100" || c.At != "1795343462399000" || c.Progress != "0" {
		t.Errorf("%+v, %v", c, err)
	}
	c, err = parse("x.yaml", []byte("at: 2026-11-22T10:31:02Z\n"))
	if err != nil || c.At != "2026-11-22T10:31:02Z" {
		t.Errorf("%+v, %v", c, err)
	}
}

func FuzzParseConfig(f *testing.F) {
	f.Add([]byte("domain: localhost\ncollection: [a, b]\n"))
	f.Add([]byte("secret: x\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := parse("c.yaml", data)
		if err == nil {
			_, _ = c.Spec()
		}
	})
}
