package tui

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/lipgloss/table"

	"fauna-export/export"
	"fauna-export/fauna"
	"fauna-export/fauna/fql"
	"fauna-export/tui/text"
)

// checkStep shows for each collection what an export would meet, counts its documents
// and measures how fast they come, while the person reads.
type checkStep struct {
	s     *session
	gen   int
	names []string
	at    int64 // the time that is counted at, 0 before it is known
	tally tally

	indexes map[string]fauna.IndexCheck // by collection, of an incremental export

	probing bool
	failure error
	waiting bool // it will ask again by itself: an index is being built
	cursor  rowCursor
	find    finder
	height  int
}

// buildingEvery is how often an index that is being built is asked for again.
const buildingEvery = 5 * time.Second

// checkedMsg is the answer of the probe.
type checkedMsg struct {
	gen     int
	at      int64
	known   []string
	access  []fauna.Access
	indexes map[string]fauna.IndexCheck
	err     error
}

func (checkedMsg) to() stepID { return checkID }

// recheckMsg says that it is time to ask again.
type recheckMsg struct{ gen int }

func (recheckMsg) to() stepID { return checkID }

func newCheckStep(s *session) *checkStep {
	return &checkStep{s: s, tally: tally{s: s, step: checkID, samples: true}, cursor: newCursor(), find: newFinder(s.st)}
}

func (c *checkStep) enter() tea.Cmd { return c.check() }

func (c *checkStep) leave() {
	c.gen++
	c.tally.stop()
	c.probing = false
}

// check asks everything again.
func (c *checkStep) check() tea.Cmd {
	c.gen++
	c.tally.stop()
	c.names = c.s.chosen()
	c.failure, c.probing, c.waiting, c.at, c.indexes = nil, true, false, 0, nil
	gen, srv, names, indexes := c.gen, c.s.server, c.names, c.s.indexNames(c.names)
	if srv == nil {
		c.probing = false
		c.failure = sayError("There is no secret yet. esc goes back to it.")
		return nil
	}
	return c.s.jobs.do(func(ctx context.Context) tea.Msg {
		m := checkedMsg{gen: gen}
		m.at, m.known, m.access, m.indexes, m.err = checkServer(ctx, srv, names, indexes)
		return m
	})
}

// checkServer asks for all that an export of these collections needs.
func checkServer(ctx context.Context, srv server, names []string, indexes map[string]string) (at int64, known []string, access []fauna.Access, checks map[string]fauna.IndexCheck, err error) {
	if at, err = srv.Now(ctx); err != nil {
		return
	}
	if known, access, err = probe(ctx, srv, names); err == nil {
		checks, err = checkIndexes(ctx, srv, indexes, access)
	}
	return
}

func (c *checkStep) update(m tea.Msg) tea.Cmd {
	switch m := m.(type) {
	case checkedMsg:
		if m.gen != c.gen {
			return nil
		}
		c.probing = false
		if m.err != nil {
			c.failure = m.err
			c.s.trouble(checkID, m.err)
			return nil
		}
		c.at, c.indexes = m.at, m.indexes
		c.s.learn(m.known, m.access)
		return tea.Batch(c.tally.start(c.s.readable(), c.at), c.awaitIndexes())
	case recheckMsg:
		if m.gen == c.gen && c.waiting {
			return c.check()
		}
	case countedMsg:
		return c.tally.update(m)
	case ranMsg:
		if c.s.showRefusal(m) {
			return nil
		}
		c.s.panel = nil
		c.s.say(noteGood, "Ran on the demo server.")
		return c.check()
	}
	return nil
}

// awaitIndexes asks again by itself while nothing is missing but that indexes are
// built.
func (c *checkStep) awaitIndexes() tea.Cmd {
	checks, broken := c.unready()
	if c.waiting = len(checks) > 0 && broken+c.wrong() == 0; !c.waiting {
		return nil
	}
	gen := c.gen
	return c.s.jobs.after(buildingEvery, func(context.Context) tea.Msg { return recheckMsg{gen} })
}

// listed are the collections that the filter lets through.
func (c *checkStep) listed() []string {
	if !c.find.active() {
		return c.names
	}
	var names []string
	for _, name := range c.names {
		if c.find.matches(name) {
			names = append(names, name)
		}
	}
	return names
}

