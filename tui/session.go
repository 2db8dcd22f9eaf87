package tui

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"fauna-export/export"
	"fauna-export/export/row"
	"fauna-export/fauna"
	"fauna-export/fauna/fql"
)

// A server is what the wizard needs of a database; *fauna.Client is one.
type server interface {
	export.Source
	Reach(ctx context.Context) error
	Collections(ctx context.Context) ([]string, error)
	Access(ctx context.Context, collections []string) ([]fauna.Access, error)
	Apply(ctx context.Context, s fql.Setup) (fauna.Secret, error)
	CheckIndexes(ctx context.Context, collections, indexes []string) ([]fauna.IndexCheck, error)
	Close()
}

// answers are what the person has said so far; all of it but for the server's
// part is kept when a step is left, in either direction.
type answers struct {
	endpointText string
	endpoint     fauna.Endpoint
	plaintext    fauna.Endpoint // the endpoint for which plain http was accepted

	choices []choice
	mode    export.Mode
	format  row.Format
	press   row.Compression
	dirText string
	columns []column
}

// A choice is a collection that was named, by the person or by the server.
type choice struct {
	name   string
	chosen bool
}

// A column is an additional column of one collection. text is what was typed.
type column struct {
	collection, text string
	row.Column
}

// session is what all steps share: the answers, what is known of the server, and
// the ways to ask the root model for something.
type session struct {
	cfg    Config
	st     styles
	keys   keyMap
	jobs   *jobs
	clip   clipper
	runner *runner
	dial   func(fauna.Options) (server, error)
	now    func() time.Time
	look   func(path string) place
	leads  func() bool // this program leads its session: there is nothing to suspend to
	answers

	server server                  // nil until a secret was accepted
	length int                     // of the accepted secret, in characters
	found  fauna.Secret            // made by this wizard, not yet checked
	known  []string                // the server's collections, nil while not known
	access map[string]fauna.Access // what the key may do, by name
	near   map[string]string       // nearest, by misspelt name
	counts map[string]int64        // documents, by name, as last counted

	// What a step asks of the root model, which takes it after each message.
	goTo  stepID
	ask   *question
	panel *panel
	note  note
}

// A note is the line that says what just happened.
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
	s.note = note{kind, clean(fmt.Sprintf(format, args...))}
}

// fail says an error in the line of what just happened.
func (s *session) fail(err error) {
	s.note = note{noteBad, sentence(err)}
}

// sentence is an error as the screen says it.
func sentence(err error) string {
	if errors.Is(err, context.Canceled) {
		return "stopped"
	}
	return clean(strings.TrimSpace(err.Error()))
}

// connect makes a client; no request is sent.
func (s *session) connect(e fauna.Endpoint, secret fauna.Secret) (server, error) {
	return s.dial(fauna.Options{
		Endpoint: e, Secret: secret,
		CAFile: s.cfg.CAFile, CertFile: s.cfg.CertFile, KeyFile: s.cfg.KeyFile,
		UserAgent: "fauna-export/" + s.cfg.Version,
	})
}

// forget drops what was learnt with a secret.
func (s *session) forget() {
	if s.server != nil {
		s.server.Close()
	}
	s.server, s.known, s.access, s.length, s.counts = nil, nil, nil, 0, nil
	s.found = fauna.Secret{}
}

// chosen are the names of the chosen collections, in the order of the list.
func (s *session) chosen() []string {
	var names []string
	for _, c := range s.choices {
		if c.chosen {
			names = append(names, c.name)
		}
	}
	return names
}

// add puts a name on the list, chosen; it reports whether it is new there.
func (s *session) add(name string) bool {
	for i, c := range s.choices {
		if c.name == name {
			s.choices[i].chosen = true
			return false
		}
	}
	s.choices = append(s.choices, choice{name, true})
	return true
}

// setup is the set-up text that the answers call for.
func (s *session) setup() fql.Setup {
	u := fql.Setup{Role: s.cfg.Role}
	for _, name := range s.chosen() {
		if a, ok := s.access[name]; !ok || a.Exists { // FQL that names a missing one does not run
			u.Collections = append(u.Collections, name)
		}
	}
	if s.mode == export.Incremental {
		for _, c := range u.Collections {
			u.Indexes = append(u.Indexes, fql.IndexName(s.cfg.Index, c))
		}
	}
	return u
}

// spec is the export that the answers call for.
func (s *session) spec() (export.Spec, error) {
	dir, err := fullPath(s.dirText)
	if err != nil {
		return export.Spec{}, err
	}
	columns := map[string][]row.Column{}
	for _, c := range s.columns {
		columns[c.collection] = append(columns[c.collection], c.Column)
	}
	spec := export.Spec{
		Endpoint: s.endpoint.String(), Mode: s.mode, Collections: s.chosen(),
		Format: s.format, Compress: s.press, Columns: columns, Dir: dir,
		Tool:  "fauna-export " + s.cfg.Version,
		Lives: map[string]time.Duration{},
	}
	spec.Indexes = s.indexNames(spec.Collections)
	if s.cfg.Demo {
		spec.MaxRate = demoRate
	}
	now := s.now().UnixMicro()
	for _, name := range spec.Collections {
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

// demoRate holds the demo's export to so many documents a second: otherwise it
// would be over before anybody had seen it.
const demoRate = 8_000

// standing is how bad it is how a collection stands with the server: noteInfo
// while that is not known, noteGood when all is well.
func (s *session) standing(name string) noteKind {
	a, ok := s.access[name]
	switch {
	case s.server == nil || !ok:
		return noteInfo
	case !a.Exists, !a.Readable:
		return noteBad
	case a.Filtered:
		return noteWarn
	}
	return noteGood
}

// standingText says the same in words; "" for nothing to say.
func (s *session) standingText(name string) string {
	switch a := s.access[name]; s.standing(name) {
	case noteBad:
		if a.Exists {
			return "not in the role"
		}
		near, ok := s.near[name]
		if !ok {
			near = nearest(name, s.known)
			s.near[name] = near
		}
		if near != "" {
			return "no such collection; " + clean(near) + "?"
		}
		return "no such collection"
	case noteWarn:
		return "the role hides some documents"
	}
	return ""
}

// copiedMsg is the answer of copy.
type copiedMsg struct {
	how string
	err error
}

// copy copies a text; what is said afterwards tells how.
func (s *session) copy(text string) tea.Cmd {
	clip := s.clip
	return s.jobs.do(func(ctx context.Context) tea.Msg {
		how, err := clip.copy(ctx, text)
		return copiedMsg{how, err}
	})
}

// wroteMsg is the answer of write.
type wroteMsg struct {
	path string
	err  error
}

// write puts a text into a new file in the current folder.
func (s *session) write(name, text string) tea.Cmd {
	return s.jobs.do(func(context.Context) tea.Msg {
		path, err := writeNew(name, text)
		return wroteMsg{path, err}
	})
}
