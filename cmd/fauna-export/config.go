package main

import (
	"strconv"

	"github.com/spf13/cobra"

	"fauna-export/export"
)

// fromConfig gives every flag of a command that neither the command line nor the
// environment set the value that a config file holds for it. A collection that is
// named stands against --all of the file, and the other way round.
func fromConfig(cmd *cobra.Command, path string) error {
	if path == "" {
		return nil
	}
	c, err := export.LoadConfig(path)
	if err != nil {
		return unusablef("--config: %v", err)
	}
	set := cmd.Flags()
	chosen := set.Changed("all") || set.Changed("collection")
	for name, values := range configValues(c) {
		flag := set.Lookup(name)
		if flag == nil || flag.Changed || (chosen && (name == "all" || name == "collection" || name == "exclude")) {
			continue
		}
		for _, value := range values {
			if err := set.Set(name, value); err != nil {
				return unusablef("%s: %s: %s", path, name, flagCause(err))
			}
		}
	}
	return nil
}

// configValues is what a config file sets, by the name of the flag.
func configValues(c export.Config) map[string][]string {
	values := map[string][]string{}
	text := func(name, value string) {
		if value != "" {
			values[name] = []string{value}
		}
	}
	yes := func(name string, value bool) {
		if value {
			values[name] = []string{"true"}
		}
	}
	list := func(name string, value []string) {
		if len(value) > 0 {
			values[name] = value
		}
	}
	text("domain", c.Domain)
	yes("allow-plaintext", c.AllowPlaintext)
	text("ca-file", c.CAFile)
	text("client-cert", c.ClientCert)
	text("client-key", c.ClientKey)
	list("collection", c.Collections)
	yes("all", c.All)
	list("exclude", c.Exclude)
	text("mode", c.Mode)
	text("index", c.Index)
	text("deletions", c.Deletions)
	yes("fast", c.Fast)
	text("out", c.Out)
	text("format", c.Format)
	text("compress", c.Compress)
	list("column", c.Columns)
	yes("no-data", c.NoData)
	yes("strict", c.Strict)
	text("at", c.At)
	yes("no-snapshot", c.NoSnapshot)
	text("workers", c.Workers)
	text("page-size", c.PageSize)
	if c.MaxRate != 0 {
		text("max-rate", strconv.Itoa(c.MaxRate))
	}
	return values
}