// wrong counts the collections that cannot be exported.
func (c *checkStep) wrong() int {
	n := 0
	for _, name := range c.names {
		if c.s.standing(name) == noteBad {
			n++
		}
	}
	return n
}

// denied counts those that exist, and that the key may not read.
func (c *checkStep) denied() int {
	n := 0
	for _, name := range c.names {
		if c.s.standing(name) == noteBad && c.s.access[name].Exists {
			n++
		}
	}
	return n
}

// unready are the indexes that cannot be read as they are, in the order of the
// rows; broken counts those of them that somebody must put right.
func (c *checkStep) unready() (checks []fauna.IndexCheck, broken int) {
	for _, name := range c.names {
		if x, ok := c.indexes[name]; ok && !x.Ready() {
			checks = append(checks, x)
			if len(x.Problems) > 0 {
				broken++
			}
		}
	}
	return checks, broken
}

// blocked reports whether a row keeps the export from beginning until somebody
// does something about it.
func (c *checkStep) blocked(name string) bool {
	return c.s.standing(name) == noteBad || len(c.indexes[name].Problems) > 0
}

type checkKeys struct{ next, again, update, skip, output, collections, domain, history key.Binding }

func (c *checkStep) keys() checkKeys {
	checks, broken := c.unready()
	known := !c.probing && c.failure == nil
	blocked := c.wrong()+broken > 0
	k := checkKeys{
		next:        when(known && !blocked && len(checks) == 0, bind("enter", "start the export", "enter")),
		again:       when(!c.probing, bind("r", "check again", "r")),
		update:      when(known && c.denied()+broken > 0, bind("u", "show fix", "u")),
		skip:        when(known && blocked, bind("x", "skip", "x")),
		output:      bind("o", "output", "o"),
		collections: bind("e", "collections", "e"),
		domain:      bind("d", "domain", "d"),
		history:     when(known && !blocked, bind("h", "keep snapshots longer", "h")),
	}
	switch old := c.exported(); {
	case old != "":
		k.next = saying(k.next, "export again")
	case c.s.resume:
		k.next = saying(k.next, "resume the export")
	}
	return k
}

// exported is the folder of an export that was made of these very answers, "" for
// none: an old one is never shown as a new one.
func (c *checkStep) exported() string {
	p := c.s.runner.progress()
	spec, err := c.s.spec()
	if err != nil || p.state != runEnded || p.manifest == nil || p.spec.Dir != spec.Dir || spec.Mode == export.Incremental {
		return ""
	}
	return spec.Dir
}

func (c *checkStep) key(m tea.KeyMsg) (tea.Cmd, bool) {
	switch {
	case c.find.key(m), !c.find.typing && c.cursor.key(m, len(c.listed()), c.height):
		return nil, true
	case c.find.typing:
		return nil, false
	}
	switch k := c.keys(); {
	case pressed(m, bind("", "", "enter")):
		c.submit()
	case pressed(m, k.again):
		return c.check(), true
	case pressed(m, k.update):
		checks, _ := c.unready()
		if queries := c.s.mending(checks, c.denied() > 0); len(queries) > 0 {
			c.s.panel = c.s.mendingPanel(checkID, queries)
		}
	case pressed(m, k.skip):
		c.skip()
		return c.check(), true
	case pressed(m, k.output):
		c.s.open(outputID, checkID)
	case pressed(m, k.collections):
		c.s.open(collectionsID, checkID)
	case pressed(m, k.domain):
		c.s.open(domainID, checkID)
	case pressed(m, k.history):
		c.showHistory()
	default:
		return nil, false
	}
	return nil, true
}

func (c *checkStep) submit() {
	checks, broken := c.unready()
	switch wrong := c.wrong(); {
	case c.probing:
		c.s.say(noteInfo, "Still asking the server.")
	case c.failure != nil:
		c.s.say(noteBad, "Check again with r first.")
	case wrong > 0:
		c.s.say(noteBad, "%s can't be read: press u, x or e.", text.Count(int64(wrong), "collection"))
	case broken > 0:
		c.s.say(noteBad, "%s can't be used: u shows the FQL.", text.Count(int64(broken), "index"))
	case len(checks) > 0:
		c.s.say(noteWarn, "Still building %s.", text.Count(int64(len(checks)), "index"))
	default:
		if old := c.exported(); old != "" {
			next, err := newPath(old)
			if err != nil {
				c.s.fail(err)
				return
			}
			c.s.dirText = homePath(next)
		}
		c.s.next(checkID)
	}
}

