// Package config defines the program's options in one table, Config.Options.
// Flags, environment variables, config files and their JSON Schema, help texts
// and export.Spec are derived from it. To add an option, add a field to Config
// and an entry to the table; code that uses it reads the field or the Spec.
package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"fauna-export/export"
	"fauna-export/export/row"
)

// Defaults that other packages display.
const (
	DefaultDomain = "http://localhost:8443"
	DefaultIndex  = "{collection}-ts"
)

// Config holds the value of every option. For options that were not set, Load
// leaves the zero value and New sets the default.
type Config struct {
	Domain         string
	AllowPlaintext bool
	CAFile         string
	ClientCert     string
	ClientKey      string
	SecretFile     string
	Collections    []string
	All            bool
	Exclude        []string
	Mode           string
	Index          string
	Role           string
	Out            string
	Format         string
	Compress       string
	Columns        []string
	NoData         bool
	Strict         bool
	Deletions      string
	Fast           bool
	Parts          string // "auto" or a number
	Shard          string
	At             string
	NoSnapshot     bool
	Workers        string // "auto" or a number
	PageSize       string // "auto" or a number
	MaxRate        int
	DDL            string
	ThenLoad       string
	Keep           int
	S3Endpoint     string
	DryRun         bool
	LogFile        string
	Progress       string // a duration
	JSON           bool
	NoInput        bool
	Accessible     bool
	ASCII          bool
	Color          string
}

// Group is a group of options. Each command uses some of the groups.
type Group int

// The groups.
const (
	Everywhere Group = iota // for all commands
	Address                 // where the server is
	Server                  // how to connect to it
	Secret                  // where the secret comes from
	Choice                  // which collections to export
	Format                  // how to write files
	Pace                    // how fast to run
	Sync                    // full or incremental
	Output                  // where and how to write the output
	Stores                  // how to reach stores other than folders
	Wizard                  // only for the wizard
)

