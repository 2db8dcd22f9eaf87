package tui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"fauna-export/export"
	"fauna-export/export/load"
	"fauna-export/export/row"
	"fauna-export/fauna"
	"fauna-export/fauna/fql"
	"fauna-export/tui/text"
)

// An accessMethod is how the user gives read access; it determines the steps.
type accessMethod int

const (
	accessFQL    accessMethod = iota // shows the FQL, for users without a key
	accessSecret                     // the user has a secret
	accessAdmin                      // an admin's secret creates role and key
)

// answers are the user's input so far. They survive leaving a step.
type answers struct {
	endpointText string
	endpoint     fauna.Endpoint
	plaintext    fauna.Endpoint // the endpoint for which plain http was accepted
	method       accessMethod

	choices []choice
	mode    export.Mode
	format  row.Format
	press   row.Compression
	dirText string
	columns []column
}

// A column is an additional column of one collection; text is what was typed.
type column struct {
	collection, text string
	row.Column
}

// session is shared by all steps: the answers, the known facts about the server, and
// requests to the root model.
type session struct {
	cfg         Config
	st          styles
	jobs        *jobs
	clip        clipper
	runner      *runner
	dial        func(fauna.Options) (server, error)
	now         func() time.Time
	look        func(path string) place
	prepareLoad func(ctx context.Context, dir string, o load.Options) (loader, error)
	alone       func() bool // whether there is no shell to suspend to
	answers
	maxRate int
	target  int         // index into targets: where the data should end up
	dialect fql.Dialect // of the shell in which the FQL is run
	keeper  *keeper
	place   place    // the folder, as last examined; an unfinished export in it is resumed
	recent  []string // addresses used before

	learnt
	asked   []fauna.Secret // every secret entered, to redact them from all text
	events  []string       // log lines for the right pane
	spinner string         // current frame
	wide    bool           // the window has a second pane

	// Requests of a step to the root model, which takes them after each message.
	cmds  []tea.Cmd // commands to run in the background
	goTo  stepID
	edit  stepID // where to return after an edit, noID if none
	ask   *question
	panel *panel
	note  note

	instead screen // shown instead of the step, nil for none
	begins  bool   // the Check step was left to export
}

// learnt is what is known about a secret, and about the server through it.
type learnt struct {
	server server                  // nil until a secret is accepted
	admin  bool                    // the server's secret is an admin's, still to be used
	found  fauna.Secret            // created by this wizard, not yet checked
	made   export.Mode             // mode that role and key were created for, here or by running their FQL, or ""
	known  []string                // the server's collections, nil if unknown
	access map[string]fauna.Access // the key's privileges, by name
	near   map[string]string       // nearest, by misspelt name
	counts map[string]int64        // documents, by name, as last counted
}

// A note is the line about what just happened.
type note struct {
	kind noteKind
	text string
}

type noteKind int

const (
	noteInfo noteKind = iota
	noteGood
	noteWarn
	noteBad
)

func (s *session) say(kind noteKind, format string, args ...any) {
	s.note = note{kind, s.clean(fmt.Sprintf(format, args...))}
}

func (s *session) fail(err error) { s.note = note{noteBad, s.sentence(err)} }

// clean makes a text safe for the terminal, then redacts every secret entered.
// Redacting first would not be enough: cleaning could put a secret together again.
func (s *session) clean(str string) string {
	str = text.Clean(str)
	for _, secret := range s.asked {
		str = secret.Scrub(str)
	}
	return str
}

// sentence words an error for the screen.
func (s *session) sentence(err error) string {
	if errors.Is(err, context.Canceled) {
		return "stopped"
	}
	if fe, ok := errors.AsType[*fauna.Error](err); ok && fe.Kind == fauna.KindSecretRefused {
		return "Secret rejected: wrong database, or the key was deleted or expired. Fauna doesn't say which."
	}
	return s.clean(text.Sentence(err))
}

// A sayError is an error whose text is whole sentences, for the screen.
type sayError string

func (e sayError) Error() string { return string(e) }

