package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"fauna-export/export/config"
	"fauna-export/export/store"
)

// newOptions returns the options in the groups, and adds a flag with its
// default for each to the command.
func newOptions(cmd *cobra.Command, groups ...config.Group) *config.Config {
	c := config.New()
	addOptions(cmd, cmd.Flags(), c, groups...)
	return c
}

func addOptions(cmd *cobra.Command, set *pflag.FlagSet, c *config.Config, groups ...config.Group) {
	for _, o := range c.Options() {
		if !slices.Contains(groups, o.Group) {
			continue
		}
		flag := set.VarPF(o, o.Name, "", o.Usage)
		if o.Type() == "bool" {
			flag.NoOptDefVal = "true"
		}
		if o.Words != nil {
			completeWords(cmd, o.Name, o.Words...)
		}
	}
}

// redefine changes a flag's default and help for a command that uses it
// differently.
func redefine(cmd *cobra.Command, name, value, usage string) {
	flag := cmd.Flags().Lookup(name)
	flag.DefValue, flag.Usage = value, usage
	_ = flag.Value.Set(value)
}

func completeWords(cmd *cobra.Command, flag string, words ...string) {
	// The only error is an unknown flag, which a test of the help would detect.
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
}

func checkChoice(c *config.Config) error {
	switch named := len(c.Collections) > 0; {
	case c.All && named:
		return usagef("--all and --collection cannot both be given")
	case len(c.Exclude) > 0 && !c.All:
		return usagef("--exclude needs --all")
	case !c.All && !named:
		return usagef("no collection chosen: give --collection NAME (repeatable) or --all")
	}
	return nil
}

// fromEnvironment sets every flag that was not given from its environment
// variable. A repeatable flag takes one value per line, since names may contain
// commas.
func fromEnvironment(cmd *cobra.Command, getenv func(string) string) error {
	var failed error
	replaced := replacedChoice(cmd.Flags())
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Changed || slices.Contains(replaced, f.Name) || f.Name == "help" || f.Name == "version" || failed != nil {
			return
		}
		name := "FAUNA_EXPORT_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		text := getenv(name)
		if text == "" {
			return
		}
		values := []string{text}
		if f.Value.Type() == "stringArray" {
			values = strings.Split(strings.Trim(text, "\n"), "\n")
		}
		for _, value := range values {
			if err := cmd.Flags().Set(f.Name, value); err != nil {
				failed = usagef("environment variable %s: %w", name, flagCause(err))
				return
			}
		}
	})
	return failed
}

// replacedChoice returns the options that the flags set so far replace in sources of
// lower precedence: --collection replaces all and its exclude, --all named collections.
func replacedChoice(set *pflag.FlagSet) []string {
	switch {
	case set.Changed("collection"):
		return []string{"all", "exclude"}
	case set.Changed("all"):
		return []string{"collection"}
	}
	return nil
}

// flagCause returns what is wrong with a flag's value, in our own words.
func flagCause(err error) error {
	invalid, yes := errors.AsType[*pflag.InvalidValueError](err)
	if !yes {
		return err
	}
	if _, ours := invalid.GetFlag().Value.(config.Option); ours {
		return invalid.Unwrap()
	}
	kind := invalid.GetFlag().Value.Type()
	switch kind {
	case "bool":
		kind = "true or false"
	case "int":
		kind = "a whole number"
	}
	return fmt.Errorf("%s is not %s", quoted(invalid.GetValue()), kind)
}

// flagError turns an error about flags into a usage error that suggests the
// flag probably meant.
func flagError(cmd *cobra.Command, err error) error {
	if missing, ok := errors.AsType[*pflag.NotExistError](err); ok && missing.GetSpecifiedShortnames() == "" {
		name := missing.GetSpecifiedName()
		var known []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden {
				known = append(known, f.Name)
			}
		})
		if name == "secret" || name == "password" {
			return usagef("there is no flag for the secret, because other processes can read command lines: set FAUNA_SECRET, or use --secret-file FILE (- is stdin)")
		}
		if near := nearest(name, known); near != "" {
			return usagef("unknown flag --%s; did you mean --%s?", name, near)
		}
		return usagef("unknown flag --%s", name)
	}
	if invalid, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		return usagef("--%s: %w", invalid.GetFlag().Name, flagCause(err))
	}
	return usagef("%w", err)
}

// nearest returns the candidate that a mistyped word most probably means: one
// that it is a prefix of, or else a similar one; "" for none.
func nearest(word string, candidates []string) string {
	for _, c := range candidates {
		if len(word) >= 3 && strings.HasPrefix(c, word) {
			return c
		}
	}
	return nearestName(word, candidates)
}

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
