// Package tui is the wizard: from the address of a database to verified files, for a
// terminal (Run) or as plain lines (Config.Accessible), which are the same steps: each
// has one method that draws it and one that asks it.
//
// One root model holds the answers and routes: keys go to the step that is
// shown, answers of the server go to the step that asked. A step never blocks
// and never changes itself from a command; what takes time is a command that
// returns a message. The export itself belongs to Run, not to a command, so that
// it ends, and its files are whole, before the program does.
package tui

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"fauna-export/export"
	"fauna-export/export/row"
	"fauna-export/fauna"
	"fauna-export/fauna/fql"
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
	MaxRate                   int    // documents a second at most, 0 for any

	In         io.Reader           // the keyboard; a terminal unless Accessible
	Out        io.Writer           // the screen; a terminal unless Accessible
	Env        func(string) string // os.Getenv, for NO_COLOR, SSH_TTY, TMUX …
	Accessible bool                // questions as plain lines, no screen
	ASCII      bool                // no glyph outside ASCII
	Color      string              // auto, always or never; "" is auto

	// Log keeps what each step came to and what went wrong: a few words, then names
	// and values in turn, each a text, a number or a bool. Never the secret. nil
	// keeps nothing.
	Log func(what string, args ...any)

	// AnswersFile is where the answers so far are kept (never the secret), so
	// that a wizard that was left can be opened again with them. "" for nowhere.
	AnswersFile string
}

// Outcome is what is left to say when the screen is gone.
type Outcome struct {
	Dir     string // folder of the export, "" when none was begun
	Summary string // plain lines for the scrollback, "" or ending in a newline
}

// defaultEndpoint is where a core listens when nobody has changed that.
const defaultEndpoint = "http://localhost:8443"

// stopWait bounds the wait for what was told to stop: an export, requests.
const stopWait = 5 * time.Second

// Run shows the wizard until it is left. When it returns the terminal is as it
// was before and no goroutine of the wizard or of its export runs, but for those
// that did not stop within some seconds, or were not waited for because ctrl+c was
// pressed again: then the program must end. The error is nil after a whole export,
// ErrLeft, ErrInterrupted, the cause of a cancelled ctx, or the error of the last
// export.
func Run(ctx context.Context, c Config) (Outcome, error) {
	c = c.withDefaults()
	s := newSession(ctx, c)
	defer s.forget()
	if c.Accessible {
		return s.plainRun(ctx)
	}
	return newWizard(s).show(ctx)
}

// show is Run on a screen.
func (w *wizard) show(ctx context.Context) (Outcome, error) {
	_, err := tea.NewProgram(w, w.options(ctx)...).Run()
	_ = w.keeping()() // best effort: no screen could say that it failed
	wait := stopWait
	if w.atOnce {
		wait = 0
	}
	w.stop(wait)
	return w.outcome(ctx, err)
}

// framesPerSecond is how often the screen may be drawn: half of the library's own
// measure, which nobody sees, for half of the work.
const framesPerSecond = 30

func (w *wizard) options(ctx context.Context) []tea.ProgramOption {
	return []tea.ProgramOption{
		tea.WithContext(ctx), tea.WithoutSignalHandler(), tea.WithAltScreen(), tea.WithFPS(framesPerSecond),
		tea.WithInput(w.cfg.In), tea.WithOutput(w.cfg.Out),
	}
}

// stop ends the export and all that waits for a server, and waits for both, each for
// no longer than so long.
func (s *session) stop(wait time.Duration) {
	s.runner.cancel()
	s.jobs.cancel()
	waitFor(&s.runner.wg, wait)
	s.jobs.stop(wait)
}

// outcome is what Run returns when the program ended with err.
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
	case p.manifest == nil && errors.Is(p.err, context.Canceled): // stopped, then left
		return out, ErrLeft
	case p.manifest == nil && (p.err == nil || w.ended != nil):
		return out, ErrLeft
	}
	return out, p.failure()
}

func (c Config) withDefaults() Config {
	c.Endpoint = cmp.Or(c.Endpoint, defaultEndpoint)
	c.Role = cmp.Or(c.Role, fql.DefaultRole)
	c.Index = cmp.Or(c.Index, fql.DefaultIndexPattern)
	if c.Demo {
		c.AnswersFile = "" // its answers are not those of a real database
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
		look: look, leads: leadsSession, prepareLoad: prepareLoad,
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

// proposalPrefix begins the names of the folders that are proposed.
const proposalPrefix = "fauna-20"

// proposal is a new folder, named after the day.
func proposal(now time.Time) string {
	name := "fauna-" + now.Format(time.DateOnly)
	path, err := newPath(name)
	if err != nil {
		return name
	}
	return homePath(path)
}

// leadsSession reports whether this program is the first of its session, as in a
// container: then no shell is there to come back from a suspension with. What a
// system does not tell is taken for no.
func leadsSession() bool {
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return false
	}
	// PID (NAME) STATE PARENT GROUP SESSION …, and the name may hold anything.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	return len(fields) > 3 && string(fields[3]) == strconv.Itoa(os.Getpid())
}
