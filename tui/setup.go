package tui

import (
	"cmp"
	"context"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"fauna-export/export"
	"fauna-export/fauna"
	"fauna-export/fauna/fql"
)

// setupStep shows the FQL that creates a role, a key and, for incremental sync,
// indexes: one card each, in the order to run them. With an admin's secret, one key
// press runs everything.
type setupStep struct {
	s        *session
	cards    []card
	all      string // the queries as one text
	at       int
	existing bool // the role exists: show an update
	running  wait // the demo runs a card, or the admin's secret is in use
	pane
}

// A card is one query and what has been done with it.
type card struct {
	fql.Query
	copied, ran bool
}

func newSetupStep(s *session) *setupStep { return &setupStep{s: s, pane: newPane()} }

func (c *setupStep) enter() { c.build() }

func (c *setupStep) leave() { c.running.drop() }

// build rebuilds the cards, keeping the state of those whose text is unchanged.
func (c *setupStep) build() {
	old := map[string]card{}
	for _, x := range c.cards {
		old[x.FQL] = x
	}
	setup := c.s.setup()
	queries := setup.All()
	c.cards = nil
	for i, q := range queries {
		if c.existing && q.FQL == setup.RoleFQL() {
			q.FQL = setup.RoleUpdateFQL()
			q.Why = "Gives the existing role exactly these privileges."
		}
		q.FQL = q.Text(c.s.shellDialect())
		queries[i] = q
		c.cards = append(c.cards, card{q, old[q.FQL].copied, old[q.FQL].ran})
	}
	c.all = strings.Join(texts(queries), "\n\n") + "\n"
	c.turn(0)
}

// done describes what has been done, or returns "" if there is something left to do.
func (c *setupStep) done() string {
	s := c.s
	reads := len(s.readable()) == len(s.chosen())
	left := slices.ContainsFunc(c.cards, func(x card) bool { return !x.ran })
	switch {
	case c.running.busy, s.mode == export.Incremental && s.made != export.Incremental && left: // indexes may still have to be created
	case s.method == accessAdmin && !s.admin && s.made != "" && reads:
		return "Done: " + c.makes() + " created; the admin's secret is discarded."
	case s.method == accessFQL && s.server != nil && reads:
		return "Done: the secret is accepted and reads all of these collections."
	case !s.found.IsZero():
		return "Done: the key is created. Enter takes its secret to the next step."
	}
	return ""
}

// creates reports whether enter creates role and key with the admin's secret.
func (c *setupStep) creates() bool { return c.s.method == accessAdmin && c.s.admin && c.done() == "" }

// turns reports whether the mode can be changed: indexes for the other one may need an
// admin's secret, which is discarded after use.
func (c *setupStep) turns() bool {
	return c.s.method != accessAdmin || c.s.made != export.Full
}

func (c *setupStep) actions() []action {
	if c.running.busy {
		return []action{stopping(func() {
			c.running.drop()
			c.s.say(noteInfo, "Stopped waiting. What was created on the server stays.")
		})}
	}
	s, many, done := c.s, len(c.cards) > 1, c.done() != ""
	enter := on("enter", "continue", func() { s.next(setupID) })
	if c.creates() {
		enter = on("enter", "create role and key", c.apply)
	}
	role, mode := "role already exists", string(s.otherMode())
	if c.existing {
		role = "new role"
	}
	if done {
		mode = "switch to " + mode
	}
	return []action{
		enter,
		on("r", "run on the demo server", c.run).when(s.cfg.Shell != nil && s.method == accessFQL && s.dialect == fql.V4),
		on("c", "copy", func() { c.copy(c.cards[c.at].FQL, c.cards[c.at:c.at+1]) }),
		on("← →", "query", nil, "left", "right").when(many), on("", "", func() { c.turn(1) }, "right", "l", "tab").when(many),
		on("", "", func() { c.turn(-1) }, "left", "h").when(many), on("", "", func() { c.turn(-1) }, "shift+tab").when(c.at > 0),
		on("C", "copy all", func() { c.copy(c.all, c.cards) }),
		on("u", role, c.turnRole).when(s.method == accessFQL && !done),
		on("v", "FQL "+string(s.otherDialect()), c.turnDialect).when(s.method == accessFQL),
		on("p", "plain", func() {
			s.panel = s.fqlPanel(c.cards[c.at].Title, c.cards[c.at].FQL, "fauna-setup.fql")
			s.panel.bare = true
		}),
		on("w", "write file", func() { s.write("fauna-setup.fql", c.all) }),
		on("i", mode, func() {
			c.existing = c.existing || done && s.made != "" // from now on the role exists, so update it
			s.turnMode()
			c.build()
		}).when(c.turns()),
		c.scroll(),
	}
}

