// Package tui is the wizard, from the address of a database to verified files. It runs
// on a terminal (Run) or as plain lines (Config.Accessible). The steps are the same:
// each has one method that draws it and one that asks it.
//
// One root model holds the answers and routes messages: keys go to the current step,
// server answers to the step that asked. A step never blocks and never changes itself
// from a command; anything slow is a command that returns a message. The export belongs
// to Run, not to a command, so that it ends, with its files complete, before the
// program does.
package tui

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"fauna-export/export"
	"fauna-export/export/row"
	"fauna-export/fauna"
	"fauna-export/fauna/fql"
	_ "fauna-export/tui/quiet" // before bubbletea: don't query the terminal at start
)

// Errors of Run that say how the user left the wizard. Any other error is a failure of
// the export or the terminal.
var (
	// ErrLeft: the user left with esc before an export was complete.
	ErrLeft = errors.New("left without an export")
	// ErrInterrupted: ctrl+c.
	ErrInterrupted = errors.New("interrupted")
)

// Config configures the wizard.
type Config struct {
	Version  string // of the program, for the manifest and the help
	Endpoint string // initial text of the first field, "" for http://localhost:8443
	Dir      string // initial text of the folder field, "" for a proposal
	Demo     bool   // the endpoint is this process's embedded server

	// Shell plays Fauna's shell: it runs FQL and returns what a shell would print. nil
	// if there is no such server, as outside the demo.
	Shell func(ctx context.Context, fql string) (string, error)

	AllowPlaintext            bool   // don't ask before using plain http to another host
	CAFile, CertFile, KeyFile string // for the TLS connection, "" for none
	Role                      string // name of role and key, "" for connect-readonly
	Index                     string // pattern of index names, "" for {collection}-ts
	MaxRate                   int    // maximum documents per second, 0 for no limit

	In         io.Reader           // the keyboard; a terminal unless Accessible
	Out        io.Writer           // the screen; a terminal unless Accessible
	Env        func(string) string // os.Getenv, for NO_COLOR, SSH_TTY, TMUX …
	Accessible bool                // plain lines instead of a screen
	ASCII      bool                // draw only ASCII
	Color      string              // auto, always or never; "" is auto

	// Log records what each step resulted in and what went wrong: a short message, then
	// alternating names and values (text, number or bool). It never gets the secret.
	// nil disables it.
	Log func(what string, args ...any)

	// AnswersFile stores the answers so far (never the secret), so that an interrupted
	// wizard can be restored. "" disables it.
	AnswersFile string
}

// Outcome is the result of the wizard, to print once the screen is gone.
type Outcome struct {
	Dir     string // folder of the export, "" if none was started
	Summary string // plain lines for the scrollback, "" or ending in a newline
}

// defaultEndpoint is where Fauna listens by default.
const defaultEndpoint = "http://localhost:8443"

// stopWait bounds the wait for an export or requests to stop.
const stopWait = 5 * time.Second

// Run shows the wizard until the user leaves it. When it returns, the terminal is
// restored and no goroutine of the wizard or its export is running, except those that
// didn't stop within some seconds, or weren't waited for because ctrl+c was pressed
// again: then the program must end. The error is nil after a complete export, ErrLeft,
// ErrInterrupted, the cause of a cancelled ctx, or the error of the last export.
func Run(ctx context.Context, c Config) (Outcome, error) {
	c = c.withDefaults()
	s := newSession(ctx, c)
	defer s.forget()
	if c.Accessible {
		return s.plainRun(ctx)
	}
	return newWizard(s).show(ctx)
}

func (w *wizard) show(ctx context.Context) (Outcome, error) {
	_, err := tea.NewProgram(w, w.options(ctx)...).Run()
	_ = w.keeping()() // best effort: no screen is left to report a failure
	wait := stopWait
	if w.quitNow {
		wait = 0
	}
	w.stop(wait)
	return w.outcome(ctx, err)
}

// framesPerSecond is half of the library's default: nobody sees the difference, and it
// halves the work.
const framesPerSecond = 30

func (w *wizard) options(ctx context.Context) []tea.ProgramOption {
	return []tea.ProgramOption{
		tea.WithContext(ctx), tea.WithoutSignalHandler(), tea.WithAltScreen(), tea.WithFPS(framesPerSecond),
		tea.WithInput(w.cfg.In), tea.WithOutput(w.cfg.Out),
	}
}

// stop cancels the export and all pending requests, and waits for each at most for
// wait.
func (s *session) stop(wait time.Duration) {
	s.runner.cancel()
	s.jobs.cancel()
	waitFor(&s.runner.wg, wait)
	s.jobs.stop(wait)
}

// outcome returns Run's result after the program ended with err.
func (w *wizard) outcome(ctx context.Context, err error) (Outcome, error) {
	p := w.runner.progress()
	out := Outcome{Dir: p.spec.Dir, Summary: w.summary(p, w.steps[doneID].(*doneStep).saved)}
	switch {
	case ctx.Err() != nil:
		return out, context.Cause(ctx)
	case err != nil && !errors.Is(err, tea.ErrInterrupted):
		return out, fmt.Errorf("run the wizard: %w", err)
	case err != nil, errors.Is(w.ended, ErrInterrupted):
		return out, ErrInterrupted
	case p.manifest == nil && (p.err == nil || w.ended != nil || errors.Is(p.err, context.Canceled)):
		return out, ErrLeft
	}
	return out, p.failure()
}

func (c Config) withDefaults() Config {
	c.Endpoint = cmp.Or(c.Endpoint, defaultEndpoint)
	c.Role = cmp.Or(c.Role, fql.DefaultRole)
	c.Index = cmp.Or(c.Index, fql.DefaultIndexPattern)
	if c.Demo {
		c.AnswersFile = "" // its answers don't describe a real database
		c.MaxRate = cmp.Or(c.MaxRate, demoRate)
	}
	if c.Env == nil {
		c.Env = func(string) string { return "" }
	}
	return c
}

func newSession(ctx context.Context, c Config) *session {
	s := &session{
		cfg: c, st: newStyles(c.Out, c.Color, c.Env), maxRate: c.MaxRate,
		jobs: newJobs(ctx), clip: newClipper(c.Env, c.Out), runner: newRunner(ctx),
		now:  time.Now,
		look: look, alone: withoutShell, prepareLoad: prepareLoad,
		goTo: noID, edit: noID, dialect: fql.V4, keeper: &keeper{path: c.AnswersFile},
	}
	s.dial = func(o fauna.Options) (server, error) {
		client, err := fauna.NewClient(o)
		if err != nil {
			return nil, err // not a nil *Client in an interface
		}
		return client, nil
	}
	if c.Demo {
		s.runner.limit = func(int64) {} // the embedded server's data is in this process too
	}
	s.mode, s.format, s.press = export.Full, row.JSONL, row.None
	s.endpointText, s.dirText = c.Endpoint, c.Dir
	if c.AnswersFile != "" && s.recall(ctx, c.AnswersFile) {
		s.say(noteInfo, "Filled in from last time; the secret is never saved.")
	}
	s.recent = recentAddresses(c.AnswersFile)
	s.dirText = cmp.Or(s.dirText, proposal(s.now()))
	return s
}

// proposalPrefix is how proposed folder names begin.
const proposalPrefix = "fauna-20"

// proposal returns a new folder, named after the date.
func proposal(now time.Time) string {
	name := "fauna-" + now.Format(time.DateOnly)
	path, err := newPath(name)
	if err != nil {
		return name
	}
	return homePath(path)
}
