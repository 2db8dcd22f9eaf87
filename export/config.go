package export

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"fauna-export/export/row"
)

// Config is the options of a run as a YAML file holds them. The keys are the
// names of the program's flags; a flag that may be repeated is a list. There
// is no key for the secret.
type Config struct {
	Domain         string   `yaml:"domain,omitempty"`
	AllowPlaintext bool     `yaml:"allow-plaintext,omitempty"`
	CAFile         string   `yaml:"ca-file,omitempty"`
	ClientCert     string   `yaml:"client-cert,omitempty"`
	ClientKey      string   `yaml:"client-key,omitempty"`
	Collections    []string `yaml:"collection,omitempty"`
	All            bool     `yaml:"all,omitempty"`
	Exclude        []string `yaml:"exclude,omitempty"`
	Mode           string   `yaml:"mode,omitempty"`
	Index          string   `yaml:"index,omitempty"`
	Role           string   `yaml:"role,omitempty"`
	Out            string   `yaml:"out,omitempty"`
	Format         string   `yaml:"format,omitempty"`
	Compress       string   `yaml:"compress,omitempty"`
	Columns        []string `yaml:"column,omitempty"`
	NoData         bool     `yaml:"no-data,omitempty"`
	Strict         bool     `yaml:"strict,omitempty"`
	Deletions      string   `yaml:"deletions,omitempty"`
	Fast           bool     `yaml:"fast,omitempty"`
	At             string   `yaml:"at,omitempty"`
	NoSnapshot     bool     `yaml:"no-snapshot,omitempty"`
	Workers        string   `yaml:"workers,omitempty"`   // "auto" or a number
	PageSize       string   `yaml:"page-size,omitempty"` // "auto" or a number
	MaxRate        int      `yaml:"max-rate,omitempty"`
	DDL            string   `yaml:"ddl,omitempty"`
	Keep           int      `yaml:"keep,omitempty"`
}

// ConfigError is a config file that cannot be used.
type ConfigError struct {
	File string
	// Line is where the problem is, from 1; 0 when it is nowhere in
	// particular.
	Line int
	// Key is the key it is about, or empty.
	Key     string
	Problem string
}

// Error names file, line and key.
func (e *ConfigError) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
	}
	b.WriteString(": ")
	if e.Key != "" {
		b.WriteString(e.Key + ": ")
	}
	return b.String() + e.Problem
}

