package tui

import (
	"context"
	"fmt"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"fauna-export/export"
	"fauna-export/fauna"
	"fauna-export/fauna/fql"
	"fauna-export/tui/text"
)

// setupStep shows the FQL that makes a role, a key and, for incremental sync,
// indexes: a card each, in the order in which they must be run. With an admin's
// secret one key runs all of it.
type setupStep struct {
	s        *session
	cards    []card
	at       int
	existing bool // the role exists: its text is an update
	running  bool // the demo runs a card, or the admin's secret is used
	gen      int
	pane
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

// appliedMsg is the answer of the admin's secret: the new key, opened.
type appliedMsg struct {
	gen int
	openedMsg
}

func (appliedMsg) to() stepID { return setupID }

func newSetupStep(s *session) *setupStep { return &setupStep{s: s, pane: newPane()} }

func (c *setupStep) enter() tea.Cmd {
	c.build()
	return nil
}

func (c *setupStep) leave() { c.gen++; c.running = false }

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
			q.Why = "Gives the existing role exactly these privileges."
		}
		q.FQL = q.Text(c.s.shellDialect())
		x := card{Query: q, lines: text.Lines(q.FQL)}
		x.copied, x.ran = old[q.FQL].copied, old[q.FQL].ran
		if q.Title == roleTitle {
			x.reasons = reasons(x.lines, setup)
		}
		c.cards = append(c.cards, x)
	}
	c.gen++
	c.at = max(0, min(c.at, len(c.cards)-1))
	c.view.GotoTop()
}

