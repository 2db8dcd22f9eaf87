package export

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
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
	for text, says := range map[string]string{
		"max-rate: fast\n":            "x.yaml:1: max-rate: must be a whole number",
		"strict: maybe\n":             "x.yaml:1: strict: must be true or false",
		"collection: users\n":         "x.yaml:1: collection: must be a list of texts",
		"domain: {a: b}\n":            "x.yaml:1: domain: must be one text",
		"format: csv\nformat: csv\n":  "x.yaml:2: format: is set twice",
		"colection: [users]\n":        "x.yaml:1: colection: is no option of a run",
		"format: xml\n":               `x.yaml:1: format: unknown format "xml": it is one of ` + strings.Join(row.FormatNames(), ", "),
		"domain: x\n---\ndomain: y\n": "x.yaml: holds more than one document",
		"role: [unclosed\n":           "x.yaml:1: role: is not YAML",
	} {
		if _, err := parseConfig("x.yaml", []byte(text)); err == nil || err.Error() != says {
			t.Errorf("%q: %v, want %s", text, err, says)
		}
	}
	if _, err := parseConfig("x.yaml", nil); err != nil {
		t.Errorf("an empty file: %v", err)
	}
	if _, err := parseConfig("x.yaml", []byte("a: b: c")); err == nil {
		t.Error("no YAML was accepted")
	}
}

func TestConfigOptions_holdEveryKeyThatIsSet(t *testing.T) {
	// Every field gets a value of its kind, so a new one cannot be left out.
	var c Config
	v := reflect.ValueOf(&c).Elem()
	for i := range v.NumField() {
		switch f := v.Field(i); f.Kind() {
		case reflect.String:
			f.SetString("text")
		case reflect.Bool:
			f.SetBool(true)
		case reflect.Int:
			f.SetInt(7)
		default:
			f.Set(reflect.ValueOf([]string{"a", "b"}))
		}
	}
	options := c.Options()
	for _, key := range ConfigKeys() {
		if got := strings.Join(options[key], ","); !slices.Contains([]string{"text", "true", "7", "a,b"}, got) {
			t.Errorf("%q: %q", key, got)
		}
	}
	if len(options) != v.NumField() || len((Config{}).Options()) != 0 {
		t.Errorf("%d options of %d fields, %v of an empty config", len(options), v.NumField(), (Config{}).Options())
	}
}

func TestLoadConfig_takesNumbersForTexts(t *testing.T) {
	c, err := parseConfig("x.yaml", []byte("workers: 4\npage-size: 100\nat: 1795343462399000\nprogress-interval: 0\n"))
	if err != nil || c.Workers != "4" || c.PageSize != "100" || c.At != "1795343462399000" || c.Progress != "0" {
		t.Errorf("%+v, %v", c, err)
	}
	c, err = parseConfig("x.yaml", []byte("at: 2026-11-22T10:31:02Z\n"))
	if err != nil || c.At != "2026-11-22T10:31:02Z" {
		t.Errorf("%+v, %v", c, err)
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
