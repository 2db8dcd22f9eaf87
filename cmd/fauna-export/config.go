package main

import (
	"context"
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"fauna-export/export/config"
	"fauna-export/export/store"
)

// fromConfig sets every flag that neither the command line nor the environment
// set from the file of --config.
func fromConfig(ctx context.Context, cmd *cobra.Command) error {
	set := cmd.Flags()
	if set.Lookup("config") == nil || set.Lookup("config").Value.String() == "" {
		return nil
	}
	path, err := store.ExpandHome(set.Lookup("config").Value.String())
	if err != nil {
		return unusablef("--config: %w", err)
	}
	c, err := config.Load(ctx, path)
	if bad, ok := errors.AsType[*config.Error](err); ok && bad.Unknown {
		if near := nearest(bad.Key, config.Keys()); near != "" {
			return unusablef("%w; did you mean %s?", err, near)
		}
		return unusablef("%w: its keys are the names of the flags in '%s --help'", err, cmd.CommandPath())
	}
	if err != nil {
		return unusablef("--config: %w", err)
	}
	replaced := replacedChoice(set)
	for _, o := range c.Options() {
		flag := set.Lookup(o.Name)
		if flag == nil || flag.Changed || slices.Contains(replaced, o.Name) {
			continue
		}
		for _, value := range o.Texts() {
			if err := set.Set(o.Name, value); err != nil {
				return unusablef("%s: %s: %w", path, o.Name, flagCause(err))
			}
		}
	}
	return nil
}
