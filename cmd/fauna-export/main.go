// Command fauna-export exports the collections of a Fauna (FQL v4) database to
// complete, verified files.
//
// The package connects the other packages and has no logic of its own. It has
// one file per subcommand, plus flags and the sources of their values
// (flags.go), the secret (secret.go), the server and the stores (connect.go), streams
// (streams.go), signals (signals.go) and the table of exit codes (exit.go). Data
// and requested text go to stdout; questions, progress and errors go to stderr.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"runtime/debug"

	"fauna-export/tui"
)

func main() {
	log.SetOutput(io.Discard) // net/http's messages may quote what a server sends
	std := streams{
		in: os.Stdin, out: os.Stdout, err: os.Stderr,
		getenv:   os.Getenv,
		terminal: tui.IsTerminal(os.Stdin) && tui.IsTerminal(os.Stderr),
		live:     tui.IsTerminal(os.Stderr),
		limit:    func(bytes int64) { debug.SetMemoryLimit(bytes) },
	}
	if std.terminal {
		tui.WatchSuspend(os.Stdin)
	}
	if wasClosed(os.Stdout) {
		std.rows = noOutput{}
	}
	os.Exit(execute(watchSignals(context.Background()), os.Args[1:], std))
}

// execute runs one command line and returns its exit code. It writes an error
// to stderr as one plain message.
func execute(ctx context.Context, args []string, std streams) int {
	if std.limit == nil { // the process isn't ours
		std.limit = func(int64) {}
	}
	a := &app{streams: std}
	root := newRootCommand(a)
	root.SetArgs(args)
	root.SetIn(std.in)
	shown := &shown{out: std.out}
	root.SetOut(shown)
	root.SetErr(std.err)
	addCompletion(root)
	failed, err := root.ExecuteContextC(ctx)
	err = withSignal(ctx, err)
	if err == nil { // the command's own error takes precedence
		err = cmp.Or(a.lost, shown.lost)
	}
	code := codeOf(err)
	if message := a.scrub(sentence(err)); message != "" {
		fmt.Fprintf(std.err, "fauna-export: %s\n", message)
		if ours, _ := errors.AsType[*codedError](err); code == exitUsage && ours != nil && ours.commandLine {
			fmt.Fprintf(std.err, "See '%s --help'.\n", failed.CommandPath())
		}
	}
	if failed := a.log.close(code, err); failed != nil {
		fmt.Fprintf(std.err, "fauna-export: %s\n", sentence(failed))
		if code == exitDone {
			code = exitError
		}
	}
	return code
}