// skip takes what cannot be exported off the choice.
func (c *checkStep) skip() {
	n := 0
	for i, x := range c.s.choices {
		if x.chosen && c.blocked(x.name) {
			c.s.choices[i].chosen = false
			n++
		}
	}
	if len(c.s.chosen()) == 0 {
		c.s.open(collectionsID, checkID)
		c.s.say(noteWarn, "None of them can be exported. Choose from what the server has.")
		return
	}
	c.s.say(noteInfo, "%s skipped.", text.Count(int64(n), "collection"))
}

// showHistory shows the FQL that keeps snapshots longer.
func (c *checkStep) showHistory() {
	query := fql.HistoryFQL(c.s.dialect, c.s.readable(), 7)
	if query == "" {
		return
	}
	c.s.panel = &panel{
		title: "Run as admin: snapshots then stay readable for 7 days", text: text.Lines(query), fql: true,
		copy: query, file: "fauna-history.fql", run: c.s.onDemo(checkID, query), pane: newPane(),
	}
}

// life is how long a snapshot taken now can be read, over all collections.
func (c *checkStep) life() time.Duration {
	least := time.Duration(math.MaxInt64)
	for _, name := range c.s.readable() {
		least = min(least, c.s.access[name].Life(c.at))
	}
	return least
}

func (c *checkStep) title() (string, string) {
	question := "Ready to export?"
	if c.s.resume {
		question = "Ready to resume the export?"
	}
	if c.probing || c.failure != nil {
		return question, ""
	}
	aside := text.Count(int64(len(c.names)), "collection")
	rows, bytes := c.tally.totals()
	switch {
	case !c.tally.done():
		aside += fmt.Sprintf(" · %s so far", text.Count(rows, "document"))
	default:
		aside += fmt.Sprintf(" · %s · about %s", text.Count(rows, "document"), text.Size(int64(bytes)))
	}
	return question, aside
}

func (c *checkStep) body(w, h int) []string {
	st := c.s.st
	switch {
	case c.failure != nil:
		return append(marked(st, noteBad, c.s.sentence(c.failure), w), "", "  r checks again. Nothing has been exported yet.")
	case c.probing:
		return []string{c.s.spinner + " asking the server …"}
	}
	foot := c.foot(w, max(2, h/2))
	if c.find.active() {
		foot = append([]string{"  " + c.find.line(w-2)}, foot...)
	}
	n := len(c.listed())
	c.height = max(1, h-1-len(foot))
	if n > c.height {
		c.height = max(1, c.height-1)
	}
	from, to := c.cursor.window(n, c.height)
	lines := c.table(w, from, to)
	if n > c.height {
		lines = append(lines, st.faint.of("  "+partText(from, to-from, n)))
	}
	return append(lines, foot...)
}

