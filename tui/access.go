package tui

import (
	"context"
	"errors"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"fauna-export/fauna"
	"fauna-export/tui/text"
)

// accessStep asks how the export gets its read access, and takes the secret of who
// has one already.
type accessStep struct {
	s        *session
	at       way
	entering bool // a secret, below the choice
	field    secretField
	env      fauna.Secret // of FAUNA_SECRET
	opening  opening
}

// An accessChoice is one of the ways.
type accessChoice struct{ name, about string }

func newAccessStep(s *session) *accessStep {
	c := &accessStep{s: s, at: s.way, opening: opening{s: s, step: accessID}}
	c.field.hint = "paste the secret"
	if c.env = fauna.NewSecret(s.cfg.Env("FAUNA_SECRET")); !c.env.IsZero() {
		c.at = waySecret
		s.asked = append(s.asked, c.env)
	}
	s.way = c.at
	return c
}

func (c *accessStep) choices() []accessChoice {
	have := "paste it, or set FAUNA_SECRET"
	if !c.env.IsZero() {
		have = "FAUNA_SECRET is set; enter uses it"
	}
	return []accessChoice{
		{"Show me the FQL", "I run it in the Fauna shell and paste the secret"},
		{"I have a secret", have},
		{"Set it up for me", "paste an admin's secret: it is used once to create a read-only role and key, then discarded"},
	}
}

func (c *accessStep) enter() tea.Cmd { return nil }

func (c *accessStep) leave() {
	c.opening.stop()
	c.field.wipe()
	c.entering = false
}

type accessKeys struct{ choose, one, two, three, up, down, move, stop key.Binding }

func (c *accessStep) keys() accessKeys {
	k := accessKeys{
		choose: bind("enter", "choose", "enter"), one: bind("", "", "1"), two: bind("", "", "2"), three: bind("", "", "3"),
		up: bind("", "", "up", "k"), move: bind("↑ ↓", "move", "up", "down"), down: bind("", "", "down", "j", "tab"),
		stop: bind("", "", "esc"),
	}
	if c.entering {
		k.choose, k.move = saying(k.choose, "check it"), when(false, k.move)
	}
	if c.opening.busy {
		k.choose, k.move = when(false, k.choose), when(false, k.move)
	}
	return k
}

func (c *accessStep) key(m tea.KeyMsg) (tea.Cmd, bool) {
	k := c.keys()
	switch {
	case c.opening.busy:
		if pressed(m, k.stop) {
			c.opening.stop()
			c.s.say(noteInfo, "Stopped.")
		}
		return nil, true
	case m.Paste: // a secret; where none is asked for, the way is plain
		if !c.entering {
			if c.at == wayFQL {
				c.set(waySecret)
			}
			c.entering = true
		}
		c.opening.err = nil
		c.field.key(m)
		return nil, true
	case c.entering:
		return c.enterKey(m)
	}
	switch {
	case pressed(m, k.up):
		c.set((c.at + 2) % 3)
	case pressed(m, k.down):
		c.set((c.at + 1) % 3)
	case pressed(m, k.one):
		c.set(wayFQL)
		return c.choose(), true
	case pressed(m, k.two):
		c.set(waySecret)
		return c.choose(), true
	case pressed(m, k.three):
		c.set(wayAdmin)
		return c.choose(), true
	case pressed(m, k.choose):
		return c.choose(), true
	default:
		return nil, false
	}
	return nil, true
}

func (c *accessStep) set(to way) {
	c.at = to
	c.opening.err = nil
}

// choose takes the way under the cursor.
func (c *accessStep) choose() tea.Cmd {
	s := c.s
	if s.way != c.at || c.at == wayAdmin && s.server != nil && !s.admin {
		s.way = c.at
		if c.at != wayFQL {
			s.forget()
		}
	}
	switch {
	case c.at == wayFQL, s.server != nil:
		s.next(accessID)
	case c.at == waySecret && !c.env.IsZero():
		return c.opening.begin(c.env, false)
	default:
		c.entering = true
		c.field.hint = "paste the secret, or the whole CreateKey result"
		if c.at == wayAdmin {
			c.field.hint = "paste an admin's secret"
		}
	}
	return nil
}

