package tui

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"fauna-export/fauna"
)

// secretStep takes the secret and asks the server whether it opens the named
// collections. The secret leaves the field as soon as it has been accepted, and
// a pasted one is never in it.
type secretStep struct {
	s     *session
	field field
	held  fauna.Secret // pasted, or made by the wizard; the field is empty then
	odd   string       // what is odd about the shape, "" for nothing

	gen      int
	checking bool
	failure  error
	empty    bool // accepted, but none of the collections exist there
	why      string
}

// secretMsg is the answer of the check.
type secretMsg struct {
	gen    int
	secret fauna.Secret
	server server
	known  []string
	access []fauna.Access
	err    error
}

func (secretMsg) to() stepID { return secretID }

func newSecretStep(s *session) *secretStep {
	c := &secretStep{s: s}
	c.field.masked = true
	c.field.hint = "paste the secret, or the whole answer of CreateKey"
	return c
}

func (c *secretStep) enter() tea.Cmd {
	if !c.s.found.IsZero() {
		c.hold(c.s.found, "")
		c.s.found = fauna.Secret{}
		c.why = "Filled in from the answer: enter checks it."
	}
	return nil
}

func (c *secretStep) leave() {
	c.gen++
	c.checking = false
}

// hold keeps a secret that never was in the field.
func (c *secretStep) hold(s fauna.Secret, odd string) {
	c.field.wipe()
	c.held, c.odd, c.failure, c.empty, c.why = s, odd, nil, false, ""
}

func (c *secretStep) keys() secretKeys {
	k := c.s.keys.secret
	if c.s.server != nil && c.held.IsZero() && len(c.field.text) == 0 {
		k.next = saying(k.next, "next")
	}
	k.clear.SetEnabled(!c.held.IsZero() || len(c.field.text) > 0)
	return k
}

func (c *secretStep) key(m tea.KeyMsg) (tea.Cmd, bool) {
	k := c.keys()
	if c.checking {
		if pressed(m, k.stop) {
			c.leave()
			c.s.say(noteInfo, "The check was stopped; enter begins it again.")
			return nil, true
		}
		return nil, !pressed(m, c.s.keys.everywhere.backTab)
	}
	switch {
	case pressed(m, k.next):
		return c.submit(), true
	case pressed(m, k.newKey):
		c.showKey()
		return nil, true
	case pressed(m, k.clear):
		c.hold(fauna.Secret{}, "")
		return nil, true
	}
	if m.Paste {
		c.paste(string(m.Runes))
		return nil, true
	}
	if !c.held.IsZero() && editing(m) {
		c.hold(fauna.Secret{}, "")
	}
	if !c.field.key(m) {
		return nil, false
	}
	c.failure, c.empty, c.odd = nil, false, ""
	if text := c.field.value(); strings.TrimSpace(text) != "" {
		_, c.odd = fauna.FindSecret(text)
	}
	return nil, true
}

// editing reports keys that change a field.
func editing(m tea.KeyMsg) bool {
	switch m.Type {
	case tea.KeyRunes, tea.KeySpace:
		return !m.Alt
	case tea.KeyBackspace, tea.KeyDelete:
		return true
	}
	return false
}

// paste picks the secret out of what was pasted. What follows a typed beginning
// is a part of it.
func (c *secretStep) paste(text string) {
	if len(c.field.text) > 0 {
		text = c.field.value() + strings.TrimSpace(text)
	}
	s, odd := fauna.FindSecret(text)
	if s.IsZero() {
		c.s.say(noteBad, "%s", orText(odd, "Nothing was pasted."))
		return
	}
	c.hold(s, odd)
	if strings.TrimSpace(text) != strings.Trim(text, "\"' \r\n\t") || len(strings.TrimSpace(text)) > s.Len()+2 {
		c.why = "The secret was picked out of what was pasted."
	}
}

