package main

import (
	"errors"

	"github.com/spf13/cobra"

	"fauna-export/export"
)

// fromConfig gives every flag of a command that neither the command line nor the
// environment set the value that the file of --config holds for it. A collection
// that is named stands against --all of the file, and the other way round.
func fromConfig(cmd *cobra.Command) error {
	set := cmd.Flags()
	if set.Lookup("config") == nil || set.Lookup("config").Value.String() == "" {
		return nil
	}
	path := set.Lookup("config").Value.String()
	c, err := export.LoadConfig(path)
	if bad, ok := errors.AsType[*export.ConfigError](err); ok && bad.Unknown {
		if near := nearest(bad.Key, export.ConfigKeys()); near != "" {
			return unusablef("%w; did you mean %s?", err, near)
		}
		return unusablef("%w: its keys are the names of the flags in '%s --help'", err, cmd.CommandPath())
	}
	if err != nil {
		return unusablef("--config: %w", err)
	}
	chosen := set.Changed("all") || set.Changed("collection")
	for key, values := range c.Options() {
		flag := set.Lookup(key)
		if flag == nil || flag.Changed || (chosen && (key == "all" || key == "collection" || key == "exclude")) {
			continue
		}
		for _, value := range values {
			if err := set.Set(key, value); err != nil {
				return unusablef("%s: %s: %s", path, key, flagCause(err))
			}
		}
	}
	return nil
}