func (c *accessStep) enterKey(m tea.KeyMsg) (tea.Cmd, bool) {
	switch k := c.keys(); {
	case pressed(m, k.stop):
		c.field.wipe()
		c.entering, c.opening.err = false, nil
	case pressed(m, k.choose):
		secret, why := c.field.secret()
		if secret.IsZero() {
			c.s.say(noteBad, "%s", orText(why, "Paste the secret first."))
			return nil, true
		}
		c.s.way = c.at
		return c.opening.begin(secret, c.at == wayAdmin), true
	default:
		if !c.field.key(m) {
			return nil, false
		}
		c.opening.err = nil
	}
	return nil, true
}

func (c *accessStep) update(m tea.Msg) tea.Cmd {
	if o, ok := m.(openedMsg); ok && c.opening.took(o) {
		c.field.wipe()
		c.entering = false
		n := len(c.s.known)
		if n == 0 {
			n = len(c.s.choices)
		}
		c.s.say(noteGood, "Secret accepted. %s here.", text.Count(int64(n), "collection"))
		c.s.next(accessID)
	}
	return nil
}

func (c *accessStep) title() (string, string) { return "How do you want to set up read access?", "" }

func (c *accessStep) body(w, h int) []string {
	st := c.s.st
	var lines []string
	for i, x := range c.choices() {
		bar, name := "  ", text.Pad(x.name, 18)
		if way(i) == c.at {
			bar, name = st.strong.of("▌ "), st.bold.of(name)
		}
		for j, l := range text.Wrap(x.about, w-24) {
			if j > 0 {
				bar, name = "  ", text.Pad("", 18)
				if way(i) == c.at {
					bar = st.strong.of("▌ ")
				}
			}
			lines = append(lines, bar+name+"  "+st.faint.of(l))
		}
	}
	lines = append(lines, "")
	if c.entering {
		lines = append(lines, st.strong.of("▌ ")+c.field.view(st, w-2, !c.opening.busy))
		if c.field.odd != "" && c.opening.err == nil {
			lines = append(lines, marked(st, noteWarn, c.s.clean(c.field.odd), w)...)
		}
	}
	return append(lines, c.opening.lines(w)...)
}

func (c *accessStep) side(w, _ int) []string {
	about := [][]string{
		{"Show me the FQL", "You get the text for a read-only role and a key, run it in the Fauna shell yourself, and paste the secret that it prints. Nothing changes until you do."},
		{"I have a secret", "Any key that may read the collections. If it may also read Collections(), they are listed for you; otherwise you name them.", "", "The secret is kept in memory while the wizard runs: never on disk, in a log or on the screen."},
		{"Set it up for me", "The admin's secret lists your collections, creates a role that may only read those you choose, and a key of that role. You see what will be created before one key creates it. Then the secret is discarded."},
	}[c.at]
	return titled(c.s.st, about[0], about[1:], w)
}

func (c *accessStep) hints() []key.Binding {
	k := c.keys()
	return []key.Binding{k.choose, k.move}
}

func (c *accessStep) esc() string {
	switch {
	case c.opening.busy:
		return "stop"
	case c.entering:
		return "close"
	}
	return "back"
}

func (c *accessStep) typing() bool { return c.entering }

func (c *accessStep) busy() bool { return c.opening.busy }

func (c *accessStep) help() string {
	return "Show me the FQL: for a role that may only read what you choose, and a key of that role. You run it in the Fauna shell." +
		"\n\nI have a secret: of a key that may read. FAUNA_SECRET is used if it is set." +
		"\n\nSet it up for me: an admin's secret is used once, to create the role and the key, then discarded." +
		"\n\n1, 2 and 3 choose at once; a secret that is pasted here is taken as yours, or as the admin's while that row is marked."
}

func (c *accessStep) ask(ctx context.Context, a *asker) error {
	s := c.s
	var names []string
	for _, x := range c.choices() {
		names = append(names, x.name+": "+x.about)
	}
	i, err := a.choose(ctx, "How do you want to set up read access?", names, int(c.at))
	if err != nil {
		return err
	}
	c.at, s.way = way(i), way(i)
	if s.way == wayFQL {
		return nil
	}
	s.forget()
	if s.way == waySecret && !c.env.IsZero() {
		return s.askOpen(ctx, a, c.env, false)
	}
	prompt := "Secret (not shown): "
	if s.way == wayAdmin {
		prompt = "Admin's secret (not shown): "
	}
	return s.askSecret(ctx, a, prompt, s.way == wayAdmin)
}

// An opening is a secret on its way to being accepted.
type opening struct {
	s    *session
	step stepID
	gen  int
	busy bool
	err  error
}