// Options returns the table of all options, in the order of a config file.
func (c *Config) Options() []Option {
	return []Option{
		{Name: "domain", to: &c.Domain, Group: Address, Default: DefaultDomain, Usage: "`URL` of the database's endpoint"},
		{Name: "allow-plaintext", to: &c.AllowPlaintext, Group: Server, Usage: "send the secret over plain http to another host"},
		{Name: "ca-file", to: &c.CAFile, Group: Server, Path: true, Usage: "also trust the certificates in `FILE` (PEM)"},
		{Name: "client-cert", to: &c.ClientCert, Group: Server, Path: true, Usage: "client certificate in `FILE` (PEM)"},
		{Name: "client-key", to: &c.ClientKey, Group: Server, Path: true, Usage: "key of --client-cert in `FILE` (PEM), if it is not in the same file"},
		{Name: "secret-file", to: &c.SecretFile, Group: Secret, Path: true, Once: true, Usage: "read the secret from `FILE`, - for stdin (else FAUNA_SECRET, else a prompt)"},
		{Name: "collection", to: &c.Collections, Group: Choice, Usage: "export the collection `NAME` (repeatable)"},
		{Name: "all", to: &c.All, Group: Choice, Usage: "export every collection that the key can read"},
		{Name: "exclude", to: &c.Exclude, Group: Choice, Usage: "skip the collection `NAME` (repeatable, with --all)"},
		{Name: "mode", to: &c.Mode, Group: Sync, Default: string(export.Full), Words: []string{string(export.Full), string(export.Incremental)},
			Usage: "full, or incremental to export only what changed since the last sync in DIR (`MODE`)",
			spec:  func(s *export.Spec, text string) error { s.Mode = export.Mode(text); return nil }},
		{Name: "index", to: &c.Index, Group: Sync, Default: DefaultIndex, Usage: "`PATTERN` of the index names, for --mode incremental"},
		{Name: "role", to: &c.Role, Group: Wizard, Usage: "`NAME` of the role of the key; only the wizard uses it"},
		{Name: "out", to: &c.Out, Group: Output, Path: true,
			Usage: "write to `DIR` or s3://bucket/prefix, new, empty or with earlier syncs; {time} in it becomes the current time; - writes the rows of one collection to stdout",
			spec:  func(s *export.Spec, text string) error { s.Dir = text; return nil }},
		{Name: "format", to: &c.Format, Group: Format, Default: string(row.JSONL), Words: row.FormatNames(),
			Usage: "`FORMAT` of the files: " + strings.Join(row.FormatNames(), ", ") + " (wire keeps each document as the server sent it)",
			spec:  func(s *export.Spec, text string) (err error) { s.Format, err = row.ParseFormat(text); return err }},
		{Name: "compress", to: &c.Compress, Group: Format, Default: string(row.None), Words: []string{"none", "gzip", "zstd"},
			Usage: "compression `METHOD`: none, gzip or zstd (Parquet has its own)",
			spec: func(s *export.Spec, text string) (err error) {
				s.Compress, err = row.ParseCompression(text)
				return err
			}},
		{Name: "column", to: &c.Columns, Group: Output,
			Usage: "add a column with the value at PATH, as `COLLECTION:NAME[:TYPE]=PATH`; TYPE is json, string, int, float, bool, time or date (repeatable)",
			spec: func(s *export.Spec, text string) error {
				name, column, err := row.ParseColumn(text)
				if err != nil {
					return err
				}
				if s.Columns == nil {
					s.Columns = map[string][]row.Column{}
				}
				s.Columns[name] = append(s.Columns[name], column)
				return nil
			}},
		{Name: "no-data", to: &c.NoData, Group: Output, Usage: "leave out the data column",
			spec: func(s *export.Spec, _ string) error { s.NoData = true; return nil }},
		{Name: "strict", to: &c.Strict, Group: Output, Usage: "fail a collection on a value that does not fit its column's type",
			spec: func(s *export.Spec, _ string) error { s.Strict = true; return nil }},
		{Name: "deletions", to: &c.Deletions, Group: Output,
			Usage: "`COLUMN` for the time of removals, or ignore to leave removals out; for --mode incremental (default " + export.DefaultDeletion + ")",
			spec:  func(s *export.Spec, text string) error { s.Deletions = text; return nil }},
		{Name: "fast", to: &c.Fast, Group: Output, Usage: "for --mode incremental: read only the end of the index; misses expired documents and backdated writes",
			spec: func(s *export.Spec, _ string) error { s.Fast = true; return nil }},
		{Name: "parts", to: &c.Parts, Group: Output, Number: true, Default: "1", Usage: "write `N` files for each collection, each with a range of ids, or auto for a number that fits its size",
			spec: func(s *export.Spec, text string) (err error) {
				if s.Parts, err = parseAuto(text); s.Parts == 0 {
					s.Parts = export.AutoParts
				}
				return err
			}},
		{Name: "shard", to: &c.Shard, Group: Output, Once: true, Usage: "run shard `I/N` (I from 0) of an export that N processes share; /N or auto takes I from the batch system's variable"},
		{Name: "at", to: &c.At, Group: Output, Number: true, Usage: "export the state at `TIME`: RFC 3339, or microseconds since 1970 (default: now)",
			spec: func(s *export.Spec, text string) (err error) { s.At, err = export.ParseAt(text); return err }},
		{Name: "no-snapshot", to: &c.NoSnapshot, Group: Output, Usage: "read each page at its own time",
			spec: func(s *export.Spec, _ string) error { s.NoSnapshot = true; return nil }},
		{Name: "workers", to: &c.Workers, Group: Pace, Number: true, Default: "auto", Usage: "keep `N` requests in flight, or auto",
			spec: func(s *export.Spec, text string) (err error) { s.Workers, err = parseAuto(text); return err }},
		{Name: "page-size", to: &c.PageSize, Group: Pace, Number: true, Default: "auto", Usage: "request `N` documents per page, or auto",
			spec: func(s *export.Spec, text string) (err error) { s.PageSize, err = parseAuto(text); return err }},
		{Name: "max-rate", to: &c.MaxRate, Group: Pace, Usage: "read at most `N` documents per second; 0 means no limit",
			spec: func(s *export.Spec, text string) (err error) { s.MaxRate, err = strconv.Atoi(text); return err }},
		{Name: "ddl", to: &c.DDL, Group: Output, Words: []string{"duckdb"}, Usage: "also write a script that loads Parquet or JSONL files into `DATABASE` (duckdb; for others see load)",
			spec: func(s *export.Spec, text string) (err error) { s.DDL, err = export.ParseDatabase(text); return err }},
		{Name: "then-load", to: &c.ThenLoad, Group: Output, Usage: "after a complete run, load the files into `TARGET`, like 'fauna-export load'; {time} in it is that of --out"},
		{Name: "keep", to: &c.Keep, Group: Output, Usage: "after a complete run, delete all but the newest `N` finished runs of --out 'DIR/{time}'; 0 keeps all"},
		{Name: "s3-endpoint", to: &c.S3Endpoint, Group: Stores, Usage: "`URL` of the S3 server, for MinIO, R2, Ceph and others (default: AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, else Amazon's)"},
		{Name: "dry-run", to: &c.DryRun, Group: Output, Once: true, Usage: "check everything, print what would be exported, write nothing"},
		{Name: "log-file", to: &c.LogFile, Group: Everywhere, Path: true, Usage: "append a line for every event to `FILE` (never the secret)"},
		{Name: "progress-interval", to: &c.Progress, Group: Everywhere, Number: true, Default: "10s", Usage: "`TIME` between progress lines if stderr is not a terminal; 0 prints only the summary",
			spec: func(_ *export.Spec, text string) error {
				if d, err := time.ParseDuration(text); err != nil || d < 0 {
					return fmt.Errorf("%q is not a time; write it like 10s, or 0 for only the summary", text)
				}
				return nil
			}},
		{Name: "json", to: &c.JSON, Group: Everywhere, Once: true, Usage: "print results as JSON on stdout (run and demo: one event per line)"},
		{Name: "no-input", to: &c.NoInput, Group: Everywhere, Once: true, Usage: "never prompt, even on a terminal; report what is missing"},
		{Name: "accessible", to: &c.Accessible, Group: Everywhere, Once: true, Usage: "show the wizard as plain questions and lines (also with ACCESSIBLE or TERM=dumb)"},
		{Name: "ascii", to: &c.ASCII, Group: Everywhere, Once: true, Usage: "draw with ASCII only (also with LC_ALL=C)"},
		{Name: "color", to: &c.Color, Group: Everywhere, Once: true, Default: "auto", Words: []string{"auto", "always", "never"}, Usage: "`WHEN` to use colors in the wizard: auto, always or never (auto follows NO_COLOR)"},
	}
}

// New returns a Config with every option at its default.
func New() *Config {
	c := &Config{}
	for _, o := range c.Options() {
		if o.Default != "" {
			_ = o.Set(o.Default) // can't fail: a test sets every default
		}
	}
	return c
}

// Interval returns the time between progress lines, 0 for none.
func (c *Config) Interval() time.Duration {
	d, err := time.ParseDuration(c.Progress)
	if err != nil {
		return 0 // rejected by Set
	}
	return d
}

// Keys returns the keys of a config file, in the order of the table.
func Keys() []string {
	var keys []string
	for _, o := range new(Config).Options() {
		if !o.Once {
			keys = append(keys, o.Name)
		}
	}
	return keys
}

// Spec returns the run that the options describe, without what needs a server:
// the Endpoint, and the collections of --all. The error is an *Error without a
// file.
func (c Config) Spec() (export.Spec, error) {
	s := export.Spec{Collections: slices.Clone(c.Collections)}
	for _, o := range c.Options() {
		if o.spec == nil {
			continue
		}
		for i, text := range o.Texts() {
			if err := o.spec(&s, text); err != nil {
				return export.Spec{}, &Error{File: "config", Key: o.Name, Item: i + 1, Err: err}
			}
		}
	}
	return s, nil
}
