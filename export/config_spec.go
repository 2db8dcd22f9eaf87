package export

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"time"

	"fauna-export/export/row"
)

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
	if key, err := c.wrongNumber(); err != nil {
		return bad(key, err)
	}
	if s.Mode != "" && s.Mode != Full && s.Mode != Incremental {
		return bad("mode", fmt.Errorf("%q is neither full nor incremental", c.Mode))
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
	if s.Parts, err = parseAuto(cmp.Or(c.Parts, "1")); err != nil {
		return bad("parts", err)
	}
	if s.Parts == 0 {
		s.Parts = AutoParts
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
	for i, text := range c.Columns {
		name, column, err := row.ParseColumn(text)
		if err != nil {
			return Spec{}, &ConfigError{File: "config", Key: "column", Item: i + 1, Problem: err.Error()}
		}
		if s.Columns == nil {
			s.Columns = make(map[string][]row.Column)
		}
		s.Columns[name] = append(s.Columns[name], column)
	}
	return s, nil
}

// wrongNumber is the first of the numbers that cannot be, by key.
func (c Config) wrongNumber() (key string, err error) {
	if c.MaxRate < 0 {
		return "max-rate", errors.New("give 1 or more documents a second, or 0 for no bound")
	}
	if c.Keep < 0 {
		return "keep", errors.New("give 1 or more, or 0 to keep all")
	}
	if d, err := time.ParseDuration(c.Progress); c.Progress != "" && (err != nil || d < 0) {
		return "progress-interval", fmt.Errorf("%q is not a time, such as 10s, or 0 for the summary only", c.Progress)
	}
	return "", nil
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