// openedMsg is the answer of the check of a secret.
type openedMsg struct {
	step   stepID
	gen    int
	secret fauna.Secret
	server server
	admin  bool
	known  []string
	access []fauna.Access
	err    error
}

func (m openedMsg) to() stepID { return m.step }

// stop drops the answer that is still to come.
func (o *opening) stop() {
	o.gen++
	o.busy = false
}

// begin asks the server what a secret opens.
func (o *opening) begin(secret fauna.Secret, admin bool) tea.Cmd {
	o.stop()
	o.busy, o.err = true, nil
	o.s.asked = append(o.s.asked, secret)
	gen, step, s, chosen := o.gen, o.step, o.s, o.s.chosen()
	return s.jobs.do(func(ctx context.Context) tea.Msg {
		m := s.tryOpen(ctx, secret, chosen)
		m.step, m.gen, m.admin = step, gen, admin
		return m
	})
}

// tryOpen asks what there is and what the key may do with it.
func (s *session) tryOpen(ctx context.Context, secret fauna.Secret, chosen []string) openedMsg {
	m := openedMsg{secret: secret}
	if m.server, m.err = s.connect(s.endpoint, secret); m.err != nil {
		return m
	}
	if m.known, m.access, m.err = probe(ctx, m.server, chosen); m.err != nil {
		m.server.Close()
	}
	return m
}

// took takes an answer; it reports whether the secret was accepted.
func (o *opening) took(m openedMsg) bool {
	if m.gen != o.gen {
		if m.server != nil && m.err == nil {
			m.server.Close()
		}
		return false
	}
	o.busy = false
	if m.err != nil {
		o.err = m.err
		o.s.trouble(o.step, m.err)
		return false
	}
	o.s.accept(m)
	return true
}

// accept keeps a server whose secret was accepted.
func (s *session) accept(m openedMsg) {
	made := s.made
	s.forget()
	s.server, s.length, s.admin, s.made = m.server, m.secret.Len(), m.admin, made
	s.learn(m.known, m.access)
	s.event("secret accepted: %s", text.Count(int64(len(m.access)), "collection"))
}

// lines say how it stands.
func (o *opening) lines(w int) []string {
	switch {
	case o.busy:
		return []string{"", o.s.spinner + " checking …"}
	case o.err != nil:
		return append([]string{""}, marked(o.s.st, noteBad, o.s.sentence(o.err), w)...)
	}
	return nil
}

// probe asks what there is and what the key may do with it. A key that may not
// list collections is fine: those that were named can be asked for.
func probe(ctx context.Context, srv server, chosen []string) (known []string, access []fauna.Access, err error) {
	known, err = srv.Collections(ctx)
	if err != nil {
		if fe, ok := errors.AsType[*fauna.Error](err); !ok || fe.Kind != fauna.KindDenied {
			return nil, nil, err
		}
		known = nil
	}
	ask := append([]string{}, chosen...)
	have := make(map[string]bool, len(chosen))
	for _, name := range chosen {
		have[name] = true
	}
	for _, name := range known {
		if !have[name] {
			ask = append(ask, name)
		}
	}
	if len(ask) == 0 {
		return known, nil, nil
	}
	access, err = srv.Access(ctx, ask)
	return known, access, err
}

// askSecret asks until the server accepts a secret.
func (s *session) askSecret(ctx context.Context, a *asker, prompt string, admin bool) error {
	for {
		typed, err := a.secret(ctx, prompt)
		if err != nil {
			return err
		}
		secret, odd := fauna.FindSecret(typed)
		if odd != "" {
			a.tell("Warning: %s", odd)
		}
		if secret.IsZero() {
			continue
		}
		a.tell("%s.", text.Count(int64(secret.Len()), "character"))
		if err := s.askOpen(ctx, a, secret, admin); !errors.Is(err, errAgain) {
			return err
		}
	}
}

// askOpen asks the server what a secret opens; errAgain when it was not accepted.
func (s *session) askOpen(ctx context.Context, a *asker, secret fauna.Secret, admin bool) error {
	s.asked = append(s.asked, secret)
	m := s.tryOpen(ctx, secret, s.chosen())
	if m.err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		a.tell("Error: %s", s.sentence(m.err))
		return errAgain
	}
	m.admin = admin
	s.accept(m)
	a.tell("Secret accepted.")
	if len(m.known) > 0 {
		a.tell("The server has %s: %s", text.Count(int64(len(m.known)), "collection"), strings.Join(m.known, ", "))
	}
	return nil
}