func (s *session) event(format string, args ...any) {
	line := s.now().UTC().Format("15:04:05") + " " + s.clean(fmt.Sprintf(format, args...))
	if n := len(s.events); n > 0 && s.events[n-1][8:] == line[8:] {
		return
	}
	s.events = append(s.events, line)
	s.events = s.events[max(0, len(s.events)-200):]
}

func (s *session) path() []stepID { return paths[s.method] }

var paths = [...][]stepID{
	accessFQL:    {domainID, accessID, collectionsID, setupID, secretID, outputID, checkID, exportID, doneID},
	accessSecret: {domainID, accessID, collectionsID, outputID, checkID, exportID, doneID},
	accessAdmin:  {domainID, accessID, collectionsID, setupID, outputID, checkID, exportID, doneID},
}

// next continues to the step after from, or, after an edit, to where that was opened.
func (s *session) next(from stepID) {
	to := s.edit
	if to == noID {
		path := s.path()
		to = path[min(len(path)-1, slices.Index(path, from)+1)]
	}
	secret := accessID
	if s.method == accessFQL {
		secret = secretID
	}
	switch {
	case s.server == nil && to >= outputID && from != secret: // a new address needs its secret first
		s.goTo = secret
		return
	case s.admin && to >= outputID: // an admin's secret must not export
		s.goTo = setupID
		return
	}
	s.goTo, s.edit = to, noID
}

// change opens a step for editing; leaving it returns to from.
func (s *session) change(step, from stepID) { s.goTo, s.edit = step, from }

// changeSecret forgets the secret and asks for another; then it returns to from.
func (s *session) changeSecret(from stepID) {
	s.forget()
	s.change(accessID, from)
	if s.method == accessFQL {
		s.change(secretID, from)
	}
}

func (s *session) setup() fql.Setup {
	u := fql.Setup{Role: s.cfg.Role, Dialect: s.shellDialect()}
	if u.Role == fql.DefaultRole {
		u.Role = "" // the dialect's default
	}
	u.Collections = slices.DeleteFunc(s.chosen(), func(name string) bool { // FQL that names a missing one fails
		a, ok := s.access[name]
		return ok && !a.Exists
	})
	if s.mode == export.Incremental {
		u.Indexes = mapped(u.Collections, func(name string) string { return fql.IndexName(s.cfg.Index, name) })
	}
	return u
}

func (s *session) spec() (export.Spec, error) {
	spec, err := s.config().Spec()
	if err == nil {
		spec.Dir, err = fullPath(s.dirText)
	}
	if err != nil {
		return spec, err
	}
	spec.Endpoint, spec.Tool, spec.MaxRate = s.endpoint.String(), "fauna-export "+s.cfg.Version, s.maxRate
	spec.Lives, spec.Indexes = map[string]time.Duration{}, map[string]string{}
	now := s.now().UnixMicro()
	for _, name := range spec.Collections {
		if s.mode == export.Incremental {
			spec.Indexes[name] = fql.IndexName(s.cfg.Index, name)
		}
		a, ok := s.access[name]
		if ok && a.Readable {
			spec.Lives[name] = a.Life(now)
		}
		if ok && a.Filtered {
			spec.Filtered = append(spec.Filtered, name)
		}
	}
	return spec, nil
}

// demoRate throttles the demo to this many documents per second; else it would end too
// soon to be seen.
const demoRate = 8_000

// keep writes a fact to the session's log, if there is one.
func (s *session) keep(what string, args ...any) {
	if s.cfg.Log != nil {
		s.cfg.Log(what, args...)
	}
}

// trouble logs an error that a step shows.
func (s *session) trouble(step stepID, err error) {
	s.keep("trouble", "step", step.String(), "error", s.sentence(err))
}

// keepStep logs a step's results when leaving it for another.
func (w *wizard) keepStep(from, to stepID) {
	what := "step done"
	if to < from {
		what = "step left"
	}
	w.keep(what, append([]any{"step", from.String(), "next", to.String()}, w.steps[from].logValues()...)...)
}
