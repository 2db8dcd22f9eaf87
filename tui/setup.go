package tui

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"fauna-export/fauna"
	"fauna-export/fauna/fql"
)

// setupStep shows the FQL that makes a role, a key and, for incremental sync,
// indexes: a card each, in the order in which they must be run.
type setupStep struct {
	s        *session
	cards    []card
	at       int
	existing bool // the role exists: its text is an update

	admin    *field // asks for an admin's secret, nil while it does not
	applying bool
	running  bool // the demo runs a card
	gen      int
	scroller // of the card at
}

// A card is one query with what has happened to it.
type card struct {
	fql.Query
	lines   []string
	reasons []string // of a role: what the privilege of each line is for, "" for most
	copied  bool
	ran     bool
}

// cardCopiedMsg is the answer of the copy keys; card is -1 for all of them.
type cardCopiedMsg struct {
	gen, card int
	copiedMsg
}

func (cardCopiedMsg) to() stepID { return setupID }

// shellMsg is what the demo's shell printed.
type shellMsg struct {
	gen, card int
	text      string
	err       error
}

func (shellMsg) to() stepID { return setupID }

// appliedMsg is the answer of Apply.
type appliedMsg struct {
	gen    int
	secret fauna.Secret
	err    error
}

func (appliedMsg) to() stepID { return setupID }

func newSetupStep(s *session) *setupStep { return &setupStep{s: s} }

func (c *setupStep) enter() tea.Cmd {
	c.build()
	return nil
}

// build makes the cards again; what has happened to one stays while its text
// does.
func (c *setupStep) build() {
	old := map[string]card{}
	for _, x := range c.cards {
		old[x.FQL] = x
	}
	setup := c.s.setup()
	c.cards = c.cards[:0:0]
	for _, q := range setup.All() {
		if c.existing && q.FQL == setup.RoleFQL() {
			q.FQL = setup.RoleUpdateFQL()
			q.Why = "Gives the role that exists exactly these privileges."
		}
		x := card{Query: q, lines: cleanLines(q.FQL)}
		x.copied, x.ran = old[q.FQL].copied, old[q.FQL].ran
		if q.Title == "Role" {
			x.reasons = reasons(x.lines, setup)
		}
		c.cards = append(c.cards, x)
	}
	c.gen++
	c.at = min(c.at, len(c.cards)-1)
	c.top = 0
}

// reasons finds the lines of a role that name a resource, and why it is there.
func reasons(lines []string, s fql.Setup) []string {
	why := map[string]string{}
	for _, p := range s.Privileges() {
		why[clean(p.Resource)] = clean(p.Resource) + " " + clean(p.Why)
	}
	out := make([]string, len(lines))
	for i, l := range lines {
		if resource, ok := strings.CutPrefix(strings.TrimSpace(l), "resource: "); ok {
			out[i] = why[strings.TrimSuffix(resource, ",")]
		}
	}
	return out
}

func (c *setupStep) leave() {
	c.dropAdmin()
}

func (c *setupStep) dropAdmin() {
	if c.admin != nil {
		c.admin.wipe()
		c.admin = nil
	}
}

func (c *setupStep) all() string {
	var b strings.Builder
	for i, x := range c.cards {
		if i > 0 {
			b.WriteString("\n\n")
		}
		b.WriteString(x.FQL)
	}
	return b.String() + "\n"
}

func (c *setupStep) keys() setupKeys {
	k := c.s.keys.setup
	k.run.SetEnabled(c.s.cfg.Shell != nil)
	if c.existing {
		k.role = saying(k.role, "new role")
	}
	k.left.SetEnabled(len(c.cards) > 1)
	k.right.SetEnabled(len(c.cards) > 1)
	k.prev.SetEnabled(c.at > 0)
	return k
}

func (c *setupStep) key(m tea.KeyMsg) (tea.Cmd, bool) {
	if c.admin != nil {
		return c.adminKey(m), true
	}
	if c.scroller.key(c.s.keys.scroll, m) {
		return nil, true
	}
	switch k := c.keys(); {
	case pressed(m, k.next):
		c.s.goTo = secretID
	case pressed(m, k.right):
		c.turn(1)
	case pressed(m, k.left, k.prev):
		c.turn(-1)
	case pressed(m, k.copy):
		return c.copy(c.at, c.cards[c.at].FQL), true
	case pressed(m, k.copyAll):
		return c.copy(-1, c.all()), true
	case pressed(m, k.write):
		return c.s.write("fauna-setup.fql", c.all()), true
	case pressed(m, k.role):
		c.existing = !c.existing
		c.build()
		for i, x := range c.cards {
			if x.Title == "Role" {
				c.at = i
			}
		}
		if c.existing {
			c.s.say(noteInfo, "The role exists: this text changes it to what is chosen.")
		} else {
			c.s.say(noteInfo, "This text creates the role.")
		}
	case pressed(m, k.admin):
		c.admin = &field{masked: true, hint: "an admin's secret: used once, then dropped"}
	case pressed(m, k.run):
		return c.run(), true
	default:
		return nil, false
	}
	return nil, true
}