// reasons finds the lines of a role that name a resource, and why it is there.
func reasons(lines []string, s fql.Setup) []string {
	why := map[string]string{}
	for _, p := range s.Privileges() {
		why[text.Clean(p.Resource)] = text.Clean(p.Resource) + " " + text.Clean(p.Why)
	}
	out := make([]string, len(lines))
	for i, l := range lines {
		if resource, ok := strings.CutPrefix(strings.TrimSpace(l), "resource: "); ok {
			out[i] = why[strings.TrimSuffix(resource, ",")]
		}
	}
	return out
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

// done says what has been done already, "" while there is something to do.
func (c *setupStep) done() string {
	s := c.s
	switch {
	case c.running:
	case s.way == wayAdmin && s.made && len(s.readable()) == len(s.chosen()):
		return "Done: " + c.makes() + " created; the admin's secret is discarded."
	case s.way == wayFQL && s.server != nil && len(s.readable()) == len(s.chosen()):
		return "Done: the secret is accepted and reads all of these collections."
	case !s.found.IsZero():
		return "Done: the key is created. Enter takes its secret to the next step."
	}
	return ""
}

// creates reports whether enter creates role and key with the admin's secret.
func (c *setupStep) creates() bool { return c.s.way == wayAdmin && c.s.admin && c.done() == "" }

type setupKeys struct {
	next, run, copy, copyAll, write, plain, dialect, role, mode, right, left, turn key.Binding
}

func (c *setupStep) keys() setupKeys {
	many := len(c.cards) > 1
	k := setupKeys{
		next: bind("enter", "continue", "enter"), run: when(c.s.cfg.Shell != nil && c.s.way == wayFQL && c.s.dialect == fql.V4, bind("r", "run on the demo server", "r")),
		copy: bind("c", "copy", "c"), copyAll: bind("C", "copy all", "C"), write: bind("w", "write file", "w"), plain: bind("p", "plain", "p"),
		dialect: when(c.s.way == wayFQL, bind("v", "FQL v10", "v")),
		role:    bind("u", "role already exists", "u"), mode: bind("i", "incremental", "i"),
		right: when(many, bind("", "", "right", "l", "tab")), left: when(many, bind("", "", "left", "h", "shift+tab")),
		turn: when(many, bind("← →", "query", "left", "right")),
	}
	if c.s.dialect == fql.V10 {
		k.dialect = saying(k.dialect, "FQL v4")
	}
	if c.existing {
		k.role = saying(k.role, "new role")
	}
	if c.s.mode == export.Incremental {
		k.mode = saying(k.mode, "full")
	}
	if c.creates() {
		k.next = saying(k.next, "create role and key")
		k.role.SetEnabled(false)
	}
	return k
}

func (c *setupStep) key(m tea.KeyMsg) (tea.Cmd, bool) {
	if c.running {
		if pressed(m, bind("", "", "esc")) {
			c.leave()
			c.s.say(noteInfo, "Stopped waiting. What was created on the server stays.")
		}
		return nil, true
	}
	if len(c.cards) == 0 {
		return nil, false
	}
	if c.pane.key(m) {
		return nil, true
	}
	switch k := c.keys(); {
	case pressed(m, k.next):
		if c.creates() {
			return c.apply(), true
		}
		c.s.next(setupID)
	case pressed(m, k.right):
		c.turn(1)
	case pressed(m, k.left) && (c.at > 0 || !pressed(m, bind("", "", "shift+tab"))):
		c.turn(-1)
	case pressed(m, k.copy):
		return c.copy(c.at, c.cards[c.at].FQL), true
	case pressed(m, k.copyAll):
		return c.copy(-1, c.all()), true
	case pressed(m, k.write):
		return c.s.write("fauna-setup.fql", c.all()), true
	case pressed(m, k.plain):
		x := c.cards[c.at]
		c.s.panel = &panel{title: x.Title, text: x.lines, fql: true, bare: true, copy: x.FQL, file: "fauna-setup.fql", pane: newPane()}
	case pressed(m, k.role):
		c.existing = !c.existing
		c.build()
		for i, x := range c.cards {
			if x.Title == roleTitle {
				c.at = i
			}
		}
		if c.existing {
			c.s.say(noteInfo, "This FQL now updates the existing role.")
		} else {
			c.s.say(noteInfo, "This FQL creates the role.")
		}
	case pressed(m, k.mode):
		c.s.turnMode()
		c.build()
	case pressed(m, k.dialect):
		c.turnDialect()
	case pressed(m, k.run):
		return c.run(), true
	default:
		return nil, false
	}
	return nil, true
}

// turnDialect shows the text in the other dialect.
func (c *setupStep) turnDialect() {
	s := c.s
	if s.dialect == fql.V4 {
		s.dialect = fql.V10
		if err := s.setup().Check(); err != nil {
			s.dialect = fql.V4
			s.say(noteBad, "There is no FQL v10 text for this role: %v", err)
			return
		}
		s.say(noteInfo, "FQL v10, for newer Fauna shells. The export itself reads over FQL v4 either way.")
	} else {
		s.dialect = fql.V4
	}
	c.build()
}

// shellDialect is the dialect that the texts are shown in.
func (s *session) shellDialect() fql.Dialect {
	if s.way == wayAdmin {
		return fql.V4
	}
	return s.dialect
}

func (c *setupStep) turn(by int) {
	c.at = max(0, min(c.at+by, len(c.cards)-1))
	c.view.GotoTop()
}

func (c *setupStep) copy(card int, query string) tea.Cmd {
	gen, clip := c.gen, c.s.clip
	return c.s.jobs.do(func(ctx context.Context) tea.Msg {
		how, err := clip.copy(ctx, query)
		return cardCopiedMsg{gen, card, copiedMsg{how, err}}
	})
}

// run plays Fauna's shell on the demo: it runs the text of the card itself.
func (c *setupStep) run() tea.Cmd {
	c.running = true
	gen, at, query, shell := c.gen, c.at, c.cards[c.at].FQL, c.s.cfg.Shell
	return c.s.jobs.do(func(ctx context.Context) tea.Msg {
		printed, err := shell(ctx, query)
		return shellMsg{gen, at, printed, err}
	})
}

// apply creates role and key (and indexes) with the admin's secret, and opens the
// new key: the admin's is discarded with its client once that is accepted.
func (c *setupStep) apply() tea.Cmd {
	c.running = true
	c.gen++
	gen, setup, s, admin := c.gen, c.s.setup(), c.s, c.s.server
	chosen := s.chosen()
	return s.jobs.do(func(ctx context.Context) tea.Msg {
		made, err := admin.Apply(ctx, setup)
		if err != nil {
			return appliedMsg{gen, openedMsg{err: err}}
		}
		return appliedMsg{gen, s.tryOpen(ctx, made, chosen)}
	})
}

func (c *setupStep) update(m tea.Msg) tea.Cmd {
	switch m := m.(type) {
	case cardCopiedMsg:
		c.markCopied(m)
	case shellMsg:
		c.answered(m)
	case appliedMsg:
		switch {
		case m.gen != c.gen:
			if m.server != nil && m.err == nil {
				m.server.Close()
			}
		case m.err != nil:
			c.running = false
			c.s.fail(m.err)
			c.s.trouble(setupID, m.err)
		default:
			c.running = false
			c.s.asked = append(c.s.asked, m.secret)
			c.s.made = true
			c.s.accept(m.openedMsg) // closes the admin's client
			c.s.event("%s created; admin's secret discarded", c.makes())
		}
	}
	return nil
}

func (c *setupStep) markCopied(m cardCopiedMsg) {
	if m.err != nil {
		c.s.say(noteBad, "Not copied: %v. w writes it to a file, p shows it alone.", m.err)
		return
	}
	for i := range c.cards {
		if m.gen == c.gen && (m.card == i || m.card == -1) {
			c.cards[i].copied = true
		}
	}
	said := m.how
	if strings.Contains(said, "OSC 52") {
		said += " If nothing can be pasted: w writes a file."
	}
	c.s.say(noteGood, "%s", said)
}

// answered shows what the demo's shell printed, once: its secret is held for the
// next step and not shown again.
func (c *setupStep) answered(m shellMsg) {
	c.running = false
	if m.err != nil && m.text == "" {
		c.s.fail(m.err)
		return
	}
	p := &panel{title: "Demo server's answer", text: text.Lines(m.text), fql: true, pane: newPane()}
	c.s.panel = p
	if m.err != nil {
		p.title = "The demo server refused"
		if strings.Contains(m.text, "already exists") {
			c.s.say(noteInfo, "It already exists: u changes the text to an update.")
		}
		return
	}
	if m.gen == c.gen && m.card < len(c.cards) {
		c.cards[m.card].ran = true
	}
	p.done = "next query"
	p.close = func() tea.Cmd { c.turn(1); return nil }
	if strings.Contains(m.text, "secret") {
		if secret, _ := fauna.FindSecret(m.text); !secret.IsZero() {
			c.s.found = secret
			p.title = "Demo server's answer. Fauna shows the secret once."
			p.done = "use this secret"
			p.close = func() tea.Cmd { c.s.next(setupID); return nil }
		}
	}
}

func (c *setupStep) title() (string, string) {
	if c.s.way == wayAdmin {
		return "This will be created with the admin's secret.", ""
	}
	return "Run these in the Fauna shell, in this order. Nothing changes until you do.", ""
}

func (c *setupStep) body(w, h int) []string {
	st := c.s.st
	if len(c.cards) == 0 {
		return nil
	}
	var head []string
	switch d := c.done(); {
	case c.running && c.s.way == wayAdmin:
		head = []string{c.s.spinner + " creating " + c.makes() + " …", ""}
	case d != "":
		head = append(marked(st, noteGood, d+" Enter continues.", w), "")
	}
	list := c.list(w)
	width := w
	if w >= 72 {
		width = w - 23
	} else {
		if len(head) == 0 || h > 18 { // there is no room for both
			head = append(head, list...)
		}
		list = nil
	}
	box := c.box(width, h-len(head))
	out := head
	for i := range max(len(box), len(list)) {
		l := ""
		if list != nil {
			cell := ""
			if i < len(list) {
				cell = list[i]
			}
			l = text.Pad(cell, 22) + " "
		}
		if i < len(box) {
			l += box[i]
		}
		out = append(out, l)
	}
	return out
}

// list is the queries with their state: all where they fit, else those around the
// one that is shown.
func (c *setupStep) list(w int) []string {
	st := c.s.st
	most := 8
	if w < 72 {
		most = 3
	}
	from := max(0, min(c.at-most/2, len(c.cards)-most))
	var lines []string
	for i := from; i < min(len(c.cards), from+most); i++ {
		x := c.cards[i]
		state := ""
		switch {
		case x.ran:
			state = st.good.of("ran ✓")
		case x.copied:
			state = st.good.of("copied ✓")
		}
		bar, name := "  ", text.Fit(fmt.Sprintf("%d %s", i+1, text.Clean(x.Title)), 20-text.Width(state)-1)
		if i == c.at {
			bar, name = st.strong.of("▌ "), st.bold.of(name)
		}
		lines = append(lines, text.Sides(bar+name, state, 22))
	}
	if n := len(c.cards); n > most {
		lines = append(lines, st.faint.of("  "+text.Count(int64(n), "query")))
	}
	mode := "no"
	if c.s.mode == export.Incremental {
		mode = "yes"
	}
	if w >= 72 {
		lines = append(lines, "")
	}
	return append(lines, "  Incremental   "+st.accent.of(mode)+st.faint.of("   i"))
}

// box is the query that is shown, and below it why, where there is no second pane.
func (c *setupStep) box(w, h int) []string {
	x := c.cards[c.at]
	whys := 0
	if !c.s.wide && h >= 10 {
		whys = 2
	}
	shown := c.lines(x.lines, w-4, min(len(x.lines), max(3, h-2-whys)))
	for i, l := range shown {
		shown[i] = highlight(c.s.st, strings.TrimRight(l, " "))
	}
	state := "FQL " + string(fql.V4)
	if c.s.shellDialect() == fql.V10 && x.Dialect != fql.V4 {
		state = "FQL " + string(fql.V10)
	}
	if c.running && c.s.way == wayFQL {
		state = c.s.spinner + " running"
	}
	title := text.Clean(x.Title)
	if first, _, ok := strings.Cut(x.FQL, "("); ok && len(first) < 20 {
		title = first
	}
	out := box(c.s.st, title, state, c.shown(), shown, w)
	if whys > 0 {
		for _, l := range c.why(w - 2)[:whys] {
			out = append(out, "  "+c.s.st.faint.of(l))
		}
	}
	return out
}

// why is the reason for the query, and for a role those for the privileges that are
// in sight.
func (c *setupStep) why(w int) []string {
	x := c.cards[c.at]
	var lines []string
	if len(x.reasons) == 0 {
		lines = text.Wrap(text.Clean(x.Why), w)
	} else {
		from := min(c.view.YOffset, len(x.reasons))
		for _, reason := range x.reasons[from:min(len(x.reasons), from+max(0, c.h))] {
			if reason != "" {
				lines = append(lines, text.Fit(reason, w))
			}
		}
	}
	return append(lines, "", "")
}

// makes is what an admin's secret makes.
func (c *setupStep) makes() string {
	if c.s.mode == export.Incremental {
		return "indexes, role and key"
	}
	return "role and key"
}

func (c *setupStep) side(w, h int) []string {
	if len(c.cards) == 0 {
		return nil
	}
	x := c.cards[c.at]
	out := titled(c.s.st, "Why", []string{text.Clean(x.Why), ""}, w)
	if len(x.reasons) > 0 {
		for _, p := range c.s.setup().Privileges() {
			if len(out) >= h-2 {
				out = append(out, c.s.st.faint.of("and so on for each collection"))
				break
			}
			out = append(out, c.s.st.accent.of(text.Fit(text.Clean(p.Resource), w)), "  "+c.s.st.faint.of(text.Fit(text.Clean(p.Why), w-2)))
		}
	}
	return out
}

func (c *setupStep) hints() []key.Binding {
	if c.running {
		return nil
	}
	k := c.keys()
	return []key.Binding{k.next, k.run, k.copy, k.turn, k.copyAll, k.role, k.dialect, k.plain, k.write, k.mode, c.scroll()}
}

func (c *setupStep) esc() string {
	if c.running {
		return "stop"
	}
	return "back"
}

func (c *setupStep) typing() bool { return false }

func (c *setupStep) busy() bool { return c.running }

func (c *setupStep) help() string {
	return "The role may read the collections that you chose, and nothing else; the key has that role; its secret goes into the next step. Run the queries one after the other: the key needs the role to exist." +
		"\n\nIf the role already exists, u changes the text to an update of it. i adds an index for each collection, which incremental exports need." +
		"\n\nCopying uses this machine's clipboard, or over SSH the terminal's (OSC 52). Where neither works, w writes the queries to a file, and p shows one alone, to be selected with the mouse." +
		fmt.Sprintf("\n\nThe privileges: %s.", strings.Join(whys(c.s.setup()), "; "))
}

// whys are the reasons for a role's privileges, each kind once.
func whys(s fql.Setup) []string {
	var out []string
	seen := map[string]bool{}
	for _, p := range s.Privileges() {
		if !seen[p.Why] {
			seen[p.Why] = true
			out = append(out, text.Clean(p.Resource)+" "+p.Why)
		}
	}
	return out
}

func (c *setupStep) ask(ctx context.Context, a *asker) error {
	s, setup := c.s, c.s.setup()
	if s.way == wayAdmin {
		return c.askApply(ctx, a)
	}
	existing := false
	if s.cfg.Shell == nil {
		i, err := a.choose(ctx, "Does the role "+setup.RoleName()+" already exist?", []string{"no: show the FQL that creates it", "yes: show the FQL that updates it"}, 0)
		if err != nil {
			return err
		}
		existing = i == 1
	}
	for n, q := range setup.All() {
		if existing && q.FQL == setup.RoleFQL() {
			q.FQL = setup.RoleUpdateFQL()
		}
		a.tell("\n%d. %s: %s\n\n%s", n+1, q.Title, q.Why, q.FQL)
	}
	if s.cfg.Shell == nil {
		_, err := a.line(ctx, "\nRun them in the Fauna shell in this order, then press enter: ")
		return err
	}
	yes, err := a.yes(ctx, "\nRun them on the demo server now?", true)
	if err != nil || !yes {
		return err
	}
	for _, q := range setup.All() {
		printed, err := s.cfg.Shell(ctx, q.FQL)
		if err != nil && strings.Contains(printed, "already exists") && q.FQL == setup.RoleFQL() {
			printed, err = s.cfg.Shell(ctx, setup.RoleUpdateFQL())
		}
		a.tell("\n%s", printed)
		if err != nil {
			return fmt.Errorf("run the set-up on the demo server: %w", err)
		}
		if found, _ := fauna.FindSecret(printed); strings.Contains(printed, "secret") && !found.IsZero() {
			s.found = found
		}
	}
	return nil
}

// askApply creates role and key with the admin's secret, after a yes.
func (c *setupStep) askApply(ctx context.Context, a *asker) error {
	s := c.s
	if !s.admin {
		return nil // created already
	}
	a.tell("This creates the %s %s, which may only read: %s.", c.makes(), s.setup().RoleName(), strings.Join(s.chosen(), ", "))
	yes, err := a.yes(ctx, "Create them now?", true)
	if err != nil || !yes {
		return orError(err, errBack)
	}
	made, err := s.server.Apply(ctx, s.setup())
	if err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		a.tell("Error: %s", s.sentence(err))
		return errBack
	}
	s.made = true
	a.tell("Created; the admin's secret is discarded.")
	return s.askOpen(ctx, a, made, false)
}
