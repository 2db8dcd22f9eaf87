package main

import (
	"cmp"
	"context"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"fauna-export/export/config"
	"fauna-export/tui"
)

const rootLong = `fauna-export exports the collections of a Fauna (FQL v4) database to files:
complete, from a single point in time, and verified. Without a command it opens a
wizard that takes you from the database's address to verified files.

The secret comes from --secret-file FILE (- is stdin), FAUNA_SECRET, or a prompt; no
flag takes it. All flags can be set in the environment: --page-size is
FAUNA_EXPORT_PAGE_SIZE, and a repeatable flag takes one value per line there.
Precedence: flag, environment, config file, default. HTTPS_PROXY, HTTP_PROXY and
NO_PROXY are followed.

Exit codes:
`

// newRootCommand builds the whole tree of commands.
func newRootCommand(a *app) *cobra.Command {
	var server *config.Config
	root := &cobra.Command{
		Use:           "fauna-export",
		Short:         "Export the collections of a Fauna (FQL v4) database to files",
		Long:          rootLong + strings.TrimRight(exitHelp(), "\n"),
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       version(),
		PersistentPreRunE: func(cmd *cobra.Command, args []string) error {
			if err := fromEnvironment(cmd, a.getenv); err != nil {
				return err
			}
			if err := fromConfig(cmd.Context(), cmd); err != nil {
				return err
			}
			return a.openLog(cmd)
		},
		Args: unknownCommand,
		RunE: func(cmd *cobra.Command, args []string) error {
			c := a.wizardConfig()
			c.Endpoint = server.Domain
			c.AllowPlaintext, c.MaxRate = server.AllowPlaintext, server.MaxRate
			c.CAFile, c.CertFile, c.KeyFile = server.CAFile, server.ClientCert, server.ClientKey
			return a.runWizard(cmd.Context(), c)
		},
	}
	root.SetFlagErrorFunc(flagError)
	root.SetHelpCommand(newHelpCommand())
	root.SetVersionTemplate("fauna-export {{.Version}}\n")
	a.global = *config.New()
	addOptions(root, root.PersistentFlags(), &a.global, config.Everywhere)
	server = newOptions(root, config.Address, config.Server)
	for _, o := range server.Options() {
		if o.Name == "max-rate" { // the wizard asks for the other options of a run
			root.Flags().Var(o, o.Name, o.Usage)
		}
	}
	redefine(root, "domain", "", "`URL` suggested in the first step (default \""+config.DefaultDomain+"\")")
	root.AddCommand(
		newDemoCommand(a), newRunCommand(a), newResumeCommand(a), newVerifyCommand(a), newMergeCommand(a), newLoadCommand(a), newFinishCommand(a), newCheckCommand(a),
		newFQLCommand(a), newSchemaCommand(a), newServeCommand(a), newManCommand(a), newVersionCommand(a),
	)
	a.completeCollections(root)
	return root
}

// addCompletion adds the command that prints completion scripts. Unlike
// cobra's, it writes to the current stdout, and it fails for an unknown shell
// instead of printing its help.
func addCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	if c, _, err := root.Find([]string{"completion"}); err == nil {
		c.Args = unknownCommand
		c.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	}
}

// newHelpCommand returns `help COMMAND`. Unlike cobra's, it fails for an unknown
// command instead of printing the root's help.
func newHelpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Help about any command",
		RunE: func(cmd *cobra.Command, args []string) error {
			found, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				if found == nil {
					found, rest = cmd.Root(), args
				}
				return unknownCommand(found, rest)
			}
			found.InitDefaultHelpFlag()
			return found.Help()
		},
	}
}

// unknownCommand rejects arguments of a command that only has subcommands,
// suggesting the one probably meant.
func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var known []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			known = append(known, c.Name())
		}
	}
	if near := nearest(args[0], known); near != "" {
		return usagef("unknown command %s; did you mean '%s %s'?", quoted(args[0]), cmd.CommandPath(), near)
	}
	return usagef("unknown command %s of '%s'", quoted(args[0]), cmd.CommandPath())
}

func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("'%s' takes no argument, but got %s", cmd.CommandPath(), quoted(args[0]))
	}
	return nil
}

// folderCommand completes a command that does something with the folder of a run.
func (a *app) folderCommand(cmd *cobra.Command, do func(ctx context.Context, dir string) error) *cobra.Command {
	cmd.Args = oneFolder
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return do(cmd.Context(), args[0]) }
	addOptions(cmd, cmd.Flags(), &a.global, config.Stores)
	return cmd
}

func oneFolder(cmd *cobra.Command, args []string) error {
	switch len(args) {
	case 0:
		return usagef("'%s' needs the folder of a run: %s", cmd.CommandPath(), cmd.UseLine())
	case 1:
		return nil
	}
	return usagef("'%s' takes one folder, but also got %s", cmd.CommandPath(), quoted(args[1]))
}

// wizardConfig returns the wizard's configuration from the streams and the
// global flags.
func (a *app) wizardConfig() tui.Config {
	return tui.Config{
		Version: version(), In: a.in, Out: a.err, Env: a.getenv,
		Accessible: a.accessible(), ASCII: a.ascii(), Color: a.global.Color, Log: a.log.note,
	}
}

// accessible reports whether the wizard asks in plain lines: by flag,
// ACCESSIBLE, or because the terminal is simple or unknown.
func (a *app) accessible() bool {
	return a.global.Accessible || a.getenv("ACCESSIBLE") != "" || a.plainTerminal()
}

// plainTerminal reports whether the terminal may not understand escape sequences.
// Windows sets no TERM.
func (a *app) plainTerminal() bool {
	term := a.getenv("TERM")
	return term == "dumb" || term == "" && runtime.GOOS != "windows"
}

// ascii reports whether to draw with ASCII only: by flag, or because the locale
// has no other characters.
func (a *app) ascii() bool {
	locale := cmp.Or(a.getenv("LC_ALL"), a.getenv("LC_CTYPE"), a.getenv("LANG"))
	return a.global.ASCII || locale == "C" || locale == "POSIX"
}