// table draws some of the rows with lipgloss' table, which aligns coloured cells.
func (c *checkStep) table(w, from, to int) []string {
	st := c.s.st
	heads := []string{"", "collection", "documents", "est. size", "snapshot kept", ""}
	if c.s.mode == export.Incremental {
		heads[5] = "index"
	}
	shown := []int{0, 1, 2, 3, 4, 5}
	room := 2 + 12 + 10 + 15
	switch {
	case w < 70 && heads[5] != "":
		shown, room = []int{0, 1, 2, 3, 5}, 2+12+10
	case w < 70:
		heads[4], room = "kept", 2+12+10+9
	}
	name, status := 10, len(heads[5])
	rows := make([][]string, 0, to-from)
	for i := from; i < to; i++ {
		cells := c.row(c.listed()[i])
		name, status = max(name, text.Width(cells[1])), max(status, text.Width(cells[5]))
		rows = append(rows, cells)
	}
	name = min(name, max(10, w-room-min(status, 30)-2))
	t := table.New().BorderTop(false).BorderBottom(false).BorderLeft(false).BorderRight(false).BorderHeader(false).BorderColumn(false).
		StyleFunc(func(row, col int) lipgloss.Style {
			s := st.plainText
			if row == table.HeaderRow {
				s = st.faintText
			}
			if shown[col] == 2 || shown[col] == 3 {
				s = s.Align(lipgloss.Right)
			}
			if col > 0 && col < len(shown)-1 {
				s = s.PaddingRight(2)
			}
			return s
		})
	pick := func(cells []string) []string {
		out := make([]string, len(shown))
		for i, x := range shown {
			out[i] = cells[x]
		}
		return out
	}
	t.Headers(pick(heads)...)
	for i, cells := range rows {
		cells[1] = text.Fit(cells[1], name)
		if from+i == c.cursor.at && len(c.names) > 1 {
			cells[0], cells[1] = st.strong.of("▌")+cells[0], st.bold.of(cells[1])
		} else {
			cells[0] = " " + cells[0]
		}
		t.Row(pick(cells)...)
	}
	lines := strings.Split(strings.TrimRight(t.Render(), "\n"), "\n")
	for i, l := range lines {
		lines[i] = text.Fit(strings.TrimRight(l, " "), w)
	}
	return lines
}

// row is a row of the table: sign, name, documents, size, life of a snapshot, and what
// is to be said of it.
func (c *checkStep) row(name string) []string {
	st := c.s.st
	kind := c.s.standing(name)
	x, counted := c.tally.found[name]
	cells := []string{st.good.of("✓ "), text.Clean(name), "…", "", text.Span(c.s.access[name].Life(c.at)), ""}
	switch {
	case kind == noteBad:
		return []string{st.bad.of("✗ "), cells[1], "", "", "", st.bad.of(c.s.standingText(name))}
	case x.err != nil:
		cells[0], cells[2], cells[5] = st.bad.of("✗ "), "", st.bad.of(c.s.sentence(x.err))
		return cells
	case kind == noteWarn:
		cells[0], cells[5] = st.warn.of("! "), st.warn.of(c.s.standingText(name))
	}
	if counted {
		cells[2], cells[3] = text.Number(x.rows), text.Size(int64(x.average*float64(x.rows)))
		if x.rows == 0 {
			cells[3] = "empty"
		}
	}
	if check, ok := c.indexes[name]; ok {
		said, kind := indexLook(check)
		glyph, p := noteLook(st, kind)
		if kind != noteGood {
			cells[0] = p.of(glyph)
		}
		cells[5] = p.of(glyph + said)
	}
	return cells
}

// foot says what the numbers mean, and what is to be done: what is wrong comes first,
// and takes at most so many lines.
func (c *checkStep) foot(w, most int) []string {
	lines := append([]string{""}, c.trouble(w, most)...)
	if len(lines) > 1 && most <= 6 {
		return lines
	}
	rows, _ := c.tally.totals()
	var parts []string
	if took, rate := c.tally.forecast(rows, c.s.maxRate); rate > 0 {
		said := fmt.Sprintf("Measured: about %s documents/s, so %s.", text.Number(int64(rate)), about(took))
		if c.s.cfg.Demo && rate >= float64(c.s.maxRate) && c.s.maxRate > 0 {
			said = fmt.Sprintf("Demo throttled to %s documents/s, so %s.", text.Number(int64(rate)), about(took))
		}
		parts = append(parts, said)
		if life := c.life(); took > life*3/4 {
			parts = append(parts, fmt.Sprintf("The snapshot stays readable for %s only: h keeps it longer.", text.Span(life)))
			life = math.MaxInt64
		} else if life < math.MaxInt64 {
			parts = append(parts, fmt.Sprintf("The snapshot stays readable for %s.", text.Span(life)))
		}
	}
	for _, l := range text.Wrap(strings.Join(parts, " "), w-2) {
		lines = append(lines, "  "+l)
	}
	for _, l := range text.Wrap(c.into(), w-2) {
		lines = append(lines, "  "+l)
	}
	return lines
}

// about is how long something is expected to take.
func about(d time.Duration) string {
	if d < time.Second {
		return "less than a second"
	}
	return "about " + text.Span(d.Round(time.Second))
}

