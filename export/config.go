package export

import (
	"fmt"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"

	"fauna-export/export/store"
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
	Parts          string   `yaml:"parts,omitempty"`
	MaxRate        int      `yaml:"max-rate,omitempty"`
	DDL            string   `yaml:"ddl,omitempty"`
	Keep           int      `yaml:"keep,omitempty"`
	LogFile        string   `yaml:"log-file,omitempty"`
	Progress       string   `yaml:"progress-interval,omitempty"` // a duration, like 10s
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
	head := "# Options of fauna-export run --config. The secret is not here: FAUNA_SECRET,\n# --secret-file or the prompt gives it. For editors: run --config-schema prints a schema.\n"
	s := store.NewFolder(filepath.Dir(path))
	if err := s.Write(filepath.Base(path), append([]byte(head), body...)); err != nil {
		return fmt.Errorf("write the config file: %w", err)
	}
	return nil
}

// ConfigKeys are the keys of a config file, in the order in which one is written.
func ConfigKeys() []string {
	t := reflect.TypeFor[Config]()
	keys := make([]string, t.NumField())
	for i := range keys {
		keys[i], _, _ = strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
	}
	return keys
}

// Options is what a config sets, by key, each value as a command line would have
// it. A key that is left out, or holds what is the default of all its kind (an
// empty text or list, 0, false), is not in it.
func (c Config) Options() map[string][]string {
	options := map[string][]string{}
	v := reflect.ValueOf(c)
	for i, key := range ConfigKeys() {
		field := v.Field(i)
		if field.IsZero() {
			continue
		}
		switch value := field.Interface().(type) {
		case string:
			options[key] = []string{value}
		case bool:
			options[key] = []string{"true"}
		case int:
			options[key] = []string{strconv.Itoa(value)}
		case []string:
			options[key] = value
		}
	}
	return options
}
