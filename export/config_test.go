package export

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"fauna-export/export/row"
)

func TestConfig_comesBackAsWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.yaml")
	c := Config{
		Domain: "https://db.example.org", Collections: []string{"users", "a: b", "no"}, Format: "csv", Compress: "zstd",
		Columns: []string{`users:parent:string=["data","parent","id"]`}, Workers: "4", PageSize: "auto", MaxRate: 100, NoData: true, Out: "out",
	}
	if err := WriteConfig(path, c); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v %v", info.Mode(), err)
	}
	got, err := LoadConfig(path)
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

func TestLoadConfig_namesLineAndKeyOfWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		name, text, key string
		line            int
	}{
		{"unknown key", "format: csv\n\nfromat: csv\n", "fromat", 3},
		{"wrong type", "domain: x\nmax-rate: fast\n", "max-rate", 2},
		{"list of lists", "collection:\n  - users\n  - [a, b]\n", "collection", 3},
		{"secret", "domain: x\nsecret: fnAexamplesecret\n", "secret", 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := parseConfig("x.yaml", []byte(c.text))
			e, ok := errors.AsType[*ConfigError](err)
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
	if _, err := parseConfig("x.yaml", nil); err != nil {
		t.Errorf("an empty file: %v", err)
	}
	if _, err := parseConfig("x.yaml", []byte("a: b: c")); err == nil {
		t.Error("no YAML was accepted")
	}
}

func TestParseAt(t *testing.T) {
	for text, want := range map[string]int64{
		"2026-11-22T10:31:02.399Z":      1795343462399000,
		"2026-11-22T12:31:02.399+02:00": 1795343462399000,
		"1795343462399000":              1795343462399000,
	} {
		if got, err := ParseAt(text); err != nil || got != want {
			t.Errorf("%s: %d %v", text, got, err)
		}
	}
	for _, text := range []string{"", "now", "2026-11-22", "2026-11-22T10:31:02", "-5", "0", "2026-11-22T10:31:02.1234567Z"} {
		if got, err := ParseAt(text); err == nil {
			t.Errorf("%q gave %d", text, got)
		}
	}
}