// submit asks the server.
func (c *secretStep) submit() tea.Cmd {
	secret := c.held
	if secret.IsZero() && len(c.field.text) == 0 {
		if c.s.server != nil {
			c.s.goTo = checkID
			return nil
		}
		c.s.say(noteBad, "Paste the secret.")
		return nil
	}
	if secret.IsZero() {
		var odd string
		if secret, odd = fauna.FindSecret(c.field.value()); secret.IsZero() {
			c.s.say(noteBad, "%s", odd)
			return nil
		}
	}
	c.gen++
	c.checking, c.failure, c.empty = true, nil, false
	gen, s, endpoint, chosen := c.gen, c.s, c.s.endpoint, c.s.chosen()
	return s.jobs.do(func(ctx context.Context) tea.Msg {
		m := secretMsg{gen: gen, secret: secret}
		if m.server, m.err = s.connect(endpoint, secret); m.err != nil {
			return m
		}
		m.known, m.access, m.err = probe(ctx, m.server, chosen)
		if m.err != nil {
			m.server.Close()
		}
		return m
	})
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

func (c *secretStep) update(m tea.Msg) tea.Cmd {
	r, ok := m.(secretMsg)
	if !ok {
		return nil
	}
	if r.gen != c.gen {
		if r.server != nil {
			r.server.Close()
		}
		return nil
	}
	c.checking = false
	if r.err != nil {
		c.failure = r.err
		c.s.trouble(secretID, r.err)
		return nil
	}
	c.s.forget()
	c.s.server, c.s.length = r.server, r.secret.Len()
	c.s.learn(r.known, r.access)
	c.hold(fauna.Secret{}, "")
	exist, read, chosen := 0, 0, c.s.chosen()
	for _, name := range chosen {
		if c.s.access[name].Exists {
			exist++
		}
		if c.s.access[name].Readable {
			read++
		}
	}
	if exist == 0 {
		c.empty = true
		return nil
	}
	kind := noteGood
	if read < len(chosen) {
		kind = noteWarn
	}
	c.s.say(kind, "Secret accepted: reads %s of %s.", countText(int64(read)), plural(int64(len(chosen)), "collection", "collections"))
	c.s.goTo = checkID
	return nil
}

// learn keeps what the server said.
func (s *session) learn(known []string, access []fauna.Access) {
	s.known, s.near = known, map[string]string{}
	s.access = make(map[string]fauna.Access, len(access))
	for _, a := range access {
		s.access[a.Collection] = a
	}
}

// showKey shows how to make a new key.
func (c *secretStep) showKey() {
	fql := c.s.setup().KeyFQL()
	c.s.panel = &panel{
		title: "Lost it? This makes a new key, in the Fauna shell",
		text:  cleanLines(fql), fql: true, copy: fql, file: "fauna-key.fql",
	}
}

func (c *secretStep) title() (string, string) {
	return "Paste the secret that CreateKey printed.", clean(c.s.endpoint.Host())
}

func (c *secretStep) body(w, h int) []string {
	st := c.s.st
	n := len(c.field.text)
	line := c.field.view(st, w-18, !c.checking)
	if !c.held.IsZero() {
		n = c.held.Len()
		shown := field{masked: true, text: []rune(strings.Repeat("•", n)), cursor: n}
		line = shown.view(st, w-18, !c.checking)
	}
	count := ""
	if n > 0 {
		count = st.faint.of(plural(int64(n), "character", "characters"))
	}
	lines := []string{sides(pad(line, w-18), count, w), ""}
	lines = append(lines, c.verdict(w)...)
	about := []string{
		"It is shown only once; this program never writes it anywhere.",
		"Lost it? Make a new key: ctrl+g shows the FQL.",
	}
	if c.s.cfg.Demo && c.s.server == nil && n == 0 {
		about = append(about, "On the demo: esc goes back to Set-up, where r makes one.")
	}
	for _, a := range about {
		if len(lines)+2 > h {
			break
		}
		lines = append(lines, "", "  "+st.faint.of(fit(a, w-2)))
	}
	return lines
}

// verdict says how it stands with the secret.
func (c *secretStep) verdict(w int) []string {
	st := c.s.st
	say := func(mark, text string) []string {
		var lines []string
		for i, l := range wrap(text, w-4) {
			lines = append(lines, lead(i, mark)+l)
		}
		return lines
	}
	switch {
	case c.checking:
		return []string{"  checking …"}
	case c.failure != nil:
		text := sentence(c.failure)
		if fe, ok := errors.AsType[*fauna.Error](c.failure); ok && fe.Kind == fauna.KindSecretRefused {
			text = "Refused: not a key of this database, deleted, or expired. The three look the same from here."
		}
		return say(st.bad.of("✗ "), text)
	case c.empty:
		text := "Accepted, but this collection does not exist here: another database?"
		if len(c.s.chosen()) > 1 {
			text = "Accepted, but none of these collections exist here: another database?"
		}
		return say(st.warn.of("! "), text+" Paste another secret, or enter goes on to see what there is.")
	case c.odd != "":
		return say(st.warn.of("! "), clean(c.odd))
	case c.why != "":
		return say("  ", c.why)
	case c.s.server != nil && len(c.field.text) == 0:
		return say(st.good.of("✓ "), fmt.Sprintf("A secret of %s is accepted. enter keeps it; paste another to replace it.", plural(int64(c.s.length), "character", "characters")))
	}
	return say("  ", "The whole answer of CreateKey may be pasted: the secret is picked out.")
}

func (c *secretStep) hints() []key.Binding {
	if c.checking {
		return nil
	}
	k := c.keys()
	return []key.Binding{k.next, k.newKey, k.clear}
}

func (c *secretStep) typing() bool { return true }

func (c *secretStep) help() string {
	return "The secret is what CreateKey printed after secret: it begins with fn and has 40 characters. Paste it alone or with everything around it." +
		"\n\nIt is kept in memory while the wizard runs: never on disk, in a log, in an error, or on the screen." +
		"\n\nRefused means one of three things that look the same from here: it is not a key of this database, the key was deleted, or it has expired."
}