// LoadConfig reads a config file. Its error is a *ConfigError for a file
// with an unknown key, a value that does not fit, or a secret.
func LoadConfig(path string) (Config, error) {
	f, err := os.Open(path)
	if err != nil {
		return Config{}, fmt.Errorf("read the config file: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, 1<<20))
	if err != nil {
		return Config{}, fmt.Errorf("read the config file: %w", err)
	}
	return parseConfig(path, data)
}

func parseConfig(path string, data []byte) (Config, error) {
	var c Config
	dec := yaml.NewDecoder(bytes.NewReader(data), yaml.Strict())
	err := dec.Decode(&c)
	if errors.Is(err, io.EOF) {
		return Config{}, nil // an empty file
	}
	if err != nil {
		e := &ConfigError{File: path, Problem: err.Error()}
		if ye, ok := errors.AsType[yaml.Error](err); ok {
			e.Problem = ye.GetMessage()
			if t := ye.GetToken(); t != nil && t.Position != nil {
				e.Line = t.Position.Line
				e.Key = keyAt(data, e.Line)
			}
		}
		if key := strings.ToLower(e.Key); key == "secret" || key == "secret-file" {
			e.Problem = "a config file holds no secret: give it by FAUNA_SECRET, --secret-file or at the prompt"
		}
		return Config{}, e
	}
	if err := dec.Decode(&Config{}); !errors.Is(err, io.EOF) {
		return Config{}, &ConfigError{File: path, Problem: "holds more than one document"}
	}
	return c, nil
}

// keyAt is the key that a line of YAML begins with, empty when there is none.
// The value is never shown: it may be a secret in the wrong place.
func keyAt(data []byte, line int) string {
	lines := strings.Split(string(data), "\n")
	for i := min(line, len(lines)) - 1; i >= 0; i-- {
		key, _, ok := strings.Cut(lines[i], ":")
		if ok && key != "" && key[0] != ' ' && key[0] != '-' && key[0] != '#' {
			return strings.Trim(key, `"' `)
		}
	}
	return ""
}

// WriteConfig writes a config file, 0600, replacing an old one at once.
func WriteConfig(path string, c Config) error {
	body, err := yaml.Marshal(c)
	if err != nil {
		return fmt.Errorf("encode the config: %w", err)
	}
	if strings.TrimSpace(string(body)) == "{}" {
		body = nil
	}
	head := "# Options of fauna-export run --config. The secret is not here: FAUNA_SECRET,\n# --secret-file or the prompt gives it.\n"
	s := &dirStore{dir: filepath.Dir(path)}
	if err := s.Write(filepath.Base(path), append([]byte(head), body...)); err != nil {
		return fmt.Errorf("write the config file: %w", err)
	}
	return nil
}

// Spec is the run that the config describes, without what needs a server:
// Endpoint, and the collections of All. Its error is a *ConfigError without
// a file.
func (c Config) Spec() (Spec, error) {
	s := Spec{
		Mode: Mode(c.Mode), Collections: c.Collections, NoData: c.NoData, Strict: c.Strict, Dir: c.Out,
		NoSnapshot: c.NoSnapshot, MaxRate: c.MaxRate, Deletions: c.Deletions, Fast: c.Fast,
	}
	bad := func(key string, err error) (Spec, error) {
		return Spec{}, &ConfigError{File: "config", Key: key, Problem: err.Error()}
	}
	var err error
	if c.Format != "" {
		if s.Format, err = row.ParseFormat(c.Format); err != nil {
			return bad("format", err)
		}
	}
	if s.Compress, err = row.ParseCompression(c.Compress); err != nil {
		return bad("compress", err)
	}
	if s.Workers, err = parseAuto(c.Workers); err != nil {
		return bad("workers", err)
	}
	if s.PageSize, err = parseAuto(c.PageSize); err != nil {
		return bad("page-size", err)
	}
	if c.DDL != "" {
		if s.DDL, err = ParseDatabase(c.DDL); err != nil {
			return bad("ddl", err)
		}
	}
	if c.At != "" {
		if s.At, err = ParseAt(c.At); err != nil {
			return bad("at", err)
		}
	}
	for _, text := range c.Columns {
		name, column, err := row.ParseColumn(text)
		if err != nil {
			return bad("column", err)
		}
		if s.Columns == nil {
			s.Columns = make(map[string][]row.Column)
		}
		s.Columns[name] = append(s.Columns[name], column)
	}
	return s, nil
}

// parseAuto reads a number, or auto (also the empty text), which is 0.
func parseAuto(text string) (int, error) {
	if text == "" || text == "auto" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%q is neither auto nor a number from 1", text)
	}
	return n, nil
}

// ParseAt reads a time to read at: RFC 3339 with an offset, or microseconds
// since 1970. Finer fractions than microseconds are refused, since the server
// reads at microseconds.
func ParseAt(text string) (int64, error) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		if n <= 0 {
			return 0, fmt.Errorf("%q is not after 1970", text)
		}
		return n, nil
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return 0, fmt.Errorf("%q is neither a time like 2026-11-22T10:31:02Z nor microseconds since 1970", text)
	}
	if t.Nanosecond()%1000 != 0 {
		return 0, fmt.Errorf("%q is finer than a microsecond", text)
	}
	if t.UnixMicro() <= 0 {
		return 0, fmt.Errorf("%q is not after 1970", text)
	}
	return t.UnixMicro(), nil
}
