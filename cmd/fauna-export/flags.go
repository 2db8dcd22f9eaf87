package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// envPrefix begins the environment variable of a flag: --page-size is
// FAUNA_EXPORT_PAGE_SIZE.
const envPrefix = "FAUNA_EXPORT_"

// globalFlags stand on every command.
type globalFlags struct {
	json       bool
	interval   time.Duration
	noInput    bool
	accessible bool
	ascii      bool
	color      string
	logFile    string
}

func (g *globalFlags) add(set *pflag.FlagSet) {
	set.BoolVar(&g.json, "json", false, "print results as JSON on stdout (run and demo: an event a line)")
	set.DurationVar(&g.interval, "progress-interval", 10*time.Second, "`TIME` between two lines of progress off a terminal; 0 for the summary only")
	set.BoolVar(&g.noInput, "no-input", false, "ask nothing, also on a terminal; what is missing is named")
	set.BoolVar(&g.accessible, "accessible", false, "the wizard as plain questions and lines (also ACCESSIBLE, TERM=dumb)")
	set.BoolVar(&g.ascii, "ascii", false, "draw with ASCII only")
	set.StringVar(&g.color, "color", "auto", "`WHEN` the wizard has colours: auto, always or never (auto follows NO_COLOR)")
	set.StringVar(&g.logFile, "log-file", "", "append what happens to `FILE`, a line each, never the secret")
}

func (g *globalFlags) validate() error {
	switch g.color {
	case "auto", "always", "never":
	default:
		return usagef("--color %s: give auto, always or never", quoted(g.color))
	}
	if g.interval < 0 {
		return usagef("--progress-interval %s: give a time, such as 10s, or 0 for the summary only", g.interval)
	}
	return nil
}

// serverFlags say where the server is and how to speak to it.
type serverFlags struct {
	domain         string
	allowPlaintext bool
	caFile         string
	clientCert     string
	clientKey      string
	secretFile     string
}

const defaultDomain = "http://localhost:8443"

func (f *serverFlags) add(set *pflag.FlagSet) {
	set.StringVar(&f.domain, "domain", defaultDomain, "`URL` of the database's endpoint")
	f.addRest(set)
}

func (f *serverFlags) addRest(set *pflag.FlagSet) {
	set.BoolVar(&f.allowPlaintext, "allow-plaintext", false, "send the secret over http to another host")
	set.StringVar(&f.caFile, "ca-file", "", "trust the certificates in `FILE` (PEM) too")
	set.StringVar(&f.clientCert, "client-cert", "", "certificate in `FILE` (PEM) that says who we are")
	set.StringVar(&f.clientKey, "client-key", "", "key in `FILE` (PEM) of --client-cert")
	addSecretFile(set, &f.secretFile)
}

func addSecretFile(set *pflag.FlagSet, to *string) {
	set.StringVar(to, "secret-file", "", "read the secret from `FILE`, - for stdin (else FAUNA_SECRET, else a question)")
}

// choiceFlags choose collections.
type choiceFlags struct {
	collections []string
	all         bool
	exclude     []string
}

func (f *choiceFlags) add(set *pflag.FlagSet) {
	set.StringArrayVar(&f.collections, "collection", nil, "take the collection `NAME` (repeatable)")
	set.BoolVar(&f.all, "all", false, "take every collection that the key can read")
	set.StringArrayVar(&f.exclude, "exclude", nil, "leave out the collection `NAME` (repeatable, with --all)")
}

func (f *choiceFlags) validate() error {
	if f.all && len(f.collections) > 0 {
		return usagef("--all and --collection cannot both be given")
	}
	if len(f.exclude) > 0 && !f.all {
		return usagef("--exclude goes with --all")
	}
	if !f.all && len(f.collections) == 0 {
		return usagef("no collection chosen: give --collection NAME (repeatable) or --all")
	}
	return nil
}

// fromEnvironment gives every flag that was not given the value of its
// environment variable, where that is set. A flag that may be repeated takes a
// value a line, since a name may hold a comma.
func fromEnvironment(cmd *cobra.Command, getenv func(string) string) error {
	var failed error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Changed || f.Name == "help" || f.Name == "version" || failed != nil {
			return
		}
		name := envName(f.Name)
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
				failed = usagef("environment variable %s: %v", name, flagCause(err))
				return
			}
		}
	})
	return failed
}

// envName is the environment variable of a flag.
func envName(flag string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// flagCause is what is wrong with a flag's value, without Go's own words for it.
func flagCause(err error) string {
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		kind := invalid.GetFlag().Value.Type()
		switch kind {
		case "bool":
			kind = "true or false"
		case "duration":
			kind = "a time, such as 10s"
		case "int", "int64":
			kind = "a whole number"
		}
		return fmt.Sprintf("%s is not %s", quoted(invalid.GetValue()), kind)
	}
	return err.Error()
}

// flagError turns what is wrong with the flags into a usage error, naming the
// flag that was probably meant.
func flagError(cmd *cobra.Command, err error) error {
	var missing *pflag.NotExistError
	if errors.As(err, &missing) && missing.GetSpecifiedShortnames() == "" {
		name := missing.GetSpecifiedName()
		var known []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden {
				known = append(known, f.Name)
			}
		})
		if name == "secret" || name == "password" {
			return usagef("there is no flag for the secret, since other processes can read a command line: set FAUNA_SECRET, or use --secret-file FILE (- is stdin)")
		}
		if near := nearest(name, known); near != "" {
			return usagef("unknown flag --%s; did you mean --%s?", name, near)
		}
		return usagef("unknown flag --%s", name)
	}
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		return usagef("--%s: %s", invalid.GetFlag().Name, flagCause(err))
	}
	return usagef("%w", err)
}

// nearest is the candidate that a mistyped word most probably meant: one that it
// begins, else one that it is near to; "" when there is none.
func nearest(word string, candidates []string) string {
	for _, c := range candidates {
		if len(word) >= 3 && strings.HasPrefix(c, word) {
			return c
		}
	}
	return nearestName(word, candidates)
}