// into says where the files go, and what kind they are.
func (c *checkStep) into() string {
	if old := c.exported(); old != "" {
		next, err := newPath(old)
		if err == nil {
			return fmt.Sprintf("Already exported to %s. Enter exports again to %s.", text.Clean(homePath(old)), text.Clean(homePath(next)))
		}
	}
	format := c.s.format.Title()
	if c.s.press != "" && c.s.press != "none" {
		format += ", " + string(c.s.press)
	}
	return fmt.Sprintf("Into %s: %s, %s.", text.Clean(c.s.dirText), format, c.s.mode)
}

// trouble says what keeps the export from beginning: what is wrong with the index of
// the row under the cursor, or with the first one that is not ready, and what can be
// done.
func (c *checkStep) trouble(w, most int) []string {
	st := c.s.st
	checks, broken := c.unready()
	var lines, parts []string
	if len(checks) > 0 && !c.s.wide {
		x := c.index(checks)
		_, kind := indexLook(x)
		more := marked(st, kind, indexSaid(x), w)
		lines = append(lines, more[:min(len(more), max(1, most-2))]...)
	}
	wrong := c.wrong()
	if wrong > 0 {
		parts = append(parts, text.Count(int64(wrong), "collection")+" can't be read")
	}
	if len(checks) > 0 {
		parts = append(parts, text.Count(int64(len(checks)), "index")+" not ready")
	}
	if wrong+broken > 0 {
		do := "x skip, r check again"
		if c.denied()+broken > 0 {
			do = "u show fix, " + do
		}
		lines = append(lines, marked(st, noteBad, strings.Join(parts, ", ")+": "+do, w)...)
	} else if len(checks) > 0 {
		lines = append(lines, c.s.spinner+" "+text.Fit("waiting for it; it is checked again every few seconds", w-2))
	}
	return lines
}

// index is the check of the row under the cursor, or the first one that is not ready.
func (c *checkStep) index(unready []fauna.IndexCheck) fauna.IndexCheck {
	if names := c.listed(); c.cursor.at < len(names) {
		if x, ok := c.indexes[names[c.cursor.at]]; ok && !x.Ready() {
			return x
		}
	}
	return unready[0]
}

func (c *checkStep) side(w, h int) []string {
	st := c.s.st
	if c.probing || c.failure != nil {
		return titled(st, "Check", nil, w)
	}
	checks, broken := c.unready()
	if c.wrong()+broken+len(checks) == 0 {
		return titled(st, "What an export does", []string{
			"All documents are read from a single point in time: the snapshot. Fauna keeps old versions for 15 minutes plus the collection's history_days.", "",
			"Each collection becomes one file. When all are written they are verified against the manifest.", "",
			"Sizes are estimated from the first documents. An interrupted export resumes and produces identical files.",
		}, w)
	}
	var out []string
	if len(checks) > 0 {
		_, kind := indexLook(c.index(checks))
		out = append(titled(st, "The problem", nil, w), marked(st, kind, indexSaid(c.index(checks)), w)...)
	} else {
		out = append(titled(st, "The problem", nil, w), text.Wrap("If a key can't read a collection, Fauna reports it as empty, so each one is tested. The export doesn't start until every chosen collection can be read.", w)...)
	}
	if queries := c.s.mending(checks, c.denied() > 0); len(queries) > 0 && c.denied()+broken > 0 {
		out = append(out, "", st.bold.of("Its fix (u copies or runs it)"), "")
		for _, l := range text.Lines(mendingText(queries)) {
			out = append(out, highlight(st, text.Fit(l, w)))
		}
	}
	return out[:min(len(out), h)]
}

func (c *checkStep) hints() []key.Binding {
	if c.find.typing {
		return []key.Binding{c.find.keep()}
	}
	k := c.keys()
	return []key.Binding{k.next, k.update, k.skip, k.again, k.history, k.collections, k.output, k.domain, c.find.hint(len(c.names) > 1 && !c.probing && c.failure == nil), c.cursor.shown(len(c.listed()) > 1 && !c.probing && c.failure == nil)}
}

func (c *checkStep) esc() string {
	if c.find.active() {
		return "clear filter"
	}
	return "back"
}

func (c *checkStep) typing() bool { return c.find.typing }