func (c *setupStep) key(m tea.KeyMsg) bool { return !c.running.busy && c.pane.key(m) }

func (c *setupStep) turnRole() {
	c.existing = !c.existing
	c.build()
	c.at = slices.IndexFunc(c.cards, func(x card) bool { return x.Title == roleTitle })
	if c.existing {
		c.s.say(noteInfo, "This FQL now updates the existing role.")
	} else {
		c.s.say(noteInfo, "This FQL creates the role.")
	}
}

func (s *session) otherDialect() fql.Dialect {
	if s.dialect == fql.V4 {
		return fql.V10
	}
	return fql.V4
}

func (c *setupStep) turnDialect() {
	s := c.s
	s.dialect = s.otherDialect()
	if s.dialect == fql.V10 {
		if err := s.setup().Check(); err != nil {
			s.dialect = fql.V4
			s.say(noteBad, "There is no FQL v10 text for this role: %v", err)
			return
		}
		s.say(noteInfo, "FQL v10, for newer Fauna shells. The export itself reads over FQL v4 either way.")
	}
	c.build()
}

// shellDialect returns the dialect of the texts: v4 if the wizard itself runs them.
func (s *session) shellDialect() fql.Dialect {
	if s.method == accessAdmin {
		return fql.V4
	}
	return s.dialect
}

func (c *setupStep) turn(by int) {
	c.at = max(0, min(c.at+by, len(c.cards)-1))
	c.view.GotoTop()
}

func (c *setupStep) copy(queries string, cards []card) {
	c.s.copy(queries, "w writes it to a file", func() {
		for i := range cards {
			cards[i].copied = true
		}
	})
}

// run runs the card's text on the demo server, instead of Fauna's shell, shows what
// that printed, and holds its secret.
func (c *setupStep) run() {
	card, shell := &c.cards[c.at], c.s.cfg.Shell
	query, s := card.FQL, c.s
	await(s, &c.running, func(ctx context.Context) (string, error) { return shell(ctx, query) }, func(printed string, err error) {
		if err != nil {
			switch {
			case strings.Contains(printed, "already exists"):
				s.say(noteInfo, "It already exists: u changes the text to an update.")
			case strings.Contains(printed, "validation failed") && query == s.setup().KeyFQL():
				s.say(noteInfo, "Does the role exist there yet? Run the queries in order.")
			case strings.Contains(printed, "validation failed"):
				s.say(noteInfo, "Do all of these collections exist there? A role or index can't name others.")
			}
			s.refused(cmp.Or(printed, err.Error()))
			return
		}
		card.ran = true
		s.panel = s.answerPanel("Demo server's answer", printed)
		s.panel.done, s.panel.next = "next query", func() { c.turn(1) }
		if secret, _ := fauna.FindSecret(printed); strings.Contains(printed, "secret") && !secret.IsZero() {
			s.found = secret
			s.panel.title = "Demo server's answer. Fauna shows the secret once."
			s.panel.done, s.panel.next = "use this secret", func() { s.next(setupID) }
		}
	})
}

// apply creates role and key (and indexes) with the admin's secret and connects with
// the new key. Once that is accepted, the admin's secret is discarded with its client.
func (c *setupStep) apply() {
	setup, s, admin, endpoint, chosen := c.s.setup(), c.s, c.s.server, c.s.endpoint, c.s.chosen()
	await(s, &c.running, func(ctx context.Context) (opened, error) {
		made, err := admin.Apply(ctx, setup)
		if err != nil {
			return opened{}, err
		}
		return s.unlock(ctx, endpoint, made, chosen)
	}, func(o opened, err error) {
		if err != nil {
			s.fail(err)
			s.trouble(setupID, err)
			return
		}
		s.asked = append(s.asked, o.secret)
		s.made = s.mode
		s.accept(o, false) // closes the admin's client
		s.event("%s created; admin's secret discarded", c.makes())
	})
}

func (c *setupStep) makes() string {
	if c.s.mode == export.Incremental {
		return "indexes, role and key"
	}
	return "role and key"
}

func (c *setupStep) busy() bool { return c.running.busy }

func (c *setupStep) logValues() []any {
	copied, ran := 0, 0
	for _, x := range c.cards {
		if x.copied {
			copied++
		}
		if x.ran {
			ran++
		}
	}
	return []any{"queries", len(c.cards), "copied", copied, "ran", ran, "made", c.s.made != ""}
}