func (c *setupStep) turn(by int) {
	c.at = max(0, min(c.at+by, len(c.cards)-1))
	c.top = 0
}

func (c *setupStep) copy(card int, text string) tea.Cmd {
	gen, clip := c.gen, c.s.clip
	return c.s.jobs.do(func(ctx context.Context) tea.Msg {
		how, err := clip.copy(ctx, text)
		return cardCopiedMsg{gen, card, copiedMsg{how, err}}
	})
}

// run plays Fauna's shell on the demo: it runs the text of the card itself.
func (c *setupStep) run() tea.Cmd {
	if c.running {
		return nil
	}
	c.running = true
	gen, at, fql, shell := c.gen, c.at, c.cards[c.at].FQL, c.s.cfg.Shell
	return c.s.jobs.do(func(ctx context.Context) tea.Msg {
		text, err := shell(ctx, fql)
		return shellMsg{gen, at, text, err}
	})
}

func (c *setupStep) adminKey(m tea.KeyMsg) tea.Cmd {
	switch k := c.s.keys.admin; {
	case pressed(m, k.close):
		c.dropAdmin()
		c.applying = false
		c.gen++
	case pressed(m, k.apply):
		if !c.applying {
			return c.apply()
		}
	default:
		if !c.applying {
			c.admin.key(m)
		}
	}
	return nil
}

// apply makes role and key (and indexes) with the admin's secret, which is
// dropped as soon as the request is on its way.
func (c *setupStep) apply() tea.Cmd {
	secret, note := fauna.FindSecret(c.admin.value())
	if secret.IsZero() {
		c.s.say(noteBad, "%s", orText(note, "Paste an admin's secret, or esc."))
		return nil
	}
	c.applying = true
	c.admin.wipe()
	c.gen++
	gen, setup, s, endpoint := c.gen, c.s.setup(), c.s, c.s.endpoint
	return s.jobs.do(func(ctx context.Context) tea.Msg {
		admin, err := s.connect(endpoint, secret)
		if err != nil {
			return appliedMsg{gen: gen, err: err}
		}
		defer admin.Close()
		if err := missing(ctx, admin, setup.Collections); err != nil {
			return appliedMsg{gen: gen, err: err}
		}
		made, err := admin.Apply(ctx, setup)
		return appliedMsg{gen, made, err}
	})
}

// missing names collections that do not exist, with what may be meant: the
// server's own answer to a role that names one is hard to read.
func missing(ctx context.Context, srv server, names []string) error {
	known, access, err := probe(ctx, srv, names)
	if err != nil {
		return err
	}
	var gone []string
	for _, a := range access {
		if a.Exists {
			continue
		}
		text := a.Collection
		if near := nearest(a.Collection, known); near != "" {
			text += " (" + near + "?)"
		}
		gone = append(gone, text)
	}
	if len(gone) > 0 {
		return errors.New("no such collection: " + strings.Join(gone, ", ") + ". Nothing was made; edit the list of step 2.")
	}
	return nil
}

func orText(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func (c *setupStep) markCopied(m cardCopiedMsg) {
	if m.err != nil {
		c.s.say(noteBad, "Not copied: %v. w writes a file.", m.err)
		return
	}
	for i := range c.cards {
		if m.gen == c.gen && (m.card == i || m.card == -1) {
			c.cards[i].copied = true
		}
	}
	text := m.how
	if strings.Contains(text, "OSC 52") {
		text += " If nothing can be pasted: w writes a file."
	}
	c.s.say(noteGood, "%s", text)
}

func (c *setupStep) title() (string, string) {
	if c.admin != nil {
		return "Set it up for me", clean(c.s.endpoint.Host())
	}
	return "Run these in the Fauna shell, in this order. Nothing changes until you do.", clean(c.s.endpoint.Host())
}

func (c *setupStep) hints() []key.Binding {
	switch {
	case c.applying:
		return nil
	case c.admin != nil:
		return []key.Binding{c.s.keys.admin.apply}
	}
	k := c.keys()
	return []key.Binding{k.run, k.next, k.copy, k.copyAll, k.write, k.role, k.admin, both("← →", "card", k.left, k.right)}
}

func (c *setupStep) typing() bool { return c.admin != nil }

func (c *setupStep) help() string {
	return "The role may read the collections that you chose, and nothing else; the key has that role; its secret goes into the next step. Run the cards one after the other: the key needs the role to exist." +
		"\n\nIf the role exists already, u changes the text to an update of it." +
		"\n\nCopying uses this machine's clipboard, or over SSH the terminal's (OSC 52). Where neither works, w writes all cards to a file. The mouse is left to your terminal: you can select the text." +
		"\n\nSet it up for me takes an admin's secret, makes the role and the key with it, once, and forgets it." +
		fmt.Sprintf("\n\nEvery line of the role: %s.", strings.Join(whys(c.s.setup()), "; "))
}

// whys are the reasons for a role's privileges, each kind once.
func whys(s fql.Setup) []string {
	var out []string
	seen := map[string]bool{}
	for _, p := range s.Privileges() {
		if !seen[p.Why] {
			seen[p.Why] = true
			out = append(out, clean(p.Resource)+" "+p.Why)
		}
	}
	return out
}