func (c *checkStep) busy() bool { return c.probing || c.waiting }

func (c *checkStep) help() string {
	return "Each chosen collection is tested. If a key can't read a collection, Fauna reports it as empty, so each one is tested, and the export doesn't start while one can't be read." +
		"\n\nDocuments are counted; you need not wait for it. The size is estimated from the first documents, and the time from how fast they came." +
		"\n\nAll documents are read from a single point in time. Fauna keeps old versions for 15 minutes plus the collection's history_days. h shows the FQL that keeps them longer." +
		"\n\nAn incremental export reads an index of each collection. What is wrong with one is said below the table; u shows the FQL that fixes it; one that is being built is checked again by itself." +
		"\n\ne, o and d open an earlier step to change it, and enter returns here."
}

func (c *checkStep) ask(ctx context.Context, a *asker) error {
	s := c.s
	c.names = s.chosen()
	at, known, access, checks, err := checkServer(ctx, s.server, c.names, s.indexNames(c.names))
	if err != nil {
		return s.askAgain(ctx, a, err)
	}
	c.at, c.indexes = at, checks
	s.learn(known, access)
	t := &c.tally
	t.found, t.names, t.sampled, t.took = map[string]counted{}, s.readable(), 0, 0
	for _, name := range c.names {
		if s.standing(name) == noteBad {
			a.tell("%s: NOT readable: %s", name, s.standingText(name))
			continue
		}
		x, sampled, took := count(ctx, s.server, name, at, true, s.now)
		if x.err != nil {
			return s.askAgain(ctx, a, x.err)
		}
		t.found[name], t.sampled, t.took = x, t.sampled+sampled, t.took+took
		said := fmt.Sprintf("%s: readable, %s", name, text.Count(x.rows, "document"))
		if life := s.access[name].Life(at); life < math.MaxInt64 {
			said += ", snapshot kept " + text.Span(life)
		}
		if s.standing(name) == noteWarn {
			said += ", warning: " + s.standingText(name)
		}
		a.tell("%s", said)
	}
	rows, bytes := t.totals()
	a.tell("%s, about %s.", text.Count(rows, "document"), text.Size(int64(bytes)))
	if took, rate := t.forecast(rows, s.maxRate); rate > 0 {
		a.tell("Measured: about %s documents/s, so %s.", text.Number(int64(rate)), about(took))
	}
	if c.wrong() > 0 {
		return c.askFix(ctx, a)
	}
	wrong, _ := c.unready()
	for _, x := range wrong {
		a.tell("Error: %s.", indexSaid(x))
	}
	if queries := s.mending(wrong, false); len(queries) > 0 {
		a.tell("Run in the Fauna shell:\n\n%s\n", mendingText(queries))
	}
	if len(wrong) > 0 {
		yes, err := a.yes(ctx, "Check again?", true)
		if err != nil || !yes {
			return orError(err, errBack)
		}
		return errAgain
	}
	yes, err := a.yes(ctx, "Start the export?", true)
	if err != nil || !yes {
		return orError(err, errBack)
	}
	return nil
}

// askFix offers what can be done about collections that cannot be read.
func (c *checkStep) askFix(ctx context.Context, a *asker) error {
	i, err := a.choose(ctx, text.Count(int64(c.wrong()), "collection")+" can't be read.", []string{
		"show the FQL that adds them to the role, and check again", "skip them", "choose other collections",
	}, 0)
	if err != nil {
		return err
	}
	switch i {
	case 0:
		a.tell("\n%s\n", c.s.setup().RoleUpdateFQL())
		if _, err := a.line(ctx, "Run it in the Fauna shell, then press enter: "); err != nil {
			return err
		}
		return errAgain
	case 1:
		c.skip()
		if len(c.s.chosen()) > 0 {
			return errAgain
		}
	}
	return &errStep{collectionsID}
}

// askAgain says an error of the server and asks whether to try again.
func (s *session) askAgain(ctx context.Context, a *asker, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	a.tell("Error: %s", s.sentence(err))
	yes, askErr := a.yes(ctx, "Try again?", true)
	switch {
	case askErr != nil:
		return askErr
	case !yes:
		return errBack
	}
	return errAgain
}
