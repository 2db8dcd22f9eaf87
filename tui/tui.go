// Package tui is the wizard: eight steps from the address of a database to
// verified files, for a terminal (Run) or as plain lines (Config.Accessible).
//
// One root model holds the answers and routes: keys go to the step that is
// shown, answers of the server go to the step that asked. A step never blocks
// and never changes itself from a command; what takes time is a command that
// returns a message. The export itself belongs to Run, not to a command, so that
// it ends, and its files are whole, before the program does.
package tui

import (
	"context"
	"errors"
	"io"

	_ "fauna-export/tui/quiet" // before bubbletea: no query of the terminal at start
)

// Errors of Run that say how the wizard was left; everything else that Run
// returns is the failure of the export or of the terminal.
var (
	// ErrLeft: the person left the wizard by esc, before an export was whole.
	ErrLeft = errors.New("left without an export")
	// ErrInterrupted: ctrl+c.
	ErrInterrupted = errors.New("interrupted")
)

// Config is what the wizard is started with.
type Config struct {
	Version  string // of the program, for the manifest and the help
	Endpoint string // text of the first field, "" for http://localhost:8443
	Dir      string // text of the folder field, "" for a proposal
	Demo     bool   // the endpoint is the embedded server of this process

	// Shell plays Fauna's shell: it runs an FQL text and returns what a shell
	// would print. nil where there is no such server, as outside the demo.
	Shell func(ctx context.Context, fql string) (string, error)

	AllowPlaintext            bool   // plain http to another host needs no question
	CAFile, CertFile, KeyFile string // of the TLS connection, "" for none
	Role                      string // name of role and key, "" for connect-readonly
	Index                     string // pattern of index names, "" for {collection}-ts

	In         io.Reader           // the keyboard; a terminal unless Accessible
	Out        io.Writer           // the screen; a terminal unless Accessible
	Env        func(string) string // os.Getenv, for NO_COLOR, SSH_TTY, TMUX …
	Accessible bool                // questions as plain lines, no screen
	ASCII      bool                // no glyph outside ASCII
	Color      string              // auto, always or never; "" is auto

	// AnswersFile is where the answers so far are kept (never the secret), so
	// that a wizard that was left can be opened again with them. "" for nowhere.
	AnswersFile string
}

// Outcome is what is left to say when the screen is gone.
type Outcome struct {
	Dir     string // folder of the export, "" when none was begun
	Summary string // plain lines for the scrollback, "" or ending in a newline
}

// Run shows the wizard until it is left. When it returns the terminal is as it
// was before and no goroutine of the wizard or of its export runs. The error is
// nil after a whole export, ErrLeft, ErrInterrupted, the cause of a cancelled
// ctx, or the error of the last export.
func Run(ctx context.Context, c Config) (Outcome, error) {
	return Outcome{}, ErrLeft
}
